/**
 * Walks over JSON text without building it: every string and member name as sent, at any depth, in constant memory.
 *
 * @module
 */

/** Receives what the walk meets. `path` is only built when asked for. */
export interface JsonVisitor {
  /** A string's content between its quotes, escapes untouched. `key` is the member it belongs to, directly or through arrays. */
  value(raw: string, path: () => string, key: string): void;
  /** A member name between its quotes, escapes untouched. */
  name(raw: string, path: () => string): void;
}

/** Levels whose names are remembered for paths; deeper ones are read all the same. */
const NAMED_DEPTH = 32;

/** What {@link walkJson} found out about the text as a whole. */
export interface JsonShape {
  /** True when everything outside of strings was JSON. NDJSON counts. */
  readonly wellFormed: boolean;
  readonly depth: number;
}

/** Reads `text` from its beginning to its end, whatever it is. */
export function walkJson(text: string, visitor: JsonVisitor): JsonShape {
  const names: (string | number)[] = [];
  let depth = 0;
  let deepest = 0;
  let wellFormed = true;
  let key = "";
  const path = (): string => {
    let result = "$";
    for (let level = 1; level <= depth && level < NAMED_DEPTH; level++) {
      const part = names[level];
      if (part !== undefined) result += typeof part === "number" ? `[${part}]` : `.${part}`;
    }
    return result;
  };
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    switch (code) {
      case 34: {
        let end = at + 1;
        for (;;) {
          end = text.indexOf('"', end);
          if (end < 0) break;
          let slashes = end - 1;
          while (text.charCodeAt(slashes) === 92 && slashes > at) slashes--;
          if ((end - slashes) % 2 === 1) break;
          end++;
        }
        if (end < 0) {
          // Cut short by the body limit, or broken on purpose: the rest is the string.
          visitor.value(text.slice(at + 1), path, key);
          return { wellFormed: false, depth: deepest };
        }
        const raw = text.slice(at + 1, end);
        let after = end + 1;
        while (after < text.length && text.charCodeAt(after) <= 32) after++;
        if (text.charCodeAt(after) === 58) {
          if (depth < NAMED_DEPTH) names[depth] = raw.length > 40 ? `${raw.slice(0, 40)}…` : raw;
          key = raw;
          visitor.name(raw, path);
          at = after;
        } else {
          visitor.value(raw, path, key);
          at = end;
        }
        break;
      }
      case 123:
      case 91:
        depth++;
        if (depth > deepest) deepest = depth;
        if (depth < NAMED_DEPTH) names[depth] = code === 91 ? 0 : "";
        break;
      case 125:
      case 93:
        if (depth > 0) depth--;
        else wellFormed = false;
        break;
      case 44:
        if (depth < NAMED_DEPTH && typeof names[depth] === "number") names[depth] = (names[depth] as number) + 1;
        break;
      case 32:
      case 9:
      case 10:
      case 13:
        break;
      default: {
        // Numbers and the three literals; anything else is not JSON.
        let end = at;
        while (end < text.length && !isDelimiter(text.charCodeAt(end))) end++;
        if (end === at) wellFormed = false;
        else {
          if (wellFormed && !isLiteral(text, at, end)) wellFormed = false;
          at = end - 1;
        }
      }
    }
  }
  return { wellFormed: wellFormed && depth === 0, depth: deepest };
}

function isDelimiter(code: number): boolean {
  return code === 44 || code === 125 || code === 93 || code === 123 || code === 91 || code === 34 || code === 58 || code <= 32;
}

function isLiteral(text: string, from: number, to: number): boolean {
  const first = text.charCodeAt(from);
  if (first === 45 || (first >= 48 && first <= 57)) {
    for (let at = from + 1; at < to; at++) {
      const code = text.charCodeAt(at);
      // `{7-7}` is arithmetic, not JSON: a sign stands behind an exponent's letter only.
      const signed = (code === 43 || code === 45) && (text.charCodeAt(at - 1) | 32) === 101;
      if (!((code >= 48 && code <= 57) || code === 46 || signed || (code | 32) === 101)) return false;
    }
    return true;
  }
  const length = to - from;
  return (
    (length === 4 && (text.startsWith("true", from) || text.startsWith("null", from))) || (length === 5 && text.startsWith("false", from))
  );
}

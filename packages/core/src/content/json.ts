/**
 * Walks over JSON without building it: string by string, at any depth, in constant memory. Strings that hold nothing are passed over as bytes;
 * only the others become strings.
 *
 * @module
 */
import { LEXED, readText, textEnd } from "./prose.ts";
import { isDigitCode, isWordCode } from "./text.ts";

/** Receives what the walk cannot pass over. `path` is only built when asked for. */
export interface JsonVisitor {
  /**
   * A string's content between its quotes, escapes untouched. `key` is the member it belongs to, directly or through arrays; `kind` is what
   * `readText` says of the string.
   */
  value(raw: string, path: () => string, key: string, kind: number): void;
  /** A member name between its quotes, escapes untouched. */
  name(raw: string, path: () => string): void;
  /** True when a string of this kind (`TEXT` bits) holds nothing under this member name. Absent: every string is visited. */
  readonly isClear?: (kind: number, key: () => string) => boolean;
}

/** Levels whose names are remembered for paths; deeper ones are read all the same. */
const NAMED_DEPTH = 32;
/** What stands for the index of an array, where other levels have the end of a name. */
const INDEX = -1;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bits of a byte: it may stand in a plain member name, it is an underscore, it ends a number or word outside of strings. */
const NAME = 1;
const UNDERSCORE = 2;
const DELIMITER = 4;
const KINDS = new Uint8Array(256);
for (let code = 0; code < 128; code++) KINDS[code] = code <= 32 ? DELIMITER : isWordCode(code) || code === 45 ? NAME : 0;
for (const delimiter of ',:"[]{}') KINDS[delimiter.charCodeAt(0)] = DELIMITER;
KINDS[95] = NAME | UNDERSCORE;

/** Strings that are decoded one by one. */
const WORTH_DECODING = 16;
/** Bodies that are read four bytes at a time: a view of them costs as much as fifty bytes. */
const WORTH_VIEWING = 512;
/**
 * Plain names of up to six characters that were read last, found by the four bytes behind their quote: those, how long it is, and the four bytes that end
 * with its colon. Together they are all of it.
 */
const READ = new Int32Array(256);

/** Longer names are looked at. */
const NAME_MAX = 48;

/** Reads UTF-8 from its beginning to its end, whatever it is. True when everything outside of strings was JSON; NDJSON counts. */
export function walkJson(bytes: Uint8Array, visitor: JsonVisitor): boolean {
  const { isClear } = visitor;
  const { length } = bytes;
  const view = length < WORTH_VIEWING ? undefined : new DataView(bytes.buffer, bytes.byteOffset, length);
  const starts: number[] = [];
  const ends: number[] = [];
  let depth = 0;
  let wellFormed = true;
  let keyStart = 0;
  let keyEnd = 0;
  let valueStart = 0;
  let whole: string | undefined;
  let asked = 0;
  const textOf = (from: number, to: number): string => {
    if (from === to) return "";
    // Where many strings are looked at, the whole text is decoded once: of ASCII it has the same offsets.
    if (++asked === WORTH_DECODING) whole = decoder.decode(bytes);
    return whole?.length === length ? whole.slice(from, to) : decoder.decode(bytes.subarray(from, to));
  };
  let known = "";
  let knownStart = 0;
  const key = (): string => {
    if (knownStart !== keyStart) known = textOf(keyStart, keyEnd);
    knownStart = keyStart;
    return known;
  };
  const path = (): string => {
    let result = "$";
    for (let level = 1; level <= depth && level < NAMED_DEPTH; level++) {
      const end = ends[level];
      if (end === INDEX) result += `[${starts[level]}]`;
      else if (end !== undefined) {
        // Of a long name no more is decoded than is shown: it may be asked for at each of its members.
        const name = textOf(starts[level]!, Math.min(end, starts[level]! + 160));
        result += `.${name.length > 40 ? `${name.slice(0, 40)}…` : name}`;
      }
    }
    return result;
  };
  for (let at = 0; at < length; at++) {
    const code = bytes[at]!;
    switch (code) {
      case 34: {
        const from = at + 1;
        let end = from;
        let seen = 0;
        // What stands behind a name is a value; other words are told apart behind them. Those that are values are read as text, too.
        const isValue = from === valueStart;
        let slot = 0;
        let four = 0;
        if (!isValue && view !== undefined && isClear !== undefined && from + 12 < length) {
          four = view.getInt32(from, true);
          slot = (Math.imul(four, 0x9e3779b1) >>> 26) << 2;
          end += READ[slot + 1]!;
          if (READ[slot] === four && READ[slot + 2] === view.getInt32(end - 2, true)) {
            if (depth < NAMED_DEPTH) {
              starts[depth] = from;
              ends[depth] = end;
            }
            keyStart = from;
            keyEnd = end;
            at = end + 1;
            valueStart = bytes[at + 1] === 34 ? at + 2 : 0;
            break;
          }
          end = from;
        }
        if (!isValue) for (let kind = KINDS[bytes[end]!]!; (kind & NAME) !== 0; kind = KINDS[bytes[++end]!]!) seen |= kind;
        const isWord = !isValue && bytes[end] === 34;
        let kind = LEXED;
        if (!isWord) {
          kind = readText(bytes, from, length, true, view);
          end = kind === LEXED ? endOfString(bytes, end) : textEnd();
          if (end < 0 || end === length) {
            // Cut short by the body limit, or broken on purpose: the rest is the string.
            if (kind !== 0) visitor.value(textOf(from, length), path, key(), kind);
            return false;
          }
        }
        let after = end + 1;
        if (!isValue) while (bytes[after]! <= 32) after++;
        if (!isValue && bytes[after] === 58) {
          if (depth < NAMED_DEPTH) {
            starts[depth] = from;
            ends[depth] = end;
          }
          keyStart = from;
          keyEnd = end;
          if (!isWord || isClear === undefined || !isPlainName(bytes, from, end, (seen & UNDERSCORE) !== 0))
            visitor.name(textOf(from, end), path);
          else if (four !== 0 && end - from < 7 && after === end + 1) {
            READ[slot] = four;
            READ[slot + 1] = end - from;
            READ[slot + 2] = view!.getInt32(end - 2, true);
          }
          at = after;
          valueStart = bytes[after + 1] === 34 ? after + 2 : 0;
          break;
        }
        at = end;
        // Three letters hold nothing.
        if (isWord) kind = end - from < 4 ? 0 : readText(bytes, from, end, true);
        if (isClear !== undefined && (kind === 0 || (kind !== LEXED && isClear(kind, key)))) break;
        visitor.value(textOf(from, end), path, key(), kind);
        break;
      }
      case 123:
      case 91:
        depth++;
        if (depth < NAMED_DEPTH) {
          starts[depth] = 0;
          ends[depth] = code === 91 ? INDEX : 0;
        }
        break;
      case 125:
      case 93:
        if (depth > 0) depth--;
        else wellFormed = false;
        break;
      case 44:
        if (depth < NAMED_DEPTH && ends[depth] === INDEX) starts[depth]!++;
        break;
      case 32:
      case 9:
      case 10:
      case 13:
        break;
      default: {
        // Numbers and the three literals; anything else is not JSON.
        let end = at;
        while (isDigitCode(bytes[end]!) || (bytes[end] === 46 && end > at)) end++;
        if (end > at && KINDS[bytes[end]!] === DELIMITER) {
          at = end - 1;
          break;
        }
        while (end < length && KINDS[bytes[end]!] !== DELIMITER) end++;
        if (end === at) wellFormed = false;
        else {
          if (wellFormed && !isLiteral(bytes, at, end)) wellFormed = false;
          at = end - 1;
        }
      }
    }
  }
  return wellFormed && depth === 0;
}

/** Where the string ends that begins at `from`, or -1. */
function endOfString(bytes: Uint8Array, from: number): number {
  for (let end = bytes.indexOf(34, from); end >= 0; end = bytes.indexOf(34, end + 1)) {
    let slashes = end - 1;
    while (slashes >= from && bytes[slashes] === 92) slashes--;
    if ((end - slashes) % 2 === 1) return end;
  }
  return -1;
}

/** True for a name that can hold nothing: word characters, none of the two names that reach what all objects inherit, and no question about a part of a text. */
function isPlainName(bytes: Uint8Array, from: number, to: number, underscored: boolean): boolean {
  const length = to - from;
  if (length > NAME_MAX || (length === 9 && bytes[from] === 112)) return false;
  // `contains`, `startsWith`, `endsWith`.
  if ((length === 8 && bytes[from] === 99) || bytes[to - 4] === 87) return false;
  if (underscored) for (let at = from + 1; at < to; at++) if (bytes[at] === 95 && bytes[at - 1] === 95) return false;
  return true;
}

/** Four letters as one number. */
const NULL = 0x6c6c756e;
const TRUE = 0x65757274;
const FALS = 0x736c6166;

function isLiteral(bytes: Uint8Array, from: number, to: number): boolean {
  const first = bytes[from]!;
  if (first === 45 || isDigitCode(first)) {
    for (let at = from + 1; at < to; at++) {
      const code = bytes[at]!;
      // `{7-7}` is arithmetic, not JSON: a sign stands behind an exponent's letter only.
      const signed = (code === 43 || code === 45) && (bytes[at - 1]! | 32) === 101;
      if (!(isDigitCode(code) || code === 46 || signed || (code | 32) === 101)) return false;
    }
    return true;
  }
  const four = first | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24);
  return to - from === 4 ? four === NULL || four === TRUE : to - from === 5 && four === FALS && bytes[from + 4] === 101;
}

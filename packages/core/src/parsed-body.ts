import type { Body } from "./types.ts";

/**
 * The body as bytes again, when a parser has read it before the firewall could: text and binary as they are, anything else as JSON.
 *
 * At most `limitBytes` long and built no further than that, so a huge parsed body costs no more than a huge raw one. Cycles, throwing getters and
 * endless depth end in `complete: false`. Calls no `toJSON` and never throws.
 */
export function encodeParsed(value: unknown, limitBytes: number): Body {
  if (value instanceof Uint8Array)
    return { bytes: Uint8Array.from(value.subarray(0, limitBytes)), complete: value.byteLength <= limitBytes };
  if (typeof value === "string") return encodeText(value, limitBytes, true);
  const { text, whole } = writeJson(value, limitBytes);
  return encodeText(text, limitBytes, whole);
}

/** A UTF-16 unit takes at least one byte, so `limitBytes` units are always enough to fill the limit. */
function encodeText(text: string, limitBytes: number, whole: boolean): Body {
  const start = text.length > limitBytes ? text.slice(0, limitBytes) : text;
  const bytes = new Uint8Array(Math.min(limitBytes, start.length * 3));
  const { read, written } = new TextEncoder().encodeInto(start, bytes);
  return { bytes: bytes.slice(0, written), complete: whole && read === text.length };
}

/** A container that is being written: its keys when it is a record, and how far the writer has come. */
interface Level {
  readonly container: object;
  readonly keys: readonly string[] | undefined;
  readonly length: number;
  next: number;
}

/** JSON of `root`, cut soon after `limitUnits` UTF-16 units. Keeps its own stack: the depth of parsed JSON is the attacker's choice. */
function writeJson(root: unknown, limitUnits: number): { readonly text: string; readonly whole: boolean } {
  const levels: Level[] = [];
  const above = new Set<object>();
  let text = "";
  let whole = true;

  const write = (value: unknown): void => {
    if (typeof value === "string") text += JSON.stringify(value.slice(0, limitUnits + 1));
    else if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") text += String(value);
    else if (typeof value !== "object" || value === null) text += "null";
    else if (value instanceof Uint8Array) {
      text += JSON.stringify(new TextDecoder().decode(value.subarray(0, limitUnits)));
      whole &&= value.byteLength <= limitUnits;
    } else if (above.has(value)) {
      text += "null";
      whole = false;
    } else {
      const keys = Array.isArray(value) ? undefined : Object.keys(value);
      levels.push({ container: value, keys, length: keys === undefined ? (value as readonly unknown[]).length : keys.length, next: 0 });
      above.add(value);
      text += keys === undefined ? "[" : "{";
    }
  };

  try {
    write(root);
    for (let level = levels.at(-1); level !== undefined && text.length <= limitUnits; level = levels.at(-1)) {
      if (level.next === level.length) {
        levels.pop();
        above.delete(level.container);
        text += level.keys === undefined ? "]" : "}";
        continue;
      }
      const index = level.next++;
      const key = level.keys?.[index];
      if (index > 0) text += ",";
      if (key !== undefined) text += `${JSON.stringify(key.slice(0, limitUnits + 1))}:`;
      write((level.container as Record<string | number, unknown>)[key ?? index]);
    }
  } catch {
    // A getter or a proxy threw: what has been written so far is still worth inspecting.
    return { text, whole: false };
  }
  return { text, whole: whole && levels.length === 0 };
}

/**
 * Reads values as their carriers wrote them, without a string for what stands behind the escapes.
 *
 * @module
 */
import { LEXED, readText, textEnd } from "./prose.ts";
import { hexValue } from "./text.ts";
import type { Transport } from "./transport.ts";

/** Texts of up to a third of this many characters need no memory of their own. */
const BUFFER = new Uint8Array(65_536);
const encoder = new TextEncoder();

/** Reads a value as its carrier wrote it, like `readText`. */
export function readValue(raw: string, transport: Transport): number {
  let source: Uint8Array = BUFFER;
  let length = 0;
  if (raw.length * 3 > BUFFER.length) {
    source = encoder.encode(raw);
    length = source.length;
  } else length = encoder.encodeInto(raw, BUFFER).written;
  if (transport === "form" || transport === "percent") length = unescapeBytes(source, length, transport === "form");
  source[length] = 0;
  const answer = readText(source, 0, length, transport === "json");
  return textEnd() === length ? answer : LEXED;
}

/** Takes off percent signs, and pluses where they are blanks, in place; broken ones stay. Returns the length of what is left. */
function unescapeBytes(source: Uint8Array, length: number, plus: boolean): number {
  let to = 0;
  for (let at = 0; at < length; at++) {
    let byte = source[at]!;
    if (byte === 37) {
      const high = hexValue(source[at + 1]!);
      const low = hexValue(source[at + 2]!);
      if (high >= 0 && low >= 0 && at + 2 < length) {
        byte = high * 16 + low;
        at += 2;
      }
    } else if (byte === 43 && plus) byte = 32;
    source[to++] = byte;
  }
  return to;
}

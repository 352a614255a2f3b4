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
const VIEW = new DataView(BUFFER.buffer);
const encoder = new TextEncoder();

/** Reads a value as its carrier wrote it, like `readText`. */
export function readValue(raw: string, transport: Transport): number {
  let source: Uint8Array = BUFFER;
  let view: DataView = VIEW;
  let length = 0;
  if (raw.length * 3 > BUFFER.length) {
    source = encoder.encode(raw);
    view = new DataView(source.buffer, source.byteOffset, source.length);
    length = source.length;
  } else length = encoder.encodeInto(raw, BUFFER).written;
  if (transport === "form" || transport === "percent")
    length = unescapeBytes(source, view, length, transport === "form" && raw.includes("+"));
  source[length] = 0;
  const answer = readText(source, 0, length, transport === "json", view);
  return textEnd() === length ? answer : LEXED;
}

/** What a byte is worth as a hexadecimal digit, or -1. */
const DIGITS = Int8Array.from({ length: 256 }, (_, code) => hexValue(code));
/** Four percent signs, four pluses, and the lowest, the lower seven and the highest bits of four bytes. */
const PERCENTS = 0x25252525;
const PLUSES = 0x2b2b2b2b;
const LOWEST = 0x01010101;
const LOWER = 0x7f7f7f7f;
const HIGHEST = 0x80808080;

/**
 * Takes off percent signs, and pluses where they are blanks, in place; broken ones stay. Returns the length of what is left. Bytes without an
 * escape among them go four at a time; that one of them is zero is told as in Warren, Hacker's Delight, 6-1.
 */
function unescapeBytes(source: Uint8Array, view: DataView, length: number, plus: boolean): number {
  let to = 0;
  let at = 0;
  while (at < length) {
    if (at + 3 < length) {
      let four = view.getInt32(at, true);
      const percent = four ^ PERCENTS;
      const found = (percent - LOWEST) & ~percent & HIGHEST;
      if (plus) {
        const other = four ^ PLUSES;
        const pluses = ~(((other & LOWER) + LOWER) | other | LOWER) >>> 7;
        // A plus and a blank differ in three bits.
        four ^= pluses | (pluses << 1) | (pluses << 3);
      }
      if (found === 0) {
        view.setInt32(to, four, true);
        at += 4;
        to += 4;
        continue;
      }
      // Two escapes behind, all that is written over has been read.
      if (at - to > 3) {
        view.setInt32(to, four, true);
        const before = (31 - Math.clz32(found & -found)) >> 3;
        at += before;
        to += before;
      }
    }
    const byte = source[at]!;
    if (byte === 37) {
      const high = DIGITS[source[at + 1]!]!;
      const low = DIGITS[source[at + 2]!]!;
      const isEscape = (high | low) >= 0 && at + 2 < length;
      source[to++] = isEscape ? high * 16 + low : 37;
      at += isEscape ? 3 : 1;
    } else {
      source[to++] = plus && byte === 43 ? 32 : byte;
      at++;
    }
  }
  return to;
}

import * as HAS from "./characters.ts";
import * as SYMBOL from "./symbol-kinds.ts";
import { charBits } from "./text.ts";

/** The thirty-two kinds of byte that groups of three are made of; upper and lower case are one, and every byte of a character beyond ASCII is `wide`. */
export const SYMBOLS = new Uint8Array(256).fill(SYMBOL.sign, 33, 128).fill(SYMBOL.wide, 128);
const SHARED: Readonly<Record<string, string>> = { j: "i", q: "k", x: "z" };
for (const letter of "abcdefghijklmnopqrstuvwxyz") {
  const symbol = (SHARED[letter] ?? letter).charCodeAt(0) - 96;
  SYMBOLS[letter.charCodeAt(0)] = SYMBOLS[letter.charCodeAt(0) - 32] = symbol;
}
for (const [characters, symbol] of [
  ["0123456789", SYMBOL.digit],
  ["_", SYMBOL.underscore],
  [".", SYMBOL.stop],
  ["(", SYMBOL.bracket],
  ["'\"`", SYMBOL.quote],
  ["[{<$@", SYMBOL.opening],
] as const) {
  for (const character of characters) SYMBOLS[character.charCodeAt(0)] = symbol;
}

/** `HAS` bits of each byte; whatever is not ASCII is `high`. */
export const BYTE_BITS = Int32Array.from({ length: 256 }, (_, code) => (code < 128 ? charBits(code) : HAS.high));

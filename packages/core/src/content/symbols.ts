import { charBits, HAS } from "./text.ts";

/** The thirty-two kinds of byte that groups of three are made of; upper and lower case are one. */
export const SYMBOLS = new Uint8Array(256).fill(29, 128);
for (let letter = 0; letter < 26; letter++) SYMBOLS[65 + letter] = SYMBOLS[97 + letter] = letter + 1;
SYMBOLS.fill(27, 48, 58);
SYMBOLS[95] = 28;
SYMBOLS[46] = 30;
SYMBOLS[40] = 31;

/** `HAS` bits of each byte; whatever is not ASCII is `high`. */
export const BYTE_BITS = Int32Array.from({ length: 256 }, (_, code) => (code < 128 ? charBits(code) : HAS.high));

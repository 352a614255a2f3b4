/**
 * What a string is made of: one pass that tells every lexer whether it has any reason to look.
 *
 * @module
 */
import * as HAS from "./characters.ts";

/** Character classes of {@link CLASS}. */
export const WORD = 1;
export const DIGIT = 2;
export const BLANK = 4;
export const HEX = 8;

const BITS = new Int32Array(128);
/** Class bits (`WORD`, `DIGIT`, `BLANK`, `HEX`) of the 128 ASCII characters. */
export const CLASS = new Uint8Array(128);

for (let code = 0; code < 128; code++) {
  if (code < 32 || code === 127) BITS[code] = HAS.control;
  const letter = (code | 32) >= 97 && (code | 32) <= 122;
  const digit = code >= 48 && code <= 57;
  if (letter || digit || code === 95) CLASS[code] = WORD;
  if (digit) {
    BITS[code] = HAS.digit;
    CLASS[code] = WORD | DIGIT | HEX;
  }
  if (letter && (code | 32) <= 102) CLASS[code] = WORD | HEX;
}
for (const [characters, bit] of [
  ["'", HAS.quote],
  ['"', HAS.doubleQuote],
  ["<", HAS.less],
  [">", HAS.greater],
  ["(", HAS.paren],
  [";", HAS.semicolon],
  ["|", HAS.pipe],
  ["&", HAS.ampersand],
  ["$", HAS.dollar],
  ["{", HAS.brace],
  ["[", HAS.bracket],
  ["/", HAS.slash],
  ["\\", HAS.backslash],
  [".", HAS.dot],
  [":", HAS.colon],
  ["=", HAS.equals],
  ["%", HAS.percent],
  ["#", HAS.hash],
  ["@", HAS.at],
  ["*", HAS.star],
  ["!", HAS.bang],
  ["-", HAS.dash],
  ["`", HAS.backtick],
  ["\r\n", HAS.lineBreak],
  [" \t", HAS.space],
  ["+", HAS.plus],
  ["?", HAS.question],
  ["^~", HAS.caret],
] as const) {
  for (const character of characters) BITS[character.charCodeAt(0)] = bit;
}
for (const character of " \t\n\r\v\f\0") CLASS[character.charCodeAt(0)]! |= BLANK;

/** The `HAS` bit of one ASCII character. */
export function charBits(code: number): number {
  return BITS[code]!;
}

/** True for `[A-Za-z0-9_]`. */
export function isWordCode(code: number): boolean {
  return code < 128 && (CLASS[code]! & WORD) !== 0;
}

/** True for space, tab, line breaks, vertical tab, form feed, NUL and the no-break space. NaN (past the end) is false. */
export function isBlankCode(code: number): boolean {
  return code < 128 ? (CLASS[code]! & BLANK) !== 0 : code === 0xa0;
}

/** True for `0` to `9`. */
export function isDigitCode(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** True for ASCII letters. */
export function isLetterCode(code: number): boolean {
  const lower = code | 32;
  return lower >= 97 && lower <= 122 && code < 128;
}

/** Value of a hexadecimal digit, or -1. */
export function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 && code < 128 ? lower - 87 : -1;
}

/** First index at or after `index` that is no word character. */
export function skipWord(text: string, index: number): number {
  let at = index;
  while (at < text.length && isWordCode(text.charCodeAt(at))) at++;
  return at;
}

/** Lower case with every offset kept: full case mapping may lengthen a string (`İ`), which would shift what a finding underlines. */
export function lowerCase(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

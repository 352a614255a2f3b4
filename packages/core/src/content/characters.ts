/**
 * Bits that say which characters occur in a text. Constants each, to be imported as a namespace: a bundler puts no object in their place, and shortens
 * their names.
 *
 * @module
 */
export const quote = 1 << 0;
export const less = 1 << 1;
export const greater = 1 << 2;
export const paren = 1 << 3;
export const semicolon = 1 << 4;
export const pipe = 1 << 5;
export const ampersand = 1 << 6;
export const dollar = 1 << 7;
export const brace = 1 << 8;
export const bracket = 1 << 9;
export const slash = 1 << 10;
export const backslash = 1 << 11;
export const dot = 1 << 12;
export const colon = 1 << 13;
export const equals = 1 << 14;
export const percent = 1 << 15;
export const hash = 1 << 16;
export const at = 1 << 17;
export const star = 1 << 18;
export const bang = 1 << 19;
export const dash = 1 << 20;
export const backtick = 1 << 21;
export const lineBreak = 1 << 22;
export const control = 1 << 23;
export const space = 1 << 24;
export const digit = 1 << 25;
export const high = 1 << 26;
export const plus = 1 << 27;
export const question = 1 << 28;
export const caret = 1 << 29;
export const doubleQuote = 1 << 30;

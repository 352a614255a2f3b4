/**
 * Kinds of byte that are no letters. Four rare letters share the symbol of another to make room for them.
 * Constants each, like those of characters.ts.
 *
 * @module
 */
export const blank = 0;
export const opening = 10;
export const sign = 17;
export const quote = 24;
export const digit = 27;
export const underscore = 28;
export const wide = 29;
export const stop = 30;
export const bracket = 31;

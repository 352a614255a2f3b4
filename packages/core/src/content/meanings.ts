/**
 * Bits that say which lexer a word concerns. Constants each, to be imported as a namespace: a bundler puts no object in their place, and shortens their
 * names.
 *
 * @module
 */
export const sql = 1 << 0;
export const logic = 1 << 1;
export const script = 1 << 2;
export const php = 1 << 3;
export const java = 1 << 4;
export const program = 1 << 5;
export const file = 1 << 6;
export const host = 1 << 7;
export const document = 1 << 8;
export const xpath = 1 << 9;
export const other = 1 << 10;
export const compare = 1 << 11;

/**
 * Kinds of token of SQL. Constants each, like those of characters.ts.
 *
 * @module
 */
export const end = 0;
export const word = 1;
export const number = 2;
export const string = 3;
export const variable = 4;
export const operator = 5;
export const open = 6;
export const close = 7;
export const comma = 8;
export const semicolon = 9;
export const lineComment = 10;
export const blockComment = 11;
export const dot = 12;
export const other = 13;

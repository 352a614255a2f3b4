/**
 * What a word of SQL does. Constants each, like those of characters.ts.
 *
 * @module
 */
export const logic = 1;
export const compare = 2;
export const arithmetic = 3;
export const union = 4;
export const select = 5;
export const from = 6;
export const where = 7;
export const by = 8;
export const orderGroup = 9;
export const having = 10;
export const prefix = 11;
export const constant = 12;
export const into = 13;
export const set = 14;
export const table = 15;
export const define = 16;
export const insert = 17;
export const update = 18;
export const remove = 19;
export const execute = 20;
export const declare = 21;
export const wait = 22;
export const shutdown = 23;
export const quantifier = 24;
export const clause = 25;
export const values = 26;
export const show = 27;
export const interval = 28;
export const end = 29;

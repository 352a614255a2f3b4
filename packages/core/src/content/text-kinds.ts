/**
 * Bits of `readText`'s answer about running text; 0 is text in which nothing can be, whatever it is called. Constants each, like those of characters.ts.
 *
 * @module
 */
/** It has marks: what is handed to programs, and uploaded files, are read by the lexers all the same. */
export const marked = 1;
/** It has several lines, which a name may not expect. */
export const lines = 2;
/** What needs no mark may be in it: bare SQL, the name of a class, a command line, something wrapped. */
export const worded = 4;

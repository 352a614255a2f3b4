/**
 * The built pages by name, packed by gzip and written as base64. None in the source: the pages' own build writes this module anew, in `dist`.
 *
 * @module
 */
export const PAGES: Readonly<Record<string, string>> = {};

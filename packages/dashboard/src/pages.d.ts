/** The built pages by name, packed by gzip and written as base64; the build writes the module. */
export declare const PAGES: Readonly<Record<string, string>>;

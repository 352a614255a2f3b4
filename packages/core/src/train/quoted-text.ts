const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", v: "\v" };

/** Undoes the escapes of Apache (`\"`, `\\`, `\n`, `\x7f`) and of nginx (`\x22`). */
export function unescapeField(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g, (_, hex: string | undefined, letter: string | undefined) =>
    hex === undefined ? (ESCAPES[letter!] ?? letter!) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** A quoted field, and where the line goes on. */
export interface Quoted {
  readonly text: string;
  readonly end: number;
}

/**
 * The quoted field that begins at `from`, escapes undone; `undefined` when none does or it does not end.
 *
 * @param isEnd - Says of the place behind a quote whether the field may end there, for servers that write quotes as they came.
 */
export function readQuoted(line: string, from: number, isEnd?: (line: string, at: number) => boolean): Quoted | undefined {
  if (from < 0 || line.charCodeAt(from) !== 34) return undefined;
  let end = line.indexOf('"', from + 1);
  while (end > 0) {
    let slashes = 0;
    while (line.charCodeAt(end - 1 - slashes) === 92) slashes++;
    if (slashes % 2 === 0 && (isEnd === undefined || isEnd(line, end + 1))) break;
    end = line.indexOf('"', end + 1);
  }
  return end < 0 ? undefined : { text: unescapeField(line.slice(from + 1, end)), end: end + 1 };
}

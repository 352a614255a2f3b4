/**
 * Addresses in markup that run script when they are followed or loaded, and styles that do.
 *
 * @module
 */
import type { Hits } from "./hits.ts";
import { seek } from "./trigrams.ts";

const SCHEMES = [
  "javascript:",
  "vbscript:",
  "livescript:",
  "mocha:",
  "data:text/html",
  "data:text/javascript",
  "data:image/svg+xml",
  "data:application/x",
];

/** The last letters of each of these, blanks between them or not. */
const SCHEME_END = /(p[\s\0]{0,80}t|[th][\s\0]{0,80}a)[\s\0]{0,80}:/;

/** Finds scriptable URLs, also ones broken up by blanks and line breaks, which browsers drop. */
export function urls(text: string, firstTag: number, hits: Hits): void {
  let tight = text;
  if (SCHEME_END.test(text) && /[\s\0]/.test(text)) tight = text.replace(/[\s\0]+/g, "");
  for (const scheme of SCHEMES) {
    let at = tight.indexOf(scheme);
    for (let count = 0; at >= 0 && count < 4; at = tight.indexOf(scheme, at + 1), count++) {
      const rest = tight.slice(at + scheme.length, at + scheme.length + 60);
      const mild = /^(void\(?0?\)?;?|;|\/\/;?|history\.(back|go)\([-\d]{0,3}\)|window\.print\(\));?/.exec(rest)?.[0].length;
      const behind = mild === undefined ? "-" : (rest[mild] ?? "");
      const quote = at === 0 ? "" : tight[at - 1]!;
      if (behind === "" || behind === quote || (!/["']/.test(quote) && /[>\s]/.test(behind))) continue;
      // A drawing is a picture where nothing but a picture can stand, and as long as nothing in it runs.
      if (
        scheme === "data:image/svg+xml" &&
        (/(\burl\(|<img([\w-]{1,20}=["'][^"'<>=]{0,80}["']){0,4}src=)["']?$/.test(tight.slice(Math.max(0, at - 100), at)) ||
          !/script|on\w{3,40}(=|%3d)|foreignobject|href|entity|;base64/.test(tight.slice(at, at + 8192)))
      )
        continue;
      const before = at === 0 ? "" : tight[at - 1]!;
      const placed = at <= 1 || /["'=(`,:>[/]/.test(before);
      const runs = /[(`=;+\\]|%28|\/\/|\.\w/.test(rest) || scheme.startsWith("data:");
      const score =
        (scheme === "mocha:" || scheme === "livescript:") && placed
          ? 100
          : placed && runs
            ? 100
            : firstTag >= 0 && rest !== ""
              ? placed
                ? 100
                : 90
              : runs && /\w[`(]/.test(rest)
                ? 75
                : placed && at > 1 && rest !== ""
                  ? 70
                  : 30;
      // In prose the scheme is followed by words; squeezed text hides that, so look at the original once more.
      hits.add("xss/script-url", score, Math.min(at, text.length), Math.min(text.length, at + scheme.length));
    }
  }
  // `\\j\\av\\a…`: whoever takes one backslash before each letter out has a scheme left.
  if (text.includes("\\") && !text.includes("script:") && /(java|vb)script:/.test(text.replaceAll("\\", "")))
    hits.add("xss/script-url", 100, text.indexOf("\\"), Math.min(text.length, 24));
  // Browsers drop tabs and line breaks inside of a scheme, and nobody writes them there who does not hide it.
  if (/[\t\r\n\0]/.test(text)) {
    const whole = text.replace(/[\t\r\n\0]+/g, "");
    for (const scheme of ["javascript:", "vbscript:"]) {
      if (whole.includes(scheme) && !text.includes(scheme) && !seek(/java\s{1,8}script/).test(text))
        hits.add("xss/script-url", 100, 0, Math.min(text.length, 24));
    }
  }
  const style = seek(/:\s{0,4}url\s{0,4}\(\s{0,4}["']?\s{0,4}(javascript|vbscript)|-moz-binding\s{0,4}:\s{0,4}url\s{0,4}\(/).exec(text);
  if (style !== null) hits.found("xss/style", 100, style);
  if (
    seek(
      /(^|[:;"'\s=/*}{])(x{0,2}s{0,2}:)?expression\s{0,6}(\/\*.{0,20}\*\/)?\s{0,6}\(\s{0,6}(alert|confirm|prompt|eval|document|window|javascript|\w{1,20}\s{0,4}[(=])/,
    ).test(text)
  ) {
    hits.add("xss/style", 100, 0, Math.min(text.length, 20));
  }
}

/**
 * Reads a request target: one canonical path for detectors, and every other path a router might see in it.
 *
 * @module
 */

import { hexDigit } from "./addresses.ts";

/** What `readTarget` found. */
export interface Target {
  /** Decoded once, dot segments resolved, slashes and backslashes folded; starts with `/`; case is kept. */
  readonly path: string;
  /** As sent, without `?`. */
  readonly query: string;
  /** False when some router could read the path differently. */
  readonly canonical: boolean;
  /** The path part exactly as sent, starting with `/`; input of `pathReadings`. */
  readonly rawPath: string;
}

/** False for what a router may read in its own way wherever it stands: blanks, `#`, `%`, `;`, a backslash, and whatever is not ASCII. */
const isPlain = (code: number): boolean => (code > 92 ? code < 127 : code > 32 && code !== 35 && code !== 37 && code !== 59 && code !== 92);

/**
 * Where the path of an origin-form target ends, if nothing in it can be read in two ways; -1 for all others, which are looked at closely. Nearly every
 * target passes here, in one walk and without an expression: those cost several times as much while a server's caches hold other things.
 */
function plainEnd(target: string): number {
  if (target.charCodeAt(0) !== 47 /* / */) return -1;
  let before = 0;
  for (let index = 0; index < target.length; index++) {
    const code = target.charCodeAt(index);
    if (code === 63 /* ? */) return index;
    if (!isPlain(code) || (before === 47 && (code === 47 || code === 46)) /* . */) return -1;
    before = code;
  }
  return target.length;
}

/** Sent, but gone once the path is decoded: a fragment, and letters that should have been escapes. */
const AMBIGUOUS_SENT = /[#\u0080-\uffff]/;
/** Whatever can make two routers disagree about a decoded path. Letters beyond ASCII are fine once they were written as valid UTF-8 escapes. */
const AMBIGUOUS = /[\\;#\u0000-\u001f\u007f-\u009f\ufffd-\uffff]|\/\/|\/\.{1,2}(?:\/|$)/;
const ORIGIN = /^[a-z][a-z0-9+.-]{0,20}:\/\/[^/?#\\]*/i;

/**
 * Splits and canonicalises a request target in origin, absolute, asterisk or authority form.
 * Total: any string has an answer, and time is linear in its length.
 */
export function readTarget(target: string): Target {
  const end = plainEnd(target);
  if (end >= 0) {
    const path = end === target.length ? target : target.slice(0, end);
    return { path, query: target.slice(end + 1), canonical: true, rawPath: path };
  }
  let start = 0;
  let exact = true;
  if (target.charCodeAt(0) !== 47 /* / */) {
    if (target === "*") return readTarget("/");
    exact = false;
    start = ORIGIN.exec(target)?.[0].length ?? 0;
  }
  const mark = target.indexOf("?", start);
  const sent = target.slice(start, mark < 0 ? undefined : mark);
  const query = mark < 0 ? "" : target.slice(mark + 1);
  const rawPath = sent.charCodeAt(0) === 47 ? sent : `/${sent}`;
  const { text, strict } = decodePercent(cutFragment(rawPath), true);
  return {
    path: resolveSegments(text.replaceAll("\\", "/")),
    query,
    canonical: exact && strict && !AMBIGUOUS_SENT.test(rawPath) && !AMBIGUOUS.test(text),
    rawPath,
  };
}

const cutAt =
  (mark: string) =>
  (path: string): string => {
    const end = path.indexOf(mark);
    return end < 0 ? path : path.slice(0, end);
  };
const cutFragment = cutAt("#");

/** Nobody needs more spellings than this at once; whoever sends more gets the strictest policy there is. */
const MAX_READINGS = 48;
/** Longer paths that are not canonical are not expanded either: the work would grow with length times readings. */
const MAX_AMBIGUOUS_LENGTH = 2048;

/**
 * Every path that a router, proxy or file server could see in `rawPath`: undecoded, decoded once, twice or to the end, with encoded slashes kept or
 * decoded, backslashes, `;parameters`, fragments, NUL and control characters taken either way, slashes merged and dot segments resolved or not.
 * `undefined`: too many to list.
 */
export function pathReadings(rawPath: string): ReadonlySet<string> | undefined {
  if (rawPath.length > MAX_AMBIGUOUS_LENGTH) return undefined;
  const readings = new Set<string>([rawPath, decodePercent(rawPath, false).text]);
  let decoded = rawPath;
  for (let round = 0; round < 5 && decoded.includes("%"); round++) {
    decoded = decodePercent(decoded, true).text;
    readings.add(decoded);
  }
  for (const rewrite of REWRITES) {
    for (const reading of [...readings]) {
      readings.add(rewrite(reading));
      if (readings.size > MAX_READINGS) return undefined;
    }
  }
  return readings;
}

const mergeSlashes = (path: string): string => path.replace(/\/{2,}/g, "/");

/** Each is applied to all readings so far, and the unchanged reading stays: 2^n combinations, of which few differ. */
const REWRITES: readonly ((path: string) => string)[] = [
  cutFragment,
  // An escaped question mark, decoded too early, ends the path of a second parser.
  cutAt("?"),
  // URL parsers drop raw tabs and line breaks; C libraries stop at NUL.
  (path) => path.replace(/[\t\n\r]/g, ""),
  cutAt("\0"),
  (path) => path.replaceAll("\\", "/"),
  (path) => path.replace(/;[^/]*/g, ""),
  // `//host/path` is a path to some and an authority to `new URL(target, base)`.
  (path) => (path.startsWith("//") ? `/${path.slice(2).replace(/^[^/]*\/?/, "")}` : path),
  mergeSlashes,
  (path) => (DOT_SEGMENT.test(path) ? resolveDots(path) : path),
  mergeSlashes,
];
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/;

/** Removes dot segments as RFC 3986 section 5.2.4 does: empty segments count as segments. */
function resolveDots(path: string): string {
  const out: string[] = [];
  const parts = path.split("/");
  for (let index = 1; index < parts.length; index++) {
    const part = parts[index]!;
    const last = index === parts.length - 1;
    if (part === "..") out.pop();
    else if (part !== ".") out.push(part);
    if (last && (part === "." || part === "..")) out.push("");
  }
  return `/${out.join("/")}`;
}

/** Merges slashes, then resolves dot segments: the reading of a file system. */
function resolveSegments(path: string): string {
  const out: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") out.pop();
    else out.push(part);
  }
  const directory = path.endsWith("/") || path.endsWith("/.") || path.endsWith("/..");
  return out.length === 0 ? "/" : `/${out.join("/")}${directory ? "/" : ""}`;
}

/**
 * Decodes percent escapes once, as UTF-8. `strict` is false when the text could have been written otherwise: an escape of a character that needs
 * none, of a separator, of `%` itself, or bytes that are no valid UTF-8. Overlong forms give the character that lenient decoders see in them.
 */
function decodePercent(text: string, slashes: boolean): { readonly text: string; readonly strict: boolean } {
  let out = "";
  let strict = true;
  let copied = 0;
  for (let at = text.indexOf("%"); at >= 0; at = text.indexOf("%", at)) {
    const first = byteAt(text, at);
    if (first < 0) {
      strict = false;
      at++;
      continue;
    }
    if (!slashes && (first === 0x2f || first === 0x5c)) {
      at += 3;
      continue;
    }
    out += text.slice(copied, at);
    if (first < 0x80) {
      if (!NEEDS_ESCAPE.test(String.fromCharCode(first))) strict = false;
      out += String.fromCharCode(first);
      at += 3;
    } else {
      const { character, length, valid } = readUtf8(text, at, first);
      if (!valid) strict = false;
      out += slashes || (character !== "/" && character !== "\\") ? character : text.slice(at, at + length);
      at += length;
    }
    copied = at;
  }
  return { text: out + text.slice(copied), strict };
}

/** The ASCII characters that an honest client must escape in a path. */
const NEEDS_ESCAPE = /[ "<>^`{|}[\]]/;

/** The byte of the escape at `at`, or -1 when there is none. */
function byteAt(text: string, at: number): number {
  if (text.charCodeAt(at) !== 37) return -1;
  const high = hexDigit(text.charCodeAt(at + 1));
  const low = hexDigit(text.charCodeAt(at + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** A character of escapes, and how much of the text it takes. */
interface Escaped {
  readonly character: string;
  readonly length: number;
  readonly valid: boolean;
}

/** A broken sequence gives U+FFFD for its first byte only, so nothing after it is swallowed. */
const BROKEN: Escaped = { character: "\ufffd", length: 3, valid: false };

/** One multi-byte character of escapes. */
function readUtf8(text: string, at: number, first: number): Escaped {
  const more = first >= 0xf0 && first < 0xf8 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
  let code = first & (0x3f >> more);
  let length = 3;
  for (let count = 0; count < more; count++) {
    const next = byteAt(text, at + length);
    if ((next & 0xc0) !== 0x80 || next < 0) return BROKEN;
    code = code * 64 + (next & 0x3f);
    length += 3;
  }
  if (more === 0 || first >= 0xf8) return BROKEN;
  const smallest = more === 1 ? 0x80 : more === 2 ? 0x800 : 0x10000;
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return { ...BROKEN, length };
  return { character: String.fromCodePoint(code), length, valid: code >= smallest && code >= 0xa0 };
}

/**
 * Percent-decoding to the end: the text that an application may see, whatever number of layers it was wrapped in.
 *
 * @module
 */
import { MARK } from "./marks.ts";

/** Layers of escapes that are taken off. Honest addresses within addresses have two. */
const LAYERS = 5;

const ESCAPE_OR_BYTE = /%[0-9a-fA-F]{2}|[^\0-\x7f]/;
const ESCAPE = /%[0-9a-fA-F]{2}/;
const BYTES = /(?:%[0-9a-fA-F]{2}|[\x80-\xff])+/g;
const ESCAPES = /(?:%[0-9a-fA-F]{2})+/g;

/** The characters that marks are made of. From a client they mean nothing, and must not be taken for marks. */
const PRIVATE = /[\ue000-\uf8ff]/g;

/**
 * Decodes text that came as bytes, one character each (characters beyond U+00FF are taken as they are). Every layer of escapes beyond the first leaves
 * a mark at the front, and so does every byte that is no UTF-8 in its place. Total; linear in the length.
 */
export function decodeText(wire: string): string {
  if (!ESCAPE_OR_BYTE.test(wire)) return wire;
  let text = wire.replace(PRIVATE, MARK.BAD).replace(BYTES, decodeRun);
  let extra = 0;
  for (; extra < LAYERS - 1 && ESCAPE.test(text); extra++) text = text.replace(ESCAPES, decodeRun);
  return extra === 0 ? text : MARK.ENC.repeat(extra) + text;
}

function decodeRun(run: string): string {
  const bytes: number[] = [];
  let isAscii = true;
  for (let at = 0; at < run.length; ) {
    const isEscape = run.charCodeAt(at) === 37;
    const byte = isEscape ? Number.parseInt(run.slice(at + 1, at + 3), 16) : run.charCodeAt(at);
    if (byte > 127) isAscii = false;
    bytes.push(byte);
    at += isEscape ? 3 : 1;
  }
  let out = "";
  if (isAscii) for (const byte of bytes) out += String.fromCharCode(byte);
  else for (let at = 0; at < bytes.length; ) at = readCharacter(bytes, at, (text) => (out += text));
  return out;
}

/** Reads one character of UTF-8 (RFC 3629, without overlong forms and surrogates), or one byte that belongs to none. Returns where the next begins. */
function readCharacter(bytes: readonly number[], at: number, write: (text: string) => void): number {
  const first = bytes[at]!;
  if (first < 128) {
    write(String.fromCharCode(first));
    return at + 1;
  }
  const more = first >= 0xc2 && first <= 0xdf ? 1 : first >= 0xe0 && first <= 0xef ? 2 : first >= 0xf0 && first <= 0xf4 ? 3 : 0;
  let code = first & (0x3f >> more);
  let count = 0;
  while (count < more && ((bytes[at + count + 1] ?? 0) & 0xc0) === 0x80) code = (code << 6) | (bytes[at + ++count]! & 0x3f);
  const least = [0, 0x80, 0x800, 0x10000][more]!;
  const isWhole = more > 0 && count === more && code >= least && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  const isPrivate = code >= 0xe000 && code <= 0xf8ff;
  // Forms of old sites send Latin-1: a letter that begins nothing is a letter. What only looks begun, such as an overlong slash, is not.
  const isLatin = !isWhole && first >= 0xc0 && !(((bytes[at + 1] ?? 0) & 0xc0) === 0x80);
  write(isWhole && !isPrivate ? String.fromCodePoint(code) : isLatin ? String.fromCharCode(first) : MARK.BAD);
  return at + (isWhole ? more + 1 : 1);
}

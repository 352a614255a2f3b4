/**
 * Decodes the bytes of a body under the charset it declares, or looks like. Decoders that applications use read more charsets than browsers
 * do: UTF-7, UTF-32 and EBCDIC hide every ASCII payload from whoever reads the bytes as UTF-8.
 *
 * @module
 */

/** What {@link decodeText} made of the bytes. */
export interface Decoded {
  readonly text: string;
  /** False when the declared charset is none that is known here; the text was then read as UTF-8. */
  readonly known: boolean;
}

/**
 * Code page 037, the EBCDIC of the United States and Canada, from byte 0x40 on; controls below are told apart only by their line breaks. A
 * control character here stands for as many bytes of letters and signs outside of ASCII: nothing is injected with them, so one stands for all.
 */
const EBCDIC =
  " \u000a.<(+|&\u0009!$*);\u0001-/\u0009,%_>?\u0009`:#@'=\"\u0001abcdefghi\u0007jklmnopqr\u0007~stuvwxyz\u0006^\u0009[]\u0004{ABCDEFGHI\u0006}JKLMNOPQR\u0006\\\u0001STUVWXYZ\u00060123456789\u0006".replace(
    /[\0-\x1f]/g,
    (count) => "\u00e9".repeat(count.charCodeAt(0)),
  );
/** Where the international code page differs. */
const INTERNATIONAL: Readonly<Record<number, string>> = { 74: "[", 79: "!", 90: "]", 95: "^", 176: "\u00a2", 186: "\u00ac", 187: "|" };
const EBCDIC_CONTROLS: Readonly<Record<number, string>> = { 5: "\t", 13: "\r", 21: "\n", 37: "\n", 0: "\0" };

/**
 * The first and the last charset a Content-Type names, in lower case and without quotes: servers differ in which of two they take, and in what
 * quotes hide. Before them "", which stands for none.
 */
export function charsetsOf(contentType: string): ReadonlySet<string> {
  const found = contentType.toLowerCase().matchAll(/;\s{0,20}charset\s{0,4}=\s{0,4}["']?([^\s"';,]{1,40})/g);
  const labels = Array.from(found, (match) => match[1]!);
  return new Set(["", ...labels.slice(0, 1), ...labels.slice(-1)]);
}

/** True when the label means UTF-8 or a subset of it: nothing needs to be decoded twice. */
export function isUtf8Label(label: string): boolean {
  return label === "" || /^(utf-?8|us-?ascii|ascii|unicode-1-1-utf-8|utf8mb4)$/.test(label);
}

/** True when {@link decodeText} reads `bytes` as UTF-8. */
export const isUtf8 = (bytes: Uint8Array, label: string): boolean => isUtf8Label(label) && wideOrder(bytes, undefined) === undefined;

/** Decodes `bytes` as `label` says. A byte order mark, and the zero bytes of wide text, speak louder than the label. Never throws. */
export function decodeText(bytes: Uint8Array, label: string): Decoded {
  const plain = label.replace(/[^0-9a-z]/g, "");
  if (/^(utf|ucs)32(le|be)?$|^ucs4(le|be)?$/.test(plain)) return { text: fromUtf32(bytes, plain.endsWith("be")), known: true };
  const wide = wideOrder(bytes, /^utf16|^ucs2|^unicode$|^iso10646ucs2$/.test(plain) ? (plain.endsWith("be") ? "be" : "le") : undefined);
  if (wide !== undefined) return { text: new TextDecoder(wide === "be" ? "utf-16be" : "utf-16le").decode(bytes), known: true };
  if (isUtf8Label(label)) return { text: new TextDecoder().decode(bytes), known: true };
  if (/^(utf7|unicode11utf7|csunicode11utf7|utf7imap)$/.test(plain))
    return { text: fromUtf7(new TextDecoder().decode(bytes), plain === "utf7imap" ? 38 : 43), known: true };
  const page = /^(?:ibm|cp|ebcdiccp|csibm|ccsid|x?ebcdic)?0{0,2}(037|37|1140|us|ca|500|be|ch|1047)$/.exec(plain);
  if (page !== null && plain.length > 2)
    return { text: fromEbcdic(bytes, page[1] === "500" || page[1] === "be" || page[1] === "ch"), known: true };
  try {
    return { text: new TextDecoder(label).decode(bytes), known: true };
  } catch {
    return { text: new TextDecoder().decode(bytes), known: false };
  }
}

/** Byte order of wide text: by its mark, as declared, or told by zero bytes beside the first characters. */
function wideOrder(bytes: Uint8Array, declared: "le" | "be" | undefined): "le" | "be" | undefined {
  if (bytes.length < 4) return declared;
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "be";
  if (bytes[0] === 0 && bytes[1] !== 0 && bytes[2] === 0 && bytes[3] !== 0) return "be";
  if (bytes[0] !== 0 && bytes[1] === 0 && bytes[2] !== 0 && bytes[3] === 0) return "le";
  return declared;
}

/** Each unit of UTF-32 as two of UTF-16, one of which is zero for everything that an injection is made of. */
const fromUtf32 = (bytes: Uint8Array, big: boolean): string =>
  new TextDecoder(big || bytes[0] === 0 ? "utf-16be" : "utf-16le").decode(bytes).replaceAll("\0", "");

function fromEbcdic(bytes: Uint8Array, international: boolean): string {
  const read = (byte: number): string => (international && INTERNATIONAL[byte]) || EBCDIC_CONTROLS[byte] || EBCDIC[byte - 0x40] || " ";
  const pieces: string[] = [];
  for (let from = 0; from < bytes.length; from += 8192) pieces.push(Array.from(bytes.subarray(from, from + 8192), read).join(""));
  return pieces.join("");
}

const BASE64 = new Int8Array(128).fill(-1);
for (const [index, character] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries())
  BASE64[character.charCodeAt(0)] = index;
BASE64[44] = 63;

/** Reads UTF-7: runs of base64 behind `+` (or `&`, as mailboxes write it) are UTF-16. Broken runs yield what they hold. */
export function fromUtf7(text: string, shift = 43): string {
  let result = "";
  let copied = 0;
  const mark = String.fromCharCode(shift);
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at)) {
    result += text.slice(copied, at);
    let from = at + 1;
    if (text.charCodeAt(from) === 45) {
      result += mark;
      at = copied = from + 1;
      continue;
    }
    let bits = 0;
    let pending = 0;
    for (; from < text.length; from++) {
      const code = text.charCodeAt(from);
      const value = code < 128 ? BASE64[code]! : -1;
      if (value < 0 || (code === 44 && shift === 43)) break;
      pending = ((pending << 6) | value) & 0xfffff;
      bits += 6;
      if (bits >= 16) {
        bits -= 16;
        result += String.fromCharCode((pending >> bits) & 0xffff);
      }
    }
    if (from === at + 1) result += mark;
    else if (text.charCodeAt(from) === 45) from++;
    at = copied = from;
  }
  return copied === 0 ? text : result + text.slice(copied);
}

/** True when a text holds the UTF-7 form of a character that an injection needs: `+ADw-` is `<`. */
export function looksLikeUtf7(text: string): boolean {
  return text.includes("+A") && /\+A(CI|CM|CQ|CU|CY|Cc|Cg|Ck|Co|Cs|C0|C8|D0|Ds|Dw|D4|D8|Fs|Fw|F0|GA|Hs|Hw|H0|DoA|DsA)/.test(text);
}

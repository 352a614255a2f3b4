/**
 * Takes off the one encoding that the carrier of a value prescribes: percent and plus of forms, escapes of JSON. What comes out is the
 * value that the application sees.
 *
 * @module
 */
import { hexValue } from "./text.ts";

/** How a carrier writes values. */
export type Transport = "plain" | "percent" | "form" | "json";

function byteAt(text: string, index: number): number {
  if (text.charCodeAt(index) !== 37) return -1;
  const high = hexValue(text.charCodeAt(index + 1));
  const low = hexValue(text.charCodeAt(index + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** Percent-decoding that never fails: broken sequences stay as they are, overlong UTF-8 is left for the views to judge. */
function fromPercent(text: string, plus: boolean, map: number[] | undefined): string {
  if (map === undefined) {
    const spaced = plus ? text.replaceAll("+", " ") : text;
    if (!spaced.includes("%")) return spaced;
    // The runtime's own decoder agrees on everything it accepts, and is five times as fast.
    try {
      return decodeURIComponent(spaced);
    } catch {
      // Broken or overlong: read below.
    }
  }
  let result = "";
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code !== 37 && !(plus && code === 43)) {
      at++;
      continue;
    }
    let piece = " ";
    let end = at + 1;
    if (code === 37) {
      const lead = byteAt(text, at);
      if (lead < 0) {
        at++;
        continue;
      }
      if (lead === 0xc0 || lead === 0xc1 || lead > 0xf4) {
        // No UTF-8 begins like this; the bytes that belong to it are left together for the views.
        at += 3;
        for (let byte = byteAt(text, at); byte >= 0x80 && byte < 0xc0; byte = byteAt(text, at)) at += 3;
        continue;
      }
      end = at + 3;
      if (lead < 0x80) piece = String.fromCharCode(lead);
      else {
        const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        let value = lead & (0x7f >> length);
        let whole = length > 0;
        for (let position = 1; position < length; position++, end += 3) {
          const byte = byteAt(text, end);
          if (byte < 0 || (byte & 0xc0) !== 0x80) {
            whole = false;
            break;
          }
          value = value * 64 + (byte & 0x3f);
        }
        if (whole && ((length === 3 && value < 0x800) || (length === 4 && value < 0x10000))) {
          at += 3 * length;
          continue;
        }
        if (!whole || value > 0x10ffff) {
          // One byte of an old single-byte charset.
          value = lead;
          end = at + 3;
        }
        piece = String.fromCodePoint(value);
      }
    }
    result += text.slice(copied, at) + piece;
    if (map !== undefined) {
      for (let index = copied; index < at; index++) map.push(index);
      for (let unit = 0; unit < piece.length; unit++) map.push(at);
    }
    copied = at = end;
  }
  if (map !== undefined) for (let index = copied; index < text.length; index++) map.push(index);
  return copied === 0 ? text : result + text.slice(copied);
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", '"': '"', "\\": "\\", "/": "/" };

/** The escapes of a JSON string; unknown ones stay as they are. */
function fromJson(text: string, map: number[] | undefined): string {
  let result = "";
  let copied = 0;
  for (let at = text.indexOf("\\"); at >= 0 && at < text.length; at = text.indexOf("\\", at)) {
    const next = text[at + 1] ?? "";
    let piece = SHORT_ESCAPES[next];
    let end = at + 2;
    if (next === "u") {
      let value = 0;
      for (let digit = 0; digit < 4; digit++) {
        const hex = hexValue(text.charCodeAt(at + 2 + digit));
        value = hex < 0 || value < 0 ? -1 : value * 16 + hex;
      }
      if (value >= 0) {
        piece = String.fromCharCode(value);
        end = at + 6;
      }
    }
    if (piece === undefined) {
      at += 2;
      continue;
    }
    result += text.slice(copied, at) + piece;
    if (map !== undefined) {
      for (let index = copied; index < at; index++) map.push(index);
      map.push(at);
    }
    copied = at = end;
  }
  if (map !== undefined) for (let index = copied; index < text.length; index++) map.push(index);
  return copied === 0 ? text : result + text.slice(copied);
}

/** The value behind `raw`. `map` receives for each unit of the result its offset in `raw`. */
export function fromTransport(transport: Transport, raw: string, map?: number[]): string {
  switch (transport) {
    case "form":
      return map !== undefined || raw.includes("%") || raw.includes("+") ? fromPercent(raw, true, map) : raw;
    case "percent":
      return map !== undefined || raw.includes("%") ? fromPercent(raw, false, map) : raw;
    case "json":
      return map !== undefined || raw.includes("\\") ? fromJson(raw, map) : raw;
    default:
      if (map !== undefined) for (let index = 0; index < raw.length; index++) map.push(index);
      return raw;
  }
}

/** Values of the characters of base64 and base64url; -1 for others. */
const SIXTY_FOUR = new Int8Array(128).fill(-1);
for (const [index, character] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries())
  SIXTY_FOUR[character.charCodeAt(0)] = index;
SIXTY_FOUR[45] = 62;
SIXTY_FOUR[95] = 63;

/** How many characters tell whether a text is base64 of something printable. */
const TELLING = 12;
/** Shorter ones must be ASCII: eight letters of a name decode to something, too. */
const SHORT = 16;

/** True when the beginning of what stands between two places is base64 of printable text. No allocation: it is asked about nearly every word. */
export function isBase64(bytes: Uint8Array, from: number, to: number): boolean {
  let bits = 0;
  let pending = 0;
  let highs = 0;
  let written = 0;
  for (let at = from; at < to && at < from + TELLING; at++) {
    const code = bytes[at]!;
    const value = code < 128 ? SIXTY_FOUR[code]! : -1;
    if (value < 0) {
      if (code === 61) break;
      return false;
    }
    pending = (pending << 6) | value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    const byte = (pending >> bits) & 255;
    if (!isPrintable(byte) && (byte < 128 || to - from < SHORT || ++highs > 2 + (written >> 2))) return false;
    written++;
  }
  return written >= 4;
}

const BEGINNING = new Uint8Array(TELLING);

/** {@link isBase64} of a string. */
export function isBase64Text(text: string): boolean {
  for (let at = 0; at < text.length && at < TELLING; at++) BEGINNING[at] = Math.min(text.charCodeAt(at), 128);
  return isBase64(BEGINNING, 0, text.length);
}

const isPrintable = (byte: number): boolean => (byte >= 32 && byte < 127) || (byte >= 9 && byte <= 13);

/** Reads base64 and base64url; undefined when the text is no printable text under it. Looks at no more than `limit` characters. */
export function fromBase64(text: string, limit: number): string | undefined {
  const length = Math.min(text.length, limit);
  let result = "";
  let bits = 0;
  let pending = 0;
  let highs = 0;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    const value = code < 128 ? SIXTY_FOUR[code]! : -1;
    if (value < 0) {
      if (code === 61) break;
      return undefined;
    }
    pending = (pending << 6) | value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    const byte = (pending >> bits) & 255;
    // UTF-8 text has high bytes; noise has them everywhere.
    if (!isPrintable(byte) && (byte < 128 || ++highs > 2 + (result.length >> 2))) return undefined;
    result += String.fromCharCode(byte);
  }
  return result.length < 4 ? undefined : result;
}

/** The bytes behind a form value; characters that are no escapes count as their lowest byte. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const byte = code === 37 ? byteAt(text, at) : -1;
    if (byte >= 0) at += 2;
    bytes[length++] = byte >= 0 ? byte : code === 43 ? 32 : code;
  }
  return bytes.subarray(0, length);
}

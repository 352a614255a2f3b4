/**
 * Other readings of a value: what a decoder further down might make of it. The value as sent is never changed; each layer is one more
 * text to look at, and names its decoding steps.
 *
 * @module
 */
import * as HAS from "./characters.ts";
import { hexValue, isDigitCode, isLetterCode } from "./text.ts";

/** One reading of a value. */
export interface View {
  readonly text: string;
  /** Decoding steps from the value as sent to `text`, outermost first. */
  readonly decoded: readonly string[];
}

/** Decoding more often than this finds only strings that no software would unfold. */
export const LAYERS_MAX = 5;

/** Survey bits without which no layer can differ from its input. */
export const DECODABLE = HAS.percent | HAS.backslash | HAS.ampersand | HAS.high | HAS.control;

/** Named references that an injection needs; the other two thousand only spell letters nobody filters. */
const ENTITIES = new Map([["nbsp", " "]]);
for (const pair of "lt< gt> amp& quot\" apos' tab\t newline\n colon: semi; lpar( rpar) sol/ bsol\\ period. comma, equals= num# excl! dollar$ percnt% ast* plus+ quest? commat@ lsqb[ rsqb] lbrack[ rbrack] lcub{ rcub} lbrace{ rbrace} lowbar_ grave` verbar| vert| hyphen- dash-".split(
  " ",
))
  ENTITIES.set(pair.slice(0, -1), pair.slice(-1));

/** Characters that some case mapping, normalisation or "best fit" conversion turns into ASCII. */
const FOLDS = new Map<number, string>();
for (const [to, characters] of [
  ["s", "\u017f"],
  ["k", "\u212a"],
  ["i", "\u0131"],
  ["'", "\u02b9\u02bc\u02c8\u2032\u201b"],
  ['"', "\u2033\u02ba"],
  ["/", "\u2044\u2215\u29f8"],
  ["\\", "\u2216\u29f5\ufe68"],
  [".", "\u2024\u3002\uff61\ufe52"],
  ["..", "\u2025"],
  ["...", "\u2026"],
  ["<", "\u2039\u2329\u3008\u27e8\ufe64"],
  [">", "\u203a\u232a\u3009\u27e9\ufe65"],
  ["(", "\ufe59"],
  [")", "\ufe5a"],
  [":", "\ufe55"],
  [";", "\ufe54\u037e"],
  ["=", "\ufe66"],
  ["!=", "\u2260"],
  ["-", "\u2010\u2212\ufe63"],
  ["", "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u180e"],
  [" ", "\u0085\u1680\u202f\u205f\u3000"],
  ["\n", "\u2028\u2029"],
] as const)
  for (const character of characters) FOLDS.set(character.charCodeAt(0), to);

/** Whatever {@link decodeLayer} might read as something else, and more: a class of few ranges is six times as fast as one that is exact. */
const ENCODED = /[%\\&\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u00a0\u00ad\u0131\u017f\u02b9-\u02c8\u037e\u1680\u180e\u2000-\uffff]/;

const STEP = { percent: 1, unicode: 2, overlong: 4, escape: 8, entity: 16, fold: 32, control: 64 } as const;

// What the unit readers below found: they answer with an end index, and allocating a pair for each unit would double the cost.
let piece = "";
let step = 0;

function hexByte(text: string, index: number): number {
  const high = hexValue(text.charCodeAt(index));
  const low = hexValue(text.charCodeAt(index + 1));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** The byte of a `%xx` or `\xhh` unit at `index`, or -1; `\x` so that escaped byte sequences are read as UTF-8 too. */
function unitByte(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code === 37) return hexByte(text, index + 1);
  return -1;
}

/**
 * Reads one character written as percent bytes. Overlong and broken UTF-8 is read as the lax decoders read it: `%c0%ae` is a full stop.
 * Returns the index after it, or `index` when there is nothing to decode.
 */
function percent(text: string, index: number): number {
  const marker = text.charCodeAt(index + 1) | 32;
  if (marker === 117) {
    const high = hexByte(text, index + 2);
    const low = hexByte(text, index + 4);
    if (high < 0 || low < 0) return index;
    piece = String.fromCharCode(high * 256 + low);
    step = STEP.unicode;
    return index + 6;
  }
  const lead = hexByte(text, index + 1);
  if (lead < 0) return index;
  step = STEP.percent;
  const length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : lead < 0xfc ? 5 : 6;
  let value = length === 1 ? lead : lead & (0x7f >> length);
  let at = index + 3;
  for (let position = 1; position < length; position++) {
    let byte = unitByte(text, at);
    let width = 3;
    // A lead byte that swallows a raw ASCII character (`%c0/`) is a known filter bypass, but only for overlong leads.
    if (byte < 0 && lead <= 0xc1 && at < text.length) {
      byte = text.charCodeAt(at) & 0x7f;
      width = 1;
      if (byte !== 0x2f && byte !== 0x5c && byte !== 0x2e) break;
    }
    if (byte < 0) break;
    if ((byte & 0xc0) !== 0x80 && lead > 0xc1) break;
    value = value * 64 + (byte & 0x3f);
    at += width;
    if (position === length - 1) {
      const shortest = length === 2 ? 0x80 : length === 3 ? 0x800 : 0x10000;
      if (value < shortest) step = STEP.overlong;
      piece = value > 0x10ffff ? "\ufffd" : String.fromCodePoint(value);
      return at;
    }
  }
  piece = String.fromCharCode(lead);
  return index + 3;
}

/** Reads `\uXXXX`, `\u{X}`, `\xXX`, `\NNN` (octal). Returns the index after it, or `index`. */
function escaped(text: string, index: number): number {
  const next = text.charCodeAt(index + 1);
  const lower = next | 32;
  if (lower === 117) {
    let at = index + 2;
    while (text.charCodeAt(at) === 117) at++;
    if (text.charCodeAt(at) === 123) {
      let value = 0;
      let digits = 0;
      for (at++; digits < 8; digits++, at++) {
        const digit = hexValue(text.charCodeAt(at));
        if (digit < 0) break;
        value = value * 16 + digit;
      }
      if (digits === 0 || text.charCodeAt(at) !== 125 || value > 0x10ffff) return index;
      piece = String.fromCodePoint(value);
      step = STEP.escape;
      return at + 1;
    }
    const high = hexByte(text, at);
    const low = hexByte(text, at + 2);
    if (high < 0 || low < 0) return index;
    piece = String.fromCharCode(high * 256 + low);
    step = STEP.escape;
    return at + 4;
  }
  if (lower === 120) {
    const value = hexByte(text, index + 2);
    if (value < 0) return index;
    piece = String.fromCharCode(value);
    step = STEP.escape;
    return index + 4;
  }
  if (next >= 48 && next <= 55) {
    const second = text.charCodeAt(index + 2);
    const third = text.charCodeAt(index + 3);
    if (second < 48 || second > 55) return index;
    const short = next > 51 || !(third >= 48 && third <= 55);
    const value = short ? (next - 48) * 8 + second - 48 : (next - 48) * 64 + (second - 48) * 8 + third - 48;
    if (value < 32) return index;
    piece = String.fromCharCode(value);
    step = STEP.escape;
    return index + (short ? 3 : 4);
  }
  return index;
}

/** Reads a character reference, with or without its semicolon. Returns the index after it, or `index`. */
function entity(text: string, index: number): number {
  let at = index + 1;
  if (text.charCodeAt(at) === 35) {
    at++;
    const hex = (text.charCodeAt(at) | 32) === 120;
    if (hex) at++;
    let value = 0;
    let digits = 0;
    // Browsers take any number of leading zeros; sixty keep this bounded.
    while (digits < 60 && text.charCodeAt(at) === 48) {
      digits++;
      at++;
    }
    for (const end = at + 16; at < end; digits++, at++) {
      const code = text.charCodeAt(at);
      const digit = hex ? hexValue(code) : isDigitCode(code) ? code - 48 : -1;
      if (digit < 0) break;
      value = Math.min(value * (hex ? 16 : 10) + digit, 0x110000);
    }
    if (digits === 0 || value > 0x10ffff || value === 0) return index;
    if (text.charCodeAt(at) === 59) at++;
    piece = String.fromCodePoint(value);
    step = STEP.entity;
    return at;
  }
  while (at - index < 9 && isLetterCode(text.charCodeAt(at))) at++;
  const closed = text.charCodeAt(at) === 59;
  const name = text.slice(index + 1, at).toLowerCase();
  const found = ENTITIES.get(name);
  // Browsers read a few names without their semicolon; a cookie's value is cut off before it.
  if (
    found === undefined ||
    (!closed && !/^(lt|gt|quot|amp|lpar|rpar|colon|tab|newline)$/.test(name)) ||
    (!closed && text.charCodeAt(at) === 61)
  )
    return index;
  piece = found;
  step = STEP.entity;
  return closed ? at + 1 : at;
}

/** Reads a control character or one that folds to ASCII. Returns the index after it, or `index`. */
function fold(code: number, index: number): number {
  if (code < 32 || code === 127) {
    // Vertical tab and form feed separate words; the others are dropped by what comes after us, or cut the string there.
    piece = code === 11 || code === 12 ? " " : "";
    step = STEP.control;
    return index + 1;
  }
  if (code >= 0xff01 && code <= 0xff5e) piece = String.fromCharCode(code - 0xfee0);
  else if (code === 0xa0 || (code >= 0x2000 && code <= 0x200a)) piece = " ";
  else {
    const folded = FOLDS.get(code);
    if (folded === undefined) return index;
    piece = folded;
  }
  step = STEP.fold;
  return index + 1;
}

/**
 * The next reading of `text`: every encoding in it taken off once, in one pass; `text` itself when there is none. `map` receives for
 * each unit of the result the offset it came from.
 */
export function decodeLayer(text: string, map?: number[]): { readonly text: string; readonly steps: number } {
  // Letters beyond ASCII are in half of the world's texts, and nearly none of them folds: looked for first, at a third of the cost.
  if (map === undefined && !ENCODED.test(text)) return { text, steps: 0 };
  let result = "";
  let steps = 0;
  let copied = 0;
  let index = 0;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    let end = index;
    if (code === 37) end = percent(text, index);
    else if (code === 92) end = escaped(text, index);
    else if (code === 38) end = entity(text, index);
    else if (code > 126 || (code < 32 && code !== 9 && code !== 10 && code !== 13)) end = fold(code, index);
    if (end === index) {
      index++;
      continue;
    }
    if (copied < index) result += text.slice(copied, index);
    result += piece;
    steps |= step;
    if (map !== undefined) {
      for (let at = copied; at < index; at++) map.push(at);
      for (let unit = 0; unit < piece.length; unit++) map.push(index);
    }
    index = copied = end;
  }
  if (steps === 0) return { text, steps: 0 };
  if (map !== undefined) for (let at = copied; at < text.length; at++) map.push(at);
  return { text: result + text.slice(copied), steps };
}

/** Names of the steps in a layer, for a finding's `decoded`. */
export function stepNames(steps: number): string[] {
  const names: string[] = [];
  for (const [name, bit] of Object.entries(STEP)) if ((steps & bit) !== 0) names.push(name);
  return names;
}

/**
 * Text of strangers, made safe to read: what could hide, reorder or imitate is shown by its number instead.
 *
 * @module
 */

/** A stretch of text that is shown in one way. */
export interface Piece {
  readonly text: string;
  /** Stands for a character that cannot be seen; `name` says which. */
  readonly name?: string;
  /** Lies within a range that was asked for. */
  readonly isMatched: boolean;
}

/** A part of a text, in UTF-16 units; the end is not included. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Controls, format characters (bidi overrides, zero-width characters, tags), line separators, lone surrogates, private use, and blanks that are no
 * ordinary blank.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u00a0\u115f\u1160\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\u3164\uffa0\ufffc]/u;
/** More than this many marks on one letter grow over the lines above and below. */
const MARKS_MAX = 3;
const MARK = /\p{M}/u;

const NAMES: Readonly<Record<string, string>> = {
  "\0": "null",
  "\t": "tab",
  "\n": "line feed",
  "\r": "carriage return",
  "\u001b": "escape",
  "\u007f": "delete",
  "\u00a0": "no-break space",
  "\u00ad": "soft hyphen",
  "\u200b": "zero-width space",
  "\u200c": "zero-width non-joiner",
  "\u200d": "zero-width joiner",
  "\u200e": "left-to-right mark",
  "\u200f": "right-to-left mark",
  "\u2028": "line separator",
  "\u202a": "left-to-right embedding",
  "\u202b": "right-to-left embedding",
  "\u202c": "pop directional formatting",
  "\u202d": "left-to-right override",
  "\u202e": "right-to-left override",
  "\u2066": "left-to-right isolate",
  "\u2067": "right-to-left isolate",
  "\u2068": "first strong isolate",
  "\u2069": "pop directional isolate",
  "\ufeff": "byte order mark",
};

/** The character's number, as it would be written in JavaScript. */
function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
}

/**
 * The text in pieces, in order. Ranges must not overlap; those outside of the text are left out. Linear in the text's length.
 */
export function piecesOf(text: string, ranges: readonly Range[] = []): readonly Piece[] {
  const pieces: Piece[] = [];
  let plain = "";
  let isMatched = false;
  let marks = 0;
  const flush = (): void => {
    if (plain !== "") pieces.push({ text: plain, isMatched });
    plain = "";
  };
  let at = 0;
  for (const character of text) {
    const isInside = ranges.some(({ start, end }) => at < end && at + character.length > start);
    if (isInside !== isMatched) {
      flush();
      isMatched = isInside;
    }
    marks = MARK.test(character) ? marks + 1 : 0;
    if (INVISIBLE.test(character) || marks > MARKS_MAX) {
      flush();
      const number = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
      pieces.push({ text: escaped(character), name: NAMES[character] ?? number, isMatched });
    } else plain += character;
    at += character.length;
  }
  flush();
  return pieces;
}

/** The same as one string, for names of buttons and other places that take plain text only. At most `limit` characters. */
export function visibleText(text: string, limit = 200): string {
  const shown = piecesOf(text.slice(0, limit))
    .map((piece) => piece.text)
    .join("");
  return text.length > limit ? `${shown}…` : shown;
}

/**
 * The kind of a parameter's value, coarse enough that a few dozen visitors show all kinds that a parameter has.
 *
 * @module
 */

/** Kinds of values, from the one that can hold least to the one that can hold anything. */
export const VALUE_CLASSES = ["empty", "number", "word", "text", "address", "anything"] as const;

const EMPTY = 0;
const NUMBER = 1;
const WORD = 2;
const TEXT = 3;
const ADDRESS = 4;
/** Quotes, brackets, operators and control characters: what attacks and free text have in common. */
export const ANYTHING = 5;

const NUMERIC = /^[-+]?\d{1,20}(?:[.,]\d{1,10})?$/;
const WORDLIKE = /^[\w-]+$/;
/** Letters of any script, digits, blanks and what prose and names are put together with. */
const PROSE = /^[\p{L}\p{M}\p{N} _.,!-]+$/u;
const LINK = /^[\p{L}\p{M}\p{N} _.,!@:/?&=%#+~-]+$/u;

/** Values are looked at no further than this: the rest is told by the length. */
const LOOKED_AT = 1_024;

/** The class of a decoded value, as an index into `VALUE_CLASSES`. Linear in at most 1,024 characters. */
export function classOf(value: string): number {
  const text = value.length > LOOKED_AT ? value.slice(0, LOOKED_AT) : value;
  if (text === "") return EMPTY;
  if (NUMERIC.test(text)) return NUMBER;
  if (WORDLIKE.test(text)) return WORD;
  if (PROSE.test(text)) return TEXT;
  return LINK.test(text) ? ADDRESS : ANYTHING;
}

/** Powers of two: 0, 1, 2–3, 4–7 … 8,192 and more. */
export const LENGTH_CLASSES = 15;

/** The class of a length. */
export const lengthClassOf = (length: number): number => Math.min(LENGTH_CLASSES - 1, length === 0 ? 0 : 32 - Math.clz32(length));

/**
 * The numbers of tokens: specials, the line's structure, the marks, 256 bytes, and then the merges of the site in the order they were learned.
 *
 * @module
 */
import { MARK_NAMES } from "../normalize/marks.ts";

export const PAD = 0;
export const BEGIN = 1;
export const END = 2;
/** Stands for what is hidden from the model in training. */
export const UNKNOWN = 3;
/** ` body?` and ` user-agent=`: structure, which no client can write. */
export const BODY = 4;
export const AGENT = 5;
export const FIRST_MARK = 6;
export const FIRST_BYTE = FIRST_MARK + MARK_NAMES.length;
export const FIRST_MERGE = FIRST_BYTE + 256;

/** Tokens of a vocabulary at most: they fit 16 bits, and a model's tables stay small. */
export const VOCABULARY_MAX = 8_192;
/** UTF-16 units of a word that merges may join; longer runs of letters are cut. Bounds the work on a hostile run. */
export const WORD_MAX = 24;

/** Names of the tokens before the bytes. The first four are those of S4's tokenizer. */
export const SPECIAL_NAMES: readonly string[] = [
  "<pad>",
  "<s>",
  "</s>",
  "<unk>",
  " body?",
  " user-agent=",
  ...MARK_NAMES.map((name) => `<${name}>`),
];

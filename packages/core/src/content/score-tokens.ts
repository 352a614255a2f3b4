/**
 * Reads a text as tokens for the score: telling words, kinds of other words, numbers, marks. A token and its pair with the token before become
 * two features, numbers below {@link FEATURES}. Training and inspection share this reader, so what was learned is what is looked at.
 *
 * @module
 */
import { WORDS } from "./survey.ts";
import { isBlankCode, isDigitCode, isWordCode, skipWord } from "./text.ts";

/** How many features there are. Different tokens may share one. */
export const FEATURES = 4096;
/** Tokens that are judged together. Honest text around an attack dilutes at most the blocks it shares with it. */
export const BLOCK_TOKENS = 48;
/** Of texts of more than twice as many characters, only this many at the beginning and at the end are judged. */
const EDGE = 1024;
/** A rest of fewer tokens at the end of a longer text is not judged by itself. */
const REST_MIN = 4;

const START = 3;
const END = 5;
const HIGH = 40;
const CONTROL = 41;
/** Kinds of numbers, by how many digits; and of words nobody listed, by letters, apart from those with digits in them. */
const NUMBER = 50;
const LETTERS = 60;
const MIXED = 70;
const MARK = 128;
const RUN_MAX = 3;

const IS_LETTER = 0;
const IS_DIGIT = 1;
const IS_MARK = 2;
const IS_BLANK = 3;
const IS_CONTROL = 4;
const IS_HIGH = 5;
const KINDS = Uint8Array.from({ length: 128 }, (_, code) =>
  isDigitCode(code)
    ? IS_DIGIT
    : isWordCode(code)
      ? IS_LETTER
      : code === 0
        ? IS_CONTROL
        : isBlankCode(code)
          ? IS_BLANK
          : code < 32
            ? IS_CONTROL
            : IS_MARK,
);

/** By length: 1, 2, 3 to 4, 5 to 7, 8 to 12, 13 to 20, longer. */
const SIZE_OF = Uint8Array.from({ length: 22 }, (_, length) => [1, 2, 4, 7, 12, 20, 99].findIndex((most) => length <= most));

const SLOTS = 4096;
const KNOWN = new Uint32Array(SLOTS);

function step(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193);
}

for (const word of WORDS.flatMap(([, words]) => words.split(" "))) {
  let hash = 0;
  for (let at = 0; at < word.length; at++) hash = step(hash, word.charCodeAt(at));
  let slot = hash & (SLOTS - 1);
  while (KNOWN[slot] !== 0 && KNOWN[slot] !== hash >>> 0) slot = (slot + 1) & (SLOTS - 1);
  KNOWN[slot] = hash;
}

function isKnown(hash: number): boolean {
  const wanted = hash >>> 0;
  for (let slot = hash & (SLOTS - 1); KNOWN[slot] !== 0; slot = (slot + 1) & (SLOTS - 1)) if (KNOWN[slot] === wanted) return true;
  return false;
}

/** Up to {@link BLOCK_TOKENS} tokens in a row. One object serves all blocks of all texts: copy what is to be kept. */
export interface Block {
  count: number;
  /** Different features in it. */
  distinct: number;
  /** Feature of each token alone; 0 where the block had it before. */
  readonly singles: Uint16Array;
  /** Feature of each token with the one before; 0 where the block had it before. */
  readonly pairs: Uint16Array;
  /** Where each token starts in the text. */
  readonly starts: Int32Array;
}

const SINGLES = new Uint16Array(BLOCK_TOKENS);
const PAIRS = new Uint16Array(BLOCK_TOKENS);
const STARTS = new Int32Array(BLOCK_TOKENS);
const BLOCK: Block = { count: 0, distinct: 0, singles: SINGLES, pairs: PAIRS, starts: STARTS };
/** The block in which a feature was seen last. */
const SEEN = new Int32Array(FEATURES);
let round = 0;

function fold(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 12)) & (FEATURES - 1);
}

/**
 * Visits the blocks of a lower-case text, in order: of a long one those of its beginning and its end, where what breaks out of a value stands.
 * Linear and bounded; allocates nothing. `visit` must not start another reading.
 */
export function eachBlock(lower: string, visit: (block: Block) => void): void {
  if (lower.length <= 2 * EDGE) read(lower, 0, lower.length, START, visit);
  else {
    read(lower, 0, EDGE, START, visit);
    read(lower, lower.length - EDGE, lower.length, HIGH, visit);
  }
}

/** One loop without calls: this runs over every value that is not plain. */
function read(lower: string, from: number, to: number, before: number, visit: (block: Block) => void): void {
  let previous = before;
  let count = 0;
  let distinct = 0;
  let blocks = 0;
  let at = from;
  let isEnd = false;
  round = (round + 1) | 0;
  while (!isEnd) {
    const start = at;
    let token: number;
    if (at >= to) {
      isEnd = true;
      token = END;
    } else {
      const code = lower.charCodeAt(at++);
      const kind = code < 128 ? KINDS[code]! : IS_HIGH;
      if (kind === IS_MARK) {
        while (at < to && lower.charCodeAt(at) === code) at++;
        const run = at - start;
        token = MARK * Math.min(run, RUN_MAX) + code;
      } else if (kind === IS_LETTER) {
        let hash = Math.imul(code, 0x01000193);
        let digits = 0;
        for (; at < to; at++) {
          const next = lower.charCodeAt(at);
          if (next >= 128 || KINDS[next]! > IS_DIGIT) break;
          hash = Math.imul(hash ^ next, 0x01000193);
          if (next <= 57) digits = MIXED - LETTERS;
        }
        const length = at - start;
        token = KNOWN[hash & (SLOTS - 1)] !== 0 && isKnown(hash) ? hash : LETTERS + digits + SIZE_OF[Math.min(length, 21)]!;
      } else if (kind === IS_DIGIT) {
        while (at < to && isDigitCode(lower.charCodeAt(at))) at++;
        const length = at - start;
        token = NUMBER + SIZE_OF[Math.min(length, 21)]!;
      } else if (kind === IS_BLANK) continue;
      else if (kind === IS_HIGH) {
        while (at < to && lower.charCodeAt(at) >= 128) at++;
        token = HIGH;
      } else token = CONTROL;
    }
    if (count === BLOCK_TOKENS) {
      BLOCK.count = count;
      BLOCK.distinct = distinct;
      visit(BLOCK);
      blocks++;
      count = distinct = 0;
      round = (round + 1) | 0;
    }
    let single = token === END ? 0 : fold(token);
    if (SEEN[single] === round) single = 0;
    else {
      SEEN[single] = round;
      distinct++;
    }
    let pair = fold((Math.imul(previous, 0x9e3b1) + token + 77) | 0);
    if (SEEN[pair] === round) pair = 0;
    else {
      SEEN[pair] = round;
      distinct++;
    }
    SINGLES[count] = single;
    PAIRS[count] = pair;
    STARTS[count] = start;
    count++;
    previous = token;
  }
  if (count < REST_MIN && blocks > 0) return;
  BLOCK.count = count;
  BLOCK.distinct = distinct;
  visit(BLOCK);
}

/** The token that starts at an offset, for showing: a telling word, marks of one kind, or `…` for what a client made up. */
export function tokenName(lower: string, start: number): string {
  const code = lower.charCodeAt(start);
  if (code < 128 && KINDS[code] === IS_MARK) {
    let end = start + 1;
    while (end - start < RUN_MAX && lower.charCodeAt(end) === code) end++;
    return lower.slice(start, end);
  }
  const word = lower.slice(start, skipWord(lower, start));
  let hash = 0;
  for (let at = 0; at < word.length; at++) hash = step(hash, word.charCodeAt(at));
  return word.length > 0 && word.length <= 20 && isKnown(hash) ? word : "…";
}

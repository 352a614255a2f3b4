/**
 * Reads a text as tokens for the score: telling words, kinds of other words, numbers, marks. A token and its pair with the token before become
 * two features, numbers below {@link FEATURES}. Training and inspection share this reader, so what was learned is what is looked at.
 *
 * @module
 */
import { WORDS } from "./survey.ts";
import { isDigitCode, isWordCode } from "./text.ts";

/** How many features there are. Different tokens may share one. */
export const FEATURES = 4096;
/** Tokens that are judged together. Honest text around an attack dilutes at most the blocks it shares with it. */
export const BLOCK_TOKENS = 48;
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

/** By length: 1, 2, 3 to 4, 5 to 7, 8 to 12, 13 to 20, longer. */
const SIZE_OF = Uint8Array.from({ length: 22 }, (_, length) => [1, 2, 4, 7, 12, 20, 99].findIndex((most) => length <= most));

const SLOTS = 4096;
const KNOWN = new Uint32Array(SLOTS);

function step(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193);
}

for (const word of Object.values(WORDS).join(" ").split(" ")) {
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
  /** Offsets in the text. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** 1 for words of the vocabulary and marks, which are safe to show; 0 for what a client made up. */
  readonly telling: Uint8Array;
}

const BLOCK: Block = {
  count: 0,
  distinct: 0,
  singles: new Uint16Array(BLOCK_TOKENS),
  pairs: new Uint16Array(BLOCK_TOKENS),
  starts: new Int32Array(BLOCK_TOKENS),
  ends: new Int32Array(BLOCK_TOKENS),
  telling: new Uint8Array(BLOCK_TOKENS),
};
/** The block in which a feature was seen last. */
const SEEN = new Int32Array(FEATURES);
let round = 0;
/** Blocks of this text that were handed over. */
let handed = 0;

function fold(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  mixed ^= mixed >>> 12;
  return mixed & (FEATURES - 1);
}

/** The feature, or 0 when this block had it already: what repeats counts once. */
function fresh(feature: number): number {
  if (SEEN[feature] === round) return 0;
  SEEN[feature] = round;
  if (feature !== 0) BLOCK.distinct++;
  return feature;
}

/** Appends one token and returns it. A full block is handed over first. */
function append(token: number, previous: number, start: number, end: number, telling: number, visit: (block: Block) => void): number {
  if (BLOCK.count === BLOCK_TOKENS) {
    visit(BLOCK);
    handed++;
    BLOCK.count = BLOCK.distinct = 0;
    round = (round + 1) | 0;
  }
  const index = BLOCK.count++;
  BLOCK.singles[index] = token === END ? 0 : fresh(fold(token));
  BLOCK.pairs[index] = fresh(fold((Math.imul(previous, 0x9e3b1) + token + 77) | 0));
  BLOCK.starts[index] = start;
  BLOCK.ends[index] = end;
  BLOCK.telling[index] = telling;
  return token;
}

/** Visits the blocks of a lower-case text, in order. Linear; allocates nothing. `visit` must not start another reading. */
export function eachBlock(lower: string, visit: (block: Block) => void): void {
  BLOCK.count = BLOCK.distinct = handed = 0;
  round = (round + 1) | 0;
  const { length } = lower;
  let previous = START;
  let at = 0;
  while (at < length) {
    const start = at;
    const code = lower.charCodeAt(at++);
    let token: number;
    let telling = 0;
    if (code >= 128) {
      while (at < length && lower.charCodeAt(at) >= 128) at++;
      token = HIGH;
    } else if (isWordCode(code)) {
      if (code <= 57) {
        while (at < length && isDigitCode(lower.charCodeAt(at))) at++;
        token = NUMBER + SIZE_OF[Math.min(21, at - start)]!;
      } else {
        let hash = step(0, code);
        let digits = 0;
        for (; at < length; at++) {
          const next = lower.charCodeAt(at);
          if (!isWordCode(next)) break;
          hash = step(hash, next);
          if (next <= 57) digits = MIXED - LETTERS;
        }
        telling = isKnown(hash) ? 1 : 0;
        token = telling === 1 ? hash : LETTERS + digits + SIZE_OF[Math.min(21, at - start)]!;
      }
    } else if (code <= 32) {
      if (code === 32 || (code >= 9 && code <= 13)) continue;
      token = CONTROL;
    } else {
      while (at < length && lower.charCodeAt(at) === code) at++;
      token = MARK * Math.min(RUN_MAX, at - start) + code;
      telling = 1;
    }
    previous = append(token, previous, start, at, telling, visit);
  }
  append(END, previous, length, length, 0, visit);
  if (BLOCK.count >= REST_MIN || handed === 0) visit(BLOCK);
}

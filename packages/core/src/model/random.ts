/**
 * Random numbers that depend on their place alone: seed, tree, purpose and index. Trees can be grown in any order, appended later, and on any
 * runtime, and come out the same.
 *
 * @module
 */

/** Which of a tree's independent streams. */
export const ROWS = 1;
export const FEATURES = 2;
export const TARGETS = 3;
export const CUTS = 4;

/** 2^32 divided by the golden ratio: consecutive indexes land far apart. */
const STEP = 0x9e3779b9;
/** Multipliers of the 32-bit mixer with the lowest known bias, by Chris Wellons' hash prospector (public domain). */
const FIRST_MULTIPLIER = 0x7feb352d;
const SECOND_MULTIPLIER = 0x846ca68b;

/** One stream's key: two words, so that two of the thousands of streams of a forest never run into each other. */
export interface StreamKey {
  readonly first: number;
  readonly second: number;
}

function mix(word: number): number {
  let hash = word ^ (word >>> 16);
  hash = Math.imul(hash, FIRST_MULTIPLIER);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, SECOND_MULTIPLIER);
  return hash ^ (hash >>> 16);
}

/** The key of one purpose's stream of one tree. `seed` is a whole number from 0 to 2^53 − 1, `tree` counts every tree a forest ever grew. */
export function streamKey(seed: number, tree: number, purpose: number): StreamKey {
  let state = mix((seed | 0) ^ 0x5bd1e995);
  state = mix(state ^ Math.floor(seed / 4294967296));
  state = mix((state + Math.imul(tree, STEP)) | 0);
  const first = mix(state ^ Math.imul(purpose, STEP));
  return { first, second: mix((first ^ tree) + STEP) };
}

/** The stream's number at `index`: a whole number from 0 to 2^32 − 1. */
export function draw(key: StreamKey, index: number): number {
  let hash = (Math.imul(index, STEP) + key.first) | 0;
  hash ^= hash >>> 16;
  hash = Math.imul(hash, FIRST_MULTIPLIER) ^ key.second;
  hash ^= hash >>> 15;
  hash = Math.imul(hash, SECOND_MULTIPLIER);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** 2^−32: turns a draw into a share from 0 up to, never including, 1. */
export const SHARE = 1 / 4294967296;

/** The stream's share at `index`, times `below`, rounded down: a whole number from 0 to `below` − 1. */
export const drawBelow = (key: StreamKey, index: number, below: number): number => Math.floor(draw(key, index) * SHARE * below);

/** A seed nobody can foresee, for forests without one: an attacker who knows the splits can look for gaps between them. */
export function unforeseenSeed(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return (high! & 0x1fffff) * 4294967296 + low!;
}

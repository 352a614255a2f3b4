import { hashed, hashOf } from "./text-hash.ts";

const WAYS = 4;
/** Of a set: the marks, and in one more word the counts, a byte each. Next to each other, because a look at them is mostly one at cold memory. */
const STRIDE = WAYS + 1;
const FULL = 255;

/**
 * Texts told apart by a keyed hash, in sets of four. A full set drops the text it met least often, so that a flood of paths met once leaves those in
 * use.
 */
export class TextSet {
  readonly #sets: number;
  #words: Int32Array | undefined;

  constructor(size: number) {
    this.#sets = size / WAYS;
    this.#words = undefined;
  }

  has(text: string): boolean {
    const words = this.#words;
    if (words === undefined) return false;
    hashOf(text);
    const low = hashed[0]!;
    const from = ((hashed[1]! >>> 0) % this.#sets) * STRIDE;
    for (let way = 0; way < WAYS; way++) {
      if (words[from + way] !== low) continue;
      raise(words, from + WAYS, way);
      return true;
    }
    return false;
  }

  /** True when it was not there. */
  add(text: string): boolean {
    this.#words ??= new Int32Array(this.#sets * STRIDE);
    const words = this.#words;
    hashOf(text);
    const low = hashed[0]!;
    const from = ((hashed[1]! >>> 0) % this.#sets) * STRIDE;
    const counts = from + WAYS;
    let victim = 0;
    for (let way = 0; way < WAYS; way++) {
      if (words[from + way] === low) {
        raise(words, counts, way);
        return false;
      }
      if (countOf(words, counts, way) < countOf(words, counts, victim)) victim = way;
    }
    // The others of a full set lose a little each time, so that what is not used any more goes in the end.
    if (countOf(words, counts, victim) > 0)
      for (let way = 0; way < WAYS; way++) if (countOf(words, counts, way) > 1) words[counts]! -= 1 << (way << 3);
    words[from + victim] = low;
    words[counts] = (words[counts]! & ~(FULL << (victim << 3))) | (1 << (victim << 3));
    return true;
  }
}

const countOf = (words: Int32Array, at: number, way: number): number => (words[at]! >>> (way << 3)) & FULL;

function raise(words: Int32Array, at: number, way: number): void {
  if (countOf(words, at, way) < FULL) words[at]! += 1 << (way << 3);
}

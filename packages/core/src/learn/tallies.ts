/**
 * Votes on a few alternatives, counted so that neither many requests nor few networks win: a network has one vote an interval for each alternative.
 *
 * @module
 */
import { hashed, hashOf } from "../behaviour/text-hash.ts";

/** How often an alternative must have been seen before it counts as usual. */
export interface Confidence {
  /** Different networks. */
  readonly networks: number;
  /** Different intervals of time. */
  readonly intervals: number;
  /** Share of all votes, 0 to 1: what a poisoner would need of the site's whole traffic. */
  readonly share: number;
}

/** Votes on a fixed number of alternatives. */
export interface Tallies {
  /** Takes a network's vote. True when it counted. */
  vote(alternative: number, network: string, interval: number): boolean;
  /** True when an alternative is usual. */
  isUsual(alternative: number, confidence: Confidence): boolean;
  /** Networks and intervals of all votes together. */
  networks(): number;
  intervals(): number;
  votes(): number;
}

/**
 * Bits of a network sketch. Networks are counted by the bits that they set: two that share one count once, so a poisoner's networks never count as more than
 * they are. Ten are usually told apart from ten networks, a hundred from two hundred.
 */
const SKETCH_WORDS = 4;
const SKETCH_BITS = 32 * SKETCH_WORDS;
/** Bits that remember who voted in the running interval. Two voters that share one count once. */
const SEEN_WORDS = 16;
const SEEN_BITS = 32 * SEEN_WORDS;
/** Votes fade: after so many, all are halved, so that a site that changes is learned anew. */
const FADE_AT = 20_000;

/** Votes on `count` alternatives: 28 bytes each and 92 for all. */
export function createTallies(count: number): Tallies {
  const votes = new Uint32Array(count);
  const sketches = new Uint32Array((count + 1) * SKETCH_WORDS);
  const intervals = new Uint16Array(count + 1);
  const lastIntervals = new Int32Array(count + 1).fill(-1);
  const seen = new Uint32Array(SEEN_WORDS);
  let running = -1;
  let total = 0;
  const countInterval = (place: number, interval: number): void => {
    if (lastIntervals[place] === interval) return;
    lastIntervals[place] = interval;
    if (intervals[place]! < 0xffff) intervals[place]!++;
  };
  return {
    vote(alternative, network, interval) {
      if (interval !== running) {
        running = interval;
        seen.fill(0);
      }
      hashOf(network);
      const bit = ((Math.imul(hashed[1]! ^ (alternative + 1), 0x9e3779b1) >>> 0) * (SEEN_BITS / 4294967296)) | 0;
      if ((seen[bit >>> 5]! & (1 << (bit & 31))) !== 0) return false;
      seen[bit >>> 5]! |= 1 << (bit & 31);
      const place = hashed[1]! & (SKETCH_BITS - 1);
      sketches[alternative * SKETCH_WORDS + (place >>> 5)]! |= 1 << (place & 31);
      sketches[count * SKETCH_WORDS + (place >>> 5)]! |= 1 << (place & 31);
      countInterval(alternative, interval);
      countInterval(count, interval);
      votes[alternative]!++;
      total++;
      if (total >= FADE_AT) {
        total = 0;
        for (let index = 0; index < count; index++) {
          votes[index] = votes[index]! >>> 1;
          total += votes[index]!;
        }
      }
      return true;
    },
    isUsual: (alternative, { networks, intervals: least, share }) =>
      countNetworks(sketches, alternative) >= networks && intervals[alternative]! >= least && votes[alternative]! >= share * total,
    networks: () => countNetworks(sketches, count),
    intervals: () => intervals[count]!,
    votes: () => total,
  };
}

/** The bits set in one sketch: at most as many as there were networks. */
function countNetworks(sketches: Uint32Array, sketch: number): number {
  let bits = 0;
  for (let word = 0; word < SKETCH_WORDS; word++) {
    for (let rest = sketches[sketch * SKETCH_WORDS + word]!; rest !== 0; rest = (rest & (rest - 1)) >>> 0) bits++;
  }
  return bits;
}

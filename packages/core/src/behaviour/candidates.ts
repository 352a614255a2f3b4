/**
 * Words on probation: from how many networks each was asked for, and when. A word that fewer networks ask for can never be learned, however often.
 *
 * @module
 */
import { hashed, hashOf } from "./text-hash.ts";

/** A word that enough networks asked for. */
export interface Candidate {
  readonly word: string;
  /** How often it was seen, halved after each half-life. */
  readonly count: number;
  /** When it was first seen from enough networks, in milliseconds since the epoch; `undefined`: not yet. */
  readonly confirmedAt: number | undefined;
}

export interface Candidates {
  /** Notes that a word was asked for from a network, and returns how it stands. */
  note(word: string, network: string, now: number): Candidate;
  /** How a word stands; `undefined` for one that is not on probation or has been forgotten. */
  get(word: string, now: number): Candidate | undefined;
  forget(word: string): void;
  /** All words, for lists. */
  words(): IterableIterator<string>;
  readonly size: number;
}

export interface CandidatesOptions {
  readonly maxWords: number;
  /** Different networks that must have asked before a word counts. */
  readonly minNetworks: number;
  readonly halfLifeMs: number;
}

interface Entry {
  count: number;
  countedAt: number;
  /** Hashes of the networks seen, at most `minNetworks`. */
  readonly networks: number[];
  confirmedAt: number | undefined;
}

/** Below this a word is as good as forgotten. */
const FORGOTTEN = 0.5;

export function createCandidates({ maxWords, minNetworks, halfLifeMs }: CandidatesOptions): Candidates {
  const entries = new Map<string, Entry>();
  const decay = (entry: Entry, now: number): number => {
    const ageMs = Math.max(0, now - entry.countedAt);
    return entry.count * 2 ** -(ageMs / halfLifeMs);
  };

  /** Of the oldest few, the one with the fewest networks goes: a flood of new words from one network pushes out its own kind. */
  const evict = (now: number): void => {
    let victim: string | undefined;
    let least = Infinity;
    let looked = 0;
    for (const [word, entry] of entries) {
      const weight = decay(entry, now) < FORGOTTEN ? -1 : entry.networks.length;
      if (weight < least) [victim, least] = [word, weight];
      if (++looked === 16) break;
    }
    if (victim !== undefined) entries.delete(victim);
  };

  return {
    note(word, network, now) {
      let entry = entries.get(word);
      if (entry === undefined) {
        if (entries.size >= maxWords) evict(now);
        entry = { count: 0, countedAt: now, networks: [], confirmedAt: undefined };
      } else if (decay(entry, now) < FORGOTTEN) entry = { count: 0, countedAt: now, networks: [], confirmedAt: undefined };
      // Written again, so that the map's order is the order of use.
      entries.delete(word);
      entries.set(word, entry);
      entry.count = decay(entry, now) + 1;
      entry.countedAt = now;
      hashOf(network);
      const mark = hashed[1]!;
      if (entry.networks.length < minNetworks && !entry.networks.includes(mark)) entry.networks.push(mark);
      if (entry.networks.length >= minNetworks) entry.confirmedAt ??= now;
      return { word, count: entry.count, confirmedAt: entry.confirmedAt };
    },
    get(word, now) {
      const entry = entries.get(word);
      if (entry === undefined) return undefined;
      const count = decay(entry, now);
      if (count < FORGOTTEN) {
        entries.delete(word);
        return undefined;
      }
      return { word, count, confirmedAt: entry.confirmedAt };
    },
    forget: (word) => void entries.delete(word),
    words: () => entries.keys(),
    get size() {
      return entries.size;
    },
  };
}

/** The network of a client's key, coarse on purpose: whoever rents a whole block is one. IPv4 by /16, IPv6 by /32. */
export function networkOf(clientKey: string): string {
  if (clientKey.includes(":")) return clientKey.split(":", 2).join(":");
  const second = clientKey.indexOf(".", clientKey.indexOf(".") + 1);
  return second < 0 ? clientKey : clientKey.slice(0, second);
}

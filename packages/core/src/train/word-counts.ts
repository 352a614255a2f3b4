/**
 * Words of missing paths that might be worth learning, and the words of answered paths that never are (BEHAVIOUR 2.9, D-07, D-08).
 *
 * @module
 */
import { createCandidates, networkOf } from "../behaviour/candidates.ts";
import { isValueLike, ORDINARY_WORDS, wordsOf } from "../behaviour/path-words.ts";
import { detached } from "./logged-request.ts";

/** A word that training proposes. */
export interface ProposedWord {
  readonly word: string;
  readonly count: number;
  readonly samples: readonly string[];
}

export interface WordCounts {
  /** Notes the words of a path that the application answered. */
  answered(path: string): void;
  /** Notes the words of a path that was missing, asked for by `client`. */
  missing(path: string, client: string, at: number): void;
  /** The words most asked for, by at least three networks and in no answered path. */
  top(most: number, isExempt: (word: string) => boolean): readonly ProposedWord[];
}

const PATHS_MAX = 50_000;
const PATH_LENGTH_MAX = 512;
const WORDS_MAX = 20_000;
const CANDIDATES_MAX = 5_000;
const SAMPLES = 3;
const HALF_LIFE_MS = 30 * 86_400_000;

export function createWordCounts(minNetworks = 3): WordCounts {
  const paths = new Set<string>();
  const good = new Set<string>();
  const candidates = createCandidates({ maxWords: CANDIDATES_MAX, minNetworks, halfLifeMs: HALF_LIFE_MS });
  const samples = new Map<string, string[]>();
  let lastAt = 0;
  return {
    answered(path) {
      if (path.length > PATH_LENGTH_MAX || paths.has(path) || paths.size >= PATHS_MAX) return;
      paths.add(detached(path));
      for (const word of wordsOf(path)) {
        if (good.size < WORDS_MAX) good.add(word);
        candidates.forget(word);
        samples.delete(word);
      }
    },
    missing(path, client, at) {
      lastAt = Math.max(lastAt, at);
      for (const word of wordsOf(path)) {
        if (good.has(word) || ORDINARY_WORDS.has(word) || isValueLike(word)) continue;
        candidates.note(word, networkOf(client), at);
        const shown = detached(path.slice(0, 120));
        const known = samples.get(word);
        if (known === undefined) {
          if (samples.size >= 2 * CANDIDATES_MAX) samples.clear();
          samples.set(detached(word), [shown]);
        } else if (known.length < SAMPLES && !known.includes(shown)) known.push(shown);
      }
    },
    top: (most, isExempt) =>
      [...candidates.words()]
        .map((word) => candidates.get(word, lastAt))
        .filter((one) => one?.confirmedAt !== undefined && one.count >= 2 && !isExempt(one.word))
        .sort((left, right) => right!.count - left!.count)
        .slice(0, most)
        .map((one) => ({ word: one!.word, count: Math.round(one!.count), samples: samples.get(one!.word) ?? [] })),
  };
}

/**
 * Learns the merges of a site from its normalised lines.
 *
 * @module
 */
import type { Merge } from "./tokenizer.ts";
import { FIRST_BYTE, FIRST_MERGE, VOCABULARY_MAX, WORD_MAX } from "./vocabulary.ts";

/** Different words that are counted; later new ones are passed over. A site has some thousands. */
const WORDS_MAX = 100_000;

/** Runs of letters as the tokenizer cuts them. */
const WORDS = new RegExp(`[A-Za-z\\x80-\\ud7ff\\uf900-\\uffff]{1,${WORD_MAX}}`, "g");

/** Counts words line by line, then learns. */
export interface TokenizerTrainer {
  add(line: string): void;
  /**
   * @param size - Tokens of the vocabulary, bytes and marks included; fewer when no pair is left that stands `least` times.
   * @param least - Times a pair must stand to become a token. Default 2.
   */
  finish(size: number, least?: number): readonly Merge[];
}

interface Word {
  tokens: readonly number[];
  readonly count: number;
}

/** The same lines give the same merges: ties go to the pair of lower numbers. */
export function createTokenizerTrainer(): TokenizerTrainer {
  const counts = new Map<string, number>();
  return {
    add(line) {
      for (const word of line.match(WORDS) ?? []) {
        const count = counts.get(word);
        if (count !== undefined) counts.set(word, count + 1);
        // A copy that stands alone: V8 keeps the whole line in memory while a piece of it is kept.
        else if (counts.size < WORDS_MAX) counts.set(` ${word}`.slice(1), 1);
      }
    },
    finish(size, least = 2) {
      const encoder = new TextEncoder();
      const words = [...counts].map(([text, count]) => ({ tokens: Array.from(encoder.encode(text), (byte) => FIRST_BYTE + byte), count }));
      return learn(words, Math.min(size, VOCABULARY_MAX) - FIRST_MERGE, Math.max(2, least));
    },
  };
}

function learn(words: readonly Word[], wanted: number, least: number): readonly Merge[] {
  const sums = new Map<number, number>();
  const holders = new Map<number, Set<Word>>();
  const count = (word: Word, sign: 1 | -1): void => {
    const { tokens } = word;
    for (let at = 0; at + 1 < tokens.length; at++) {
      const pair = tokens[at]! * 65_536 + tokens[at + 1]!;
      const sum = (sums.get(pair) ?? 0) + sign * word.count;
      if (sum > 0) sums.set(pair, sum);
      else sums.delete(pair);
      if (sign < 0) continue;
      const known = holders.get(pair);
      if (known === undefined) holders.set(pair, new Set([word]));
      else known.add(word);
    }
  };
  for (const word of words) count(word, 1);
  const merges: Merge[] = [];
  while (merges.length < wanted) {
    let best = -1;
    let most = least - 1;
    for (const [pair, sum] of sums) if (sum > most || (sum === most && best >= 0 && pair < best)) [best, most] = [pair, sum];
    if (best < 0) break;
    const merge: Merge = [Math.floor(best / 65_536), best % 65_536];
    const token = FIRST_MERGE + merges.length;
    merges.push(merge);
    for (const word of holders.get(best) ?? []) {
      count(word, -1);
      word.tokens = joined(word.tokens, merge, token);
      count(word, 1);
    }
    holders.delete(best);
  }
  return merges;
}

function joined(tokens: readonly number[], [left, right]: Merge, token: number): number[] {
  const out: number[] = [];
  for (let at = 0; at < tokens.length; at++) {
    if (tokens[at] === left && tokens[at + 1] === right) {
      out.push(token);
      at++;
    } else out.push(tokens[at]!);
  }
  return out;
}

/**
 * Learns the merges of a site from its normalised lines.
 *
 * @module
 */
import type { Merge } from "./tokenizer.ts";
import { FIRST_BYTE, FIRST_MERGE, PIECE_MAX, VOCABULARY_MAX } from "./vocabulary.ts";

/** Different pieces that are counted; later new ones are passed over. A site has some thousands. */
const PIECES_MAX = 200_000;

const LETTERS = new RegExp(`[A-Za-z\\x80-\\ud7ff\\uf900-\\uffff]{2,${PIECE_MAX}}`, "g");

/** Counts pieces line by line, then learns. */
export interface TokenizerTrainer {
  add(line: string): void;
  /**
   * @param size - Tokens of the vocabulary, bytes and marks included; fewer when no pair is left that stands `least` times.
   * @param least - Times a pair must stand to become a token.
   */
  finish(size: number, least?: number): readonly Merge[];
}

interface Piece {
  tokens: number[];
  readonly count: number;
}

/** The same lines give the same merges: ties go to the pair of lower numbers. */
export function createTokenizerTrainer(): TokenizerTrainer {
  const counts = new Map<string, number>();
  return {
    add(line) {
      for (const piece of line.match(LETTERS) ?? []) {
        const count = counts.get(piece);
        if (count !== undefined) counts.set(piece, count + 1);
        else if (counts.size < PIECES_MAX) counts.set(` ${piece}`.slice(1), 1);
      }
    },
    finish(size, least = 2) {
      const encoder = new TextEncoder();
      const pieces: Piece[] = [...counts].map(([text, count]) => ({
        tokens: Array.from(encoder.encode(text), (byte) => FIRST_BYTE + byte),
        count,
      }));
      return learn(pieces, Math.min(size, VOCABULARY_MAX) - FIRST_MERGE, least);
    },
  };
}

function learn(pieces: readonly Piece[], wanted: number, least: number): readonly Merge[] {
  const sums = new Map<number, number>();
  const holders = new Map<number, Set<Piece>>();
  const count = (piece: Piece, sign: 1 | -1): void => {
    const { tokens } = piece;
    for (let at = 0; at + 1 < tokens.length; at++) {
      const pair = tokens[at]! * 65_536 + tokens[at + 1]!;
      sums.set(pair, (sums.get(pair) ?? 0) + sign * piece.count);
      if (sign < 0) continue;
      const known = holders.get(pair);
      if (known === undefined) holders.set(pair, new Set([piece]));
      else known.add(piece);
    }
  };
  for (const piece of pieces) count(piece, 1);
  const merges: Merge[] = [];
  while (merges.length < wanted) {
    let best = -1;
    let most = least - 1;
    for (const [pair, sum] of sums) if (sum > most || (sum === most && best >= 0 && pair < best)) [best, most] = [pair, sum];
    if (best < 0) break;
    const merge: Merge = [Math.floor(best / 65_536), best % 65_536];
    const token = FIRST_MERGE + merges.length;
    merges.push(merge);
    for (const piece of holders.get(best) ?? []) {
      count(piece, -1);
      piece.tokens = joined(piece.tokens, merge, token);
      count(piece, 1);
    }
    sums.delete(best);
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

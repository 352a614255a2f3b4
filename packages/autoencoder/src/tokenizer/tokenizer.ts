/**
 * Byte-level byte-pair encoding (Sennrich, Haddow and Birch, 2016) of normalised lines. Merges join letters only: what an injection is made of stays a token
 * of its own wherever it stands.
 *
 * @module
 */
import { markIndex } from "../normalize/marks.ts";
import { AGENT, BODY, FIRST_BYTE, FIRST_MARK, FIRST_MERGE, SPECIAL_NAMES, WORD_MAX } from "./vocabulary.ts";

/** Two tokens that become one. */
export type Merge = readonly [left: number, right: number];

/** A line as tokens. The arrays are reused by the next call. */
export interface Tokens {
  readonly ids: Uint16Array;
  /** Where the word that a token belongs to begins in the line, in UTF-16 units. */
  readonly starts: Uint32Array;
  readonly count: number;
  /** False when the line has more tokens than are read. */
  readonly isWhole: boolean;
}

/** Turns lines into tokens. */
export interface Tokenizer {
  /** Tokens of the vocabulary. */
  readonly size: number;
  readonly merges: readonly Merge[];
  /** Total: any text has an answer, in time linear in its length. */
  encode(line: string): Tokens;
  /** A token as text, for people. */
  textOf(id: number): string;
}

/** Words whose tokens are remembered; all are dropped when full. 24 characters at most each, so some megabytes. */
const KNOWN_MAX = 20_000;

const LETTER = 1;
const isLetterTable = Uint8Array.from({ length: 128 }, (_, code) =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) ? LETTER : 0,
);
const isLetter = (code: number): boolean => (code < 128 ? isLetterTable[code] === LETTER : code < 0xe000 || code > 0xf8ff);

/**
 * A tokenizer of checked merges.
 *
 * @param limit - Tokens of a line that are read.
 */
export function createTokenizer(merges: readonly Merge[], limit: number): Tokenizer {
  const ranks = new Map<number, number>();
  for (const [rank, [left, right]] of merges.entries()) ranks.set(left * 65_536 + right, rank);
  const known = new Map<string, Uint16Array>();
  const encoder = new TextEncoder();
  const ids = new Uint16Array(limit);
  const starts = new Uint32Array(limit);

  const tokensOf = (word: string): Uint16Array => {
    let tokens = known.get(word);
    if (tokens !== undefined) return tokens;
    const bytes = Array.from(encoder.encode(word), (byte) => FIRST_BYTE + byte);
    tokens = Uint16Array.from(mergeAll(bytes, ranks));
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(` ${word}`.slice(1), tokens);
    return tokens;
  };

  return {
    size: FIRST_MERGE + merges.length,
    merges,
    encode(line) {
      const { length } = line;
      let count = 0;
      let at = 0;
      let isWhole = true;
      while (at < length && isWhole) {
        if (count === limit) {
          isWhole = false;
          break;
        }
        const code = line.charCodeAt(at);
        let next = at + 1;
        if (isLetter(code)) {
          const most = Math.min(length, at + WORD_MAX);
          while (next < most && isLetter(line.charCodeAt(next))) next++;
          // Two surrogates are one character.
          if (next < length && (line.charCodeAt(next - 1) & 0xfc00) === 0xd800) next++;
          const tokens = tokensOf(line.slice(at, next));
          isWhole = tokens.length <= limit - count;
          for (let one = 0; one < tokens.length && count < limit; one++) {
            ids[count] = tokens[one]!;
            starts[count++] = at;
          }
        } else {
          let id = FIRST_BYTE + code;
          if (code > 127) id = FIRST_MARK + Math.max(0, markIndex(code));
          else if (code === 32 && line.startsWith(" body?", at)) {
            id = BODY;
            next = at + 6;
          } else if (code === 32 && line.startsWith(" user-agent=", at)) {
            id = AGENT;
            next = at + 12;
          }
          ids[count] = id;
          starts[count++] = at;
        }
        at = next;
      }
      return { ids, starts, count, isWhole };
    },
    textOf: (id) => textOf(id, merges),
  };
}

/** Merges the pair that was learned first, until none is left. At most 24 times over at most 72 bytes. */
function mergeAll(bytes: readonly number[], ranks: ReadonlyMap<number, number>): readonly number[] {
  const tokens = [...bytes];
  while (tokens.length > 1) {
    let best = Infinity;
    let place = -1;
    for (let at = 0; at + 1 < tokens.length; at++) {
      const rank = ranks.get(tokens[at]! * 65_536 + tokens[at + 1]!);
      if (rank !== undefined && rank < best) [best, place] = [rank, at];
    }
    if (place < 0) break;
    tokens.splice(place, 2, FIRST_MERGE + best);
  }
  return tokens;
}

function textOf(id: number, merges: readonly Merge[]): string {
  if (id < FIRST_BYTE) return SPECIAL_NAMES[id] ?? "";
  const bytes: number[] = [];
  const waiting = [id];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    const merge = merges[one - FIRST_MERGE];
    if (merge === undefined) bytes.push((one - FIRST_BYTE) & 0xff);
    else waiting.push(merge[1], merge[0]);
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/**
 * Byte-level byte-pair encoding (Sennrich, Haddow and Birch, 2016) of normalised lines. Merges join letters only: what an injection is made of stays a token
 * of its own wherever it stands.
 *
 * @module
 */
import { markIndex } from "../normalize/marks.ts";
import { AGENT, BODY, FIRST_BYTE, FIRST_MARK, FIRST_MERGE, PIECE_MAX } from "./vocabulary.ts";

/** Two tokens that become one. */
export type Merge = readonly [left: number, right: number];

/** A line as tokens. The arrays are reused by the next call. */
export interface Tokens {
  readonly ids: Uint16Array;
  /** Number of the field each token stands in: a hash of the parameter's name, or one of the line's other parts. */
  readonly fields: Uint16Array;
  /** Where each token's text begins in the line, in UTF-16 units. */
  readonly starts: Uint32Array;
  readonly count: number;
  /** False when the line has more tokens than fit. */
  readonly isWhole: boolean;
}

/** Turns lines into tokens. */
export interface Tokenizer {
  readonly size: number;
  readonly merges: readonly Merge[];
  /** At most `limit` tokens of a line. Total: any text has an answer, in time linear in its length. */
  encode(line: string): Tokens;
  /** The bytes of a token as text, for people. */
  textOf(id: number): string;
}

/** Numbers of the fields that are no parameter; names are hashed into those behind them. */
export const FIELD = { method: 0, path: 1, name: 2, agent: 3, first: 4 } as const;

/** Pieces whose tokens are remembered; all are dropped when full. 24 characters at most each, so some megabytes. */
const KNOWN_MAX = 20_000;

const isLetter = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code > 127 && !(code >= 0xe000 && code <= 0xf8ff));

/**
 * @param limit - Tokens of a line at most.
 * @param fieldCount - Numbers of fields, more than four.
 */
export function createTokenizer(merges: readonly Merge[], limit: number, fieldCount: number): Tokenizer {
  const ranks = new Map<number, number>();
  for (const [rank, [left, right]] of merges.entries()) ranks.set(left * 65_536 + right, rank);
  const known = new Map<string, Uint16Array>();
  const encoder = new TextEncoder();
  const ids = new Uint16Array(limit);
  const fields = new Uint16Array(limit);
  const starts = new Uint32Array(limit);
  const names = fieldCount - FIELD.first;

  const pieceTokens = (piece: string): Uint16Array => {
    let tokens = known.get(piece);
    if (tokens !== undefined) return tokens;
    tokens = mergeAll(
      Array.from(encoder.encode(piece), (byte) => FIRST_BYTE + byte),
      ranks,
    );
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(piece, tokens);
    return tokens;
  };

  return {
    size: FIRST_MERGE + merges.length,
    merges,
    encode(line) {
      let count = 0;
      let field: number = FIELD.method;
      let hash = 0;
      let at = 0;
      const { length } = line;
      while (at < length && count < limit) {
        const code = line.charCodeAt(at);
        let id: number;
        let next = at + 1;
        if (isLetter(code)) {
          const most = at + PIECE_MAX;
          while (next < length && next < most && isLetter(line.charCodeAt(next))) next++;
          // A pair of surrogates is one character.
          if ((line.charCodeAt(next - 1) & 0xfc00) === 0xd800 && next < length) next++;
          const tokens = pieceTokens(line.slice(at, next));
          if (field === FIELD.name) for (let one = at; one < next; one++) hash = Math.imul(hash ^ line.charCodeAt(one), 0x01000193);
          for (let one = 0; one < tokens.length && count < limit; one++) {
            ids[count] = tokens[one]!;
            fields[count] = field;
            starts[count++] = at;
          }
          at = next;
          continue;
        }
        if (code === 32) {
          // The line's own structure: nothing a client sent has a blank in it.
          if (line.startsWith(" body?", at)) {
            id = BODY;
            next = at + 6;
            field = FIELD.name;
            hash = 0x811c9dc5;
          } else if (line.startsWith(" user-agent=", at)) {
            id = AGENT;
            next = at + 12;
            field = FIELD.agent;
          } else {
            id = FIRST_BYTE + 32;
            field = FIELD.path;
          }
        } else {
          const mark = code < 0xe000 ? -1 : markIndex(code);
          id = mark >= 0 ? FIRST_MARK + mark : FIRST_BYTE + (code & 0xff);
        }
        ids[count] = id;
        fields[count] = field;
        starts[count++] = at;
        if (field === FIELD.name) {
          if (code === 61) field = FIELD.first + ((hash >>> 0) % names);
          else hash = Math.imul(hash ^ code, 0x01000193);
        }
        if ((code === 63 && field === FIELD.path) || (code === 38 && field !== FIELD.agent)) {
          field = FIELD.name;
          hash = 0x811c9dc5;
        }
        at = next;
      }
      return { ids, fields, starts, count, isWhole: at >= length };
    },
    textOf: (id) => textOf(id, merges),
  };
}

/** Merges the pair that was learned first, until none is left. */
function mergeAll(tokens: number[], ranks: ReadonlyMap<number, number>): Uint16Array {
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
  return Uint16Array.from(tokens);
}

function textOf(id: number, merges: readonly Merge[]): string {
  const bytes: number[] = [];
  const walk = (one: number): void => {
    const merge = merges[one - FIRST_MERGE];
    if (merge !== undefined) merge.forEach(walk);
    else bytes.push((one - FIRST_BYTE) & 0xff);
  };
  walk(id);
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

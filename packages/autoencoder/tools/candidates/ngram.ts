/**
 * The baseline that counts: each token from the ones before it and its field, with the interpolation of Witten and Bell (1991) from longer to shorter contexts.
 *
 * @module
 */
import { readFields } from "../../src/model/fields.ts";
import { type CandidateFactory, FIELD_COUNT } from "./candidate.ts";

interface Context {
  tokens: number;
  kinds: number;
}

const LIMIT = 1_024;
const OUTSIDE = 65_535;

export const ngramModel =
  (order: number): CandidateFactory =>
  (lines, vocabulary) => {
    const counts = new Map<string, number>();
    const contexts = new Map<string, Context>();
    const fields = new Uint16Array(LIMIT);
    const keyOf = (ids: ArrayLike<number>, at: number, length: number): string => {
      let key = String.fromCharCode(length, fields[at]!);
      for (let back = 1; back <= length; back++) key += String.fromCharCode(at >= back ? ids[at - back]! : OUTSIDE);
      return key;
    };
    for (let line = 0; line + 1 < lines.starts.length; line++) {
      const ids = lines.ids.subarray(lines.starts[line]!, Math.min(lines.starts[line + 1]!, lines.starts[line]! + LIMIT));
      const count = readFields(ids, ids.length, FIELD_COUNT, fields);
      for (let at = 0; at < count; at++) {
        for (let length = 0; length < order; length++) {
          const key = keyOf(ids, at, length);
          const full = key + String.fromCharCode(ids[at]!);
          const before = counts.get(full) ?? 0;
          counts.set(full, before + 1);
          const context = contexts.get(key) ?? { tokens: 0, kinds: 0 };
          contexts.set(key, context);
          context.tokens++;
          if (before === 0) context.kinds++;
        }
      }
    }
    return {
      parameters: counts.size,
      read(ids, given, costs) {
        const count = readFields(ids, Math.min(given, LIMIT), FIELD_COUNT, fields);
        for (let at = 0; at < count; at++) {
          let chance = 1 / vocabulary;
          for (let length = 0; length < order; length++) {
            const key = keyOf(ids, at, length);
            const context = contexts.get(key);
            if (context === undefined) break;
            const seen = counts.get(key + String.fromCharCode(ids[at]!)) ?? 0;
            chance = (seen + context.kinds * chance) / (context.tokens + context.kinds);
          }
          costs[at] = -Math.log(chance);
        }
        return count;
      },
    };
  };

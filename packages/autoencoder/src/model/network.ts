/**
 * The model: it guesses each token from the four before it, the two after it and the field it stands in, with the token itself hidden, and what a token costs
 * is how unlikely it was. One hidden layer over one-hot inputs, so the first layer is a sum of table rows; decisions of a code tree behind it.
 *
 * Weights are whole numbers and so are all sums of them: a file gives the same scores, to the last bit, wherever it is read.
 *
 * @module
 */
import { BEGIN, END } from "../tokenizer/vocabulary.ts";
import type { CodeTree } from "./code-tree.ts";
import { softplus } from "./exact.ts";
import { readFields } from "./fields.ts";

/** Tokens before and after the hidden one. */
export const BEFORE = 4;
export const AFTER = 2;
export const PLACES = BEFORE + AFTER;

/** Everything that was learned. */
export interface Weights {
  readonly vocabulary: number;
  readonly hidden: number;
  readonly fieldCount: number;
  /** A row of `hidden` numbers for each token at each place around the hidden one: the place before it first. */
  readonly context: Int8Array;
  /** A row for each field. */
  readonly fields: Int8Array;
  /** A row for each decision of the tree. */
  readonly nodes: Int8Array;
  /** How likely each decision is by itself. */
  readonly biases: Int8Array;
  readonly tree: CodeTree;
  /** What one of a node's products, and one of a bias, is worth in log-odds. */
  readonly nodeScale: number;
  readonly biasScale: number;
}

/** A model at work. Its buffers are reused by the next call. */
export interface Network {
  /**
   * What each token costs, in nats, in `costs`.
   *
   * @returns how many tokens have costs: those before the user agent, at most as many as `costs` has room for.
   */
  read(ids: ArrayLike<number>, count: number): number;
  readonly costs: Float64Array;
}

/**
 * @param limit - Tokens that are read at most.
 */
export function createNetwork(weights: Weights, limit: number): Network {
  const { vocabulary, hidden, fieldCount, context, fields, nodes, biases, tree, nodeScale, biasScale } = weights;
  const { starts, nodes: codes, signs } = tree;
  const costs = new Float64Array(limit);
  const fieldOf = new Uint16Array(limit);
  const padded = new Uint16Array(limit + PLACES);
  const sums = new Int32Array(hidden);
  const place = vocabulary * hidden;
  return {
    costs,
    read(ids, given) {
      const count = readFields(ids, Math.min(given, limit), fieldCount, fieldOf);
      padded.fill(BEGIN, 0, BEFORE);
      for (let at = 0; at < count; at++) padded[BEFORE + at] = ids[at]!;
      padded.fill(END, BEFORE + count, BEFORE + count + AFTER);
      for (let at = 0; at < count; at++) {
        const first = padded[at + 3]! * hidden;
        const second = place + padded[at + 2]! * hidden;
        const third = 2 * place + padded[at + 1]! * hidden;
        const fourth = 3 * place + padded[at]! * hidden;
        const next = 4 * place + padded[at + 5]! * hidden;
        const afterNext = 5 * place + padded[at + 6]! * hidden;
        const field = fieldOf[at]! * hidden;
        for (let unit = 0; unit < hidden; unit++) {
          const sum =
            (fields[field + unit]! +
              context[first + unit]! +
              context[second + unit]! +
              context[third + unit]! +
              context[fourth + unit]! +
              context[next + unit]! +
              context[afterNext + unit]!) |
            0;
          sums[unit] = Math.max(sum, 0);
        }
        const id = padded[at + BEFORE]!;
        const end = starts[id + 1]!;
        let cost = 0;
        for (let step = starts[id]!; step < end; step++) {
          const node = codes[step]!;
          let product = 0;
          for (let unit = 0, weight = node * hidden; unit < hidden; unit++, weight++)
            product = (product + Math.imul(sums[unit]!, nodes[weight]!)) | 0;
          cost += softplus(signs[step]! * (product * nodeScale + biases[node]! * biasScale));
        }
        costs[at] = cost;
      }
      return count;
    },
  };
}

/**
 * Fits the model by gradient descent (Adagrad; Duchi, Hazan and Singer, 2011), one token at a time, on one core. The same lines and seed give the same weights
 * on every runtime: nothing but IEEE arithmetic, its square root among it, which all engines round correctly.
 *
 * @module
 */
import { createCodeTree } from "../model/code-tree.ts";
import { logistic, softplus } from "../model/exact.ts";
import { readFields } from "../model/fields.ts";
import { AFTER, BEFORE, PLACES, type Weights } from "../model/network.ts";
import { BEGIN, END, UNKNOWN } from "../tokenizer/vocabulary.ts";
import { quantize } from "./quantize.ts";

/** How a model is fitted. */
export interface FitOptions {
  readonly vocabulary: number;
  /** Numbers of the hidden layer. */
  readonly hidden: number;
  readonly fieldCount: number;
  readonly epochs: number;
  readonly seed: number;
  /** Size of the first steps. */
  readonly rate?: number;
  /** Share of the surrounding tokens that are hidden too, so that no single one is relied on. */
  readonly dropped?: number;
  /** Told after each pass what a token costs on average, in nats. */
  readonly onEpoch?: (epoch: number, cost: number) => void;
}

/** Lines of tokens, one behind the other. */
export interface TokenLines {
  readonly ids: Uint16Array;
  /** Where each line begins; one more than there are lines. */
  readonly starts: Uint32Array;
}

/** Keeps the first steps finite. */
const SMALL = 1e-6;
const LEAST_RATE = 0.05;

/** Xorshift (Marsaglia, 2003): fast, and the same everywhere. */
export function createDraws(seed: number): () => number {
  let state = (Math.imul(seed | 0, 0x9e3779b9) ^ 0x5bd1e995) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const CHANCE = 2 ** 32;

/** Fits the weights of a model to lines. */
export function fit(lines: TokenLines, options: FitOptions): Weights {
  const { vocabulary, hidden, fieldCount, epochs, seed, rate: firstRate = 0.08, dropped = 0.1, onEpoch } = options;
  const { ids, starts } = lines;
  const lineCount = starts.length - 1;
  const draw = createDraws(seed);
  const counts = new Float64Array(vocabulary);
  for (const id of ids) counts[id]!++;
  const tree = createCodeTree(counts);

  const context = new Float32Array(PLACES * vocabulary * hidden);
  const fields = new Float32Array(fieldCount * hidden);
  const nodes = new Float32Array((vocabulary - 1) * hidden);
  const biases = new Float32Array(vocabulary - 1);
  for (let at = 0; at < context.length; at++) context[at] = (draw() / CHANCE - 0.5) * 0.2;
  for (let at = 0; at < fields.length; at++) fields[at] = (draw() / CHANCE - 0.5) * 0.2 + 0.1;
  const contextSquares = new Float32Array(context.length);
  const fieldSquares = new Float32Array(fields.length);
  const nodeSquares = new Float32Array(nodes.length);
  const biasSquares = new Float32Array(biases.length);

  const longest = starts.reduce((most, start, line) => Math.max(most, (starts[line + 1] ?? start) - start), 0);
  const fieldOf = new Uint16Array(longest);
  const sums = new Float64Array(hidden);
  const slopes = new Float64Array(hidden);
  const rows = new Int32Array(PLACES);
  const order = Uint32Array.from({ length: lineCount }, (_, line) => line);
  const dropBelow = dropped * CHANCE;
  const steps = epochs * lineCount;
  let step = 0;

  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let at = lineCount - 1; at > 0; at--) {
      const other = Math.floor((draw() / CHANCE) * (at + 1));
      const kept = order[at]!;
      order[at] = order[other]!;
      order[other] = kept;
    }
    let cost = 0;
    let tokens = 0;
    for (const line of order) {
      const rate = firstRate * Math.max(LEAST_RATE, 1 - step++ / steps);
      const from = starts[line]!;
      const given = starts[line + 1]! - from;
      const count = readFields(ids.subarray(from, from + given), given, fieldCount, fieldOf);
      for (let at = 0; at < count; at++) {
        for (let place = 0; place < PLACES; place++) {
          const other = place < BEFORE ? at - 1 - place : at + 1 + place - BEFORE;
          const id = other < 0 ? BEGIN : other >= count ? END : ids[from + other]!;
          rows[place] = (place * vocabulary + (draw() < dropBelow ? UNKNOWN : id)) * hidden;
        }
        const field = fieldOf[at]! * hidden;
        for (let unit = 0; unit < hidden; unit++) {
          let sum = fields[field + unit]!;
          for (let place = 0; place < PLACES; place++) sum += context[rows[place]! + unit]!;
          sums[unit] = Math.max(sum, 0);
          slopes[unit] = 0;
        }
        const id = ids[from + at]!;
        for (let code = tree.starts[id]!; code < tree.starts[id + 1]!; code++) {
          const node = tree.nodes[code]!;
          const sign = tree.signs[code]!;
          const weight = node * hidden;
          let odds = biases[node]!;
          for (let unit = 0; unit < hidden; unit++) odds += nodes[weight + unit]! * sums[unit]!;
          cost += softplus(sign * odds);
          const slope = -sign * logistic(sign * odds);
          for (let unit = 0; unit < hidden; unit++) {
            const sum = sums[unit]!;
            if (sum === 0) continue;
            slopes[unit]! += slope * nodes[weight + unit]!;
            const own = slope * sum;
            const squares = nodeSquares[weight + unit]! + own * own;
            nodeSquares[weight + unit] = squares;
            nodes[weight + unit]! -= (rate * own) / Math.sqrt(squares + SMALL);
          }
          const squares = biasSquares[node]! + slope * slope;
          biasSquares[node] = squares;
          biases[node]! -= (rate * slope) / Math.sqrt(squares + SMALL);
        }
        for (let unit = 0; unit < hidden; unit++) {
          // A unit that is off still learns a little, or it would stay off for good.
          const slope = sums[unit]! > 0 ? slopes[unit]! : slopes[unit]! * 0.01;
          if (slope === 0) continue;
          const square = slope * slope;
          const squares = fieldSquares[field + unit]! + square;
          fieldSquares[field + unit] = squares;
          fields[field + unit]! -= (rate * slope) / Math.sqrt(squares + SMALL);
          for (let place = 0; place < PLACES; place++) {
            const row = rows[place]! + unit;
            const rowSquares = contextSquares[row]! + square;
            contextSquares[row] = rowSquares;
            context[row]! -= (rate * slope) / Math.sqrt(rowSquares + SMALL);
          }
        }
      }
      tokens += count;
    }
    onEpoch?.(epoch, tokens === 0 ? 0 : cost / tokens);
  }
  return quantize({ vocabulary, hidden, fieldCount, context, fields, nodes, biases, tree });
}

/** Tokens before and after, for whoever writes the same sum elsewhere. */
export const CONTEXT = { before: BEFORE, after: AFTER } as const;

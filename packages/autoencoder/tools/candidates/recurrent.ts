/**
 * A small recurrent model: a gated recurrent unit (Cho and others, 2014) that guesses the next token, with the same code tree behind it, fitted by
 * backpropagation through whole lines.
 *
 * @module
 */
import { type CodeTree, createCodeTree } from "../../src/model/code-tree.ts";
import { logistic, softplus } from "../../src/model/exact.ts";
import { readFields } from "../../src/model/fields.ts";
import { createDraws } from "../../src/train/fit.ts";
import { type CandidateFactory, FIELD_COUNT } from "./candidate.ts";

/** Longer lines are cut in training. */
const STEPS_MAX = 96;
const LIMIT = 1_024;
const SMALL = 1e-6;

/** A table of weights with the squares that Adagrad needs. */
interface Table {
  readonly weights: Float32Array;
  readonly squares: Float32Array;
}

const createTable = (size: number, spread: number, draw: () => number): Table => ({
  weights: Float32Array.from({ length: size }, () => (draw() / 2 ** 32 - 0.5) * spread),
  squares: new Float32Array(size),
});

function move({ weights, squares }: Table, at: number, slope: number, rate: number): void {
  if (slope === 0) return;
  const sum = squares[at]! + slope * slope;
  squares[at] = sum;
  weights[at]! -= (rate * slope) / Math.sqrt(sum + SMALL);
}

const sigmoid = (x: number): number => logistic(-x);

export const recurrentModel =
  (hidden: number, epochs = 4, seed = 1, firstRate = 0.05): CandidateFactory =>
  (lines, vocabulary) => {
    const draw = createDraws(seed);
    const counts = new Float64Array(vocabulary);
    for (const id of lines.ids) counts[id]!++;
    const tree: CodeTree = createCodeTree(counts);
    const gates = 3 * hidden;
    const input = createTable((vocabulary + 1) * gates, 0.2, draw);
    const recurrent = createTable(gates * hidden, 0.6, draw);
    const outField = createTable(FIELD_COUNT * hidden, 0.2, draw);
    const nodes = createTable((vocabulary - 1) * (hidden + 1), 0, draw);
    const states = new Float64Array((LIMIT + 1) * hidden);
    const gate = new Float64Array((LIMIT + 1) * gates);
    const candidates = new Float64Array((LIMIT + 1) * hidden);
    const fields = new Uint16Array(LIMIT);

    /** The state after having seen `id` in step `step`; states begin with zeros. */
    const forward = (step: number, id: number): void => {
      const before = step * hidden;
      const row = id * gates;
      for (let unit = 0; unit < hidden; unit++) {
        let [update, reset, own] = [0, 0, 0];
        for (let other = 0; other < hidden; other++) {
          const state = states[before + other]!;
          update += recurrent.weights[unit * hidden + other]! * state;
          reset += recurrent.weights[(hidden + unit) * hidden + other]! * state;
          own += recurrent.weights[(2 * hidden + unit) * hidden + other]! * state;
        }
        const z = sigmoid(input.weights[row + unit]! + update);
        const r = sigmoid(input.weights[row + hidden + unit]! + reset);
        const n = 2 * sigmoid(2 * (input.weights[row + 2 * hidden + unit]! + r * own)) - 1;
        gate[step * gates + unit] = z;
        gate[step * gates + hidden + unit] = r;
        gate[step * gates + 2 * hidden + unit] = own;
        candidates[before + unit] = n;
        states[before + hidden + unit] = (1 - z) * n + z * states[before + unit]!;
      }
    };
    const inputAt = (ids: ArrayLike<number>, at: number): number => (at === 0 ? vocabulary : ids[at - 1]!);

    const lineCount = lines.starts.length - 1;
    const order = Uint32Array.from({ length: lineCount }, (_, line) => line);
    const stateSlopes = new Float64Array((STEPS_MAX + 2) * hidden);
    const out = new Float64Array(hidden);
    let done = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (let at = lineCount - 1; at > 0; at--) {
        const other = Math.floor((draw() / 2 ** 32) * (at + 1));
        const kept = order[at]!;
        order[at] = order[other]!;
        order[other] = kept;
      }
      for (const line of order) {
        const rate = firstRate * Math.max(0.05, 1 - done++ / (epochs * lineCount));
        const ids = lines.ids.subarray(lines.starts[line]!, Math.min(lines.starts[line + 1]!, lines.starts[line]! + STEPS_MAX));
        const count = readFields(ids, ids.length, FIELD_COUNT, fields);
        stateSlopes.fill(0);
        for (let at = 0; at < count; at++) {
          forward(at, inputAt(ids, at));
          const after = (at + 1) * hidden;
          const field = fields[at]! * hidden;
          for (let unit = 0; unit < hidden; unit++) out[unit] = states[after + unit]! + outField.weights[field + unit]!;
          const slopes = new Float64Array(hidden);
          const id = ids[at]!;
          for (let code = tree.starts[id]!; code < tree.starts[id + 1]!; code++) {
            const place = tree.nodes[code]! * (hidden + 1);
            const sign = tree.signs[code]!;
            let odds = nodes.weights[place + hidden]!;
            for (let unit = 0; unit < hidden; unit++) odds += nodes.weights[place + unit]! * out[unit]!;
            const slope = -sign * logistic(sign * odds);
            for (let unit = 0; unit < hidden; unit++) {
              slopes[unit]! += slope * nodes.weights[place + unit]!;
              move(nodes, place + unit, slope * out[unit]!, rate);
            }
            move(nodes, place + hidden, slope, rate);
          }
          for (let unit = 0; unit < hidden; unit++) {
            stateSlopes[after + unit]! += slopes[unit]!;
            move(outField, field + unit, slopes[unit]!, rate);
          }
        }
        for (let at = count - 1; at >= 0; at--) {
          const before = at * hidden;
          const row = inputAt(ids, at) * gates;
          for (let unit = 0; unit < hidden; unit++) {
            // Long lines must not make one step of a thousand.
            const slope = Math.max(-4, Math.min(4, stateSlopes[before + hidden + unit]!));
            const z = gate[at * gates + unit]!;
            const r = gate[at * gates + hidden + unit]!;
            const own = gate[at * gates + 2 * hidden + unit]!;
            const n = candidates[before + unit]!;
            const slopeN = slope * (1 - z) * (1 - n * n);
            const slopeZ = slope * (states[before + unit]! - n) * z * (1 - z);
            const slopeR = slopeN * own * r * (1 - r);
            stateSlopes[before + unit]! += slope * z;
            for (let other = 0; other < hidden; other++) {
              const state = states[before + other]!;
              const [u, v, w] = [unit * hidden + other, (hidden + unit) * hidden + other, (2 * hidden + unit) * hidden + other];
              stateSlopes[before + other]! +=
                slopeZ * recurrent.weights[u]! + slopeR * recurrent.weights[v]! + slopeN * r * recurrent.weights[w]!;
              move(recurrent, u, slopeZ * state, rate);
              move(recurrent, v, slopeR * state, rate);
              move(recurrent, w, slopeN * r * state, rate);
            }
            move(input, row + unit, slopeZ, rate);
            move(input, row + hidden + unit, slopeR, rate);
            move(input, row + 2 * hidden + unit, slopeN, rate);
          }
        }
      }
    }
    return {
      parameters: [input, recurrent, outField, nodes].reduce((sum, { weights }) => sum + weights.length, 0),
      read(ids, given, costs) {
        const count = readFields(ids, Math.min(given, LIMIT), FIELD_COUNT, fields);
        for (let at = 0; at < count; at++) {
          forward(at, inputAt(ids, at));
          const after = (at + 1) * hidden;
          const field = fields[at]! * hidden;
          for (let unit = 0; unit < hidden; unit++) out[unit] = states[after + unit]! + outField.weights[field + unit]!;
          let cost = 0;
          const id = ids[at]!;
          for (let code = tree.starts[id]!; code < tree.starts[id + 1]!; code++) {
            const place = tree.nodes[code]! * (hidden + 1);
            let odds = nodes.weights[place + hidden]!;
            for (let unit = 0; unit < hidden; unit++) odds += nodes.weights[place + unit]! * out[unit]!;
            cost += softplus(tree.signs[code]! * odds);
          }
          costs[at] = cost;
        }
        return count;
      },
    };
  };

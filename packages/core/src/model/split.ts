import { draw, SHARE, type StreamKey, target } from "./random.ts";
import type { Matrix } from "./rows.ts";

/** Finds the split of a node. Two exist, for every engine and for those with SIMD, and they choose the same to the last bit. */
export interface Splitter {
  /** The tree's sample: `columns` values a row, then up to `stride` zeros. */
  readonly sample: Float64Array;
  readonly stride: number;
  /** Two numbers a row: where in `sample` it starts, and its random word. The rows of one node stand together. */
  readonly order: Int32Array;
  readonly columns: number;
  /** The random numbers the tree draws its cuts and, by node, its targets from. */
  cuts: StreamKey;
  targets: StreamKey;
  /** The rows of the matrix that the tree is to see. */
  readonly picked: Int32Array;
  /** The chosen threshold. */
  readonly threshold: Float64Array;
  /** Does `fillSample` for all columns, faster; false when it cannot. */
  fill?(words: StreamKey): boolean;
  /**
   * Draws one threshold a column, uniform between the least and the greatest value of the rows `from` to `to - 1` of `order`, and returns the
   * column whose cut leaves the least variance of random targets, the first of equals; −1 when no column can be cut. `node` counts the tree's nodes.
   */
  best(from: number, to: number, node: number): number;
  /** Moves the rows below the chosen threshold to the front of the node's; returns where the others begin. */
  partition(from: number, to: number, column: number): number;
}

/** Copies the picked rows to the sample, the features of `subset` only where there is one, and draws each row's word. */
export function fillSample(
  { sample, stride, columns, picked, order }: Splitter,
  { values, width }: Matrix,
  subset: readonly number[] | undefined,
  words: StreamKey,
): void {
  for (let row = 0; row < picked.length; row++) {
    const from = picked[row]! * width;
    const to = row * stride;
    if (subset === undefined) for (let column = 0; column < columns; column++) sample[to + column] = values[from + column]!;
    else for (let column = 0; column < columns; column++) sample[to + column] = values[from + subset[column]!]!;
    order[2 * row] = to;
    order[2 * row + 1] = draw(words, row);
  }
}

export const NO_KEY: StreamKey = { first: 0, second: 0 };

/**
 * What `best` would answer for a node of two rows, a third of all that are cut: whatever parts them takes away the same variance, so the first column
 * whose cut does is chosen.
 */
export function cutPair({ sample, order, threshold, columns, cuts }: Splitter, from: number, node: number): number {
  const first = order[2 * from]!;
  const second = order[2 * from + 2]!;
  for (let column = 0; column < columns; column++) {
    const a = sample[first + column]!;
    const b = sample[second + column]!;
    if (a === b) continue;
    const least = Math.min(a, b);
    const cut = least + draw(cuts, node * columns + column) * SHARE * (Math.max(a, b) - least);
    if (a < cut === b < cut) continue;
    threshold[0] = cut;
    return column;
  }
  return -1;
}

export function scalarSplitter(rows: number, columns: number): Splitter {
  const sample = new Float64Array(rows * columns);
  const order = new Int32Array(2 * rows);
  const threshold = new Float64Array(1);
  const drawn = new Float64Array(rows);
  return {
    columns,
    cuts: NO_KEY,
    targets: NO_KEY,
    picked: new Int32Array(rows),
    sample,
    stride: columns,
    order,
    threshold,
    best(from, to, node) {
      const count = to - from;
      const word = draw(this.targets, node);
      let total = 0;
      for (let at = from; at < to; at++) {
        drawn[at] = target(order[2 * at + 1]!, word);
        total += drawn[at]!;
      }
      let best = -1;
      let bestGain = -1;
      for (let column = 0; column < columns; column++) {
        let least = sample[order[2 * from]! + column]!;
        let greatest = least;
        for (let at = from + 1; at < to; at++) {
          const value = sample[order[2 * at]! + column]!;
          if (value < least) least = value;
          if (value > greatest) greatest = value;
        }
        if (least === greatest) continue;
        const cut = least + draw(this.cuts, node * columns + column) * SHARE * (greatest - least);
        let left = 0;
        let sum = 0;
        for (let at = from; at < to; at++) {
          if (sample[order[2 * at]! + column]! < cut) {
            left++;
            sum += drawn[at]!;
          }
        }
        // The variance that the cut takes away, times count squared. Targets are whole numbers of 24 bits, so sums
        // over up to half a billion rows are exact, in any order.
        const difference = sum * count - total * left;
        const gain = (difference * difference) / (left * (count - left));
        // Not a number when a side is empty: never greater.
        if (gain > bestGain) {
          bestGain = gain;
          best = column;
          threshold[0] = cut;
        }
      }
      return best;
    },
    partition(from, to, column) {
      const cut = threshold[0]!;
      let middle = from;
      for (let at = from; at < to; at++) {
        const offset = order[2 * at]!;
        if (!(sample[offset + column]! < cut)) continue;
        const word = order[2 * at + 1]!;
        order[2 * at] = order[2 * middle]!;
        order[2 * at + 1] = order[2 * middle + 1]!;
        order[2 * middle] = offset;
        order[2 * middle++ + 1] = word;
      }
      return middle;
    },
  };
}

import { draw, SHARE, type StreamKey } from "./random.ts";

/** Finds the split of a node. Two exist, for every engine and for those with SIMD, and they choose the same to the last bit. */
export interface Splitter {
  /** The tree's sample: `columns` values a row, then up to `targetAt` nothing, then the row's random target; `stride` values in all. */
  readonly sample: Float64Array;
  readonly stride: number;
  readonly targetAt: number;
  /** Where in `sample` each row starts; the rows of one node stand together. */
  readonly order: Int32Array;
  /** The chosen threshold. */
  readonly threshold: Float64Array;
  /** Tells which random numbers the next tree splits by. */
  begin(key: StreamKey): void;
  /**
   * Draws one threshold a column, uniform between the least and the greatest value of the rows `order[from]` to `order[to - 1]`, and returns the
   * column whose cut leaves the least variance of the targets, the first of equals; −1 when no column can be cut. `node` counts the tree's nodes.
   */
  best(from: number, to: number, node: number): number;
  /** Moves the rows below the chosen threshold to the front of the node's; returns where the others begin. */
  partition(from: number, to: number, column: number): number;
}

export function scalarSplitter(rows: number, columns: number): Splitter {
  const stride = columns + 1;
  const sample = new Float64Array(rows * stride);
  const order = new Int32Array(rows);
  const threshold = new Float64Array(1);
  let key: StreamKey = { first: 0, second: 0 };
  return {
    sample,
    stride,
    targetAt: columns,
    order,
    threshold,
    begin(next) {
      key = next;
    },
    best(from, to, node) {
      const count = to - from;
      let total = 0;
      for (let at = from; at < to; at++) total += sample[order[at]! + columns]!;
      let best = -1;
      let bestGain = -1;
      for (let column = 0; column < columns; column++) {
        let least = sample[order[from]! + column]!;
        let greatest = least;
        for (let at = from + 1; at < to; at++) {
          const value = sample[order[at]! + column]!;
          if (value < least) least = value;
          if (value > greatest) greatest = value;
        }
        if (least === greatest) continue;
        const cut = least + draw(key, node * columns + column) * SHARE * (greatest - least);
        let left = 0;
        let sum = 0;
        for (let at = from; at < to; at++) {
          const offset = order[at]!;
          if (sample[offset + column]! < cut) {
            left++;
            sum += sample[offset + columns]!;
          }
        }
        // The variance that the cut takes away, times count squared. Targets are whole numbers, so sums are exact in any order.
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
        const offset = order[at]!;
        if (sample[offset + column]! < cut) {
          order[at] = order[middle]!;
          order[middle++] = offset;
        }
      }
      return middle;
    },
  };
}

import type { Trees } from "./trees.ts";

/** Adds up path lengths over all trees. Two exist, this one for every engine and a faster one for those with WebAssembly, with sums equal to the last bit. */
export interface Scorer {
  /** Where the row to score goes: `width` values, then one that is not a number, which the leaves read. */
  readonly row: Float64Array;
  /** Memory it holds beside the trees. */
  readonly bytes: number;
  /** Sum of the path lengths of the row in `row`. */
  pathLength(): number;
}

/** Four walks side by side: each step waits for memory, and the other three fill the wait. */
export function scalarScorer(trees: Trees): Scorer {
  const row = new Float64Array(trees.width + 1).fill(Number.NaN);
  const { features, values, children, roots, heights } = trees;
  return {
    row,
    bytes: row.byteLength,
    pathLength() {
      const { count } = trees;
      let sum = 0;
      let tree = 0;
      for (; tree + 3 < count; tree += 4) {
        let a = roots[tree]!;
        let b = roots[tree + 1]!;
        let c = roots[tree + 2]!;
        let d = roots[tree + 3]!;
        const steps = Math.max(heights[tree]!, heights[tree + 1]!, heights[tree + 2]!, heights[tree + 3]!);
        for (let step = 0; step < steps; step++) {
          a = children[a]! + +(row[features[a]!]! >= values[a]!);
          b = children[b]! + +(row[features[b]!]! >= values[b]!);
          c = children[c]! + +(row[features[c]!]! >= values[c]!);
          d = children[d]! + +(row[features[d]!]! >= values[d]!);
        }
        // One after the other, as the kernel adds: the order of a sum decides its last bit.
        sum += values[a]!;
        sum += values[b]!;
        sum += values[c]!;
        sum += values[d]!;
      }
      for (; tree < count; tree++) {
        let at = roots[tree]!;
        for (let step = heights[tree]!; step > 0; step--) at = children[at]! + +(row[features[at]!]! >= values[at]!);
        sum += values[at]!;
      }
      return sum;
    },
  };
}

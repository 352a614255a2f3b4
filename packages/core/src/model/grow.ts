import type { ForestParameters } from "./forest-options.ts";
import { MAX_NODES } from "./limits.ts";
import { CUTS, draw, drawBelow, FEATURES, ROWS, streamKey, TARGETS } from "./random.ts";
import type { Matrix } from "./rows.ts";
import { cutByChance, cutByVariance, partition, type Sample, type Splitter } from "./split.ts";
import { beginTree, endTree, setBranch, setLeaf, type Trees, tooLarge } from "./trees.ts";

export interface GrowSettings {
  /** Rows each tree sees. */
  readonly samples: number;
  /** Features each tree may split on. */
  readonly features: number;
  /** Draw rows with replacement. */
  readonly bootstrap: boolean;
  readonly splitBy: ForestParameters["splitBy"];
  readonly seed: number;
}

/** Steps from the root at which a tree of `samples` rows stops being cut: the base-2 logarithm, rounded up. */
export const heightLimit = (samples: number): number => 32 - Math.clz32(samples - 1);

/**
 * Grows trees and appends them: tree number `first` and the `count - 1` after it, numbered over a forest's whole life. Node by node from a list,
 * never by recursion: depth costs no stack.
 *
 * @throws WafError when the forest would outgrow what it may hold; `trees` then has those that were done before.
 */
export function growTrees(trees: Trees, matrix: Matrix, settings: GrowSettings, first: number, count: number): void {
  const { samples, features, bootstrap, splitBy, seed } = settings;
  const { values, width } = matrix;
  const order = new Int32Array(samples);
  const pick = rowPicker(matrix.count, order, bootstrap);
  const all = Int32Array.from({ length: width }, (_, index) => index);
  const targets = splitBy === "variance" ? new Float64Array(samples) : undefined;
  const sample: Sample = { values, order, targets, features: all, key: { first: 0, second: 0 }, cut: 0 };
  const splitter = splitBy === "variance" ? cutByVariance : cutByChance;
  for (let tree = first; tree < first + count; tree++) {
    pick(seed, tree);
    for (let row = 0; row < samples; row++) order[row] = order[row]! * width;
    if (targets !== undefined) {
      const key = streamKey(seed, tree, TARGETS);
      for (let row = 0; row < samples; row++) targets[row] = draw(key, row) >>> 8;
    }
    // A copy: cuts by chance shuffle it, and no tree may depend on the one before it.
    const subset = features === width ? undefined : pickFeatures(all.slice(), features, seed, tree);
    sample.features = subset === undefined ? all.slice() : Int32Array.from(subset);
    sample.key = streamKey(seed, tree, CUTS);
    growTree(trees, sample, splitter, subset);
  }
}

function growTree(trees: Trees, sample: Sample, splitter: Splitter, subset: readonly number[] | undefined): void {
  const samples = sample.order.length;
  const limit = heightLimit(samples);
  const root = beginTree(trees, 2 * samples - 1);
  const capacity = trees.values.length;
  // Of each branch, one child waits here while the other is cut: at most one a level.
  const waiting = new Int32Array(4 * (limit + 2));
  let top = 0;
  let end = root + 1;
  let height = 0;
  let node = root;
  let from = 0;
  let to = samples;
  let depth = 0;
  for (;;) {
    const size = to - from;
    const feature = depth < limit && size > 1 ? splitter(sample, from, to, node - root) : -1;
    if (feature >= 0) {
      if (end + 2 > capacity) throw tooLarge(`${MAX_NODES} nodes`);
      const middle = partition(sample, from, to, feature);
      setBranch(trees, node, feature, sample.cut, end, size);
      depth++;
      waiting[top++] = end + 1;
      waiting[top++] = middle;
      waiting[top++] = to;
      waiting[top++] = depth;
      node = end;
      to = middle;
      end += 2;
      continue;
    }
    setLeaf(trees, node, depth, size);
    if (depth > height) height = depth;
    if (top === 0) break;
    depth = waiting[--top]!;
    to = waiting[--top]!;
    from = waiting[--top]!;
    node = waiting[--top]!;
  }
  endTree(trees, end, height, limit, subset);
}

function pickFeatures(all: Int32Array, features: number, seed: number, tree: number): readonly number[] {
  const key = streamKey(seed, tree, FEATURES);
  for (let index = 0; index < features; index++) {
    const other = index + drawBelow(key, index, all.length - index);
    const feature = all[other]!;
    all[other] = all[index]!;
    all[index] = feature;
  }
  return [...all.subarray(0, features)];
}

/** Draws each tree's rows into `picked`. The list of all rows is made once; each tree's swaps are taken back, so that no tree depends on the one before it. */
function rowPicker(rows: number, picked: Int32Array, bootstrap: boolean): (seed: number, tree: number) => void {
  const samples = picked.length;
  if (bootstrap) {
    return (seed, tree) => {
      const key = streamKey(seed, tree, ROWS);
      for (let index = 0; index < samples; index++) picked[index] = drawBelow(key, index, rows);
    };
  }
  const all = new Int32Array(rows);
  for (let row = 0; row < rows; row++) all[row] = row;
  const others = new Int32Array(samples);
  return (seed, tree) => {
    const key = streamKey(seed, tree, ROWS);
    for (let index = 0; index < samples; index++) {
      const other = index + drawBelow(key, index, rows - index);
      const value = all[other]!;
      all[other] = all[index]!;
      all[index] = value;
      picked[index] = value;
      others[index] = other;
    }
    for (let index = samples - 1; index >= 0; index--) {
      const other = others[index]!;
      const value = all[other]!;
      all[other] = all[index]!;
      all[index] = value;
    }
  };
}

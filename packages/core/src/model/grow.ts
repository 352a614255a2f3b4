import { MAX_NODES } from "./limits.ts";
import { CUTS, drawBelow, FEATURES, ROWS, streamKey, TARGETS, WORDS } from "./random.ts";
import type { Matrix } from "./rows.ts";
import { cutPair, fillSample, type Splitter } from "./split.ts";
import { beginTree, endTree, setBranch, setLeaf, type Trees, tooLarge } from "./trees.ts";

export interface GrowSettings {
  /** Rows each tree sees. */
  readonly samples: number;
  /** Features each tree may split on. */
  readonly features: number;
  /** Draw rows with replacement. */
  readonly bootstrap: boolean;
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
export function growTrees(trees: Trees, matrix: Matrix, settings: GrowSettings, first: number, count: number, splitter: Splitter): void {
  const { samples, features, bootstrap, seed } = settings;
  const pick = rowPicker(matrix.count, splitter.picked, bootstrap);
  for (let tree = first; tree < first + count; tree++) {
    const subset = features === trees.width ? undefined : pickFeatures(trees.width, features, seed, tree);
    pick(seed, tree);
    const words = streamKey(seed, tree, WORDS);
    if (subset !== undefined || splitter.fill?.(words) !== true) fillSample(splitter, matrix, subset, words);
    splitter.cuts = streamKey(seed, tree, CUTS);
    splitter.targets = streamKey(seed, tree, TARGETS);
    growTree(trees, samples, subset, splitter);
  }
}

function growTree(trees: Trees, samples: number, subset: readonly number[] | undefined, splitter: Splitter): void {
  const { threshold } = splitter;
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
    let column = -1;
    if (depth < limit && size > 1) column = size === 2 ? cutPair(splitter, from, node - root) : splitter.best(from, to, node - root);
    if (column >= 0) {
      if (end + 2 > capacity) throw tooLarge(`${MAX_NODES} nodes`);
      const middle = splitter.partition(from, to, column);
      setBranch(trees, node, subset === undefined ? column : subset[column]!, threshold[0]!, end, size);
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

function pickFeatures(width: number, features: number, seed: number, tree: number): readonly number[] {
  const key = streamKey(seed, tree, FEATURES);
  const all = Array.from({ length: width }, (_, index) => index);
  for (let index = 0; index < features; index++) {
    const other = index + drawBelow(key, index, width - index);
    [all[index], all[other]] = [all[other]!, all[index]!];
  }
  return all.slice(0, features);
}

/** Draws each tree's rows into `picked`. The list of all rows is made once; each tree's swaps are taken back, so that no tree depends on the one before. */
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

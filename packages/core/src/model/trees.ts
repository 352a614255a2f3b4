import { WafError } from "../errors.ts";
import { averagePathLength } from "./exact-math.ts";
import { MAX_DEPTH, MAX_NODES, MAX_TREES } from "./limits.ts";

/**
 * The trees of a forest in flat arrays, 18 bytes a node. A branch has a feature, a threshold and two children side by side: values below the
 * threshold go to `child`, all others to `child + 1`. A leaf names a feature no row has (`width`), holds its path length in place of the
 * threshold, and is its own child: a walk that has arrived stays, so all walks can take the same number of steps.
 */
export interface Trees {
  readonly width: number;
  /** Trees in use; `roots` has one entry more, the number of nodes in use. */
  count: number;
  /** Index of each tree's first node. */
  roots: Int32Array;
  /** Steps from a tree's root to its deepest leaf. */
  heights: Uint8Array;
  /** Height limit each tree was grown with: native state formats carry it. */
  limits: Uint8Array;
  /** The features each tree may split on, in their drawn order; `undefined` for all of them. */
  subsets: (readonly number[] | undefined)[];
  features: Uint16Array;
  values: Float64Array;
  children: Int32Array;
  /** Training rows behind each node. */
  sizes: Int32Array;
}

export function createTrees(width: number, nodes: number): Trees {
  return {
    width,
    count: 0,
    roots: new Int32Array(129),
    heights: new Uint8Array(128),
    limits: new Uint8Array(128),
    subsets: [],
    features: new Uint16Array(nodes),
    values: new Float64Array(nodes),
    children: new Int32Array(nodes),
    sizes: new Int32Array(nodes),
  };
}

export const nodeCount = (trees: Trees): number => trees.roots[trees.count]!;

/**
 * Makes room for one more tree of at most `nodes` nodes, and returns the index its root gets.
 *
 * @throws WafError when the forest would outgrow what it may hold.
 */
export function beginTree(trees: Trees, nodes: number): number {
  const from = nodeCount(trees);
  if (trees.count >= MAX_TREES) throw tooLarge(`${MAX_TREES} trees`);
  if (trees.count + 1 >= trees.roots.length) {
    trees.roots = grown(trees.roots, trees.roots.length * 2);
    trees.heights = grown(trees.heights, trees.heights.length * 2);
    trees.limits = grown(trees.limits, trees.limits.length * 2);
  }
  reserve(trees, from + nodes);
  return from;
}

/** Makes room for `nodes` nodes in all, or for as many as a forest may hold. */
export function reserve(trees: Trees, nodes: number): void {
  const needed = Math.min(nodes, MAX_NODES);
  if (needed <= trees.values.length) return;
  const capacity = Math.min(MAX_NODES, Math.max(needed, Math.ceil(trees.values.length * 1.5)));
  trees.features = grown(trees.features, capacity);
  trees.values = grown(trees.values, capacity);
  trees.children = grown(trees.children, capacity);
  trees.sizes = grown(trees.sizes, capacity);
}

export const tooLarge = (what: string): WafError =>
  new WafError("AIWAF_MODEL_TOO_LARGE", `A forest holds at most ${what}; use fewer trees or a smaller maxSamples.`);

/** Makes node `index` a leaf of `size` rows at `depth`. */
export function setLeaf(trees: Trees, index: number, depth: number, size: number): void {
  trees.features[index] = trees.width;
  trees.values[index] = depth + averagePathLength(size);
  trees.children[index] = index;
  trees.sizes[index] = size;
}

/** Makes node `index` a branch; both children follow side by side from `child`. */
export function setBranch(trees: Trees, index: number, feature: number, threshold: number, child: number, size: number): void {
  trees.features[index] = feature;
  trees.values[index] = threshold;
  trees.children[index] = child;
  trees.sizes[index] = size;
}

/** Counts the tree that began last and now ends before node `end`. */
export function endTree(trees: Trees, end: number, height: number, limit: number, subset: readonly number[] | undefined): void {
  trees.heights[trees.count] = height;
  trees.limits[trees.count] = Math.min(limit, MAX_DEPTH);
  trees.subsets[trees.count] = subset;
  trees.count++;
  trees.roots[trees.count] = end;
}

/** Drops the last trees, down to `count` of them. */
export function truncate(trees: Trees, count: number): void {
  trees.count = Math.min(trees.count, count);
  trees.subsets.length = trees.count;
}

/** Gives back what was reserved and not used, when that is more than half: copying costs more than a little room. */
export function trim(trees: Trees): void {
  const nodes = nodeCount(trees);
  if (trees.values.length < 2 * nodes) return;
  trees.features = trees.features.slice(0, nodes);
  trees.values = trees.values.slice(0, nodes);
  trees.children = trees.children.slice(0, nodes);
  trees.sizes = trees.sizes.slice(0, nodes);
}

/**
 * The sum of c(samples) over all trees: what the sum of a row's path lengths is held against. Each tree counts with the number of rows it was
 * grown from, so trees appended from fewer rows do not distort the score. 0 when no tree saw two rows.
 */
export function normaliser(trees: Trees): number {
  let sum = 0;
  // In the order in which path lengths are added, so that a row of average path length scores exactly 0.5.
  for (let tree = 0; tree < trees.count; tree++) sum += averagePathLength(trees.sizes[trees.roots[tree]!]!);
  return sum;
}

function grown<Values extends Int32Array | Uint8Array | Uint16Array | Float64Array>(values: Values, length: number): Values {
  const larger = new (values.constructor as new (length: number) => Values)(length);
  larger.set(values);
  return larger;
}

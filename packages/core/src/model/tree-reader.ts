import { MAX_DEPTH, MAX_NODES, MAX_SAMPLES } from "./limits.ts";
import { isFiniteNumber, isWhole, refuse, tooMany } from "./state-fields.ts";
import { beginTree, endTree, reserve, setBranch, setLeaf, type Trees } from "./trees.ts";

/** One node as some format has it, nothing checked: a branch has a feature, a leaf has not. */
export interface NodeRead {
  readonly feature?: unknown;
  readonly threshold?: unknown;
  /** Training rows behind the node; branches may leave it out. */
  readonly size?: unknown;
}

/** Hands out a tree's nodes in depth-first order, left before right. */
export interface TreeReader {
  readonly name: string;
  /** The next node, `depth` steps below the root. Throws when there is none. */
  next(depth: number): NodeRead;
  /** Called when the tree is complete; returns how many nodes were read. Throws when something is left over. */
  done(): number;
}

/**
 * Appends the tree that `reader` hands out, checked. Goes at most 64 steps deep and stops at 1,000,000 nodes, so that a circle in what the reader
 * walks through ends in an error as well.
 *
 * @returns how many nodes the reader read.
 */
export function pushTree(trees: Trees, limit: number, subset: readonly number[] | undefined, reader: TreeReader): number {
  const { name } = reader;
  const root = beginTree(trees, 1);
  const waiting: number[] = [root, 0];
  let end = root + 1;
  let height = 0;
  while (waiting.length > 0) {
    const depth = waiting.pop()!;
    const node = waiting.pop()!;
    const { feature, threshold, size } = reader.next(depth);
    if (feature === undefined) {
      if (!isWhole(size, 1, MAX_SAMPLES)) throw refuse(`${name}: a leaf's size`, `must be a whole number from 1 to ${MAX_SAMPLES}`);
      setLeaf(trees, node, depth, size);
      height = Math.max(height, depth);
      continue;
    }
    if (!isWhole(feature, 0, trees.width - 1))
      throw refuse(`${name}: a branch's feature`, `must be a whole number from 0 to ${trees.width - 1}`);
    if (!isFiniteNumber(threshold)) throw refuse(`${name}: a branch's threshold`, "must be a finite number");
    if (depth >= MAX_DEPTH) throw refuse(name, `is deeper than ${MAX_DEPTH} steps`);
    if (end + 2 > MAX_NODES) throw tooMany("nodes", end + 2, MAX_NODES);
    reserve(trees, end + 2);
    if (size !== undefined && !isWhole(size, 2, MAX_SAMPLES)) throw refuse(`${name}: a branch's size`, "must be a whole number from 2");
    setBranch(trees, node, feature, threshold, end, size ?? 0);
    waiting.push(end + 1, depth + 1, end, depth + 1);
    end += 2;
  }
  const read = reader.done();
  sumSizes(trees, root, end, name);
  endTree(trees, end, height, limit, subset);
  return read;
}

/** Gives each branch the rows of its children, which stand behind it in the arrays, and holds a size that was read against that. */
function sumSizes({ width, features, children, sizes }: Trees, root: number, end: number, name: string): void {
  for (let node = end - 1; node >= root; node--) {
    if (features[node] === width) continue;
    const child = children[node]!;
    const sum = sizes[child]! + sizes[child + 1]!;
    if (sum > MAX_SAMPLES) throw tooMany(`rows behind ${name}`, sum, MAX_SAMPLES);
    if (sizes[node] !== 0 && sizes[node] !== sum) throw refuse(`${name}: a branch's size`, "must be the sum of its children's");
    sizes[node] = sum;
  }
}

import { KERNEL } from "./kernel-bytes.ts";
import { draw, STEP } from "./random.ts";
import type { Matrix } from "./rows.ts";
import type { Scorer } from "./score.ts";
import { NO_KEY, type Splitter } from "./split.ts";
import { nodeCount, type Trees } from "./trees.ts";

interface Kernel {
  readonly memory: WebAssembly.Memory;
  fill(picked: number, end: number, matrix: number, blocks: number, sample: number, order: number, draw: number, key: number): number;
  best(order: number, count: number, sample: number, targets: number, blocks: number, draw: number, key: number, word: number): number;
  partition(order: number, end: number, column: number, cut: number): number;
  pathLength(groups: number, end: number): number;
}

/** What growth may hold on to: a sample beyond this does not fit any cache, and the plain loops do as well. */
const MAX_GROWING_BYTES = 8 * 1024 * 1024;
/** A page of WebAssembly memory. */
const PAGE_BYTES = 65_536;
/** Columns are cut this many at a time. */
const BLOCK = 8;
/** Walks side by side, and the bytes of a group of them: twenty roots and a number of steps. */
const WALKS = 20;
const GROUP_BYTES = 4 * (WALKS + 1);
const NODE_BYTES = 16;

/** Compiled at the first use, never at import; `null` where it cannot be. */
let compiled: WebAssembly.Module | null | undefined;
/** One for all growth, which is never interrupted. */
let growing: Kernel | undefined;

/** A kernel with a memory of its own; `undefined` where the runtime has no SIMD, forbids compiling at run time as edge runtimes do, or is short of address space. */
function instantiate(): Kernel | undefined {
  if (compiled === null || typeof WebAssembly === "undefined") return undefined;
  try {
    compiled ??= new WebAssembly.Module(Uint8Array.from(atob(KERNEL), (character) => character.charCodeAt(0)));
  } catch {
    compiled = null;
    return undefined;
  }
  try {
    return new WebAssembly.Instance(compiled).exports as unknown as Kernel;
  } catch {
    return undefined;
  }
}

/** Makes sure of `bytes` bytes; false when the runtime refuses. */
function reserve({ memory }: Kernel, bytes: number): boolean {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES);
  try {
    if (missing > 0) memory.grow(missing);
    return true;
  } catch {
    return false;
  }
}

const aligned = (bytes: number): number => Math.ceil(bytes / 16) * 16;

/** The splitter of runtimes with SIMD: columns side by side in registers. `undefined` where there is none, or the sample is too large for it. */
export function kernelSplitter(rows: number, columns: number, matrix: Matrix): Splitter | undefined {
  const blocks = Math.ceil(columns / BLOCK);
  const stride = blocks * BLOCK;
  const orderAt = 16;
  const pickedAt = orderAt + aligned(rows * 8);
  const targetsAt = pickedAt + aligned(rows * 4);
  const sampleAt = targetsAt + aligned(rows * 8);
  const matrixAt = sampleAt + rows * stride * 8;
  if (matrixAt > MAX_GROWING_BYTES) return undefined;
  const matrixBytes = matrix.count * stride * 8;
  const staged = columns === matrix.width && matrixAt + matrixBytes <= MAX_GROWING_BYTES;
  growing ??= instantiate();
  if (growing === undefined || !reserve(growing, matrixAt + (staged ? matrixBytes : 0))) return undefined;
  const { memory, fill, best, partition } = growing;
  const sample = new Float64Array(memory.buffer, sampleAt, rows * stride);
  const threshold = new Float64Array(memory.buffer, 0, 1);
  // Columns that only fill up a block are constant, so they are never cut.
  sample.fill(0);
  if (staged) stage(new Float64Array(memory.buffer, matrixAt, matrix.count * stride), stride, matrix);
  return {
    columns,
    cuts: NO_KEY,
    targets: NO_KEY,
    picked: new Int32Array(memory.buffer, pickedAt, rows),
    sample,
    stride,
    order: new Int32Array(memory.buffer, orderAt, 2 * rows),
    threshold,
    fill({ first, second }) {
      if (staged) fill(pickedAt, pickedAt + rows * 4, matrixAt, blocks, sampleAt, orderAt, first, second);
      return staged;
    },
    best(from, to, node) {
      const firstDraw = (Math.imul(node * columns, STEP) + this.cuts.first) | 0;
      return best(orderAt + from * 8, to - from, sampleAt, targetsAt, blocks, firstDraw, this.cuts.second, draw(this.targets, node));
    },
    partition(from, to, column) {
      return (partition(orderAt + from * 8, orderAt + to * 8, sampleAt + column * 8, threshold[0]!) - orderAt) / 8;
    },
  };
}

/** Copies the matrix to where the kernel reads rows from, each as wide as whole blocks: random rows come from memory twice as fast as in TypeScript. */
function stage(into: Float64Array, stride: number, { values, count, width }: Matrix): void {
  if (stride === width) {
    into.set(values);
    return;
  }
  into.fill(0);
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < width; column++) into[row * stride + column] = values[row * width + column]!;
  }
}

/** The scorer of runtimes with the kernel: twenty walks side by side over a copy of the trees. `undefined` where there is none. */
export function kernelScorer(trees: Trees): Scorer | undefined {
  const kernel = instantiate();
  if (kernel === undefined) return undefined;
  const { width, count, features, values, children, roots, heights } = trees;
  const nodes = nodeCount(trees);
  const groupsAt = aligned((width + 1) * 8);
  const groups = Math.ceil(count / WALKS);
  const nodesAt = aligned(groupsAt + groups * GROUP_BYTES);
  // One node more: a leaf of length 0 that fills up the last group.
  if (!reserve(kernel, nodesAt + (nodes + 1) * NODE_BYTES)) return undefined;
  const { buffer } = kernel.memory;
  const row = new Float64Array(buffer, 0, width + 1).fill(Number.NaN);
  const words = new Int32Array(buffer);
  const floats = new Float64Array(buffer);
  const addressOf = (node: number): number => nodesAt + node * NODE_BYTES;
  for (let node = 0; node <= nodes; node++) {
    const address = addressOf(node);
    floats[address / 8] = node === nodes ? 0 : values[node]!;
    words[address / 4 + 2] = addressOf(node === nodes ? node : children[node]!);
    words[address / 4 + 3] = 8 * (node === nodes ? width : features[node]!);
  }
  for (let group = 0; group < groups; group++) {
    const at = (groupsAt + group * GROUP_BYTES) / 4;
    let steps = 1;
    for (let walk = 0; walk < WALKS; walk++) {
      const tree = group * WALKS + walk;
      words[at + walk] = addressOf(tree < count ? roots[tree]! : nodes);
      if (tree < count) steps = Math.max(steps, heights[tree]!);
    }
    words[at + WALKS] = steps;
  }
  const end = groupsAt + groups * GROUP_BYTES;
  return { row, pathLength: () => kernel.pathLength(groupsAt, end) };
}

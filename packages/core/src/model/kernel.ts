import { KERNEL } from "./kernel-bytes.ts";
import type { Scorer } from "./score.ts";
import { nodeCount, type Trees } from "./trees.ts";

interface Kernel {
  readonly memory: WebAssembly.Memory;
  pathLength(groups: number, end: number): number;
}

/** A page of WebAssembly memory. */
const PAGE_BYTES = 65_536;
/** Walks side by side, and the bytes of a group of them: twenty roots and a number of steps. */
const WALKS = 20;
const GROUP_BYTES = 4 * (WALKS + 1);
const NODE_BYTES = 16;

/** Compiled at the first use, never at import; `null` where it cannot be. */
let compiled: WebAssembly.Module | null | undefined;

/**
 * A kernel with a memory of its own; `undefined` where the runtime has no WebAssembly, forbids compiling at run time as edge runtimes do, or is short
 * of address space.
 */
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
  return { row, bytes: buffer.byteLength, pathLength: () => kernel.pathLength(groupsAt, end) };
}

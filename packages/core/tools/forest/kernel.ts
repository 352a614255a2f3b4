/**
 * The forest's kernel: the walk of one row through all trees, which is what a request pays. Its twin in plain TypeScript is `score.ts`: the same
 * comparisons, and the same sum in the same order. No SIMD: WebAssembly cannot load lanes from different places, and each walk goes its own way.
 *
 * @module
 */
import { assemble, type Code, define, f64, i32, type Local, repeatWhile } from "./wasm.ts";

/** Walks side by side: each step waits for memory and for the one before, and the others fill the wait. Measured from 4 to 25. */
const WALKS = 20;

const increase = (local: Local, by: number): Code => local.set(i32.add(local.get, i32.const(by)));

/**
 * pathLength(groups, end) → sum of the leaves' values over all trees. A group is twenty root addresses and a number of steps, 84 bytes. A node is 16
 * bytes: threshold or path length, address of the first child, address of the row's value.
 */
const pathLength = define({
  name: "pathLength",
  parameters: ["i32", "i32"],
  result: "f64",
  write([group, end], local) {
    const walks = Array.from({ length: WALKS }, () => local("i32"));
    const [steps, sum] = [local("i32"), local("f64")];
    const step = (walk: Local): Code =>
      walk.set(i32.add(i32.load(walk.get, 8), i32.shl(f64.ge(f64.load(i32.load(walk.get, 12)), f64.load(walk.get)), i32.const(4))));
    return [
      ...repeatWhile(
        [
          ...walks.flatMap((walk, index) => walk.set(i32.load(group.get, index * 4)) as number[]),
          ...steps.set(i32.load(group.get, WALKS * 4)),
          ...repeatWhile([...walks.flatMap((walk) => step(walk) as number[]), ...increase(steps, -1)], steps.get),
          ...walks.flatMap((walk) => sum.set(f64.add(sum.get, f64.load(walk.get))) as number[]),
          ...increase(group, (WALKS + 1) * 4),
        ],
        i32.ltUnsigned(group.get, end.get),
      ),
      ...sum.get,
    ];
  },
});

export const buildKernel = (): Uint8Array<ArrayBuffer> => assemble([pathLength]);

import { afterEach, describe, expect, it, vi } from "vitest";
import { growTrees } from "../../src/model/grow.ts";
import { kernelScorer } from "../../src/model/kernel.ts";
import { KERNEL } from "../../src/model/kernel-bytes.ts";
import type { Matrix } from "../../src/model/rows.ts";
import { scalarScorer } from "../../src/model/score.ts";
import { createTrees } from "../../src/model/trees.ts";
import { buildKernel } from "../../tools/forest/kernel.ts";
import { shares } from "./data.ts";

/** Columns of every kind: continuous of all magnitudes, few values, constant, and so far apart that the distance overflows. */
function awkward(count: number, width: number): Matrix {
  const next = shares(count * 31 + width);
  const values = Float64Array.from({ length: count * width }, (_, at) => {
    const column = at % width;
    if (column % 7 === 1) return Math.floor(next() * 3);
    if (column % 7 === 2) return 7;
    if (column % 7 === 3) return next() < 0.5 ? 1.7e308 : -1.7e308;
    if (column % 7 === 4) return next() < 0.5 ? 0 : -0;
    return (next() - 0.5) * 10 ** ((column % 5) * 3 - 6);
  });
  return { values, count, width };
}

const CASES = [
  { count: 300, width: 1, samples: 256, features: 1 },
  { count: 300, width: 3, samples: 256, features: 3 },
  { count: 1000, width: 16, samples: 256, features: 16 },
  { count: 700, width: 17, samples: 300, features: 17 },
  { count: 500, width: 9, samples: 100, features: 5 },
  { count: 50, width: 40, samples: 2, features: 40 },
  { count: 50, width: 4, samples: 1, features: 4 },
  { count: 600, width: 6, samples: 600, features: 6 },
];

describe("the kernel", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it("is what its source in the repository builds", () => {
    expect(KERNEL).toBe(Buffer.from(buildKernel()).toString("base64"));
    expect(buildKernel().length).toBeLessThan(4096);
  });

  it("adds up the same path lengths as the plain loops, to the last bit, for any number of trees", () => {
    for (const { count, width, samples, features } of CASES) {
      const matrix = awkward(count, width);
      for (const [index, treeCount] of [1, 19, 20, 33].entries()) {
        const trees = createTrees(width, 0);
        const splitBy = index % 2 === 0 ? "chance" : "variance";
        growTrees(trees, matrix, { samples, features, bootstrap: index > 1, splitBy, seed: 7 }, 0, treeCount);
        const [slow, quick] = [scalarScorer(trees), kernelScorer(trees)!];
        for (let row = 0; row < Math.min(count, 200); row++) {
          const values = matrix.values.subarray(row * width, row * width + width);
          slow.row.set(values);
          quick.row.set(values);
          expect(Object.is(slow.pathLength(), quick.pathLength())).toBe(true);
        }
      }
    }
  });

  it("gives way to the plain loops, with the same scores, where WebAssembly is missing or may not be compiled", async () => {
    const { IsolationForest } = await import("../../src/forest.ts");
    const { values } = awkward(400, 6);
    const expected = new IsolationForest({ randomState: 5 }).fit(values, 6).scoreSamples(values);
    const refusing = {
      Module: class {
        constructor() {
          throw new EvalError("Wasm code generation disallowed by embedder");
        }
      },
    };
    for (const replacement of [undefined, refusing]) {
      vi.resetModules();
      vi.stubGlobal("WebAssembly", replacement);
      const fresh = await import("../../src/forest.ts");
      expect(new fresh.IsolationForest({ randomState: 5 }).fit(values, 6).scoreSamples(values)).toEqual(expected);
    }
  });
});

import { afterEach, describe, expect, it, vi } from "vitest";
import { growTrees } from "../../src/model/grow.ts";
import { kernelScorer, kernelSplitter } from "../../src/model/kernel.ts";
import { KERNEL } from "../../src/model/kernel-bytes.ts";
import type { Matrix } from "../../src/model/rows.ts";
import { scalarScorer } from "../../src/model/score.ts";
import { scalarSplitter } from "../../src/model/split.ts";
import { createTrees, nodeCount, type Trees } from "../../src/model/trees.ts";
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

const bitsOf = (trees: Trees): unknown => {
  const nodes = nodeCount(trees);
  const bits = new BigInt64Array(trees.values.slice(0, nodes).buffer);
  return [
    bits,
    trees.features.slice(0, nodes),
    trees.children.slice(0, nodes),
    trees.sizes.slice(0, nodes),
    trees.roots.slice(0, trees.count + 1),
  ];
};

const CASES = [
  { count: 300, width: 1, samples: 256, features: 1 },
  { count: 300, width: 3, samples: 256, features: 3 },
  { count: 1000, width: 16, samples: 256, features: 16 },
  { count: 700, width: 17, samples: 300, features: 17 },
  { count: 500, width: 9, samples: 100, features: 5 },
  { count: 50, width: 40, samples: 2, features: 40 },
  { count: 50, width: 4, samples: 1, features: 4 },
  { count: 1500, width: 6, samples: 1500, features: 6 },
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

  it("grows the same trees and adds up the same path lengths as the plain loops, to the last bit", () => {
    for (const { count, width, samples, features } of CASES) {
      const matrix = awkward(count, width);
      for (const bootstrap of [false, true]) {
        const settings = { samples, features, bootstrap, seed: 7 };
        const [plain, fast] = [createTrees(width, 0), createTrees(width, 0)];
        growTrees(plain, matrix, settings, 0, 33, scalarSplitter(samples, features));
        growTrees(fast, matrix, settings, 0, 33, kernelSplitter(samples, features, matrix)!);
        expect(bitsOf(fast)).toEqual(bitsOf(plain));
        const [slow, quick] = [scalarScorer(plain), kernelScorer(fast)!];
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

import { describe, expect, it } from "vitest";
import { type ForestState, IsolationForest, type IsolationForestOptions } from "../../src/forest.ts";
import { MAX_STATE_TEXT } from "../../src/model/limits.ts";
import { cloud } from "./data.ts";

const rows = cloud(300, 3, 11);
const fitted = (options: IsolationForestOptions = {}): IsolationForest =>
  new IsolationForest({ nEstimators: 20, randomState: 3, contamination: 0.1, ...options }).fit(rows);

/** A changed copy of a state, from JSON text as a file would hold it. */
function edited(state: unknown, change: (copy: never) => void): unknown {
  const copy = JSON.parse(JSON.stringify(state));
  change(copy as never);
  return copy;
}

/** A native state by hand: one tree, one cut at 0.5, two rows left and three right. */
const leaf = (depth: number, size: number): Record<string, unknown> => ({
  depth,
  maxDepth: 3,
  splitAttr: null,
  splitValue: null,
  size,
  left: null,
  right: null,
});
const native = (): Record<string, unknown> => ({
  nEstimators: 1,
  maxSamples: "auto",
  contamination: "auto",
  maxFeatures: 1,
  bootstrap: false,
  randomState: null,
  verbose: 0,
  warmStart: false,
  maxSamples_: 5,
  maxFeatures_: 2,
  offset_: -0.5,
  nFeaturesIn_: 2,
  trees: [{ depth: 0, maxDepth: 3, splitAttr: 1, splitValue: 0.5, size: 5, left: leaf(1, 2), right: leaf(1, 3) }],
  estimatorsFeatures: [[0, 1]],
});

describe("our state", () => {
  it("comes back the same from text and from data: scores, offset, options, and what is grown next", () => {
    for (const options of [{}, { maxFeatures: 0.5 }, { maxSamples: { int: 1 } }, { bootstrap: true, warmStart: true }] as const) {
      const forest = fitted(options);
      const text = JSON.stringify(forest);
      for (const state of [text, JSON.parse(text)]) {
        const read = IsolationForest.fromJSON(state);
        expect(JSON.stringify(read)).toBe(text);
        expect(read.scoreSamples(rows)).toEqual(forest.scoreSamples(rows));
        expect(read.predict(rows)).toEqual(forest.predict(rows));
        expect(JSON.stringify(read.retrain(rows))).toBe(JSON.stringify(fitted(options).retrain(rows)));
      }
    }
  });

  it("comes back unfitted from an unfitted forest", () => {
    const read = IsolationForest.fromJSON(JSON.stringify(new IsolationForest({ nEstimators: 7, randomState: 1 })));
    expect(read.treeCount).toBe(0);
    expect(read.fit(rows).treeCount).toBe(7);
  });

  it("is small: at most 20 bytes of text a node", () => {
    const forest = fitted({ nEstimators: 100 });
    expect(JSON.stringify(forest).length / forest.nodeCount).toBeLessThan(20);
  });
});

describe("native state", () => {
  it("scores a hand-made tree by the formula, in both formats", () => {
    // c(2) = 1, c(3) = 1.207392…, c(5) = 2.327020…: two rows one step down are as odd as 2^−(1 + 1) / c(5) says.
    const score = (path: number): number => 2 ** -(path / 2.3270200524);
    const python = IsolationForest.fromJSON(native());
    expect(python.anomalyScore([9, 0.4])).toBeCloseTo(score(2), 9);
    expect(python.anomalyScore([9, 0.5])).toBeCloseTo(score(2.2073923576), 9);
    const wasm = IsolationForest.fromJSON(python.toNative("wasm"));
    expect(wasm.anomalyScore([9, 0.4])).toBe(python.anomalyScore([9, 0.4]));
  });

  it("comes back the same from either format", () => {
    for (const format of ["python", "wasm"] as const) {
      for (const options of [
        {},
        { maxFeatures: 0.5 },
        { maxFeatures: 2 },
        { maxSamples: 0.5, bootstrap: true },
        { maxSamples: 50 },
      ] as const) {
        const forest = fitted(options);
        const text = JSON.stringify(forest.toNative(format));
        const read = IsolationForest.fromJSON(text);
        expect(read.scoreSamples(rows)).toEqual(forest.scoreSamples(rows));
        expect(read.offset).toBe(forest.offset);
        expect(read.fit(rows).samplesPerTree).toBe(forest.samplesPerTree);
        expect(read.scoreSamples(rows)).toEqual(forest.scoreSamples(rows));
        expect(JSON.stringify(read.toNative(format))).toBe(text);
      }
    }
  });

  it("has the field names and values of each original", () => {
    expect(Object.keys(fitted().toNative("python"))).toEqual(Object.keys(native()));
    expect(fitted().toNative("wasm")).toMatchObject({
      n_estimators: 20,
      max_samples: "Auto",
      contamination: { Fixed: 0.1 },
      max_features: { Float: 1 },
      random_state: 3,
      max_samples_: 256,
      max_features_: 3,
      n_features_in_: 3,
      verbose: 0,
    });
    const [tree] = fitted().toNative("wasm")["trees"] as Record<string, unknown>[];
    expect(Object.keys(tree!)).toEqual(["depth", "max_depth", "split_attr", "split_value", "size", "left", "right"]);
    expect(tree).toMatchObject({ depth: 0, max_depth: 8, size: 256 });
    expect(fitted({ maxSamples: 64 }).toNative("wasm")["max_samples"]).toEqual({ Int: 64 });
  });

  it("never writes a plain 1 for all: the original would read one feature or one row", () => {
    const python = fitted({ maxSamples: 1 }).toNative("python");
    expect(python["maxFeatures"]).toBe(3);
    expect(python["maxSamples"]).toBe(2_147_483_647);
  });

  it("reads the JavaScript port's bare trees, and a leaf that still names a feature", () => {
    const port = { nTrees: 1, sampleSize: 5, trees: native()["trees"], metadata: { featureCount: 2, samplesCount: 5, version: "1" } };
    const forest = IsolationForest.fromJSON(port);
    expect(forest.anomalyScore([9, 0.4])).toBe(IsolationForest.fromJSON(native()).anomalyScore([9, 0.4]));
    const constant = { ...port, trees: [{ ...leaf(0, 5), splitAttr: 1 }] };
    expect(IsolationForest.fromJSON(constant).anomalyScore([9, 0.4])).toBe(0.5);
    const sizeless = { ...port, trees: [{ ...leaf(0, 5), size: undefined }] };
    expect(() => IsolationForest.fromJSON(sizeless)).toThrow(/AIWAF_MODEL_STATE_INVALID: trees\[0\]: a leaf's size/);
    expect(() => IsolationForest.fromJSON({ ...port, metadata: undefined })).toThrow(/metadata must be an object/);
  });

  it("reads a plain 1 by what came of it", () => {
    const all = IsolationForest.fromJSON(native()).toNative("wasm");
    expect(all["max_features"]).toEqual({ Float: 1 });
    const one = IsolationForest.fromJSON({ ...native(), maxFeatures_: 1, estimatorsFeatures: [[1]] }).toNative("wasm");
    expect(one["max_features"]).toEqual({ Int: 1 });
  });
});

describe("state from anywhere", () => {
  const own = fitted().toJSON();
  const refused = (state: unknown, why: RegExp): void => {
    expect(() => IsolationForest.fromJSON(state)).toThrow(why);
  };
  const change = (path: (copy: { -readonly [Field in keyof ForestState]: ForestState[Field] }) => void): unknown =>
    edited(own, path as never);

  it("is refused when it is no forest's", () => {
    for (const state of [undefined, null, 7, "", "null", "[]", "7", '"x"', [], {}, () => 1, "pickle\x80\x04", "{".repeat(100)]) {
      refused(state, /AIWAF_MODEL_STATE_INVALID: /);
    }
    refused({ format: "aiwaf-model" }, /has a format this version does not know/);
    refused({ ...own, version: 2 }, /version is not 1/);
  });

  it("is refused when it is cut short at any place", () => {
    const text = JSON.stringify(own);
    for (let end = 0; end < text.length; end += 97) refused(text.slice(0, end), /AIWAF_MODEL_STATE_INVALID/);
  });

  it("is refused when a list of a tree is too short, too long or of the wrong kind", () => {
    const tree = (copy: ForestState): Record<string, unknown> => copy.trees[3] as never;
    for (const field of ["splits", "thresholds", "sizes"]) {
      refused(
        change((copy) => (tree(copy)[field] as unknown[]).pop()),
        /trees\[3\]/,
      );
      refused(
        change((copy) => (tree(copy)[field] as unknown[]).push(1)),
        /trees\[3\]/,
      );
      refused(
        change((copy) => Object.assign(tree(copy), { [field]: { length: 3 } })),
        /must be a list/,
      );
      for (const value of ["1", null, 1.5, -2, 1e300, {}, []]) {
        if (field === "thresholds" && typeof value === "number") continue;
        refused(
          change((copy) => (tree(copy)[field] as unknown[]).splice(0, 1, value)),
          /AIWAF_MODEL_STATE_INVALID: trees\[3\]/,
        );
      }
    }
    refused(
      change((copy) => Object.assign(tree(copy), { limit: 900 })),
      /trees\[3\]\.limit must be a whole number from 0 to 64/,
    );
    refused(
      change((copy) => Object.assign(tree(copy), { subset: [0, 0] })),
      /subset must list different features/,
    );
  });

  it("is refused when a threshold or the offset is not a finite number", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, "0", null]) {
      refused(edited(own, () => undefined) && { ...own, offset: value }, /offset must be a finite number/);
      const bad = native();
      (bad["trees"] as { splitValue: unknown }[])[0]!.splitValue = value ?? "none";
      refused(bad, /a branch's threshold must be a finite number/);
    }
  });

  it("is refused when options are out of range or missing", () => {
    const options = (more: object): unknown => ({ ...own, parameters: { ...own.parameters, ...more } });
    refused(options({ nEstimators: 1e9 }), /parameters\.nEstimators must be a whole number from 1 to 10000/);
    refused(options({ contamination: 3 }), /parameters\.contamination/);
    refused({ ...own, parameters: {} }, /parameters\./);
    refused({ ...own, width: 3.5 }, /width must be a whole number/);
    refused({ ...own, width: 1 }, /a branch's feature/);
    refused({ ...native(), randomState: 2 ** 60 }, /JavaScript cannot hold a larger one exactly/);
  });

  it("is refused when it is too large, before it is held in memory", () => {
    refused(" ".repeat(MAX_STATE_TEXT + 1), /AIWAF_MODEL_TOO_LARGE: \d+ characters/);
    refused({ ...own, trees: new Array(10_001).fill(own.trees[0]) }, /AIWAF_MODEL_TOO_LARGE: 10001 trees/);
    const wide = { ...own.trees[0], splits: new Array(600_000).fill(0) };
    refused({ ...own, trees: [wide, wide] }, /AIWAF_MODEL_TOO_LARGE: 1200000 nodes/);
    refused({ ...native(), nFeaturesIn_: 1e9 }, /nFeaturesIn_ must be a whole number/);
  });

  it("is refused when it is deep, in either shape, without using up the stack", () => {
    const deep = { limit: 8, splits: new Array(5_000).fill(0), thresholds: new Array(5_000).fill(1), sizes: [1] };
    refused({ ...own, trees: [deep] }, /is deeper than 64 steps/);
    let node = leaf(20_000, 1);
    for (let depth = 19_999; depth >= 0; depth--) {
      node = { depth, maxDepth: 8, splitAttr: 0, splitValue: 1, size: 20_001 - depth, left: leaf(depth + 1, 1), right: node };
    }
    refused({ ...native(), trees: [node] }, /is deeper than 64 steps/);
    refused(`{"nEstimators":1,"trees":${"[".repeat(200_000)}`, /AIWAF_MODEL_STATE_INVALID/);
  });

  it("is refused when a node stands below itself or in thousands of places", () => {
    const circle = { depth: 0, maxDepth: 8, splitAttr: 0, splitValue: 1, size: 2, left: leaf(1, 1), right: undefined as unknown };
    circle.right = circle;
    refused({ ...native(), trees: [circle] }, /a node's depth must be its distance from the root/);
    // Twenty-one objects that stand for two million nodes.
    let shared: Record<string, unknown> = leaf(21, 1);
    for (let depth = 20; depth >= 0; depth--) {
      shared = { depth, maxDepth: 21, splitAttr: 0, splitValue: 1, size: undefined, left: shared, right: shared };
    }
    refused({ ...native(), trees: [shared] }, /AIWAF_MODEL_TOO_LARGE/);
  });

  it("is refused when a native node is half a branch or sizes do not add up", () => {
    const root = (more: object): unknown => ({ ...native(), trees: [{ ...(native()["trees"] as object[])[0], ...more }] });
    refused(root({ left: null }), /must have splitAttr, splitValue, left and right, or none of them/);
    refused(root({ size: 6 }), /must be the sum of its children's/);
    refused(root({ left: leaf(2, 2) }), /a node's depth/);
    refused(root({ left: leaf(1, 0) }), /a leaf's size/);
    refused(root({ splitAttr: 2 }), /a branch's feature must be a whole number from 0 to 1/);
    refused(root({ maxDepth: "3" }), /maxDepth/);
    refused({ ...native(), estimatorsFeatures: [] }, /one list a tree/);
    refused({ ...native(), estimatorsFeatures: [[0, 9]] }, /must list different features/);
    refused({ ...native(), trees: [null] }, /must be an object/);
  });

  it("takes nothing from prototypes and leaves them alone", () => {
    const inherited = Object.create(native()) as object;
    refused(inherited, /neither our format nor a native one's/);
    const text = JSON.stringify(own).replace("{", '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},');
    expect(IsolationForest.fromJSON(text).treeCount).toBe(20);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    refused(JSON.parse(`{"__proto__":${JSON.stringify(own)}}`), /neither our format/);
  });

  it("never puts the text it refuses into the message", () => {
    try {
      IsolationForest.fromJSON('{"secret-token-in-a-file": <script>');
    } catch (error) {
      expect(String(error)).not.toContain("secret");
    }
    expect.assertions(1);
  });

  it("either loads or is refused with a code, whatever single value is exchanged", () => {
    const texts = [JSON.stringify(fitted({ nEstimators: 2 })), JSON.stringify(fitted({ nEstimators: 1 }).toNative("wasm"))];
    const values = ["null", "-1", "1e999", "0.5", "[]", "{}", '"x"', "true", "9007199254740993"];
    for (const text of texts) {
      const spots = [...text.matchAll(/(?<=[:,[])-?\d+(?:\.\d+)?(?:e-?\d+)?/g)];
      for (let index = 0; index < spots.length; index += Math.ceil(spots.length / 150)) {
        const spot = spots[index]!;
        for (const value of values) {
          const changed = text.slice(0, spot.index) + value + text.slice(spot.index + spot[0].length);
          try {
            const forest = IsolationForest.fromJSON(changed);
            expect(forest.anomalyScore([1, 2, 3].slice(0, forest.width))).toBeGreaterThanOrEqual(0);
          } catch (error) {
            expect(String(error)).toMatch(/WafError: AIWAF_MODEL_(STATE_INVALID|TOO_LARGE): /);
          }
        }
      }
    }
  });
});

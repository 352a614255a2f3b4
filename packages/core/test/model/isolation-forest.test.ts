import { describe, expect, it } from "vitest";
import { IsolationForest, type IsolationForestOptions } from "../../src/forest.ts";
import { heightLimit } from "../../src/model/grow.ts";
import { percentile } from "../../src/model/isolation-forest.ts";
import { cloud } from "./data.ts";

const SAMPLE = [
  [0.1, 1.0],
  [0.2, 1.1],
  [9.0, 9.0],
];
const rows = cloud(400, 4, 7);
const flat = Float64Array.from(rows.flat());
/** Scores of version 1 of the random streams: a change to any of them breaks every seed in use. */
const GOLDEN = { three: 0.5632193547986345, cloud: 0.7433792676421023, subsets: 0.7028270461733207 };
const outlier = [9, -9, 9, -9];
const fitted = (options: IsolationForestOptions = {}): IsolationForest => new IsolationForest({ randomState: 42, ...options }).fit(rows);

describe("IsolationForest", () => {
  it("scores an odd row above 0.5 and a row among many below it", () => {
    const forest = fitted();
    expect(forest.anomalyScore(outlier)).toBeGreaterThan(0.7);
    expect(forest.anomalyScore([0, 0, 0, 0])).toBeLessThan(0.45);
    expect(forest.isAnomaly(outlier)).toBe(true);
    expect(forest.isAnomaly(outlier, 0.99)).toBe(false);
  });

  it("keeps the three score functions in step: scores are negative, decisions less the offset, outliers −1", () => {
    const forest = fitted();
    const both = [outlier, [0, 0, 0, 0]];
    const scores = both.map((row) => forest.anomalyScore(row));
    expect(forest.scoreSamples(both)).toEqual(scores.map((score) => -score));
    expect(forest.decisionFunction(both)).toEqual(scores.map((score) => -score - forest.offset));
    expect(forest.predict(both)).toEqual([-1, 1]);
    expect(forest.offset).toBe(-0.5);
  });

  it("gives the same scores for rows in lists and in one Float64Array", () => {
    const options = { randomState: 42 } as const;
    const forest = new IsolationForest(options).fit(flat, 4);
    expect(forest.scoreSamples(flat)).toEqual(fitted().scoreSamples(rows));
    expect(forest.anomalyScore(flat.subarray(0, 4))).toBe(forest.anomalyScore(rows[0]!));
  });

  it("gives this very score for this seed on every runtime", () => {
    const forest = new IsolationForest({ randomState: 42 }).fit(SAMPLE);
    expect(forest.anomalyScore([9.0, 9.0])).toBe(GOLDEN.three);
    expect(fitted().anomalyScore(outlier)).toBe(GOLDEN.cloud);
    expect(fitted({ maxFeatures: 0.5, bootstrap: true, maxSamples: 64 }).anomalyScore(outlier)).toBe(GOLDEN.subsets);
  });

  it("grows another forest for another seed, and for no seed each time", () => {
    const score = (randomState: number | null): number => fitted({ randomState }).anomalyScore(rows[3]!);
    expect(score(1)).not.toBe(score(2));
    expect(score(2 ** 40)).not.toBe(score(2 ** 41));
    expect(score(null)).not.toBe(score(null));
  });

  it("resolves sample sizes as documented: auto, shares, counts, and one row only when asked for", () => {
    const used = (maxSamples: NonNullable<IsolationForestOptions["maxSamples"]>): number =>
      new IsolationForest({ nEstimators: 2, maxSamples }).fit(rows).samplesPerTree;
    expect(used("auto")).toBe(256);
    expect(used(1)).toBe(400);
    expect(used(0.25)).toBe(100);
    expect(used(0.0001)).toBe(1);
    expect(used(50)).toBe(50);
    expect(used(5000)).toBe(400);
    expect(used({ int: 1 })).toBe(1);
    expect(new IsolationForest().fit(rows.slice(0, 30)).samplesPerTree).toBe(30);
  });

  it("cuts a tree of n rows at most ceil(log2 n) times one below the other", () => {
    expect([1, 2, 3, 4, 5, 255, 256, 257].map(heightLimit)).toEqual([0, 1, 2, 2, 3, 8, 8, 9]);
    const depthOf = (node: { left: unknown; right: unknown; depth: number }): number =>
      node.left === null ? node.depth : Math.max(depthOf(node.left as never), depthOf(node.right as never));
    for (const tree of fitted({ nEstimators: 10 }).toNative("python")["trees"] as never[]) expect(depthOf(tree)).toBe(8);
  });

  it("splits on all features or on a random subset of them", () => {
    const subsets = (maxFeatures: NonNullable<IsolationForestOptions["maxFeatures"]>): unknown[] =>
      fitted({ nEstimators: 20, maxFeatures }).toNative("wasm")["estimators_features"] as unknown[];
    expect(subsets(1)[0]).toEqual([0, 1, 2, 3]);
    expect(subsets(0.5)[0]).toHaveLength(2);
    expect(subsets({ int: 1 })[0]).toHaveLength(1);
    expect(subsets(3)[0]).toHaveLength(3);
    expect(new Set((subsets({ int: 1 }) as number[][]).map(([feature]) => feature)).size).toBe(4);
  });

  it("takes at most 100 bytes a node, scoring included", () => {
    const forest = fitted();
    expect(forest.byteLength / forest.nodeCount).toBeLessThan(100);
    forest.anomalyScore(outlier);
    expect(forest.byteLength / forest.nodeCount).toBeLessThan(100);
  });

  it("cuts by the original's rule when asked to, and keeps that in its state", () => {
    const forest = fitted({ splitBy: "variance", nEstimators: 30 });
    expect(forest.anomalyScore(outlier)).toBeGreaterThan(0.65);
    expect(forest.anomalyScore(outlier)).not.toBe(fitted({ nEstimators: 30 }).anomalyScore(outlier));
    expect(JSON.stringify(IsolationForest.fromJSON(JSON.stringify(forest)).fit(rows))).toBe(JSON.stringify(forest));
  });

  it("is no better than a coin where no tree saw two rows", () => {
    const forest = fitted({ maxSamples: { int: 1 } });
    expect(forest.anomalyScore(outlier)).toBe(0.5);
    expect(forest.predict([outlier])).toEqual([1]);
  });

  it("makes one leaf of equal rows and calls none of them odd", () => {
    const forest = new IsolationForest({ randomState: 1 }).fit(Array.from({ length: 64 }, () => [3, 3]));
    expect(forest.nodeCount).toBe(100);
    expect(forest.anomalyScore([3, 3])).toBe(0.5);
    expect(forest.predict([[3, 3]])).toEqual([1]);
  });

  it("copes with values whose distance no number can hold", () => {
    const far = rows.map(([first], index) => [index % 2 === 0 ? 1.7e308 : -1.7e308, first!]);
    const forest = new IsolationForest({ randomState: 1 }).fit(far);
    expect(forest.anomalyScore(far[0]!)).toBeGreaterThan(0);
  });

  it("sets the offset to the interpolated percentile of its training scores", () => {
    const forest = fitted({ contamination: 0.05 });
    expect(forest.offset).toBe(percentile(forest.scoreSamples(rows), 0.05));
    const outliers = forest.predict(rows).filter((label) => label === -1).length;
    expect(outliers).toBe(20);
  });

  it("interpolates percentiles as numpy does", () => {
    expect(percentile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(percentile([1, 2, 3, 4, 5], 0.25)).toBe(2);
    expect(percentile([1, 2], 0.05)).toBeCloseTo(1.05, 15);
    expect(percentile([7], 0.3)).toBe(7);
  });

  it("fits anew by default, and with warmStart only adds what is missing", () => {
    const forest = fitted({ nEstimators: 10 });
    const before = JSON.stringify(forest);
    expect(JSON.stringify(forest.fit(rows))).toBe(before);
    const warm = fitted({ nEstimators: 10, warmStart: true });
    const trees = JSON.stringify(warm.toJSON().trees);
    warm.fit(cloud(400, 4, 8));
    expect(JSON.stringify(warm.toJSON().trees)).toBe(trees);
  });

  it("appends n trees at each retrain, keeps the old ones, and draws other random numbers for them", () => {
    const forest = fitted({ nEstimators: 10 });
    const first = forest.toJSON().trees;
    forest.retrain(rows);
    const both = forest.toJSON().trees;
    expect(both).toHaveLength(20);
    expect(both.slice(0, 10)).toEqual(first);
    expect(both.slice(10)).not.toEqual(first);
    expect(forest.toJSON().grown).toBe(20);
  });

  it("retrains like one long fit: tree n is the same however it came to be", () => {
    const twice = fitted({ nEstimators: 5 }).retrain(rows).toJSON().trees;
    expect(twice).toEqual(fitted({ nEstimators: 10 }).toJSON().trees);
  });

  it("holds each tree against its own sample size", () => {
    const forest = fitted();
    const normal = forest.anomalyScore([0, 0, 0, 0]);
    // 100 further trees of two rows each: weighed like trees of 256, they would pull every score up.
    forest.retrain(rows.slice(0, 2));
    expect(forest.samplesPerTree).toBe(2);
    expect(Math.abs(forest.anomalyScore([0, 0, 0, 0]) - normal)).toBeLessThan(0.06);
  });

  it("scores 0 and calls nothing an outlier before the first fit, and an empty fit changes nothing", () => {
    const forest = new IsolationForest();
    expect(forest.anomalyScore([1, 2])).toBe(0);
    expect(forest.scoreSamples([[1, 2]])).toEqual([0]);
    expect(forest.predict([[1, 2]])).toEqual([1]);
    expect(forest.fit([]).treeCount).toBe(0);
    const before = JSON.stringify(fitted());
    expect(JSON.stringify(fitted().fit([]).retrain([]))).toBe(before);
  });

  it("says which row and column is not a finite number", () => {
    const at =
      (value: unknown): (() => unknown) =>
      () =>
        new IsolationForest().fit([
          [1, 2],
          [3, value as number],
        ]);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, "4", null, undefined, {}, 5n]) {
      expect(at(value)).toThrow(/AIWAF_MODEL_ROWS_INVALID: Row 1, column 1 must be a finite number/);
    }
    expect(() => new IsolationForest().fit(Float64Array.of(1, 2, 3, Number.NaN, 5, 6), 2)).toThrow(/Row 1, column 1/);
    expect(() => fitted().anomalyScore([1, 2, Number.NaN, 4])).toThrow(/Row 0, column 2/);
    expect(() => fitted().anomalyScore(Float64Array.of(1, 2, 3, Number.NEGATIVE_INFINITY))).toThrow(/Row 0, column 3/);
  });

  it("says which row has the wrong width", () => {
    expect(() => new IsolationForest().fit([[1, 2], [3]])).toThrow(/Row 1 has 1 values instead of 2/);
    expect(() => new IsolationForest().fit([[]])).toThrow(/at least one value/);
    expect(() => new IsolationForest().fit("rows" as never)).toThrow(/must be a list/);
    expect(() => new IsolationForest().fit([1, 2] as never)).toThrow(/Row 0 is not a list/);
    expect(() => new IsolationForest().fit(Float64Array.of(1, 2, 3), 2)).toThrow(/cannot be cut into rows of 2/);
    expect(() => new IsolationForest().fit(Float64Array.of(1, 2, 3))).toThrow(/need a width/);
    expect(() => new IsolationForest().fit(new Float64Array(10), Number.NaN)).toThrow(/width must be a whole number/);
    expect(() => fitted().anomalyScore([1, 2])).toThrow(/has 2 values instead of 4/);
    expect(() => fitted().retrain([[1, 2]])).toThrow(/has 2 values instead of 4/);
    expect(() => fitted().scoreSamples(flat, 2)).toThrow(/2 values instead of 4/);
  });

  it("is as before when it would outgrow what it may hold", () => {
    const many = cloud(20, 2, 3);
    const forest = new IsolationForest({ nEstimators: 6_000, maxSamples: 4, randomState: 1 }).fit(many);
    const before = JSON.stringify(forest);
    expect(() => forest.retrain(many)).toThrow(/AIWAF_MODEL_TOO_LARGE/);
    expect(JSON.stringify(forest)).toBe(before);
    expect(forest.anomalyScore([0, 0])).toBeGreaterThan(0);
    const huge = new IsolationForest({ nEstimators: 80, maxSamples: 1, randomState: 1 });
    expect(() => huge.fit(cloud(40_000, 1, 3))).toThrow(/AIWAF_MODEL_TOO_LARGE: A forest holds at most 1000000 nodes/);
    expect(huge.treeCount).toBe(0);
  });

  it("refuses wrong options by name", () => {
    const wrong = [
      { nEstimators: 0 },
      { nEstimators: 2.5 },
      { maxSamples: 0 },
      { maxSamples: 1.5 },
      { maxSamples: { int: 0 } },
      { contamination: 0.6 },
      { contamination: 0 },
      { maxFeatures: -1 },
      { bootstrap: 1 },
      { randomState: -1 },
      { randomState: 1.5 },
    ];
    for (const options of wrong) expect(() => new IsolationForest(options as never)).toThrow(/AIWAF_OPTION_INVALID: Option "forest\./);
    expect(() => new IsolationForest({ nEstimator: 5 } as never)).toThrow(/Did you mean "nEstimators"/);
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { IsolationForest } from "../../src/forest.ts";
import { referenceSets } from "../../tools/forest/reference-sets.ts";
import { cloud } from "./data.ts";

interface Reference {
  readonly sets: readonly { readonly name: string; readonly auc: number; readonly rank: number; readonly scores: readonly number[] }[];
}

const reference = JSON.parse(readFileSync(new URL("./reference-scores.json", import.meta.url), "utf8")) as Reference;
const SEEDS = 60;

/** Ranks from 0, equal values sharing the mean of theirs. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((left, right) => values[left]! - values[right]!);
  const ranked = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let at = from; at < to; at++) ranked[order[at]!] = (from + to - 1) / 2;
    from = to;
  }
  return ranked;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function correlation(left: readonly number[], right: readonly number[]): number {
  const [leftMean, rightMean] = [mean(left), mean(right)];
  let [both, ofLeft, ofRight] = [0, 0, 0];
  for (let index = 0; index < left.length; index++) {
    both += (left[index]! - leftMean) * (right[index]! - rightMean);
    ofLeft += (left[index]! - leftMean) ** 2;
    ofRight += (right[index]! - rightMean) ** 2;
  }
  return both / Math.sqrt(ofLeft * ofRight);
}

/** How often an odd row scores above an ordinary one. */
function areaUnderCurve(scores: readonly number[], odd: readonly boolean[]): number {
  const positives = odd.filter(Boolean).length;
  const sum = ranks(scores).reduce((total, rank, index) => total + (odd[index] === true ? rank + 1 : 0), 0);
  return (sum - (positives * (positives + 1)) / 2) / (positives * (odd.length - positives));
}

describe("against scikit-learn's forest", () => {
  const results = referenceSets().map(({ name, rows, odd }, index) => {
    const { auc, rank, scores } = reference.sets[index]!;
    const target = ranks(scores);
    const runs = Array.from({ length: SEEDS }, (_, randomState) => {
      const own = new IsolationForest({ randomState }).fit(rows).scoreSamples(rows);
      const positive = own.map((score) => -score);
      return { auc: areaUnderCurve(positive, odd), rank: correlation(ranks(positive), target), scores: positive };
    });
    const average = rows.map((_, row) => mean(runs.map((run) => run.scores[row]!)));
    return {
      name,
      auc: mean(runs.map((run) => run.auc)) - auc,
      rank: mean(runs.map((run) => run.rank)),
      referenceRank: rank,
      error: mean(average.map((score, row) => Math.abs(score - scores[row]! / 10_000))),
    };
  });

  it("has the same tables in the same order", () => {
    expect(reference.sets.map(({ name }) => name)).toEqual(referenceSets().map(({ name }) => name));
    expect(reference.sets.length).toBeGreaterThanOrEqual(6);
  });

  it("finds the outliers as well: area under the curve within 0.005", () => {
    for (const { name, auc } of results) expect(Math.abs(auc), name).toBeLessThan(0.005);
  });

  it("ranks rows alike: correlation of one seed's scores at least 0.95 on average, and with each table as close as scikit-learn is to itself", () => {
    expect(mean(results.map(({ rank }) => rank))).toBeGreaterThan(0.95);
    for (const { name, rank, referenceRank } of results) expect(rank, name).toBeGreaterThan(referenceRank - 0.01);
  });

  it("gives the same scores: within 0.004 on average, once the seeds are averaged out", () => {
    for (const { name, error } of results) expect(error, name).toBeLessThan(0.004);
  });
});

describe("against the original's own bar", () => {
  it("keeps decisions of one hundred seeds on 200 rows of three columns in line with each other", () => {
    const rows = cloud(200, 3, 5);
    const runs = Array.from({ length: 100 }, (_, randomState) =>
      new IsolationForest({ randomState, contamination: 0.05 }).fit(rows).decisionFunction(rows),
    );
    const average = rows.map((_, row) => mean(runs.map((run) => run[row]!)));
    const target = ranks(average);
    expect(mean(runs.map((run) => correlation(ranks(run), target)))).toBeGreaterThan(0.85);
    expect(mean(runs.map((run) => mean(run.map((decision, row) => Math.abs(decision - average[row]!)))))).toBeLessThan(0.25);
  });
});

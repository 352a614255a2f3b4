import { any, integer, isRecord, type OptionTable, oneOf } from "../options.ts";
import { MAX_SAMPLES, MAX_TREES } from "./limits.ts";
import type { Trees } from "./trees.ts";

/** A number of rows or features, where a bare 1 would mean all of them. */
export interface Count {
  readonly int: number;
}

/** How a forest is grown. */
export interface IsolationForestOptions {
  /** Trees, 1 to 10,000. Default 100. */
  readonly nEstimators?: number;
  /**
   * Rows each tree sees. `"auto"`: 256, or all when there are fewer. A number up to 1 is a share of the rows, a whole number above 1 a count;
   * `{ int: 1 }` is one row. Never more than there are, never less than 1. Default `"auto"`.
   */
  readonly maxSamples?: "auto" | number | Count;
  /**
   * Share of the training rows that `predict` calls outliers, above 0 to 0.5: sets `offset` to that percentile of their scores. `"auto"`: `offset` is
   * −0.5. Default `"auto"`.
   */
  readonly contamination?: "auto" | number;
  /** Features each tree may split on: a number up to 1 is a share, a whole number above 1 or `{ int: 1 }` a count. Default 1, all of them. */
  readonly maxFeatures?: number | Count;
  /** Draw each tree's rows with replacement. Default false. */
  readonly bootstrap?: boolean;
  /**
   * How a branch is cut. `"chance"`: a random feature among those that vary, at a random value, as in scikit-learn. `"variance"`: the original AIWAF's
   * rule, a random cut of every feature and of these the one that best explains a random target; many times slower, and outliers that show in several
   * features rank lower. Default `"chance"`.
   */
  readonly splitBy?: "chance" | "variance";
  /** Seed, a whole number from 0 to 2^53 − 1: the same rows and seed give the same forest on every runtime. Default null, a new one each time. */
  readonly randomState?: number | null;
  /** `fit` keeps the trees it has and only adds what is missing to `nEstimators`. Default false. */
  readonly warmStart?: boolean;
}

/** The checked options. */
export type ForestParameters = Required<IsolationForestOptions>;

const isCount = (value: unknown, most: number): boolean =>
  isRecord(value) &&
  Object.keys(value).length === 1 &&
  Number.isInteger(value["int"]) &&
  (value["int"] as number) >= 1 &&
  (value["int"] as number) <= most;
const isShareOrCount = (value: unknown, most: number): boolean =>
  (typeof value === "number" && value > 0 && (value <= 1 || (Number.isInteger(value) && value <= most))) || isCount(value, most);

export const FOREST_OPTIONS = {
  nEstimators: integer(100, 1, MAX_TREES),
  maxSamples: any<ForestParameters["maxSamples"], ForestParameters["maxSamples"]>(
    "auto",
    '"auto", a share above 0 up to 1, a whole number above 1, or { int: n }',
    (value) => value === "auto" || isShareOrCount(value, MAX_SAMPLES),
  ),
  contamination: any<ForestParameters["contamination"], ForestParameters["contamination"]>(
    "auto",
    '"auto" or a number above 0 up to 0.5',
    (value) => value === "auto" || (typeof value === "number" && value > 0 && value <= 0.5),
  ),
  maxFeatures: any<ForestParameters["maxFeatures"], ForestParameters["maxFeatures"]>(
    1,
    "a share above 0 up to 1, a whole number above 1, or { int: n }",
    (value) => isShareOrCount(value, MAX_SAMPLES),
  ),
  bootstrap: any<boolean, boolean>(false, "true or false", (value) => typeof value === "boolean"),
  splitBy: oneOf("chance", ["chance", "variance"]),
  randomState: any<number | null, number | null>(
    null,
    "null or a whole number from 0 to 9007199254740991",
    (value) => value === null || (Number.isSafeInteger(value) && (value as number) >= 0),
  ),
  warmStart: any<boolean, boolean>(false, "true or false", (value) => typeof value === "boolean"),
} as const satisfies OptionTable;

/** Everything a forest is: what state formats write and read. */
export interface ForestContents {
  readonly parameters: ForestParameters;
  readonly trees: Trees;
  readonly offset: number;
  /** Rows each tree of the last growth saw. */
  readonly samples: number;
  /** Trees grown over the forest's whole life: numbers the random streams, so that appended trees never repeat old ones. */
  readonly grown: number;
}

/** The count that a share or count means among `all`, at least 1 and at most all. */
export function resolveCount(given: number | Count, all: number): number {
  const count = typeof given === "object" ? given.int : given <= 1 ? Math.floor(given * all) : given;
  return Math.max(1, Math.min(all, count));
}

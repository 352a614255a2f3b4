import { readOptions } from "../options.ts";
import { halfPower } from "./exact-math.ts";
import { FOREST_OPTIONS, type ForestContents, type ForestParameters, type IsolationForestOptions, resolveCount } from "./forest-options.ts";
import { type ForestState, readState, writeState } from "./forest-state.ts";
import { growTrees } from "./grow.ts";
import { kernelScorer } from "./kernel.ts";
import { type NativeFormat, type NativeState, writeNative } from "./native-state.ts";
import { unforeseenSeed } from "./random.ts";
import { copyRow, type Matrix, type Row, type Rows, readRows } from "./rows.ts";
import { type Scorer, scalarScorer } from "./score.ts";
import { createTrees, nodeCount, normaliser, type Trees, trim, truncate } from "./trees.ts";

/** Room that a new forest starts with: about what 100 trees of 256 rows need. */
const FIRST_NODES = 32_768;

/**
 * Finds odd rows without labels: trees cut the data at random, and odd rows stand alone after few cuts. Liu, Ting and Zhou (2008); each branch
 * cuts a random feature between its least and greatest value, as in scikit-learn, or by the original AIWAF's rule (`splitBy`).
 *
 * The same rows, options and `randomState` give the same trees and scores, to the last bit, on every runtime.
 *
 * @example
 * const forest = new IsolationForest({ randomState: 42 });
 * forest.fit([[0.1, 1.0], [0.2, 1.1], [9.0, 9.0]]);
 * forest.anomalyScore([9.0, 9.0]);
 */
export class IsolationForest {
  readonly #parameters: ForestParameters;
  #trees: Trees = createTrees(0, 0);
  #offset = -0.5;
  #samples = 0;
  #grown = 0;
  /** Made at the first score after each growth. */
  #scorer: { readonly scorer: Scorer; readonly normaliser: number } | undefined;

  /** @throws WafError for an option that is unknown or out of range. */
  constructor(options?: IsolationForestOptions) {
    this.#parameters = readOptions("forest", FOREST_OPTIONS, options) as ForestParameters;
  }

  /**
   * Reads a forest from its state: ours, or that of the original AIWAF's Python or WebAssembly package or JavaScript port; as an object or as JSON text. State is data
   * from anywhere: every field is checked, sizes and depths are bounded, nothing in it is ever run.
   *
   * @throws WafError saying where the state is not a forest's, or what in it is too large.
   */
  static fromJSON(state: unknown): IsolationForest {
    const { parameters, trees, offset, samples, grown } = readState(state);
    const forest = new IsolationForest(parameters);
    forest.#trees = trees;
    forest.#offset = offset;
    forest.#samples = samples;
    forest.#grown = grown;
    return forest;
  }

  /** Scores below this are outliers to `predict`. */
  get offset(): number {
    return this.#offset;
  }

  /** Values a row must have; 0 before the first `fit`. */
  get width(): number {
    return this.#trees.width;
  }

  get treeCount(): number {
    return this.#trees.count;
  }

  get nodeCount(): number {
    return nodeCount(this.#trees);
  }

  /** Memory the trees take, with the copy that scoring walks once there was a score. */
  get byteLength(): number {
    const { features, values, children, sizes, roots } = this.#trees;
    const arrays = [features, values, children, sizes, roots];
    return arrays.reduce((sum, array) => sum + array.byteLength, this.#scorer?.scorer.bytes ?? 0);
  }

  /** Rows each tree of the last `fit` or `retrain` saw; 0 before the first. */
  get samplesPerTree(): number {
    return this.#samples;
  }

  /**
   * Learns from `rows`; drops earlier trees unless `warmStart` is set, which adds only what is missing to `nEstimators` and drops what is over. No
   * rows change nothing.
   *
   * @param width values a row, for rows in one `Float64Array`.
   * @throws WafError for values that are not finite numbers, rows of unequal width, or a forest that would be too large; it then is as before.
   */
  fit(rows: Rows, width?: number): this {
    const keep = this.#parameters.warmStart && this.#trees.count > 0;
    const matrix = readRows(rows, width, keep ? this.#trees.width : undefined);
    if (matrix.count === 0) return this;
    const { nEstimators } = this.#parameters;
    if (!keep) this.#grow(matrix, createTrees(matrix.width, FIRST_NODES), 0, nEstimators);
    else {
      truncate(this.#trees, nEstimators);
      this.#grow(matrix, this.#trees, this.#grown, nEstimators - this.#trees.count);
    }
    return this;
  }

  /**
   * Appends `nEstimators` trees grown from `rows` and keeps all it has; `fit` starts anew. Scores weigh every tree alike, so each call costs time
   * and memory: 10,000 trees and 1,000,000 nodes are the limit.
   *
   * @throws WafError as `fit` does, and for rows of another width than the forest's.
   */
  retrain(rows: Rows, width?: number): this {
    const fitted = this.#trees.count > 0;
    const matrix = readRows(rows, width, fitted ? this.#trees.width : undefined);
    if (matrix.count > 0) {
      this.#grow(matrix, fitted ? this.#trees : createTrees(matrix.width, 0), this.#grown, this.#parameters.nEstimators);
    }
    return this;
  }

  /**
   * How odd a row is, 0 to 1: near 1 stands alone at once, about 0.5 like the average row, well below 0.5 deep among others. 0 before the first
   * `fit`; 0.5 when no tree saw two rows.
   *
   * @throws WafError for a row of the wrong width or with values that are not finite numbers.
   */
  anomalyScore(row: Row): number {
    const { width } = this.#trees;
    if (this.#trees.count === 0) return 0;
    const { scorer, normaliser } = this.#prepared();
    copyRow(row, width, scorer.row);
    return scoreOf(scorer.pathLength(), normaliser);
  }

  /** Whether the score is above `threshold`. */
  isAnomaly(row: Row, threshold = 0.5): boolean {
    return this.anomalyScore(row) > threshold;
  }

  /** Minus the anomaly score of each row: lower is odder. */
  scoreSamples(rows: Rows, width?: number): number[] {
    const fitted = this.#trees.count > 0;
    const matrix = readRows(rows, width, fitted ? this.#trees.width : undefined);
    return fitted ? this.#scoreMatrix(matrix) : new Array<number>(matrix.count).fill(0);
  }

  /** `scoreSamples` minus `offset`: below 0 for outliers. */
  decisionFunction(rows: Rows, width?: number): number[] {
    return this.scoreSamples(rows, width).map((score) => score - this.#offset);
  }

  /** −1 for each outlier, 1 for each other row. */
  predict(rows: Rows, width?: number): (1 | -1)[] {
    return this.decisionFunction(rows, width).map((decision) => (decision < 0 ? -1 : 1));
  }

  /** The whole forest as plain data, for `JSON.stringify` and `fromJSON`. */
  toJSON(): ForestState {
    return writeState(this.#contents());
  }

  /**
   * The whole forest as the original AIWAF's packages write and read it. A share of exactly 1 is written to the Python format as a count, because
   * JSON from JavaScript cannot tell 1.0 from 1. How many trees were ever grown is not part of either format.
   */
  toNative(format: NativeFormat): NativeState {
    return writeNative(this.#contents(), format);
  }

  #contents(): ForestContents {
    return { parameters: this.#parameters, trees: this.#trees, offset: this.#offset, samples: this.#samples, grown: this.#grown };
  }

  #grow(matrix: Matrix, trees: Trees, first: number, count: number): void {
    const { maxSamples, maxFeatures, bootstrap, splitBy, randomState } = this.#parameters;
    const samples = maxSamples === "auto" ? Math.min(256, matrix.count) : resolveCount(maxSamples, matrix.count);
    const features = resolveCount(maxFeatures, matrix.width);
    const before = trees.count;
    if (count > 0) {
      const settings = { samples, features, bootstrap, splitBy, seed: randomState ?? unforeseenSeed() };
      try {
        growTrees(trees, matrix, settings, first, count);
      } catch (error) {
        truncate(trees, before);
        throw error;
      }
      trim(trees);
      this.#samples = samples;
      this.#grown = first + count;
    }
    this.#trees = trees;
    this.#scorer = undefined;
    const { contamination } = this.#parameters;
    this.#offset = contamination === "auto" ? -0.5 : percentile(this.#scoreMatrix(matrix), contamination);
  }

  #prepared(): { readonly scorer: Scorer; readonly normaliser: number } {
    this.#scorer ??= { scorer: kernelScorer(this.#trees) ?? scalarScorer(this.#trees), normaliser: normaliser(this.#trees) };
    return this.#scorer;
  }

  #scoreMatrix({ values, count, width }: Matrix): number[] {
    const { scorer, normaliser } = this.#prepared();
    const scores = new Array<number>(count);
    for (let index = 0; index < count; index++) {
      for (let column = 0; column < width; column++) scorer.row[column] = values[index * width + column]!;
      scores[index] = -scoreOf(scorer.pathLength(), normaliser);
    }
    return scores;
  }
}

const scoreOf = (pathLength: number, normaliser: number): number => (normaliser > 0 ? halfPower(pathLength / normaliser) : 0.5);

/** The value below which `share` of the values lie, between two of them by linear interpolation as numpy's `percentile` does. Sorts `values`. */
export function percentile(values: number[], share: number): number {
  values.sort((left, right) => left - right);
  const position = share * (values.length - 1);
  const below = values[Math.floor(position)]!;
  const above = values[Math.ceil(position)]!;
  const weight = position - Math.floor(position);
  return weight >= 0.5 ? above - (above - below) * (1 - weight) : below + (above - below) * weight;
}

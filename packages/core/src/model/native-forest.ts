import { any, type OptionTable, readOptions } from "../options.ts";
import { FOREST_OPTIONS, type ForestParameters } from "./forest-options.ts";
import { IsolationForest as Forest } from "./isolation-forest.ts";
import type { NativeState } from "./native-state.ts";
import type { Row, Rows } from "./rows.ts";

const ignored = any<unknown>(undefined, "anything", () => true);

/** Checks and defaults of `NativeForestOptions`. */
export const NATIVE_FOREST_OPTIONS = {
  n_estimators: FOREST_OPTIONS.nEstimators,
  max_samples: FOREST_OPTIONS.maxSamples,
  contamination: FOREST_OPTIONS.contamination,
  max_features: FOREST_OPTIONS.maxFeatures,
  bootstrap: FOREST_OPTIONS.bootstrap,
  random_state: FOREST_OPTIONS.randomState,
  warm_start: FOREST_OPTIONS.warmStart,
  verbose: ignored,
  n_jobs: ignored,
} as const satisfies OptionTable;

/** Options of the forest under their original names. A `max_features` or `max_samples` of 1 is a share, all of them; one is `{ int: 1 }`. */
export interface NativeForestOptions {
  /** Trees, 1 to 10,000. Default 100. */
  readonly n_estimators?: number;
  /** Rows each tree sees, as `maxSamples` of the forest. Default `"auto"`. */
  readonly max_samples?: ForestParameters["maxSamples"];
  /** Share of the training rows that `predict` calls outliers, above 0 to 0.5, or `"auto"`. Default `"auto"`. */
  readonly contamination?: ForestParameters["contamination"];
  /** Features each tree may split on, as `maxFeatures` of the forest. Default 1, all of them. */
  readonly max_features?: ForestParameters["maxFeatures"];
  /** Draw each tree's rows with replacement. Default false. */
  readonly bootstrap?: boolean;
  /** Seed, a whole number from 0 to 2^53 − 1. Default null, a new one each time. */
  readonly random_state?: number | null;
  /** `fit` only adds the trees that are missing to `n_estimators`. Default false. */
  readonly warm_start?: boolean;
  /** Accepted and ignored. */
  readonly verbose?: unknown;
  /** Accepted and ignored. */
  readonly n_jobs?: unknown;
}

/**
 * The forest of `@aiwaf/core/forest` under the original's names.
 *
 * @example
 * const forest = new IsolationForest({ n_estimators: 100, random_state: 42 });
 * forest.fit([[0.1, 1.0], [0.2, 1.1], [9.0, 9.0]]);
 * IsolationForest.from_json(forest.to_json()).anomaly_score([9.0, 9.0]);
 */
export class IsolationForest {
  #forest: Forest;

  /** @throws WafError for an option that is unknown or out of range. */
  constructor(config?: NativeForestOptions | null) {
    const { n_estimators, max_samples, contamination, max_features, bootstrap, random_state, warm_start } = readOptions(
      "IsolationForest",
      NATIVE_FOREST_OPTIONS,
      config ?? undefined,
    );
    this.#forest = new Forest({
      nEstimators: n_estimators,
      maxSamples: max_samples,
      contamination,
      maxFeatures: max_features,
      bootstrap,
      randomState: random_state,
      warmStart: warm_start,
    });
  }

  /**
   * Reads state of this package or of either original one, as an object or as text.
   *
   * @throws WafError saying where the state is not a forest's.
   */
  static from_json(state: unknown): IsolationForest {
    const read = new IsolationForest();
    read.#forest = Forest.fromJSON(state);
    return read;
  }

  /** Scores below this are outliers to `predict`. */
  get offset_(): number {
    return this.#forest.offset;
  }

  fit(rows: Rows, width?: number): this {
    this.#forest.fit(rows, width);
    return this;
  }

  /** Appends trees and keeps all it has. */
  retrain(rows: Rows, width?: number): this {
    this.#forest.retrain(rows, width);
    return this;
  }

  anomaly_score(row: Row): number {
    return this.#forest.anomalyScore(row);
  }

  is_anomaly(row: Row, thresh?: number): boolean {
    return this.#forest.isAnomaly(row, thresh);
  }

  score_samples(rows: Rows, width?: number): number[] {
    return this.#forest.scoreSamples(rows, width);
  }

  decision_function(rows: Rows, width?: number): number[] {
    return this.#forest.decisionFunction(rows, width);
  }

  predict(rows: Rows, width?: number): (1 | -1)[] {
    return this.#forest.predict(rows, width);
  }

  /** State as `aiwaf-wasm` writes it: plain data in snake_case. */
  to_json(): NativeState {
    return this.#forest.toNative("wasm");
  }

  /** What `JSON.stringify` writes: the same. */
  toJSON(): NativeState {
    return this.to_json();
  }
}

/**
 * From sampled rows to two forests with their thresholds, and the hold-out check that decides whether they may be used.
 *
 * @module
 */
import { columnPicker } from "../model/features.ts";
import { IsolationForest, percentile } from "../model/isolation-forest.ts";
import type { Ranges } from "../model/ranges.ts";
import { rangesOf } from "./range-sample.ts";
import type { Reservoir, Sample } from "./reservoir.ts";

/** One fitted forest. */
export interface Fitted {
  readonly features: readonly string[];
  /** Features that were the same in every row: they tell nothing, and a later change of the log format would make every request odd (D-24). */
  readonly dropped: readonly string[];
  readonly forest: IsolationForest;
  readonly ranges: Ranges;
  readonly threshold: number;
  readonly rows: number;
  /** Rows of clients that training never saw, and how many of them lie above the threshold. */
  readonly holdout: { readonly rows: number; readonly flagged: number };
}

/** What `fitModel` needs. */
export interface FitSettings {
  readonly features: readonly string[];
  readonly training: Reservoir;
  readonly holdout: Reservoir;
  /** Clients whose rows count. */
  readonly keeps: (client: string) => boolean;
  /** Share of the training rows above the threshold. */
  readonly contamination: number;
  readonly trees: number;
  readonly seed: number;
}

/** Scores of average rows lie around 0.45; a site whose traffic is all alike must not make small differences odd. */
const LEAST_THRESHOLD = 0.55;

/** Fits one forest; `undefined` when the rows do not differ in anything. */
export function fitModel({ features, training, holdout, keeps, contamination, trees, seed }: FitSettings): Fitted | undefined {
  const all = training.rows(keeps);
  const varying = features.filter((_, column) => varies(all.values, features.length, column));
  if (varying.length === 0 || all.clients.length < 2) return undefined;
  const pick = columnPicker(varying, features);
  const rowsOf = ({ values, clients: { length: count } }: Sample): Float64Array => {
    const out = new Float64Array(count * varying.length);
    for (let row = 0; row < count; row++) {
      out.set(pick(values.subarray(row * features.length, (row + 1) * features.length)), row * varying.length);
    }
    return out;
  };
  const forest = new IsolationForest({ nEstimators: trees, randomState: seed });
  const rows = rowsOf(all);
  forest.fit(rows, varying.length);
  const scores = forest.scoreSamples(rows, varying.length).map((score) => -score);
  const threshold = Math.min(1, Math.max(LEAST_THRESHOLD, percentile(scores, 1 - contamination)));
  const held = holdout.rows(keeps);
  const flagged = forest.scoreSamples(rowsOf(held), varying.length).filter((score) => -score > threshold).length;
  return {
    features: varying,
    dropped: features.filter((name) => !varying.includes(name)),
    forest,
    ranges: rangesOf(all, features),
    threshold,
    rows: all.clients.length,
    holdout: { rows: held.clients.length, flagged },
  };
}

function varies(values: Float64Array, width: number, column: number): boolean {
  for (let at = column + width; at < values.length; at += width) if (values[at] !== values[column]) return true;
  return false;
}

/**
 * The result files: one report a target and mode, one comparison an iteration, one aggregate a run.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { percentOf, type TargetReport, type TypeReport } from "./report.ts";
import { mean, median } from "./statistics.ts";

/** The file `comparison_modes_<runId>.json`: one iteration. */
export interface Comparison {
  readonly runId: string;
  readonly generatedAt: string;
  readonly normal: readonly TargetReport[];
  /** Attackers with an address each. */
  readonly attacks: readonly TargetReport[];
  /** The same attacks, all from one address. */
  readonly attacks_single: readonly TargetReport[];
}

/** The three kinds of traffic that an iteration plays. */
export type Part = "normal" | "attacks" | "attacks_single";

export const parts: readonly Part[] = ["normal", "attacks", "attacks_single"];

/** Figures of one target in one part of one iteration. */
export interface Metrics {
  readonly total_requests: number;
  readonly total_looks: number;
  readonly total_blocked: number;
  readonly total_refused: number;
  readonly total_errors: number;
  readonly total_changed: number;
  readonly blocked_pct: number;
  readonly observable: number;
  readonly exploited: number;
  readonly scenarios: number;
  readonly scenarios_stopped: number;
  readonly avg_response_time_ms: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  readonly blocked_by_rule: Readonly<Record<string, number>>;
}

/** What one target did over all iterations. Counts are sums; times are medians of the iterations' own. */
export interface PartSummary extends Metrics {
  readonly blocked_pct_mean: number;
  readonly blocked_pct_median: number;
  readonly response_ms_mean: number;
  readonly response_ms_median: number;
  /** By class, summed over the iterations. */
  readonly classes: readonly TypeReport[];
}

export type ByPart<T> = Readonly<Partial<Record<Part, T>>>;

/** The file `comparison_aggregate_<time>.json`, and what `--json` prints. */
export interface Aggregate {
  readonly runs: readonly {
    readonly iteration: number;
    readonly comparison_file: string;
    readonly metrics: Readonly<Record<string, ByPart<Metrics>>>;
  }[];
  readonly aggregate: { readonly iterations: number; readonly targets: Readonly<Record<string, ByPart<PartSummary>>> };
}

/** `20251117T090000123Z`: sorts by time and is fine in a file name everywhere. */
export function toStamp(date: Date): string {
  return date.toISOString().replace(/[-:.]/g, "");
}

/** Name of an iteration's comparison file. */
export function comparisonFileName(comparison: Comparison): string {
  return `comparison_modes_${comparison.runId}.json`;
}

/** Folds the iterations of one run. */
export function aggregate(comparisons: readonly Comparison[]): Aggregate {
  const runs = comparisons.map((comparison, index) => {
    const metrics: Record<string, ByPart<Metrics>> = {};
    for (const part of parts) {
      for (const report of comparison[part]) metrics[report.target] = { ...metrics[report.target], [part]: toMetrics(report) };
    }
    return { iteration: index + 1, comparison_file: comparisonFileName(comparison), metrics };
  });
  const targets: Record<string, ByPart<PartSummary>> = {};
  for (const part of parts) {
    const reports = comparisons.flatMap((comparison) => comparison[part]);
    for (const target of new Set(reports.map((report) => report.target))) {
      targets[target] = { ...targets[target], [part]: summarizePart(reports.filter((report) => report.target === target)) };
    }
  }
  return { runs, aggregate: { iterations: comparisons.length, targets } };
}

/** Writes every file of a run into `folder`, which is made when missing. Returns the names, the aggregate's last. */
export function writeResults(folder: string, comparisons: readonly Comparison[], folded: Aggregate, finishedAt: Date): string[] {
  mkdirSync(folder, { recursive: true });
  const names: string[] = [];
  const write = (name: string, value: unknown): void => {
    writeFileSync(`${folder}/${name}`, `${JSON.stringify(value, null, 2)}\n`);
    names.push(name);
  };
  for (const comparison of comparisons) {
    for (const part of parts) {
      for (const report of comparison[part]) write(`results_${report.target}_${report.mode}_${report.runId}.json`, report);
    }
    write(comparisonFileName(comparison), comparison);
  }
  write(`comparison_aggregate_${toStamp(finishedAt)}.json`, folded);
  return names;
}

function toMetrics(report: TargetReport): Metrics {
  const { total_requests, total_looks, total_blocked, total_refused, total_errors, total_changed, blocked_pct, observable, exploited } =
    report;
  const { scenarios, scenarios_stopped, avg_response_time_ms, p50_ms, p95_ms, p99_ms, blocked_by_rule } = report;
  return {
    total_requests,
    total_looks,
    total_blocked,
    total_refused,
    total_errors,
    total_changed,
    blocked_pct,
    observable,
    exploited,
    scenarios,
    scenarios_stopped,
    avg_response_time_ms,
    p50_ms,
    p95_ms,
    p99_ms,
    blocked_by_rule,
  };
}

function summarizePart(reports: readonly TargetReport[]): PartSummary {
  type Countable =
    | "total_requests"
    | "total_looks"
    | "total_blocked"
    | "total_refused"
    | "total_errors"
    | "total_changed"
    | "observable"
    | "exploited"
    | "scenarios"
    | "scenarios_stopped";
  type Timed = "avg_response_time_ms" | "p50_ms" | "p95_ms" | "p99_ms";
  const sum = (field: Countable): number => reports.reduce((total, report) => total + report[field], 0);
  const middle = (field: Timed): number => median(reports.map((report) => report[field]));
  return {
    total_requests: sum("total_requests"),
    total_looks: sum("total_looks"),
    total_blocked: sum("total_blocked"),
    total_refused: sum("total_refused"),
    total_errors: sum("total_errors"),
    total_changed: sum("total_changed"),
    blocked_pct: percentOf(sum("total_blocked"), sum("total_requests") - sum("total_refused")),
    observable: sum("observable"),
    exploited: sum("exploited"),
    scenarios: sum("scenarios"),
    scenarios_stopped: sum("scenarios_stopped"),
    avg_response_time_ms: middle("avg_response_time_ms"),
    p50_ms: middle("p50_ms"),
    p95_ms: middle("p95_ms"),
    p99_ms: middle("p99_ms"),
    blocked_by_rule: sumCounts(reports.map((report) => report.blocked_by_rule)),
    blocked_pct_mean: mean(reports.map((report) => report.blocked_pct)),
    blocked_pct_median: median(reports.map((report) => report.blocked_pct)),
    response_ms_mean: mean(reports.map((report) => report.avg_response_time_ms)),
    response_ms_median: median(reports.map((report) => report.avg_response_time_ms)),
    classes: sumTypes(reports.flatMap((report) => report.attacks)),
  };
}

function sumTypes(types: readonly TypeReport[]): TypeReport[] {
  const names = [...new Set(types.map((type) => type.attack_type))].sort();
  return names.map((name) => {
    const same = types.filter((type) => type.attack_type === name);
    const sum = (
      field: "requests_sent" | "looks" | "blocked" | "refused" | "errors" | "observable" | "exploited" | "scenarios" | "scenarios_stopped",
    ): number => same.reduce((total, type) => total + type[field], 0);
    return {
      attack_type: name,
      requests_sent: sum("requests_sent"),
      looks: sum("looks"),
      status_counts: sumCounts(same.map((type) => type.status_counts)),
      blocked: sum("blocked"),
      refused: sum("refused"),
      errors: sum("errors"),
      blocked_pct: percentOf(sum("blocked"), sum("requests_sent") - sum("refused")),
      observable: sum("observable"),
      exploited: sum("exploited"),
      scenarios: sum("scenarios"),
      scenarios_stopped: sum("scenarios_stopped"),
      avg_response_time_ms: median(same.map((type) => type.avg_response_time_ms)),
    };
  });
}

function sumCounts(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const count of counts) for (const [name, value] of Object.entries(count)) sums.set(name, (sums.get(name) ?? 0) + value);
  return Object.fromEntries([...sums].sort(([, one], [, other]) => other - one));
}

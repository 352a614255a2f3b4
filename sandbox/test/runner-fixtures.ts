import type { Outcome } from "../src/runner/drive.ts";
import { toUnits, type Unit } from "../src/runner/plan.ts";
import { createReport, type ReportInput, type TargetReport } from "../src/runner/report.ts";
import type { Comparison } from "../src/runner/results.ts";
import type { TrafficRecord } from "../src/types.ts";

/** A record with the fields that a test is about. */
export function record(fields: Partial<TrafficRecord> & { readonly id: string }): TrafficRecord {
  return { label: "attack", class: "probe", method: "GET", url: `/${fields.id}`, headers: {}, body: null, ...fields };
}

/** An outcome of a record of its own. */
export function outcome(fields: Partial<Outcome> & { readonly record: TrafficRecord }): Outcome {
  const unit: Unit = toUnits([fields.record])[0]!;
  return { unit, status: 200, durationMs: 1, decisionId: undefined, refused: false, exploited: false, error: undefined, ...fields };
}

/** A report of these outcomes; `direct` answers 200 to everything unless told otherwise. */
export function report(outcomes: readonly Outcome[], fields: Partial<ReportInput> = {}): TargetReport {
  const date = new Date(0);
  return createReport({
    target: "protected_express",
    baseUrl: "http://127.0.0.1:1",
    runId: "run-1",
    mode: "attacks",
    addresses: "rotating",
    startedAt: date,
    finishedAt: date,
    outcomes,
    direct: outcomes.map((each) => outcome({ record: each.record, unit: each.unit })),
    decisions: [],
    ...fields,
  });
}

/** A comparison of these reports. */
export function comparison(parts: Partial<Comparison>): Comparison {
  return { runId: "run-1", generatedAt: "1970-01-01T00:00:00.000Z", normal: [], attacks: [], attacks_single: [], ...parts };
}

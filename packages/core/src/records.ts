/**
 * Decisions as redacted records and as figures: for logs, streams, dashboards and monitoring.
 *
 * @module
 */
export { type DecisionRecord, type RecordOptions, recordOf } from "./record.ts";
export { type BatchSettings, createRecordWriter, type RecordWriter } from "./records/batches.ts";
export { type Decided, type Without, withoutRules } from "./records/counterfactual.ts";
export { CSV_COLUMNS, csvHeader, csvLine } from "./records/csv.ts";
export { type DecisionNote, isNote, noteOf, recordOfNote } from "./records/note.ts";
export { type PrometheusMetrics, type PrometheusOptions, prometheusMetrics } from "./records/prometheus.ts";
export { type Excerpt, excerptOf, type SentParts } from "./records/value-as-sent.ts";
export { isSecretName, redactTarget } from "./redact.ts";

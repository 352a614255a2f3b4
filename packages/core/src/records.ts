/**
 * Decisions as redacted records and as figures: for logs, streams, dashboards and monitoring.
 *
 * @module
 */
export { type DecisionRecord, type RecordOptions, recordOf } from "./record.ts";
export { CSV_COLUMNS, csvHeader, csvLine } from "./records/csv.ts";
export { type PrometheusMetrics, type PrometheusOptions, prometheusMetrics } from "./records/prometheus.ts";
export { isSecretName } from "./redact.ts";

/**
 * Decisions as redacted records: for logs, streams and dashboards.
 *
 * @module
 */
export { type DecisionRecord, type RecordOptions, recordOf } from "./record.ts";

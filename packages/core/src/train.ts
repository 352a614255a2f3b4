/**
 * Learning from logs: readers of access logs, training and its reports. For tools and workers; nothing that a request loads imports it.
 *
 * @module
 */
export { type LogCounts, type LogReader, type LogReaderOptions, logReader } from "./train/log-reader.ts";
export type { LoggedRequest, LogProblem } from "./train/logged-request.ts";

/**
 * The operator's console of a firewall: pages, the API behind them, and the stream of decisions.
 *
 * @module
 */
export type * from "./api.ts";
export type { Auth, HeaderAuth, RequestInfo, TokenAuth, User } from "./auth.ts";
export { createDashboard, type Dashboard, type DashboardOptions } from "./dashboard.ts";
export { type EventFilter, matches, readFilter } from "./event-filter.ts";
export {
  createEvents,
  type EventCounts,
  type EventOptions,
  type Events,
  type Frame,
  type Sink,
  sseFrame,
  type WatchOptions,
} from "./events.ts";
export type { NodeHandler } from "./node.ts";
export type { Records } from "./past.ts";

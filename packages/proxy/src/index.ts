/**
 * AIWAF as a reverse proxy in front of any web server, with its decisions as events and a scoring API.
 *
 * @module
 */
export { createEvents, type EventFilter, type EventOptions, type Events } from "@aiwaf/dashboard";
export { type Control, type ControlOptions, createControl } from "./control.ts";
export type { ProxyOptions, TlsOptions } from "./options.ts";
export { createProxy, type ProxyHealth, type ReverseProxy } from "./proxy.ts";
export { type Heard, hearDecisions, tellDecisions } from "./relay.ts";
export { createScorer, type Score, type ScoredRule, type Scorer, type ScorerOptions } from "./score.ts";
export type { ScoreLimits } from "./score-api.ts";
export type { UpstreamRoute } from "./upstreams.ts";
export { type Serving, serveInWorkers, type Workers, type WorkersOptions } from "./workers.ts";

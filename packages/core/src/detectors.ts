/**
 * The detectors, one factory each.
 *
 * @module
 */
export { type BlocklistOptions, blocklist } from "./detectors/blocklist.ts";
export { type HeadersOptions, headers } from "./detectors/headers.ts";
export { type MethodsOptions, methods } from "./detectors/methods.ts";
export { type ProbesOptions, probes } from "./detectors/probes.ts";
export { type RateLimitOptions, rateLimit } from "./detectors/rate-limit.ts";

/**
 * The engine of AIWAF: web standards only, no dependency, nothing happens at import.
 *
 * @module
 */
export { isThenable } from "./awaitable.ts";
export { type BlocklistOptions, blocklist } from "./detectors/blocklist.ts";
export { type HeadersOptions, headers } from "./detectors/headers.ts";
export { type MethodsOptions, methods } from "./detectors/methods.ts";
export { type ProbesOptions, probes } from "./detectors/probes.ts";
export { type RateLimitOptions, rateLimit } from "./detectors/rate-limit.ts";
export { type ErrorCode, WafError } from "./errors.ts";
export { type RecommendedOptions, recommended, wafFrom } from "./recommended.ts";
export { type BlockedResponse, renderBlocked } from "./respond.ts";
export { type MemoryStoreOptions, memoryStore } from "./stores/memory.ts";
export type * from "./types.ts";
export { createWaf } from "./waf.ts";

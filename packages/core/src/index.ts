/**
 * The engine of AIWAF: web standards only, no dependency, nothing happens at import. Detectors are in `@aiwaf/core/detectors`, the usual set of
 * them in `@aiwaf/core/recommended`, stores in `@aiwaf/core/stores/…`: an application that picks its own pays only for those.
 *
 * @module
 */
export { isThenable } from "./awaitable.ts";
export { type ErrorCode, WafError } from "./errors.ts";
export { type BlockedResponse, renderBlocked } from "./respond.ts";
export type * from "./types.ts";
export { createWaf } from "./waf.ts";

/**
 * The detectors, one factory each.
 *
 * @module
 */
export { type AnomalyOptions, anomaly } from "./detectors/anomaly.ts";
export { type BlocklistOptions, blocklist } from "./detectors/blocklist.ts";
export { type BreakerEvent, type BreakerOptions, breaker } from "./detectors/breaker.ts";
export { type GeoLookup, type GeoOptions, geo } from "./detectors/geo.ts";
export { type Bot, type GoodBotsOptions, goodBots } from "./detectors/good-bots.ts";
export { type HeadersOptions, headers } from "./detectors/headers.ts";
export { type HoneypotOptions, honeypot } from "./detectors/honeypot.ts";
export { type IdentifiersOptions, identifiers } from "./detectors/identifiers.ts";
export { type InternalsOptions, internals } from "./detectors/internals.ts";
export { type KeywordsOptions, keywords } from "./detectors/keywords.ts";
export { type LoginsOptions, logins } from "./detectors/logins.ts";
export { type MethodsOptions, methods } from "./detectors/methods.ts";
export { type LearnParametersOptions, learnParameters, type ParameterLearning } from "./detectors/parameters.ts";
export { type ProbesOptions, probes } from "./detectors/probes.ts";
export { type RateLimitOptions, rateLimit } from "./detectors/rate-limit.ts";
export { type RepeatsOptions, repeats } from "./detectors/repeats.ts";
export { type WavesOptions, waves } from "./detectors/waves.ts";
export type { NameResolver } from "./dns/proofs.ts";
export { any, integer, type Option, type OptionTable, readOptions } from "./options.ts";
export { publishedRanges } from "./published-ranges.ts";

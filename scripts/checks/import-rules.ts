/**
 * Who may import what inside `packages/core/src` (ARCHITECTURE, section 5), as a table. Names are paths without `.ts`; `*` stands for anything.
 *
 * @module
 */

/** No behaviour of their own to depend on: anyone may use them, and they know only the types. */
const BASE = ["types", "awaitable", "errors"];
const LEAVES = [
  ...BASE,
  "options",
  "addresses",
  "aliases",
  "bytes",
  "fields",
  "ids",
  "bans",
  "snapshots",
  "reservations",
  "parsed-body",
  "policy",
  "redact",
  "stages",
  "stores/keyed-hash",
];

export interface ImportRule {
  readonly files: readonly string[];
  readonly may: readonly string[];
}

/** The first rule that names a file holds. A file that no rule names is refused: whoever adds a folder says here what it may know. */
export const CORE_RULES: readonly ImportRule[] = [
  { files: ["types"], may: [] },
  { files: ["awaitable", "errors"], may: ["types"] },
  { files: ["ids"], may: [...BASE, "stores/keyed-hash"] },
  { files: ["published-ranges"], may: LEAVES },
  { files: ["stored-lists", "stored-switches", "ban-list"], may: LEAVES },
  { files: LEAVES, may: BASE },
  { files: ["request", "client", "respond", "record"], may: LEAVES },
  // A path rule is held against every reading of a path, and only `request` knows the readings.
  { files: ["paths"], may: [...LEAVES, "request"] },
  { files: ["content/*"], may: [...LEAVES, "content/*"] },
  { files: ["model/*"], may: [...LEAVES, "behaviour/*", "model/*"] },
  { files: ["models/*"], may: [...LEAVES, "model/*", "models/*"] },
  // What is exempt is decided by path rules, and so by the readings of a path.
  { files: ["detectors/good-bots"], may: [...LEAVES, "dns/proofs"] },
  { files: ["detectors/exemptions"], may: [...LEAVES, "stored-lists", "request", "paths"] },
  { files: ["detectors/switches"], may: [...LEAVES, "stored-switches", "request", "paths"] },
  { files: ["protection"], may: [...LEAVES, "request", "paths"] },
  { files: ["login-paths"], may: [] },
  { files: ["login-limits"], may: [...LEAVES, "request", "paths", "login-paths"] },
  { files: ["login-accounts"], may: [...LEAVES, "content/*"] },
  { files: ["detectors/logins"], may: [...LEAVES, "behaviour/*", "login-paths", "login-accounts"] },
  { files: ["behaviour/*"], may: [...LEAVES, "behaviour/*"] },
  { files: ["forms"], may: LEAVES },
  { files: ["detectors/honeypot"], may: [...LEAVES, "forms", "content/*"] },
  // Suspending a rule undoes what it did.
  { files: ["detectors/breaker"], may: [...LEAVES, "behaviour/*", "ban-list"] },
  { files: ["learn/*"], may: [...LEAVES, "behaviour/*", "learn/*"] },
  { files: ["detectors/parameters"], may: [...LEAVES, "behaviour/*", "content/*", "learn/*"] },
  { files: ["detectors/anomaly"], may: [...LEAVES, "behaviour/*", "model/*", "models/*"] },
  // The shapes of scanners' paths are a list too long for the file of the detector that asks for them.
  { files: ["detectors/probes"], may: [...LEAVES, "behaviour/by-page", "detectors/ordinary-paths", "detectors/scanner-paths"] },
  { files: ["detectors/*"], may: [...LEAVES, "stored-lists", "behaviour/*", "content/*", "model/*"] },
  { files: ["stores/*"], may: [...LEAVES, "stores/*"] },
  { files: ["manifest/*"], may: [...LEAVES, "manifest/*"] },
  { files: ["manifest"], may: ["manifest/*"] },
  { files: ["train/*"], may: [...LEAVES, "request", "behaviour/*", "content/*", "model/*", "models/*", "train/*"] },
  { files: ["deadlines"], may: LEAVES },
  // Of `request` only what it read.
  { files: ["lasting"], may: [...LEAVES, "request"] },
  { files: ["engine"], may: [...LEAVES, "deadlines", "lasting", "request", "paths"] },
  { files: ["waf"], may: [...LEAVES, "client", "engine", "lasting", "paths"] },
  { files: ["recommended"], may: [...LEAVES, "waf", "login-limits", "detectors/*", "stores/memory"] },
  { files: ["web", "node"], may: [...LEAVES, "respond"] },
  { files: ["server"], may: [...LEAVES, "respond", "node"] },
  { files: ["index"], may: [...LEAVES, "waf", "respond", "record"] },
  { files: ["detectors"], may: ["detectors/*", "options", "dns/proofs", "published-ranges"] },
  { files: ["state"], may: [...LEAVES, "stored-lists", "ban-list"] },
  { files: ["lists"], may: [...LEAVES, "stored-lists", "ban-list", "state"] },
  { files: ["switches"], may: ["stored-switches", "detectors/switches"] },
  { files: ["content"], may: ["detectors/content", "content/*"] },
  { files: ["forest", "compat"], may: ["model/*"] },
  { files: ["records"], may: ["record", "redact", "records/*"] },
  { files: ["records/*"], may: [...LEAVES, "record", "records/*"] },
  { files: ["dns/*"], may: [...LEAVES, "dns/*"] },
  { files: ["settings/*"], may: [...LEAVES, "request", "paths", "settings/*"] },
  { files: ["settings"], may: [...LEAVES, "recommended", "detectors/*", "settings/*"] },
  { files: ["exemptions"], may: ["detectors/exemptions", "protection"] },
  { files: ["train"], may: ["train/*", "behaviour/text-hash", "model/features", "model/random", "request"] },
  { files: ["models"], may: ["model/*", "models/*"] },
];

/** Only these may name `node:`; everything else runs on edge runtimes and in browsers too. */
export const NODE_ONLY = [
  /^packages\/core\/src\/(?:node|dns\/node|records\/node[\w-]*|server|models\/file[\w-]*|stores\/sqlite[\w-]*)\.ts$/,
  /^packages\/(?:cli|proxy|dashboard|conformance|geo)\//,
  /^(?:sandbox|scripts|bench|examples)\//,
  /\/(?:test|tools)\//,
  /\.config\.ts$/,
];

/** What an adapter may import beside its framework. */
export const ADAPTER_MAY = ["@aiwaf/core", "@aiwaf/core/recommended", "@aiwaf/core/web", "@aiwaf/core/node", "@aiwaf/core/server"];

export const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith("/*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;

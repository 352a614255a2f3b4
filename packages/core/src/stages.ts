/**
 * Names of protections: the detectors' own, and those that AIWAF's other implementations give their stages.
 *
 * @module
 */

/** Detectors that judge one request. A full exemption leaves them all out. */
export const REQUEST_DETECTORS: readonly string[] = [
  "headers",
  "internals",
  "methods",
  "probes",
  "keywords",
  "waves",
  "honeypot",
  "identifiers",
  "good-bots",
  "content",
  "anomaly",
];

/**
 * Detectors that judge the client whatever it asks for, and what no client may send to any path. An exemption leaves them out only when it names them.
 */
export const CLIENT_DETECTORS: readonly string[] = ["blocklist", "rate-limit", "repeats", "logins", "geo", "internals"];

/**
 * What the stages of other implementations are here. The stage that read the blacklist also looked for keywords: skipping it must not let a banned
 * client in, so `blocklist` goes only by its own name.
 */
const STAGES: Readonly<Record<string, readonly string[]>> = {
  geo_block: ["geo"],
  ip_keyword_block: ["probes", "keywords", "waves"],
  rate_limit: ["rate-limit"],
  ai_anomaly: ["anomaly"],
  honeypot: ["honeypot", "methods"],
  uuid_tamper: ["identifiers"],
  header_validation: ["headers"],
  // Records are made by subscribers, and every answer fits what the client accepts.
  logging: [],
  json_exception: [],
};

/** The class that stood for each stage, last dotted part, lower case. */
const CLASSES: Readonly<Record<string, keyof typeof STAGES>> = {
  geoblockmiddleware: "geo_block",
  ipandkeywordblockmiddleware: "ip_keyword_block",
  ratelimitmiddleware: "rate_limit",
  aianomalymiddleware: "ai_anomaly",
  honeypottimingmiddleware: "honeypot",
  uuidtampermiddleware: "uuid_tamper",
  headervalidationmiddleware: "header_validation",
  aiwafloggermiddleware: "logging",
  aiwafloggingmiddleware: "logging",
  jsonexceptionmiddleware: "json_exception",
};

/** The stages there are, by their short names. */
export const STAGE_NAMES: readonly string[] = Object.keys(STAGES);

/** The short name of a stage, from that name in any case or from its class, whatever module it is written with; `undefined` for anything else. */
export function stageOf(name: string): string | undefined {
  const last = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  if (Object.hasOwn(STAGES, last)) return last;
  return Object.hasOwn(CLASSES, last) ? CLASSES[last] : undefined;
}

/**
 * Names of detectors and rules with every stage name replaced by the detectors that do its work; all others stay. `honeypot` is a stage as well as a
 * detector and stands for the detector alone.
 */
export function detectorsOf(names: readonly string[]): readonly string[] {
  const found = names.flatMap((name) => {
    const known = REQUEST_DETECTORS.includes(name) || CLIENT_DETECTORS.includes(name);
    const stage = known || name.includes("/") ? undefined : stageOf(name);
    return stage === undefined ? [name] : STAGES[stage]!;
  });
  return [...new Set(found)];
}

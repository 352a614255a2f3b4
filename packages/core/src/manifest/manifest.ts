/**
 * The route manifest `.aiwaf/paths.json`: what `aiwaf init` found in an application, checked before anything believes it.
 *
 * @module
 */
import { WafError } from "../errors.ts";

/** One route as `aiwaf init` found it. */
export interface ManifestRoute {
  /** Methods the route answers, upper case, without HEAD and OPTIONS. Empty: not known. */
  readonly methods: readonly string[];
  /** What the route is for: `static`, `admin`, `auth`, `form`, `api`, `upload`, `app`, `unknown`. */
  readonly category: string;
  readonly protections: Protections;
}

/** How many requests of one client a route takes. */
export interface ManifestLimit {
  /** 1 to 1,000,000. */
  readonly requests: number;
  /** 1 to 86,400. */
  readonly window_seconds: number;
  /** Above this many the client is banned; at least `requests`. */
  readonly flood?: number;
}

/** What is switched on or off for a route. `false` and `{ enabled: false }` switch off. */
export interface Protections {
  readonly rate_limit?: ManifestLimit;
  readonly api_rate_limit?: ManifestLimit;
  readonly header_validation?: Switch;
  readonly ip_keyword_block?: Switch;
  readonly ai_anomaly?: Switch;
  readonly honeypot?: Switch;
}

/** `false` and `{ enabled: false }` switch off. */
export type Switch = boolean | { readonly enabled: boolean };

/** A checked manifest. Patterns are those of path rules: `/a/:id`, `/a/**`. */
export interface Manifest {
  readonly framework: string;
  readonly routes: Readonly<Record<string, ManifestRoute>>;
}

/** More routes than any application has; a file of this size is a mistake, and reading it would cost a start its time. */
const MAX_ROUTES = 5_000;
const SWITCHES = ["header_validation", "ip_keyword_block", "ai_anomaly", "honeypot"] as const;

/**
 * Checks a parsed `.aiwaf/paths.json`. What it does not know it leaves out; what it knows must be right.
 *
 * @throws WafError AIWAF_MANIFEST_INVALID naming the field.
 */
export function readManifest(value: unknown): Manifest {
  const { schema_version: version, framework, routes } = record("the manifest", value);
  if (version !== "1.0") throw wrong("schema_version", version, '"1.0"');
  if (typeof framework !== "string" || framework.length > 100) throw wrong("framework", framework, "a name");
  const entries = Object.entries(record("routes", routes));
  if (entries.length > MAX_ROUTES) throw wrong("routes", entries.length, `at most ${MAX_ROUTES} of them`);
  return { framework, routes: Object.fromEntries(entries.map(([pattern, route]) => [pattern, readRoute(pattern, route)])) };
}

function readRoute(pattern: string, value: unknown): ManifestRoute {
  const name = `routes[${JSON.stringify(pattern)}]`;
  if (!pattern.startsWith("/")) throw wrong(name, pattern, 'a path that starts with "/"');
  const { methods = [], category = "unknown", protections = {} } = record(name, value);
  if (!Array.isArray(methods) || !methods.every((method) => typeof method === "string" && /^[A-Z][A-Z-]{0,30}$/.test(method)))
    throw wrong(`${name}.methods`, methods, "a list of method names in upper case");
  if (typeof category !== "string") throw wrong(`${name}.category`, category, "a name");
  const given = record(`${name}.protections`, protections);
  const read: Record<string, unknown> = {};
  for (const limit of ["rate_limit", "api_rate_limit"] as const)
    if (given[limit] !== undefined) read[limit] = readLimit(`${name}.protections.${limit}`, given[limit]);
  for (const key of SWITCHES) {
    const setting = given[key];
    if (setting === undefined) continue;
    const { enabled } = typeof setting === "boolean" ? { enabled: setting } : record(`${name}.protections.${key}`, setting);
    if (typeof enabled !== "boolean") throw wrong(`${name}.protections.${key}`, setting, "true, false or { enabled }");
    read[key] = enabled;
  }
  return { methods: methods as string[], category, protections: read };
}

function readLimit(name: string, value: unknown): ManifestLimit {
  const { requests, window_seconds: seconds, flood } = record(name, value);
  if (!isWhole(requests, 1_000_000)) throw wrong(`${name}.requests`, requests, "a whole number from 1 to 1,000,000");
  if (!isWhole(seconds, 86_400)) throw wrong(`${name}.window_seconds`, seconds, "a whole number from 1 to 86,400");
  if (flood === undefined) return { requests, window_seconds: seconds };
  if (!isWhole(flood, 10_000_000) || flood < requests) throw wrong(`${name}.flood`, flood, "a whole number not below requests");
  return { requests, window_seconds: seconds, flood };
}

const isWhole = (value: unknown, max: number): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max;

function record(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(name, value, "an object");
  return value as Record<string, unknown>;
}

function wrong(name: string, value: unknown, allowed: string): WafError {
  const shown = JSON.stringify(value)?.slice(0, 100) ?? String(value);
  return new WafError(
    "AIWAF_MANIFEST_INVALID",
    `.aiwaf/paths.json: ${name} is ${shown}; allowed: ${allowed}. Write it anew with \`aiwaf init\`.`,
  );
}

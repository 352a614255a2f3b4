/**
 * Takes over the settings of AIWAF's other implementations, from an object or an environment.
 *
 * @module
 */
import { compileAddressSet } from "./addresses.ts";
import type { ExemptionsOptions } from "./detectors/exemptions.ts";
import { HEADERS_OPTIONS } from "./detectors/headers.ts";
import { IDENTIFIERS_OPTIONS } from "./detectors/identifiers.ts";
import { KEYWORDS_OPTIONS } from "./detectors/keywords.ts";
import { METHODS_OPTIONS } from "./detectors/methods.ts";
import { RATE_LIMIT_OPTIONS } from "./detectors/rate-limit.ts";
import { WAVES_OPTIONS } from "./detectors/waves.ts";
import type { OptionTable } from "./options.ts";
import type { RecommendedOptions } from "./recommended.ts";
import { redactText } from "./redact.ts";
import { type Flat, flatten } from "./settings/flatten.ts";
import { patternOf, readPathRules } from "./settings/path-rules.ts";
import { list, Unreadable } from "./settings/readers.ts";
import { selectStages } from "./settings/selection.ts";
import { SETTINGS } from "./settings/table.ts";
import { detectorsOf } from "./stages.ts";
import type { PathRule } from "./types.ts";

/** What is known besides the settings. */
export interface SettingsContext {
  /** False when no route of the application takes a UUID; then `all` and `auto` leave that stage out. */
  readonly hasUuidRoutes?: boolean;
  /** Countries in the store's list `country`: one of them switches geo on, as one in the settings does. */
  readonly storedCountries?: readonly string[];
}

/** One setting and what became of it. */
export interface AppliedSetting {
  /** As it was written, for example `AIWAF_RATE_MAX` or `AIWAF_SETTINGS.EXEMPTIONS.IPS`. */
  readonly setting: string;
  /** Where it went in the result, for example `options.rateLimit.max`. */
  readonly to: string;
  /** What stands there now, as JSON, secrets left out. */
  readonly value: string;
}

/** Something that has no effect, contradicts another setting, or was made safer. */
export interface SettingWarning {
  readonly setting: string;
  readonly message: string;
}

/** What settings amount to here. */
export interface TakenSettings {
  /** For `recommended` and every adapter's `protect`. */
  readonly options: RecommendedOptions;
  /** Options of `geo()` from `@aiwaf/geo`; `enabled` says whether it belongs in `detectors`. */
  readonly geo: {
    readonly enabled: boolean;
    readonly database?: string;
    readonly block?: readonly string[];
    readonly allow?: readonly string[];
  };
  /** Options of `honeypot()`, which also needs your form tokens; `enabled` says whether it belongs in `detectors`. */
  readonly honeypot: Readonly<Record<string, unknown>> & { readonly enabled: boolean };
  /** Which store was meant, and where it is: make it with `memoryStore`, `sqliteStore` or `redisStore`. */
  readonly store: Readonly<Record<string, unknown>> & { readonly kind: "memory" | "sqlite" | "redis" };
  /** Whether decisions are recorded, and where. */
  readonly records: Readonly<Record<string, unknown>> & { readonly enabled: boolean };
  /** What training reads, needs and makes. */
  readonly training: Readonly<Record<string, unknown>>;
  /** Every setting that had an effect. */
  readonly applied: readonly AppliedSetting[];
  readonly warnings: readonly SettingWarning[];
}

/** The result while it is put together. */
interface Draft {
  readonly root: Record<string, unknown>;
  /** Which setting filled a place. */
  readonly filled: Map<string, string>;
  readonly applied: AppliedSetting[];
  readonly warnings: SettingWarning[];
}

/**
 * Turns settings of other implementations (`AIWAF_…` keys, the nested `AIWAF_SETTINGS`, groups such as `rate_limiting`, environment variables) into
 * options, lists what it did, and warns about what has no effect, contradicts itself or would be unsafe. Never throws, reads nothing but its arguments,
 * and never loosens anything that is not written: exempt logins, flood limits below the limit and static endings are made safe, with a warning.
 *
 * @param source - An object of settings, or an environment such as `process.env`.
 * @example
 * const { options, warnings } = fromSettings(process.env);
 * app.use(protect(options));
 */
export function fromSettings(source: Readonly<Record<string, unknown>>, context: SettingsContext = {}): TakenSettings {
  const flat = flatten(source);
  const draft: Draft = { root: {}, filled: new Map(), applied: [], warnings: [] };
  for (const [key, { value, from }] of flat.values) readSetting(draft, key, value, from);
  for (const from of flat.unknown) warn(draft, from, "is not known and has no effect");
  for (const { from, why } of flat.dead) warn(draft, from, `has no effect: ${why}`);
  const options = group(draft, "options") as Record<string, Record<string, unknown> | false | undefined>;
  finishLimits(draft, options, flat);
  const paths = finishPaths(draft, flat);
  finishExemptions(draft, options);
  const geo = finishGeo(draft, context);
  const stages = finishStages(draft, flat, options, geo.enabled, context);
  const store = finishStore(draft);
  const records = group(draft, "records");
  return {
    options: { ...options, ...(Object.keys(paths).length > 0 && { paths }) } as RecommendedOptions,
    geo: { ...geo, enabled: geo.enabled && stages.has("geo_block") },
    honeypot: { ...group(draft, "honeypot"), enabled: stages.has("honeypot") },
    store,
    records: { ...records, enabled: (records["enabled"] as boolean | undefined) ?? stages.has("logging") },
    training: group(draft, "training"),
    applied: draft.applied,
    warnings: draft.warnings,
  };
}

const group = (draft: Draft, name: string): Record<string, unknown> => {
  const found = (draft.root[name] ?? {}) as Record<string, unknown>;
  draft.root[name] = found;
  return found;
};

/** Credentials in addresses of stores must not reach a log by way of a list of settings. */
const shown = (value: unknown): string => redactText(JSON.stringify(value) ?? "").slice(0, 200);

const warn = (draft: Draft, setting: string, message: string): void => void draft.warnings.push({ setting, message });

function readSetting(draft: Draft, key: string, value: unknown, from: string): void {
  const setting = Object.hasOwn(SETTINGS, key) ? SETTINGS[key]! : undefined;
  if (key === "AIWAF_RATE_EXEMPT_IPS") {
    place(draft, "exemptFromRate", list(value), from);
    return;
  }
  if (setting === undefined) {
    warn(draft, from, "is not known and has no effect");
    return;
  }
  if ("dead" in setting) {
    warn(draft, from, `has no effect: ${setting.dead}`);
    return;
  }
  const read = setting.read(value);
  place(draft, setting.to, read instanceof Unreadable ? read : fitting(draft, setting.to, read, from), from);
  if (setting.note !== undefined) warn(draft, from, setting.note);
}

/** The options that each detector checks for itself: what it would refuse at the start is left out here, with a warning. */
const TABLES: Readonly<Record<string, OptionTable>> = {
  rateLimit: RATE_LIMIT_OPTIONS,
  headers: HEADERS_OPTIONS,
  methods: METHODS_OPTIONS,
  keywords: KEYWORDS_OPTIONS,
  waves: WAVES_OPTIONS,
  identifiers: IDENTIFIERS_OPTIONS,
};

/** The value as the option takes it: of a list the elements that it takes. */
function fitting(draft: Draft, to: string, value: unknown, from: string): unknown {
  const [place, owner = "", name = ""] = to.split(".");
  const option = place === "options" ? TABLES[owner]?.[name] : undefined;
  if (value === undefined || option === undefined || option.accepts(value)) return value;
  const kept = Array.isArray(value) ? value.filter((element) => option.accepts([element])) : [];
  if (kept.length === 0 || !option.accepts(kept)) return new Unreadable(option.allowed);
  const left = (value as unknown[]).filter((element) => !kept.includes(element));
  warn(draft, from, `takes ${option.allowed}; left out: ${left.slice(0, 5).map(shown).join(", ")}`);
  return kept;
}

/** Puts a value where it belongs. Two settings for one place: lists are joined, of anything else the first holds. */
function place(draft: Draft, to: string, value: unknown, from: string): void {
  if (value === undefined) return;
  if (value instanceof Unreadable) {
    warn(draft, from, `is left out: it must be ${value.allowed}`);
    return;
  }
  const steps = to.split(".");
  const last = steps.pop()!;
  let holder = draft.root;
  for (const step of steps) {
    const next = holder[step] ?? {};
    holder[step] = next;
    holder = next as Record<string, unknown>;
  }
  const before = holder[last];
  const first = draft.filled.get(to);
  if (first !== undefined && Array.isArray(before) && Array.isArray(value)) holder[last] = [...new Set([...before, ...value])];
  else if (first !== undefined && JSON.stringify(before) !== JSON.stringify(value)) {
    warn(draft, from, `contradicts ${first}, which holds`);
    return;
  } else holder[last] = value;
  draft.filled.set(to, first ?? from);
  draft.applied.push({ setting: from, to, value: shown(holder[last]) });
}

/** What the other implementations use for a part of a limit that is not set. */
const THEIR_WINDOW_MS = 10_000;
const THEIR_MAX = 20;

function finishLimits(draft: Draft, options: Record<string, Record<string, unknown> | false | undefined>, flat: Flat): void {
  const limit = options["rateLimit"] as { max?: number; windowMs?: number; floodMax?: number } | undefined;
  const headers = options["headers"] as { required?: readonly string[]; minQuality?: number } | undefined;
  if (headers?.required?.length === 0 && headers.minQuality === undefined) {
    headers.minQuality = 0;
    draft.applied.push({ setting: "AIWAF_REQUIRED_HEADERS", to: "options.headers.minQuality", value: "0" });
  }
  if (limit === undefined || !["max", "windowMs", "floodMax"].some((name) => Object.hasOwn(limit, name))) return;
  const had = { ...limit };
  limit.max ??= THEIR_MAX;
  limit.windowMs ??= THEIR_WINDOW_MS;
  for (const name of ["max", "windowMs"] as const) {
    if (had[name] === undefined)
      draft.applied.push({ setting: "(their default)", to: `options.rateLimit.${name}`, value: String(limit[name]) });
  }
  if (limit.floodMax !== undefined && limit.floodMax < limit.max) {
    const from = flat.values.get("AIWAF_RATE_FLOOD")?.from ?? "AIWAF_RATE_FLOOD";
    warn(
      draft,
      from,
      `${limit.floodMax} lies below the limit of ${limit.max}, so 429 would never be answered; it is raised to ${2 * limit.max}`,
    );
    limit.floodMax = 2 * limit.max;
  }
}

const SENSITIVE = /\/(?:admin|administration|log-?in|sign-?in|auth|accounts?)(?:\/|$)/i;

function finishPaths(draft: Draft, { pathRules }: Flat): Readonly<Record<string, PathRule>> {
  const read = pathRules === undefined ? { paths: {}, warnings: [] } : readPathRules(pathRules.value);
  for (const message of read.warnings) warn(draft, pathRules!.from, message);
  for (const [pattern, rule] of Object.entries(read.paths)) {
    draft.applied.push({ setting: pathRules!.from, to: `options.paths[${JSON.stringify(pattern)}]`, value: shown(rule) });
  }
  return read.paths;
}

function finishExemptions(draft: Draft, options: Record<string, unknown>): void {
  const paths: Record<string, readonly string[]> = {};
  const exemptPaths = (draft.root["exemptPaths"] ?? {}) as { readonly all?: readonly string[]; readonly headers?: readonly string[] };
  const add = (setting: string, given: readonly string[] | undefined, names: readonly string[]): void => {
    for (const prefix of given ?? []) {
      const pattern = patternOf(prefix);
      if (pattern === undefined) {
        warn(draft, setting, `${JSON.stringify(prefix.slice(0, 60))} is left out: it must be a path without wildcards`);
        continue;
      }
      paths[pattern] = [...new Set([...(paths[pattern] ?? []), ...names])];
      if (names !== HEADERS_ONLY && SENSITIVE.test(prefix))
        warn(
          draft,
          setting,
          `${prefix} stays limited, and closed to banned clients; consider a stricter limit for it instead of an exemption`,
        );
    }
  };
  add(draft.filled.get("exemptPaths.all") ?? "AIWAF_EXEMPT_PATHS", exemptPaths.all, ALL_STAGES);
  add(draft.filled.get("exemptPaths.headers") ?? "AIWAF_HEADER_EXEMPT_PATHS", exemptPaths.headers, HEADERS_ONLY);
  const addresses: Record<string, readonly string[]> = {};
  const exemptAddresses = readAddresses(draft, "AIWAF_EXEMPT_IPS", draft.root["exemptAddresses"]);
  for (const address of readAddresses(draft, "rate_limiting.exempt_ips", draft.root["exemptFromRate"])) addresses[address] = ["rate-limit"];
  const all = exemptAddresses.length > 0 && Object.keys(addresses).length === 0;
  // A record cannot say "everything", so beside partial exemptions everything is named.
  for (const address of exemptAddresses) addresses[address] = EVERYTHING;
  const exemptions: ExemptionsOptions = {
    ...(Object.keys(paths).length > 0 && { paths }),
    ...(exemptAddresses.length + Object.keys(addresses).length > 0 && { addresses: all ? exemptAddresses : addresses }),
  };
  if (Object.keys(exemptions).length > 0) options["exemptions"] = exemptions;
}

const HEADERS_ONLY: readonly string[] = ["headers"];
const ALL_STAGES: readonly string[] = detectorsOf([
  "header_validation",
  "ip_keyword_block",
  "ai_anomaly",
  "honeypot",
  "methods",
  "uuid_tamper",
  "content",
]);
const EVERYTHING: readonly string[] = [...ALL_STAGES, "blocklist", "rate-limit", "geo"];

function readAddresses(draft: Draft, setting: string, given: unknown): readonly string[] {
  return ((given ?? []) as readonly string[]).filter((address) => {
    try {
      compileAddressSet([address], setting);
    } catch (error) {
      warn(
        draft,
        setting,
        `${JSON.stringify(address.slice(0, 60))} is left out: ${String((error as Error).message).replace(/^[^:]*: Option "[^"]*": /, "")}`,
      );
      return false;
    }
    if (/^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|127\.|::1$|f[cd])/i.test(address))
      warn(draft, setting, `${address} is private: behind a proxy that the option client does not name, every request would be exempt`);
    return true;
  });
}

function finishGeo(draft: Draft, { storedCountries = [] }: SettingsContext): TakenSettings["geo"] {
  const { enabled, database, block, allow } = group(draft, "geo") as Partial<TakenSettings["geo"]>;
  const listed = (block?.length ?? 0) + (allow?.length ?? 0) + storedCountries.filter((code) => code.trim() !== "").length > 0;
  if (enabled === false && listed) warn(draft, "AIWAF_GEO_BLOCK_ENABLED", "is off although countries are listed: they have no effect");
  if (enabled === true && !listed)
    warn(draft, "AIWAF_GEO_BLOCK_ENABLED", "is on although no country is listed: countries are recorded, and nobody is blocked");
  if ((block?.length ?? 0) > 0 && (allow?.length ?? 0) > 0)
    warn(draft, "AIWAF_GEO_BLOCK_COUNTRIES", "has little effect: only the countries in AIWAF_GEO_ALLOW_COUNTRIES pass");
  return {
    enabled: enabled ?? listed,
    ...(database !== undefined && { database }),
    ...(block !== undefined && { block }),
    ...(allow !== undefined && { allow }),
  };
}

/** The detectors of each stage that `recommended` has an option for. */
const SWITCHES: Readonly<Record<string, readonly string[]>> = {
  ip_keyword_block: ["probes", "keywords", "waves"],
  rate_limit: ["rateLimit"],
  ai_anomaly: ["anomaly"],
  honeypot: ["methods"],
  uuid_tamper: ["identifiers"],
  header_validation: ["headers"],
};

function finishStages(
  draft: Draft,
  flat: Flat,
  options: Record<string, unknown>,
  wantsGeo: boolean,
  { hasUuidRoutes }: SettingsContext,
): ReadonlySet<string> {
  const hasAccessLog = draft.filled.has("training.accessLog");
  const { stages, unknown, left } = selectStages(flat.middlewares, flat.disabled, { hasAccessLog, wantsGeo, hasUuidRoutes });
  for (const name of unknown) warn(draft, "middlewares", `${JSON.stringify(name.slice(0, 60))} is no stage and has no effect`);
  for (const { stage, why } of left) draft.applied.push({ setting: "middlewares", to: stage, value: `left out: ${why}` });
  for (const [stage, names] of Object.entries(SWITCHES)) {
    if (stages.has(stage)) continue;
    for (const name of names) options[name] = false;
    draft.applied.push({ setting: "middlewares", to: names.map((name) => `options.${name}`).join(", "), value: "false" });
  }
  for (const [name, chosen] of Object.entries(group(draft, "choose"))) {
    if (chosen !== false) continue;
    if (name === "blocklist")
      warn(
        draft,
        draft.filled.get("choose.blocklist")!,
        "is off: clients on the blocklist and banned clients are let in, and report mode would be safer",
      );
    options[name] = false;
  }
  return stages;
}

function finishStore(draft: Draft): TakenSettings["store"] {
  const store = group(draft, "store") as Record<string, unknown> & { kind?: "memory" | "sqlite" | "redis"; url?: string };
  const isRedis = store.kind === "redis";
  if (isRedis && store.url === undefined) {
    warn(draft, "AIWAF_RATE_CACHE_BACKEND", "is redis and AIWAF_REDIS_URL is missing; redis://localhost:6379/0 is assumed");
    store.url = "redis://localhost:6379/0";
  }
  if (!isRedis && store.url !== undefined) warn(draft, "AIWAF_REDIS_URL", "has no effect: AIWAF_RATE_CACHE_BACKEND is not redis");
  return { ...store, kind: store.kind ?? "memory" };
}

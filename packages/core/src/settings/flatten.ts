/**
 * Brings nested settings to the flat keys they stand for.
 *
 * @module
 */
import { flag, list, record, Unreadable } from "./readers.ts";

/** Flat settings, by key, with the name under which each was written. */
export interface Flat {
  readonly values: Map<string, { readonly value: unknown; readonly from: string }>;
  readonly pathRules: { readonly value: unknown; readonly from: string } | undefined;
  readonly middlewares: unknown;
  readonly disabled: unknown;
  readonly unknown: readonly string[];
  /** Nested settings that have no effect, with the reason. */
  readonly dead: readonly { readonly from: string; readonly why: string }[];
}

type Nested = Readonly<Record<string, string | { readonly dead: string }>>;

const NO_TEXT_RULES = { dead: "patterns of agents are no proof of anything; see AIWAF_BLOCKED_USER_AGENTS and goodBots()" } as const;
const PRIVATE = { dead: "nothing is exempt by itself: behind a proxy every request would come from such an address" } as const;
const CACHES = { dead: "caches are bounded and sized by their stores" } as const;
const ALWAYS_ENDS = { dead: "bans grow from 5 minutes to an hour and a day, and always end" } as const;

/** Groups of settings in lower case, as one of the implementations takes them. */
const GROUPS: Readonly<Record<string, Nested>> = {
  rate_limiting: {
    enabled: "AIWAF_RATE_LIMITING_ENABLED",
    window_seconds: "AIWAF_RATE_WINDOW",
    max_requests: "AIWAF_RATE_MAX",
    flood_threshold: "AIWAF_RATE_FLOOD",
    exempt_ips: "AIWAF_RATE_EXEMPT_IPS",
    cache_backend: "AIWAF_RATE_CACHE_BACKEND",
    redis_url: "AIWAF_REDIS_URL",
    cache_key_prefix: "AIWAF_RATE_CACHE_KEY_PREFIX",
  },
  header_validation: {
    enabled: "AIWAF_HEADER_VALIDATION_ENABLED",
    quality_threshold: "AIWAF_HEADER_QUALITY_MIN_SCORE",
    block_suspicious: "AIWAF_HEADER_BLOCK_SUSPICIOUS",
    exempt_paths: "AIWAF_HEADER_EXEMPT_PATHS",
    custom_suspicious_patterns: NO_TEXT_RULES,
    custom_legitimate_patterns: NO_TEXT_RULES,
    trust_legitimate_bots: NO_TEXT_RULES,
  },
  storage: { backend: "AIWAF_STORAGE_BACKEND", file_path: "AIWAF_STORAGE_FILE_PATH" },
  logging_middleware: { enabled: "AIWAF_MIDDLEWARE_LOGGING", log_dir: "AIWAF_LOG_DIR", log_format: "AIWAF_LOG_FORMAT" },
  logging: { level: "AIWAF_LOG_LEVEL", format: "AIWAF_LOG_FORMAT", log_file: "AIWAF_LOG_FILE" },
  blacklist: {
    default_block_duration: "AIWAF_BLACKLIST_DEFAULT_DURATION",
    permanent_block_threshold: ALWAYS_ENDS,
    auto_unblock_enabled: ALWAYS_ENDS,
    cleanup_interval: { dead: "stores drop what has ended by themselves" },
  },
  exemptions: { private_ips_exempted: PRIVATE, localhost_exempted: PRIVATE, auto_exempt_patterns: PRIVATE },
  security: {
    log_blocked_requests: "AIWAF_LOG_BLOCKED",
    log_suspicious_requests: "AIWAF_LOG_SUSPICIOUS",
    max_header_length: "AIWAF_MAX_HEADER_LENGTH",
    max_user_agent_length: "AIWAF_MAX_USER_AGENT_LENGTH",
  },
  performance: { enable_caching: CACHES, cache_duration: CACHES, max_cache_entries: CACHES },
};

/** Groups of the nested block, as the Django implementations take it. What it says never replaces a flat key. */
const LEGACY: Readonly<Record<string, Nested>> = {
  RATE_LIMITING: { REQUESTS_PER_MINUTE: "AIWAF_RATE_MAX", BURST_THRESHOLD: "AIWAF_RATE_FLOOD" },
  EXEMPTIONS: { PATHS: "AIWAF_EXEMPT_PATHS", IPS: "AIWAF_EXEMPT_IPS" },
  KEYWORD_DETECTION: {
    ENABLED: "AIWAF_ENABLE_KEYWORD_LEARNING",
    SENSITIVITY_LEVEL: "AIWAF_DYNAMIC_TOP_N",
    CUSTOM_PATTERNS: "AIWAF_MALICIOUS_KEYWORDS",
  },
  IP_BLOCKING: { ENABLED: "AIWAF_ENABLE_IP_BLOCKING", WHITELIST: "AIWAF_EXEMPT_IPS" },
  LOGGING: { ENABLED: "AIWAF_MIDDLEWARE_LOGGING", LEVEL: "AIWAF_LOG_LEVEL", FORMAT: "AIWAF_LOG_FORMAT" },
  HEADER_VALIDATION: {
    ENABLED: "AIWAF_HEADER_VALIDATION_ENABLED",
    QUALITY_THRESHOLD: "AIWAF_HEADER_QUALITY_MIN_SCORE",
    REQUIRED_HEADERS: "AIWAF_REQUIRED_HEADERS",
    BLOCK_SUSPICIOUS: "AIWAF_HEADER_BLOCK_SUSPICIOUS",
    EXEMPT_PATHS: "AIWAF_HEADER_EXEMPT_PATHS",
  },
};

const SENSITIVITY: Readonly<Record<string, number>> = { low: 5, medium: 10, high: 20 };

/** Groups of one more implementation, whose fields nobody wrote down. */
const CAMEL_GROUPS = new Set(["keywords", "rate", "honeypot", "headerValidation", "geo", "model", "training", "errors"]);

/** Anything named like ours, or nested as ours is; all else in an environment is somebody else's. */
export function flatten(source: Readonly<Record<string, unknown>>): Flat {
  const values: Flat["values"] = new Map();
  const unknown: string[] = [];
  const dead: { from: string; why: string }[] = [];
  const put = (key: string, value: unknown, from: string): void => {
    if (value !== undefined && !values.has(key)) values.set(key, { value, from });
  };
  for (const [key, value] of Object.entries(source)) {
    if (/^AIWAF_(?!SETTINGS$|PATH_RULES$)|^HONEYPOT_FIELD$/.test(key)) put(key, value, key);
  }
  const group = (name: string, keys: Nested, given: unknown): void => {
    for (const [field, value] of Object.entries(record(given) ?? {})) {
      const key = Object.hasOwn(keys, field) ? keys[field] : undefined;
      const from = `${name}.${field}`;
      if (key === undefined) unknown.push(from);
      else if (typeof key === "string") put(key, value, from);
      else dead.push({ from, why: key.dead });
    }
  };
  for (const [name, keys] of Object.entries(GROUPS)) if (record(source[name]) !== undefined) group(name, keys, source[name]);
  const legacy = record(source["AIWAF_SETTINGS"]) ?? {};
  for (const [name, given] of Object.entries(legacy)) {
    const from = `AIWAF_SETTINGS.${name}`;
    const keys = Object.hasOwn(LEGACY, name) ? LEGACY[name] : undefined;
    if (keys !== undefined) readLegacy(name, given, (prepared) => group(from, keys, prepared), put, values);
    else if (name === "STORAGE_TYPE") put("AIWAF_STORAGE_MODE", given, from);
    else if (name === "TRAINING_MODE") {
      if (flag(given) === false) put("AIWAF_DISABLE_AI", true, from);
    } else if (name === "ROUTE_PLAN_VERSION") put("AIWAF_ROUTE_PLAN_VERSION", given, from);
    else if (CAMEL_GROUPS.has(name)) dead.push({ from, why: "write its fields as flat settings" });
    else if (name !== "PATH_RULES") unknown.push(from);
  }
  const rules = (["AIWAF_PATH_RULES", "path_rules"] as const).find((key) => source[key] !== undefined);
  return {
    values,
    pathRules:
      rules !== undefined
        ? { value: source[rules], from: rules }
        : legacy["PATH_RULES"] !== undefined
          ? { value: legacy["PATH_RULES"], from: "AIWAF_SETTINGS.PATH_RULES" }
          : undefined,
    middlewares: source["middlewares"],
    disabled: source["disable_middlewares"],
    unknown,
    dead,
  };
}

/** What a group means beyond the values of its fields. */
function readLegacy(
  name: string,
  given: unknown,
  group: (given: unknown) => void,
  put: (key: string, value: unknown, from: string) => void,
  values: Flat["values"],
): void {
  const fields = record(given) ?? {};
  if (name === "RATE_LIMITING") {
    // So many a minute, unless a flat key says how long a window is.
    if (fields["REQUESTS_PER_MINUTE"] !== undefined) put("AIWAF_RATE_WINDOW", 60, "AIWAF_SETTINGS.RATE_LIMITING.REQUESTS_PER_MINUTE");
    group(fields);
  } else if (name === "KEYWORD_DETECTION") {
    const { SENSITIVITY_LEVEL: level, CUSTOM_PATTERNS: patterns, ...rest } = fields;
    const count = SENSITIVITY[String(level).toLowerCase()];
    group({ ...rest, ...(level !== undefined && { SENSITIVITY_LEVEL: count ?? level }) });
    // The one setting that is added to its flat key instead of giving way to it.
    const custom = patterns === undefined ? [] : list(patterns);
    const flat = values.get("AIWAF_MALICIOUS_KEYWORDS");
    const listed = flat === undefined ? [] : list(flat.value);
    if (patterns === undefined) return;
    if (custom instanceof Unreadable || listed instanceof Unreadable) {
      group({ CUSTOM_PATTERNS: patterns });
      return;
    }
    const from = "AIWAF_SETTINGS.KEYWORD_DETECTION.CUSTOM_PATTERNS";
    values.set("AIWAF_MALICIOUS_KEYWORDS", { value: [...new Set([...(listed as string[]), ...(custom as string[])])], from });
  } else group(fields);
}

/**
 * Every setting of AIWAF's other implementations: what it becomes here, or why it becomes nothing.
 *
 * @module
 */
import { decimal, fieldName, flag, list, mapped, type Reader, seconds, text, Unreadable, whole, word } from "./readers.ts";

/** A setting that becomes a part of the result, at a dotted path. */
export interface LiveSetting {
  readonly to: string;
  readonly read: Reader;
  /** Said whenever the setting is given. */
  readonly note?: string;
}

/** A setting that has no effect, with the reason. */
export interface DeadSetting {
  readonly dead: string;
}

export type Setting = LiveSetting | DeadSetting;

const to = (path: string, read: Reader, note?: string): LiveSetting => ({ to: path, read, ...(note !== undefined && { note }) });
const dead = (why: string): DeadSetting => ({ dead: why });

const DAY = 86_400;
const limit = whole(1, 1_000_000);
const points = whole(0, 10_000);
const extension = mapped(list, (names: string[]) => {
  const endings = names.map((name) => (name.startsWith(".") ? name : `.${name}`).toLowerCase());
  return endings.every((ending) => /^\.[a-z0-9]{1,10}$/.test(ending)) ? endings : new Unreadable("a list of file endings such as .php");
});
const countries = mapped(list, (codes: string[]) => {
  const upper = codes.map((code) => code.toUpperCase());
  return upper.every((code) => /^[A-Z]{2}$/.test(code)) ? upper : new Unreadable("a list of countries of two letters");
});
const upper = mapped(list, (names: string[]) => names.map((name) => name.toUpperCase()));
const fields = mapped(list, (names: string[]) => names.map(fieldName));

const NATIVE = "the engine is one and the same everywhere; there is no native module to switch on or to tune";
const BATCH = "features are computed as a stream, so there are no batches and no workers to tune";
const REDACTED = "records are always redacted and bounded; see recordOf";
const NEVER_READ = "no implementation ever read it";

/** By key. */
export const SETTINGS: Readonly<Record<string, Setting>> = {
  AIWAF_ACCESS_LOG: to("training.accessLog", text),
  AIWAF_DISABLE_AI: to("training.disableModel", flag),
  AIWAF_MIN_AI_LOGS: to("training.minModelLines", whole(0, 1_000_000_000)),
  AIWAF_MIN_TRAIN_LOGS: to("training.minLines", whole(0, 1_000_000_000)),
  AIWAF_FORCE_AI_TRAINING: to("training.force", flag),
  AIWAF_FORCE_AI: to("training.force", flag),
  AIWAF_AI_CONTAMINATION: to("training.forest.contamination", decimal(0, 0.5)),
  AIWAF_AI_N_ESTIMATORS: to("training.forest.nEstimators", whole(1, 10_000)),
  AIWAF_AI_MAX_SAMPLES: to("training.forest.maxSamples", sampleCount),
  AIWAF_AI_MAX_FEATURES: to("training.forest.maxFeatures", decimal(0, 1)),
  AIWAF_AI_BOOTSTRAP: to("training.forest.bootstrap", flag),
  AIWAF_AI_RANDOM_STATE: to("training.forest.randomState", whole(0, 4_294_967_295)),
  AIWAF_AI_WARM_START: to("training.forest.warmStart", flag),
  AIWAF_WINDOW_SECONDS: to("options.waves.windowMs", seconds(1, 3_600)),
  AIWAF_DYNAMIC_TOP_N: to("options.keywords.maxActive", whole(0, 1_000)),
  AIWAF_ENABLE_KEYWORD_LEARNING: to("options.keywords.learn", flag),
  AIWAF_MALICIOUS_KEYWORDS: to("options.keywords.words", list),
  AIWAF_STATUS_CODES: dead("the status is a feature of its own; there is no list of statuses to index"),
  AIWAF_ALLOWED_PATH_KEYWORDS: to("options.keywords.allow", list),
  AIWAF_EXEMPT_KEYWORDS: to("options.keywords.allow", list),
  AIWAF_KEYWORD_THRESHOLD: dead(NEVER_READ),
  AIWAF_ANOMALY_THRESHOLD: dead(NEVER_READ),
  AIWAF_ENABLE_ANOMALY_DETECTION: dead(`${NEVER_READ}; AIWAF_DISABLE_AI is the one that was`),
  AIWAF_LOGGING_ENABLED: dead(`${NEVER_READ}; AIWAF_MIDDLEWARE_LOGGING is the one that was`),

  AIWAF_RATE_WINDOW: to("options.rateLimit.windowMs", seconds(1, DAY)),
  AIWAF_RATE_MAX: to("options.rateLimit.max", limit),
  AIWAF_RATE_FLOOD: to("options.rateLimit.floodMax", whole(1, 10_000_000)),
  AIWAF_RATE_CACHE_BACKEND: to("store.kind", word({ memory: "memory", redis: "redis" })),
  AIWAF_REDIS_URL: to("store.url", text),
  AIWAF_RATE_CACHE_KEY_PREFIX: to("store.prefix", text),

  AIWAF_MIN_FORM_TIME: to("honeypot.minFormTimeMs", seconds(0, 60)),
  AIWAF_MAX_PAGE_TIME: to("honeypot.maxPageTimeMs", seconds(10, 30 * DAY)),
  HONEYPOT_FIELD: to("honeypot.trapField", text),
  AIWAF_HONEYPOT_SKIP_AUTHENTICATED: dead("who is signed in, only your application knows: give honeypot() a function isAuthenticated"),
  AIWAF_LOGIN_PATH_PREFIXES: to("honeypot.loginPaths", list),
  AIWAF_POST_ONLY_SUFFIXES: dead(
    "an ending says nothing about methods; name them by path, for example paths: { '/create': { methods: ['POST'] } }",
  ),
  AIWAF_METHOD_POLICY_ENABLED: to("choose.methods", flag),
  AIWAF_ALLOWED_METHODS: to("options.methods.allow", upper),
  AIWAF_UUID_SCORE_ENABLED: to("options.identifiers.enabled", flag),
  AIWAF_UUID_SCORE_WINDOW_SECONDS: to("options.identifiers.windowMs", seconds(1, DAY)),
  AIWAF_UUID_SCORE_BLOCK_THRESHOLD: to("options.identifiers.threshold", whole(1, 10_000)),
  AIWAF_UUID_SCORE_MALFORMED_WEIGHT: to("options.identifiers.malformedWeight", points),
  AIWAF_UUID_SCORE_NOT_FOUND_WEIGHT: to("options.identifiers.notFoundWeight", points),
  AIWAF_UUID_SCORE_SUCCESS_DECAY: to("options.identifiers.successDecay", points),
  AIWAF_FILE_EXTENSIONS: to("options.waves.extensions", extension),

  AIWAF_REQUIRED_HEADERS: to("options.headers.required", requiredFields),
  AIWAF_HEADER_QUALITY_MIN_SCORE: to("options.headers.minQuality", whole(0, 11)),
  AIWAF_MAX_ACCEPT_LENGTH: to("options.headers.maxAcceptLength", whole(100, 65_536)),
  AIWAF_MAX_HEADER_BYTES: to("options.headers.maxTotalLength", whole(1_024, 1_048_576)),
  AIWAF_MAX_HEADER_COUNT: to("options.headers.maxCount", whole(10, 10_000)),
  AIWAF_MAX_USER_AGENT_LENGTH: to("options.headers.maxUserAgentLength", whole(100, 65_536)),
  AIWAF_BLOCKED_USER_AGENTS: to("options.headers.blockedAgents", list),
  AIWAF_SUSPICIOUS_USER_AGENTS: dead("agents of libraries and monitors are no attack; AIWAF_BLOCKED_USER_AGENTS names those to block"),
  AIWAF_LEGITIMATE_BOTS: dead("anyone can send a bot's name; good bots are told by reverse DNS or published ranges: goodBots()"),
  AIWAF_STATIC_EXTENSIONS: dead("an ending makes no path static, or /api/x.css would skip every check; exempt real folders by path"),
  AIWAF_STATIC_PATHS: to("exemptPaths.headers", list),

  AIWAF_GEO_BLOCK_ENABLED: to("geo.enabled", flag),
  AIWAF_GEOIP_DB_PATH: to("geo.database", text),
  AIWAF_GEO_MMDB_PATH: to("geo.database", text),
  AIWAF_GEO_BLOCK_COUNTRIES: to("geo.block", countries),
  AIWAF_GEO_ALLOW_COUNTRIES: to("geo.allow", countries),
  AIWAF_GEO_CACHE_SECONDS: dead("the database is in memory; a look-up costs less than a cache"),
  AIWAF_GEO_CACHE_PREFIX: dead("the database is in memory; a look-up costs less than a cache"),
  AIWAF_MODEL_PATH: to("training.model.path", text, "only JSON models are read; anything else is refused"),
  AIWAF_MODEL_STORAGE: to("training.model.storage", word({ file: "file", fs: "file", filesystem: "file", db: "database", cache: "cache" })),
  AIWAF_MODEL_CACHE_KEY: to("training.model.cacheKey", text),
  AIWAF_MODEL_CACHE_TIMEOUT: to("training.model.cacheMs", cacheTime),
  AIWAF_MODEL_STORAGE_FALLBACK: to("training.model.fallback", flag),
  AIWAF_ALLOW_CUSTOM_MODEL_PATH: dead("models are data that is checked, wherever they lie"),
  AIWAF_USE_RUST: dead(NATIVE),
  AIWAF_RUST_ISOLATION_FOREST: dead(NATIVE),
  AIWAF_RUST_FEATURE_CHUNK_SIZE: dead(BATCH),
  AIWAF_RUST_PARALLEL_FEATURES: dead(BATCH),
  AIWAF_RUST_PARALLEL_CHUNK_SIZE: dead(BATCH),
  AIWAF_RUST_PARALLEL_WORKERS: dead(BATCH),
  AIWAF_PYTHON_FEATURE_BATCH_SIZE: dead(BATCH),
  AIWAF_PYTHON_PARALLEL_FEATURES: dead(BATCH),
  AIWAF_PYTHON_PARALLEL_CHUNK_SIZE: dead(BATCH),
  AIWAF_PYTHON_PARALLEL_WORKERS: dead(BATCH),
  AIWAF_AI_CHECK_INTERVAL: dead("a model that changed is loaded when it changes"),
  AIWAF_MIDDLEWARE_LOGGING: to("records.enabled", flag),
  AIWAF_ENABLE_LOGGING: to("records.enabled", flag),
  AIWAF_MIDDLEWARE_LOG: to("records.file", text),
  AIWAF_MIDDLEWARE_CSV: to("records.csv", flag),
  AIWAF_MIDDLEWARE_DB: dead("records go to files and subscribers; the store holds no log"),
  AIWAF_LOG_DIR: to("records.folder", text),
  AIWAF_LOG_FORMAT: to("records.format", word({ csv: "csv", json: "jsonl", combined: "jsonl", common: "jsonl" })),
  AIWAF_LOG_LEVEL: dead("warnings and errors go to the logger in the option log, which has levels of its own"),
  AIWAF_ENABLE_IP_BLOCKING: to("choose.blocklist", flag),
  AIWAF_BLACKLIST_STORE_EXTENDED_INFO: dead(REDACTED),
  AIWAF_BLACKLIST_REDACT_HEADERS: dead(REDACTED),
  AIWAF_BLACKLIST_MAX_HEADERS: dead(REDACTED),
  AIWAF_BLACKLIST_MAX_HEADER_VALUE_LENGTH: dead(REDACTED),
  AIWAF_CAPTURE_EXTENDED_REQUEST_INFO: dead(REDACTED),
  AIWAF_EXTENDED_REQUEST_INFO_MAX_BYTES: dead(REDACTED),
  AIWAF_EXTENDED_REQUEST_INFO_HEADERS: to("records.headers", fields),
  AIWAF_EXTENDED_REQUEST_INFO_REDACT_HEADERS: dead(REDACTED),
  AIWAF_EXEMPT_PATHS: to("exemptPaths.all", list),
  AIWAF_EXEMPT_IPS: to("exemptAddresses", list),
  AIWAF_ROUTE_PLAN_VERSION: dead("rules are compiled once, when the firewall is built; build another one to change them"),
  AIWAF_STORAGE_MODE: to(
    "store.kind",
    word({ memory: "memory", models: "sqlite", db: "sqlite", csv: "sqlite", file: "sqlite", redis: "redis" }),
  ),
  AIWAF_STORAGE_BACKEND: to(
    "store.kind",
    word({ memory: "memory", models: "sqlite", db: "sqlite", csv: "sqlite", file: "sqlite", redis: "redis" }),
  ),
  AIWAF_STORAGE_FILE_PATH: to("store.file", text),
  AIWAF_CSV_DATA_DIR: to("store.folder", text),
  AIWAF_DATA_DIR: to("store.folder", text),
  AIWAF_USE_CSV: dead("state on disk is SQLite, which loses no rows to a second writer"),

  AIWAF_HEADER_VALIDATION_ENABLED: to("choose.headers", flag),
  AIWAF_HEADER_BLOCK_SUSPICIOUS: dead("header findings only add score; they block together with others"),
  AIWAF_HEADER_QUALITY_THRESHOLD: to("options.headers.minQuality", whole(0, 11)),
  AIWAF_HEADER_EXEMPT_PATHS: to("exemptPaths.headers", list),
  AIWAF_RATE_LIMITING_ENABLED: to("choose.rateLimit", flag),
  AIWAF_RATE_MAX_REQUESTS: to("options.rateLimit.max", limit),
  AIWAF_RATE_WINDOW_SECONDS: to("options.rateLimit.windowMs", seconds(1, DAY)),
  AIWAF_BLACKLIST_DEFAULT_DURATION: to("options.rateLimit.banMs", seconds(1, DAY)),
  AIWAF_BLACKLIST_PERMANENT_THRESHOLD: dead(
    "bans grow from 5 minutes to an hour and a day, and always end; block an address for good with the blocklist",
  ),
  AIWAF_BLACKLIST_AUTO_UNBLOCK: dead("bans always end by themselves"),
  AIWAF_LOG_BLOCKED: to("records.enabled", flag),
  AIWAF_LOG_SUSPICIOUS: to("records.enabled", flag),
  AIWAF_MAX_HEADER_LENGTH: to("options.headers.maxTotalLength", whole(1_024, 1_048_576)),
  AIWAF_LOG_FILE: to("records.file", text),
};

/** `"auto"`, a count or a share. */
function sampleCount(value: unknown): unknown {
  if (String(value).toLowerCase() === "auto") return "auto";
  const count = decimal(0, 1_000_000)(value) as number;
  // A count of one and all of the samples are both a 1 in JavaScript.
  return Number.isInteger(count) && count >= 1 ? { int: count } : count;
}

/** A method map becomes what every method requires: nobody is scored for a field that only another method needs. */
function requiredFields(value: unknown): unknown {
  if (value === null) return undefined;
  if (typeof value !== "object" || Array.isArray(value)) return fields(value);
  const lists = Object.values(value as object).map((names) => fields(names));
  if (lists.length === 0 || lists.some((names) => names instanceof Unreadable))
    return new Unreadable("a list, or an object of lists by method");
  return (lists as string[][]).reduce((all, names) => all.filter((name) => names.includes(name)));
}

function cacheTime(value: unknown): unknown {
  return value === null || String(value).toLowerCase() === "none" ? undefined : seconds(0, 31_536_000)(value);
}

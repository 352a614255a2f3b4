import { describe, expect, test } from "vitest";
import { recommended } from "../src/recommended.ts";
import { SETTINGS } from "../src/settings/table.ts";
import { fromSettings, type TakenSettings } from "../src/settings.ts";
import type { Decision, Detector } from "../src/types.ts";
import { createWaf } from "../src/waf.ts";

const at = (result: TakenSettings, path: string): unknown =>
  path.split(".").reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], result);
const warningsOf = (source: Readonly<Record<string, unknown>>): string[] =>
  fromSettings(source).warnings.map(({ setting, message }) => `${setting} ${message}`);
const quiet = { warn() {}, error() {} };

describe("a setting becomes an option", () => {
  test.each<[string, string, unknown, string, unknown]>([
    ["S2-064 S3-087", "AIWAF_ACCESS_LOG", "/var/log/nginx/access.log", "training.accessLog", "/var/log/nginx/access.log"],
    ["S2-065", "AIWAF_DISABLE_AI", "yes", "training.disableModel", true],
    ["S2-066", "AIWAF_MIN_AI_LOGS", "10000", "training.minModelLines", 10_000],
    ["S2-067", "AIWAF_MIN_TRAIN_LOGS", 50, "training.minLines", 50],
    ["S2-068", "AIWAF_FORCE_AI_TRAINING", true, "training.force", true],
    ["S2-069 S3-094", "AIWAF_AI_CONTAMINATION", "0.05", "training.forest.contamination", 0.05],
    ["S2-070 S3-098", "AIWAF_WINDOW_SECONDS", 60, "options.waves.windowMs", 60_000],
    ["S2-071", "AIWAF_DYNAMIC_TOP_N", "15", "options.keywords.maxActive", 15],
    ["S2-072 S2-048", "AIWAF_ALLOWED_PATH_KEYWORDS", "profile, user", "options.keywords.allow", ["profile", "user"]],
    ["S2-073 S2-047", "AIWAF_EXEMPT_KEYWORDS", ["api", "webhook"], "options.keywords.allow", ["api", "webhook"]],
    ["S2-074 S3-095", "AIWAF_RATE_WINDOW", 30, "options.rateLimit.windowMs", 30_000],
    ["S2-075 S3-096", "AIWAF_RATE_MAX", "100", "options.rateLimit.max", 100],
    ["S2-076 S3-097", "AIWAF_RATE_FLOOD", 80, "options.rateLimit.floodMax", 80],
    ["S2-077", "AIWAF_RATE_CACHE_BACKEND", "redis", "store.kind", "redis"],
    ["S2-078", "AIWAF_REDIS_URL", "redis://cache:6379/1", "store.url", "redis://cache:6379/1"],
    ["S2-079", "AIWAF_RATE_CACHE_KEY_PREFIX", "shop:", "store.prefix", "shop:"],
    ["S2-080 S3-093", "AIWAF_MIN_FORM_TIME", "1.5", "honeypot.minFormTimeMs", 1_500],
    ["S2-081", "AIWAF_MAX_PAGE_TIME", 240, "honeypot.maxPageTimeMs", 240_000],
    ["S2-082 S3-099", "AIWAF_FILE_EXTENSIONS", ".php,asp", "options.waves.extensions", [".php", ".asp"]],
    ["S2-083", "AIWAF_UUID_SCORE_ENABLED", "off", "options.identifiers.enabled", false],
    ["S2-084", "AIWAF_UUID_SCORE_WINDOW_SECONDS", 120, "options.identifiers.windowMs", 120_000],
    ["S2-085", "AIWAF_UUID_SCORE_BLOCK_THRESHOLD", 7, "options.identifiers.threshold", 7],
    ["S2-086", "AIWAF_UUID_SCORE_MALFORMED_WEIGHT", 3, "options.identifiers.malformedWeight", 3],
    ["S2-087", "AIWAF_UUID_SCORE_NOT_FOUND_WEIGHT", 2, "options.identifiers.notFoundWeight", 2],
    ["S2-088", "AIWAF_UUID_SCORE_SUCCESS_DECAY", 1, "options.identifiers.successDecay", 1],
    [
      "S2-089 S2-024",
      "AIWAF_REQUIRED_HEADERS",
      ["HTTP_USER_AGENT", "Accept-Language"],
      "options.headers.required",
      ["user-agent", "accept-language"],
    ],
    ["S2-090", "AIWAF_HEADER_QUALITY_MIN_SCORE", 5, "options.headers.minQuality", 5],
    ["S2-091", "AIWAF_MAX_ACCEPT_LENGTH", 2_048, "options.headers.maxAcceptLength", 2_048],
    ["S2-092", "AIWAF_GEO_BLOCK_ENABLED", "true", "geo.enabled", true],
    ["S2-093", "AIWAF_GEOIP_DB_PATH", "geo.mmdb", "geo.database", "geo.mmdb"],
    ["S2-094", "AIWAF_GEO_BLOCK_COUNTRIES", "cn, ru", "geo.block", ["CN", "RU"]],
    ["S2-095", "AIWAF_GEO_ALLOW_COUNTRIES", ["de"], "geo.allow", ["DE"]],
    ["S2-098 S3-092", "AIWAF_MODEL_PATH", "model.json", "training.model.path", "model.json"],
    ["S2-099", "AIWAF_MODEL_STORAGE", "fs", "training.model.storage", "file"],
    ["S2-100", "AIWAF_MODEL_CACHE_KEY", "aiwaf:model", "training.model.cacheKey", "aiwaf:model"],
    ["S2-101", "AIWAF_MODEL_CACHE_TIMEOUT", 60, "training.model.cacheMs", 60_000],
    ["S2-102", "AIWAF_MODEL_STORAGE_FALLBACK", "1", "training.model.fallback", true],
    ["S2-105 S3-037", "AIWAF_EXEMPT_PATHS", "/health/", "options.exemptions.paths./health/**.0", "headers"],
    ["S2-106", "AIWAF_EXEMPT_IPS", "203.0.113.7", "options.exemptions.addresses", ["203.0.113.7"]],
    ["S3-088", "AIWAF_MIDDLEWARE_LOGGING", "true", "records.enabled", true],
    ["S3-100", "AIWAF_MALICIOUS_KEYWORDS", ["shell"], "options.keywords.words", ["shell"]],
  ])("%s %s", (_, key, value, path, expected) => {
    const result = fromSettings({ [key]: value });
    expect(at(result, path.replace("./health/**.0", ""))).toEqual(
      path.endsWith(".0") ? { "/health/**": expect.arrayContaining([expected]) } : expected,
    );
  });

  test("and each is listed with where it went", () => {
    expect(fromSettings({ AIWAF_RATE_MAX: 50 }).applied).toEqual([
      { setting: "AIWAF_RATE_MAX", to: "options.rateLimit.max", value: "50" },
      { setting: "(their default)", to: "options.rateLimit.windowMs", value: "10000" },
    ]);
  });

  test("S2-181 S2-109 an environment means the same as an object, and what is not ours in it is left alone", () => {
    const { options, store, warnings } = fromSettings({
      PATH: "/bin",
      AIWAF_RATE_CACHE_BACKEND: "redis",
      AIWAF_REDIS_URL: "redis://h:1/0",
      AIWAF_RATE_CACHE_KEY_PREFIX: "p:",
      AIWAF_EXEMPT_IPS: '["203.0.113.7","2001:db8::/32"]',
    });
    expect(store).toEqual({ kind: "redis", url: "redis://h:1/0", prefix: "p:" });
    expect(options.exemptions).toEqual({ addresses: ["203.0.113.7", "2001:db8::/32"] });
    expect(warnings).toEqual([]);
  });

  test("S2-214 S2-089 a map of required headers by method asks nobody for more than every method requires; an empty list turns the checks off", () => {
    const map = { DEFAULT: ["HTTP_USER_AGENT", "HTTP_ACCEPT"], POST: ["HTTP_USER_AGENT", "CONTENT_TYPE"] };
    expect(fromSettings({ AIWAF_REQUIRED_HEADERS: map }).options.headers).toEqual({ required: ["user-agent"] });
    expect(fromSettings({ AIWAF_REQUIRED_HEADERS: [] }).options.headers).toEqual({ required: [], minQuality: 0 });
  });

  test("S2-125 S2-180 groups of settings mean the same as their keys", () => {
    const { options, store, records } = fromSettings({
      rate_limiting: {
        enabled: true,
        window_seconds: 20,
        max_requests: 30,
        flood_threshold: 90,
        exempt_ips: ["203.0.113.7"],
        cache_backend: "redis",
      },
      header_validation: { enabled: true, quality_threshold: 4, block_suspicious: true, exempt_paths: ["/ping"] },
      storage: { file_path: "aiwaf.db" },
      logging_middleware: { enabled: true, log_dir: "logs", log_format: "csv" },
    });
    expect(options.rateLimit).toEqual({ windowMs: 20_000, max: 30, floodMax: 90 });
    expect(options.headers).toEqual({ minQuality: 4 });
    expect(options.exemptions).toEqual({ paths: { "/ping/**": ["headers"] }, addresses: { "203.0.113.7": ["rate-limit"] } });
    expect(store).toMatchObject({ kind: "redis", file: "aiwaf.db" });
    expect(records).toMatchObject({ enabled: true, folder: "logs", format: "csv" });
  });
});

test("what is switched off by a setting is left out, and what is switched on is the default", () => {
  const off = (key: string): unknown[] => {
    const { options } = fromSettings({ [key]: "false" });
    expect(fromSettings({ [key]: "true" }).options).toEqual({});
    return Object.entries(options);
  };
  expect(off("AIWAF_ENABLE_IP_BLOCKING")).toEqual([["blocklist", false]]);
  expect(off("AIWAF_RATE_LIMITING_ENABLED")).toEqual([["rateLimit", false]]);
  expect(off("AIWAF_HEADER_VALIDATION_ENABLED")).toEqual([["headers", false]]);
  expect(off("AIWAF_METHOD_POLICY_ENABLED")).toEqual([["methods", false]]);
  expect(warningsOf({ AIWAF_ENABLE_IP_BLOCKING: false })).toEqual([expect.stringContaining("banned clients are let in")]);
});

test("a count of samples and a share of them stay apart, though JavaScript writes both as 1", () => {
  const samples = (value: unknown): unknown =>
    (fromSettings({ AIWAF_AI_MAX_SAMPLES: value }).training["forest"] as Record<string, unknown>)["maxSamples"];
  expect([samples("auto"), samples(256), samples("0.5"), samples(1)]).toEqual(["auto", { int: 256 }, 0.5, { int: 1 }]);
});

describe("S2-107 the nested AIWAF_SETTINGS", () => {
  const nested = (settings: object, flat: object = {}): TakenSettings => fromSettings({ AIWAF_SETTINGS: settings, ...flat });

  test("becomes what its flat keys become", () => {
    const { options, training, store } = nested({
      STORAGE_TYPE: "db",
      TRAINING_MODE: false,
      RATE_LIMITING: { REQUESTS_PER_MINUTE: 120 },
      EXEMPTIONS: { PATHS: ["/health/"], IPS: ["203.0.113.7"] },
      KEYWORD_DETECTION: { ENABLED: false, SENSITIVITY_LEVEL: "high", CUSTOM_PATTERNS: ["backdoor"] },
      HEADER_VALIDATION: { QUALITY_THRESHOLD: 2 },
    });
    expect(store.kind).toBe("sqlite");
    expect(training["disableModel"]).toBe(true);
    expect(options.rateLimit).toEqual({ windowMs: 60_000, max: 120 });
    expect(options.exemptions).toMatchObject({ addresses: ["203.0.113.7"], paths: { "/health/**": expect.any(Array) } });
    expect(options).toMatchObject({ keywords: { learn: false, maxActive: 20, words: ["backdoor"] }, headers: { minQuality: 2 } });
  });

  test("never replaces a flat key, except that custom patterns are added", () => {
    const { options } = nested(
      {
        RATE_LIMITING: { REQUESTS_PER_MINUTE: 120 },
        KEYWORD_DETECTION: { SENSITIVITY_LEVEL: "low", CUSTOM_PATTERNS: ["dropper", "hidden"] },
      },
      { AIWAF_RATE_MAX: 7, AIWAF_DYNAMIC_TOP_N: 3, AIWAF_MALICIOUS_KEYWORDS: ["hidden"] },
    );
    expect(options.rateLimit).toEqual({ max: 7, windowMs: 60_000 });
    expect(options).toMatchObject({ keywords: { maxActive: 3, words: ["hidden", "dropper"] } });
  });

  test("of an environment is JSON", () => {
    expect(fromSettings({ AIWAF_SETTINGS: '{"RATE_LIMITING":{"REQUESTS_PER_MINUTE":9}}' }).options.rateLimit).toMatchObject({ max: 9 });
  });
});

describe("path rules", () => {
  const rules = (list: unknown) => fromSettings({ AIWAF_SETTINGS: { PATH_RULES: list } });

  test("S2-168 S2-169 S2-170 S2-215 keep their prefix, the stages they turn off and their limit", () => {
    const { options, warnings } = rules([
      { PREFIX: "/socket.io", DISABLE: ["HeaderValidationMiddleware", "honeypot"], RATE_LIMIT: { WINDOW: 60, MAX: 2_000 } },
      { prefix: "/api/", disable: ["rate_limit"] },
    ]);
    expect(warnings).toEqual([]);
    expect(options.paths).toEqual({
      "/socket.io/**": { skip: ["headers", "honeypot"], rateLimit: { max: 2_000, windowMs: 60_000 } },
      "/api/**": { skip: ["rate-limit"] },
    });
  });

  test("S2-171 the longest prefix wins, at a border of segments, and of two for one prefix the first", () => {
    const { options, warnings } = rules([
      { PREFIX: "/a", DISABLE: ["own"], RATE_LIMIT: { WINDOW: 60, MAX: 5 } },
      { PREFIX: "/a/b/", RATE_LIMIT: { WINDOW: 60, MAX: 50 } },
      { PREFIX: "/a/", RATE_LIMIT: { WINDOW: 60, MAX: 1 } },
    ]);
    expect(warnings.map(({ message }) => message)).toEqual([
      'rule 1: "own" is no stage and turns nothing off',
      "rule 3 is left out: an earlier rule has the same prefix",
    ]);
    const seen: number[] = [];
    const probe: Detector = {
      name: "probe",
      phase: "head",
      rules: [],
      inspect({ policy }) {
        seen.push(policy.rateLimit?.max ?? 0);
        return undefined;
      },
    };
    const waf = createWaf({ ...recommended(options), detectors: [probe], log: quiet });
    for (const target of ["/a", "/a/b/c", "/ab"]) void waf.inspect({ method: "GET", target, headers: new Headers(), peer: "192.0.2.1" });
    expect(seen).toEqual([5, 50, 0]);
  });

  test("that cannot be read are named and left out, a flood limit below the limit is raised", () => {
    expect(
      warningsOf({ path_rules: [{ PREFIX: "/*.js" }, { PREFIX: "/x", RATE_LIMIT: { MAX: 10, FLOOD: 5 } }, 7, { PREFIX: "/a/*" }] }),
    ).toEqual([
      "path_rules rule 1 is left out: its PREFIX must be a path without wildcards",
      "path_rules rule 2: FLOOD 5 lies below MAX 10, so every client over its limit would be banned; it is raised to 20",
      "path_rules rule 3 is left out: its PREFIX must be a path without wildcards",
      "path_rules rule 4 is left out: its PREFIX must be a path without wildcards",
    ]);
    expect(warningsOf({ AIWAF_PATH_RULES: "nonsense" })).toEqual(["AIWAF_PATH_RULES is left out: it must be a list of rules"]);
  });
});

describe("middlewares", () => {
  const off = (source: Readonly<Record<string, unknown>>, context = {}): string[] => {
    const { options } = fromSettings(source, context);
    return Object.entries(options)
      .filter(([, value]) => value === false)
      .map(([name]) => name)
      .sort();
  };

  test("S2-112 S2-113 S2-126 nothing, all, auto and the Django alias leave every stage on", () => {
    for (const middlewares of [undefined, null, ["all"], ["auto"], ["AIWAF.ALL"], "aiwaf.django.middleware.all"])
      expect(off({ middlewares })).toEqual([]);
  });

  test("S2-127 S3-103 a list leaves on what it names, by slug or class", () => {
    expect(off({ middlewares: ["rate_limit", "aiwaf.middleware.IPAndKeywordBlockMiddleware"] })).toEqual([
      "anomaly",
      "headers",
      "identifiers",
      "methods",
    ]);
    expect(off({ middlewares: ["auto"], disable_middlewares: ["header_validation"] })).toEqual(["headers"]);
  });

  test("a list of typing errors switches nothing off", () => {
    expect(off({ middlewares: ["ratelimit"] })).toEqual([]);
    expect(warningsOf({ middlewares: ["ratelimit"] })).toEqual(['middlewares "ratelimit" is no stage and has no effect']);
  });

  test("S2-114 auto records requests only where no access log is set", () => {
    expect(fromSettings({ middlewares: ["auto"] }).records.enabled).toBe(true);
    expect(fromSettings({ middlewares: ["auto"], AIWAF_ACCESS_LOG: "/l" }).records.enabled).toBe(false);
    expect(fromSettings({ middlewares: ["auto"], AIWAF_ACCESS_LOG: "  " }).records.enabled).toBe(true);
  });

  test("S2-115 auto turns geo on by the flag, a list of the settings, or a stored list", () => {
    const geo = (source: object, context = {}): boolean => fromSettings({ middlewares: ["auto"], ...source }, context).geo.enabled;
    expect(geo({})).toBe(false);
    expect(geo({ AIWAF_GEO_BLOCK_ENABLED: true })).toBe(true);
    expect(geo({ AIWAF_GEO_BLOCK_COUNTRIES: ["CN"] })).toBe(true);
    expect(geo({ AIWAF_GEO_ALLOW_COUNTRIES: ["DE"] })).toBe(true);
    expect(geo({}, { storedCountries: ["CN"] })).toBe(true);
    expect(geo({}, { storedCountries: [" "] })).toBe(false);
    expect(geo({ AIWAF_GEO_BLOCK_ENABLED: false, AIWAF_GEO_BLOCK_COUNTRIES: ["CN"] })).toBe(false);
  });

  test("S2-213 auto leaves the UUID stage out when no route takes one, and keeps it when nobody knows", () => {
    expect(off({ middlewares: ["auto"] }, { hasUuidRoutes: false })).toEqual(["identifiers"]);
    expect(off({ middlewares: ["auto"] })).toEqual([]);
  });
});

describe("what has no effect, contradicts itself or is unsafe", () => {
  test("is said: dead settings with the reason", () => {
    for (const [row, key] of [
      ["S2-096", "AIWAF_GEO_CACHE_SECONDS"],
      ["S2-097", "AIWAF_GEO_CACHE_PREFIX"],
      ["S2-103", "AIWAF_USE_RUST"],
      ["S2-104", "AIWAF_RUST_ISOLATION_FOREST"],
      ["S2-108", "AIWAF_ROUTE_PLAN_VERSION"],
      ["S3-101", "AIWAF_STATUS_CODES"],
      ["", "AIWAF_KEYWORD_THRESHOLD"],
    ] as const) {
      expect(warningsOf({ [key]: "1" }), row).toEqual([expect.stringMatching(new RegExp(`^${key} has no effect: .{20,}`))]);
    }
  });

  test("S2-096 S2-097 S2-103 S2-104 S2-108 S2-110 S3-101 dead settings change nothing", () => {
    const bare = fromSettings({}).options;
    for (const [key, setting] of Object.entries(SETTINGS))
      if ("dead" in setting) expect(fromSettings({ [key]: "1" }).options, key).toEqual(bare);
  });

  test("S2-017 S3-097 a flood limit below the limit, as one document gives it, is raised", () => {
    const { options, warnings } = fromSettings({ AIWAF_RATE_MAX: 20, AIWAF_RATE_FLOOD: 10 });
    expect(options.rateLimit).toEqual({ max: 20, windowMs: 10_000, floodMax: 40 });
    expect(warnings).toEqual([{ setting: "AIWAF_RATE_FLOOD", message: expect.stringContaining("raised to 40") }]);
    expect(
      fromSettings({ AIWAF_SETTINGS: { RATE_LIMITING: { REQUESTS_PER_MINUTE: 60, BURST_THRESHOLD: 10 } } }).options.rateLimit,
    ).toMatchObject({
      floodMax: 120,
    });
  });

  test("S3-100 of a list, what its option takes is kept: names with dots are probes, not words", () => {
    const { options, warnings } = fromSettings({ AIWAF_MALICIOUS_KEYWORDS: [".php", "shell", "wp-", "filemanager"] });
    expect(options).toMatchObject({ keywords: { words: ["shell", "filemanager"] } });
    expect(warnings).toEqual([{ setting: "AIWAF_MALICIOUS_KEYWORDS", message: expect.stringContaining('left out: ".php", "wp-"') }]);
  });

  test("two settings for one place: the first holds, and lists add up", () => {
    expect(warningsOf({ AIWAF_RATE_MAX: 5, AIWAF_RATE_MAX_REQUESTS: 6 })).toEqual([
      "AIWAF_RATE_MAX_REQUESTS contradicts AIWAF_RATE_MAX, which holds",
    ]);
    const { options } = fromSettings({ AIWAF_ALLOWED_PATH_KEYWORDS: "a1,b1", AIWAF_EXEMPT_KEYWORDS: "b1,c1" });
    expect(options).toMatchObject({ keywords: { allow: ["a1", "b1", "c1"] } });
  });

  test("unknown keys and values that cannot be read are named and left out", () => {
    expect(warningsOf({ AIWAF_RATEMAX: 5, AIWAF_RATE_MAX: "many", AIWAF_MIN_FORM_TIME: -1, rate_limiting: { burst: 1 } })).toEqual(
      [
        "AIWAF_RATE_MAX is left out: it must be a whole number from 1 to 1000000",
        "AIWAF_MIN_FORM_TIME is left out: it must be a number of seconds from 0 to 60",
        "rate_limiting.burst is not known and has no effect",
      ].toSpliced(0, 0, "AIWAF_RATEMAX is not known and has no effect"),
    );
  });

  test("exempt logins stay limited, wildcards over endings and wrong addresses are left out, private ranges are warned about", () => {
    const { options, warnings } = fromSettings({
      AIWAF_EXEMPT_PATHS: ["/login/", "/*.js", "/"],
      AIWAF_EXEMPT_IPS: ["10.0.0.0/8", "300.1.1.1"],
    });
    expect(Object.keys(options.exemptions && "paths" in options.exemptions ? options.exemptions.paths! : {})).toEqual(["/login/**", "/"]);
    expect(options.exemptions).toMatchObject({ addresses: ["10.0.0.0/8"] });
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining("stays limited"),
      expect.stringContaining('"/*.js" is left out'),
      expect.stringContaining("10.0.0.0/8 is private"),
      expect.stringContaining('"300.1.1.1" is left out'),
    ]);
  });

  test("redis without an address, and an address without redis", () => {
    expect(fromSettings({ AIWAF_RATE_CACHE_BACKEND: "redis" }).store).toEqual({ kind: "redis", url: "redis://localhost:6379/0" });
    expect(warningsOf({ AIWAF_REDIS_URL: "redis://h" })).toEqual(["AIWAF_REDIS_URL has no effect: AIWAF_RATE_CACHE_BACKEND is not redis"]);
  });

  test("a password in an address is never listed", () => {
    const result = fromSettings({ AIWAF_RATE_CACHE_BACKEND: "redis", AIWAF_REDIS_URL: "redis://:pa55word@cache:6379" });
    expect(result.store["url"]).toContain("pa55word");
    expect(JSON.stringify([result.applied, result.warnings])).not.toContain("pa55word");
  });
});

test("every setting there is gives options that a firewall takes", () => {
  const VALUES = ["1", "true", "60", "auto", "GET", "DE", ".php", "redis", "csv", "file", "/x"];
  const source: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(SETTINGS)) {
    if ("dead" in setting) continue;
    const value = VALUES.find((one) => fromSettings({ [key]: one }).applied.length > 0);
    // Limits whose least value is higher than all of these.
    source[key] = value ?? "2000";
  }
  const { options, applied } = fromSettings(source);
  expect(applied.length).toBeGreaterThan(60);
  const decision = createWaf(recommended({ ...options, log: quiet })).inspect({
    method: "GET",
    target: "/",
    headers: new Headers(),
    peer: "192.0.2.1",
  });
  expect((decision as Decision).failures).toEqual([]);
});

test("nothing that is no setting is a problem", () => {
  const odd: unknown[] = [
    {},
    { AIWAF_SETTINGS: 7 },
    { AIWAF_SETTINGS: { RATE_LIMITING: [] } },
    { middlewares: 3 },
    { path_rules: {} },
    { rate_limiting: null },
  ];
  for (const key of Object.keys(SETTINGS))
    for (const value of [null, {}, [], [7], "", "\u0000", NaN, -1, 1e99, true]) odd.push({ [key]: value });
  for (const source of odd)
    expect(() => recommended(fromSettings(source as object as Record<string, unknown>).options), JSON.stringify(source)).not.toThrow();
});

/**
 * Builds a firewall from its parts: checks every option, compiles what can be compiled, and freezes the rest.
 *
 * @module
 */
import { writeBan } from "./bans.ts";
import { clientResolver } from "./client.ts";
import { createEngine, messageOf } from "./engine.ts";
import { WafError } from "./errors.ts";
import { readField } from "./fields.ts";
import { isQuiet, noteQuiet } from "./lasting.ts";
import {
  any,
  hasMethods,
  integer,
  invalid,
  isFunction,
  isRecord,
  isText,
  listOf,
  type OptionTable,
  oneOf,
  readOptions,
} from "./options.ts";
import { compilePaths } from "./paths.ts";
import type {
  ClientSource,
  Detector,
  HeaderProfile,
  HeaderReader,
  Listener,
  Logger,
  PathPolicy,
  PathRule,
  RateLimit,
  Route,
  Services,
  Store,
  Waf,
  WafOptions,
} from "./types.ts";

const isName = (value: unknown): boolean => isText(value) && value.length <= 100;
const isMethod = (value: unknown): boolean => typeof value === "string" && /^[A-Z][A-Z-]{0,30}$/.test(value);

/** Fields that both the firewall and a path rule take. */
const POLICY_OPTIONS = {
  mode: oneOf("enforce", ["enforce", "report", "off"]),
  threshold: integer(100, 1, 1000),
  bodyLimitBytes: integer(65_536, 0, 16_777_216),
  onFailure: oneOf("allow", ["allow", "deny"]),
} as const satisfies OptionTable;

export const WAF_OPTIONS = {
  ...POLICY_OPTIONS,
  detectors: listOf<Detector, undefined>(undefined, "detectors", (value) => hasMethods(value, "inspect")),
  store: any<Store>(undefined, "a store", (value) => hasMethods(value, "increment", "get", "set", "delete", "list")),
  deadlineMs: integer(100, 1, 60_000),
  bodyDeadlineMs: integer(30_000, 1, 600_000),
  client: any<ClientSource>(undefined, "an object with one of proxies, hops and header", isRecord),
  paths: any<Readonly<Record<string, PathRule>>, Readonly<Record<string, PathRule>>>({}, "an object of path patterns and rules", isRecord),
  routes: any<(path: string) => Route | undefined>(undefined, "a function of the path", isFunction),
  log: any<Logger>(undefined, "an object with warn() and error()", (value) => hasMethods(value, "warn", "error")),
  clock: any<() => number>(undefined, "a function that returns milliseconds since the epoch", isFunction),
} as const satisfies OptionTable;

/** Fields of one path rule. */
export const PATH_OPTIONS = {
  mode: oneOf<"enforce" | "report" | "off", undefined>(undefined, ["enforce", "report", "off"]),
  threshold: integer(undefined, 1, 1000),
  bodyLimitBytes: integer(undefined, 0, 16_777_216),
  onFailure: oneOf<"allow" | "deny", undefined>(undefined, ["allow", "deny"]),
  skip: listOf<string, undefined>(undefined, "detector names or rule ids", isName),
  rateLimit: any<RateLimit>(undefined, "an object with max and windowMs", isRecord),
  methods: listOf<string, undefined>(undefined, "method names in upper case", isMethod),
  profile: oneOf<HeaderProfile, undefined>(undefined, ["browser", "api", "webhook"]),
} as const satisfies OptionTable;

/** Fields of a path rule's limit. */
export const RATE_OPTIONS = {
  max: integer(undefined, 1, 1_000_000),
  windowMs: integer(undefined, 1_000, 86_400_000),
  floodMax: integer(undefined, 1, 10_000_000),
  bucket: any<string>(undefined, "a name of at most 100 characters", isName),
} as const satisfies OptionTable;

/**
 * Builds a firewall of exactly these parts; `recommended()` gives the usual ones. Does no I/O, sets no timer, reads neither clock nor randomness:
 * safe at module scope on every runtime.
 *
 * @throws WafError naming the option, what was given and what is allowed.
 * @example
 * const waf = createWaf({ detectors: [probes(), rateLimit({ max: 20, windowMs: 10_000 })], store: memoryStore() });
 */
export function createWaf(options: WafOptions): Waf {
  const settings = readOptions("", WAF_OPTIONS, options);
  const { store, detectors, mode, threshold, bodyLimitBytes, onFailure, deadlineMs, bodyDeadlineMs } = settings;
  if (store === undefined) throw invalid("store", store, "a store, for example memoryStore()");
  if (detectors === undefined) throw invalid("detectors", detectors, "a list of detectors; recommended() has the usual ones");
  checkNames(detectors);
  const base: PathPolicy = Object.freeze({
    mode,
    threshold,
    skip: Object.freeze([]),
    bodyLimitBytes,
    onFailure,
    rateLimit: undefined,
    methods: undefined,
    profile: undefined,
    ...Object.assign({}, ...detectors.map((detector) => detector.defaults)),
  });
  const services = createServices(store, settings.log);
  const inspect = createEngine({
    detectors: Object.freeze([...detectors]),
    policyOf: compilePaths(readPaths(settings.paths), base),
    routeOf: settings.routes,
    clientOf: watchMisuse(clientResolver(settings.client), settings.client, services),
    deadlineMs,
    bodyDeadlineMs,
    clock: settings.clock,
    services,
    base,
  });
  return { services, inspect, ...createFeed(detectors, services), close: async () => store.close?.() };
}

/** A detector may look at both phases under one name, so that one `skip` covers it. */
function checkNames(detectors: readonly Detector[]): void {
  const names = new Set<string>();
  for (const { name, phase } of detectors) {
    if (names.has(`${phase} ${name}`)) {
      throw new WafError("AIWAF_DETECTOR_DUPLICATE", `Two detectors of phase ${phase} are called ${JSON.stringify(name)}`);
    }
    names.add(`${phase} ${name}`);
  }
}

function readPaths(paths: Readonly<Record<string, PathRule>>): Record<string, PathRule> {
  return Object.fromEntries(
    Object.entries(paths).map(([pattern, rule]) => {
      const name = `paths[${JSON.stringify(pattern)}]`;
      const { rateLimit, ...fields } = readOptions(name, PATH_OPTIONS, rule);
      // Fields that are not given are `undefined`, and `compilePaths` passes over those.
      return [pattern, { ...fields, rateLimit: rateLimit && readRateLimit(`${name}.rateLimit`, rateLimit) } as PathRule];
    }),
  );
}

/**
 * Checks a rate limit and fills in `floodMax`.
 *
 * @throws WafError also when `floodMax` lies below `max`: every client over its limit would be banned at once.
 */
function readRateLimit(name: string, limit: unknown): RateLimit {
  const { max, windowMs, floodMax, bucket } = readOptions(name, RATE_OPTIONS, limit);
  if (max === undefined) throw invalid(`${name}.max`, max, RATE_OPTIONS.max.allowed);
  if (windowMs === undefined) throw invalid(`${name}.windowMs`, windowMs, RATE_OPTIONS.windowMs.allowed);
  if (floodMax !== undefined && floodMax < max) throw invalid(`${name}.floodMax`, floodMax, `at least max (${max})`);
  return { max, windowMs, floodMax: floodMax ?? 2 * max, bucket } as RateLimit;
}

/** Codes that were warned about in this process, whatever number of firewalls it has. */
const warned = new Set<string>();

/** The user's logger or the console. One that throws must neither decide about requests nor end the process as an unhandled rejection. */
function guarded(given: Logger | undefined): Logger {
  const write =
    (level: "warn" | "error"): Logger["warn"] =>
    (message, data) =>
      attempt(
        () => (given ? given[level](message, data) : console[level](`[aiwaf] ${message}`, ...(data ? [data] : []))),
        // There is nobody left to tell.
        () => {},
      );
  return { warn: write("warn"), error: write("error") };
}

/** Calls what is not ours: neither what it throws nor what it rejects with later reaches anybody but `failed`. */
function attempt(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    (call() as Partial<PromiseLike<unknown>> | undefined)?.then?.(null, failed);
  } catch (error) {
    failed(error);
  }
}

function createServices(store: Store, given: Logger | undefined): Services {
  const log = guarded(given);
  return {
    store,
    log,
    ban({ client, policy, receivedAt }, rule, banMs) {
      if (client.key !== "" && policy.mode === "enforce") return writeBan(store, client.key, rule, banMs, receivedAt);
    },
    warnOnce(code, message) {
      if (warned.has(code)) return;
      warned.add(code);
      log.warn(message, { code });
    },
  };
}

type ClientOf = ReturnType<typeof clientResolver>;

const WATCHED_REQUESTS = 1_000;

/** Looks out for two misuses that only live traffic shows, says each once, and then gets out of the way. */
function watchMisuse(clientOf: ClientOf, source: ClientSource | undefined, services: Services): ClientOf {
  let seen = 0;
  return (peer, headers) => {
    // A proxy in front shows in the first requests; looking for ever would cost every request two look-ups.
    if (seen < WATCHED_REQUESTS) {
      if (seen++ === 0 && services.store.name === "memory" && isClusterWorker())
        services.warnOnce("AIWAF_MEMORY_IN_CLUSTER", "Each process counts and bans alone: share a store.");
      if (source === undefined && isForwarded(headers)) {
        seen = WATCHED_REQUESTS;
        // All clients behind that proxy would share one address, and so one limit and one ban.
        services.warnOnce(
          "AIWAF_PROXY_UNTRUSTED",
          'A forwarding header was not believed. Name your proxy: client: { proxies: ["10.0.0.0/8"] }.',
        );
      }
    }
    return clientOf(peer, headers);
  };
}

/** Node's cluster module and pm2 number their workers in these variables; elsewhere there is no `process`. */
function isClusterWorker(): boolean {
  const { env } = (globalThis as { readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> } }).process ?? {};
  return env?.["NODE_UNIQUE_ID"] !== undefined || env?.["NODE_APP_INSTANCE"] !== undefined;
}

const isForwarded = (headers: HeaderReader): boolean => readField(headers, "x-forwarded-for") + readField(headers, "forwarded") !== "";

/** Learning and subscriptions: what happens after the response. */
function createFeed(detectors: readonly Detector[], services: Services): Pick<Waf, "observe" | "subscribe" | "wantsOutcome"> {
  const listeners = new Set<Listener>();
  const observers = detectors.filter((detector) => detector.observe !== undefined);
  const tell = (who: string, call: () => unknown): void =>
    attempt(call, (error) => services.log.error(`${who} failed after the response`, { message: messageOf(error) }));
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    wantsOutcome(decision) {
      try {
        for (const detector of observers) if (detector.wantsOutcome?.(decision) ?? true) return true;
        noteQuiet(decision);
        return listeners.size > 0;
      } catch {
        return true;
      }
    },
    observe(decision, outcome) {
      const seen = outcome ?? (decision.action === "block" ? { status: decision.status, durationMs: 0 } : undefined);
      if (seen !== undefined && decision.request.policy.mode !== "off" && !isQuiet(decision)) {
        for (const detector of observers) {
          if (decision.request.policy.skip.includes(detector.name)) continue;
          tell(detector.name, () => detector.observe!(decision, seen, services));
        }
      }
      for (const listener of listeners) tell("A subscriber", () => listener(decision, outcome));
    },
  };
}

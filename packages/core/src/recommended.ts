/**
 * The usual set: what `protect()` uses when it is given no firewall but options, or nothing.
 *
 * @module
 */
import { type AnomalyOptions, anomaly } from "./detectors/anomaly.ts";
import { type BlocklistOptions, blocklist } from "./detectors/blocklist.ts";
import { type BreakerOptions, breaker } from "./detectors/breaker.ts";
import { type ContentOptions, content } from "./detectors/content.ts";
import { type ExemptionsOptions, exemptions } from "./detectors/exemptions.ts";
import { type HeadersOptions, headers } from "./detectors/headers.ts";
import { type HoneypotOptions, honeypot } from "./detectors/honeypot.ts";
import { type IdentifiersOptions, identifiers } from "./detectors/identifiers.ts";
import { type InternalsOptions, internals } from "./detectors/internals.ts";
import { type KeywordsOptions, keywords } from "./detectors/keywords.ts";
import { type LoginsOptions, logins } from "./detectors/logins.ts";
import { type MethodsOptions, methods } from "./detectors/methods.ts";
import { type ProbesOptions, probes } from "./detectors/probes.ts";
import { RATE_LIMIT_OPTIONS, type RateLimitOptions, rateLimit } from "./detectors/rate-limit.ts";
import { type RepeatsOptions, repeats } from "./detectors/repeats.ts";
import { switchableWith } from "./detectors/switches.ts";
import { type WavesOptions, waves } from "./detectors/waves.ts";
import { LOGIN_LIMIT, withLoginLimits } from "./login-limits.ts";
import { any, hasMethods, isRecord, isText, listOf, type OptionTable, readOptions } from "./options.ts";
import { detectorsOf } from "./stages.ts";
import { memoryStore } from "./stores/memory.ts";
import type { Detector, PathRule, RateLimit, Waf, WafOptions } from "./types.ts";
import { createWaf, WAF_OPTIONS } from "./waf.ts";

/** Everything the firewall takes, with each recommended detector's options under its name; `false` leaves that detector out. */
export interface RecommendedOptions extends Omit<WafOptions, "detectors" | "store"> {
  /** Where counters, bans and lists live. Default: this process's memory. */
  readonly store?: WafOptions["store"];
  readonly blocklist?: BlocklistOptions | false;
  readonly rateLimit?: RateLimitOptions | false;
  /** Off unless given, `{}` for its defaults: to it, tests and load generators of your own look like floods. */
  readonly repeats?: RepeatsOptions | false;
  readonly internals?: InternalsOptions | false;
  readonly methods?: MethodsOptions | false;
  readonly probes?: ProbesOptions | false;
  readonly headers?: HeadersOptions | false;
  /** Finds injections in the path, query, header fields, cookies and body. */
  readonly content?: ContentOptions | false;
  readonly waves?: WavesOptions | false;
  readonly identifiers?: IdentifiersOptions | false;
  readonly keywords?: KeywordsOptions | false;
  /** Fixed rules until it is told where the trained model is: `anomaly: { model: fileModel(".aiwaf/model.json") }`. */
  readonly anomaly?: AnomalyOptions | false;
  readonly breaker?: BreakerOptions | false;
  readonly exemptions?: ExemptionsOptions | false;
  /** Off unless given: it needs the tokens that your forms carry. */
  readonly honeypot?: HoneypotOptions | false;
  /** Failed logins, by client and by account. Off unless given, `{}` for its defaults: it goes by what your logins answer. */
  readonly logins?: LoginsOptions | false;
  /**
   * The limit of usual login paths (`/login`, `/api/auth/login` and their kind), counted together. A path rule with a limit, and a stricter general
   * limit, win; `false` treats logins like everything else. Default: 60 requests a minute.
   */
  readonly loginLimit?: RateLimit | false;
  /** Detectors of your own, run after the recommended ones. */
  readonly detectors?: readonly Detector[];
}

const detectorOption = any<object | false>(
  undefined,
  "an object of options, or false to leave the detector out",
  (value) => value === false || isRecord(value),
);

/** The recommended detectors in the order they run: the cheapest and most certain first. */
const FACTORIES = {
  blocklist,
  rateLimit,
  repeats,
  internals,
  methods,
  probes,
  headers,
  waves,
  identifiers,
  keywords,
  content,
  anomaly,
  breaker,
  exemptions,
} as const;

/** In their place of that order, and only if asked for. */
const ON_REQUEST: readonly (keyof typeof FACTORIES)[] = ["repeats"];

const RECOMMENDED_OPTIONS = {
  ...WAF_OPTIONS,
  detectors: listOf<Detector, readonly Detector[]>([], "detectors", (value) => hasMethods(value, "inspect")),
  blocklist: detectorOption,
  rateLimit: detectorOption,
  repeats: detectorOption,
  internals: detectorOption,
  methods: detectorOption,
  probes: detectorOption,
  headers: detectorOption,
  waves: detectorOption,
  identifiers: detectorOption,
  keywords: detectorOption,
  anomaly: detectorOption,
  breaker: detectorOption,
  content: detectorOption,
  exemptions: detectorOption,
  honeypot: detectorOption,
  logins: detectorOption,
  loginLimit: any<RateLimit | false>(undefined, "an object with max and windowMs, or false", (value) => value === false || isRecord(value)),
} as const satisfies OptionTable;

/**
 * The recommended detectors and a memory store as options for `createWaf`.
 *
 * @throws WafError as `createWaf` does.
 * @example
 * const waf = createWaf(recommended({ mode: "report", rateLimit: { max: 100 }, probes: false }));
 */
export function recommended(options?: RecommendedOptions): WafOptions {
  readOptions("", RECOMMENDED_OPTIONS, options);
  const {
    blocklist: _1,
    rateLimit: _2,
    methods: _3,
    probes: _4,
    headers: _5,
    exemptions: _6,
    waves: _7,
    identifiers: _8,
    keywords: _9,
    breaker: _10,
    anomaly: _11,
    internals: _12,
    content: _13,
    repeats: _14,
    honeypot: forms,
    logins: guesses,
    loginLimit = LOGIN_LIMIT,
    detectors = [],
    store = memoryStore(),
    ...rest
  } = options ?? {};
  const chosen = (Object.keys(FACTORIES) as (keyof typeof FACTORIES)[]).flatMap((name) => {
    const own = options?.[name];
    return own === false || (own === undefined && ON_REQUEST.includes(name))
      ? []
      : (FACTORIES[name] as (options?: object) => Detector | readonly Detector[])(own);
  });
  const { rateLimit: general } = options ?? {};
  const paths = withStages(rest.paths ?? {});
  const own = [
    ...chosen,
    ...(forms === undefined || forms === false ? [] : honeypot(forms)),
    ...(guesses === undefined || guesses === false ? [] : logins(guesses)),
  ];
  return switchableWith(
    {
      ...rest,
      paths:
        loginLimit === false || general === false
          ? paths
          : withLoginLimits(paths, loginLimit, {
              max: general?.max ?? RATE_LIMIT_OPTIONS.max.default,
              windowMs: general?.windowMs ?? RATE_LIMIT_OPTIONS.windowMs.default,
            }),
      store,
      detectors: [...own, ...detectors],
    },
    new Set(own),
  );
}

/** Path rules may skip stages by the names that other implementations give them. What is no list is left for `createWaf` to refuse. */
const withStages = (paths: Readonly<Record<string, PathRule>>): Readonly<Record<string, PathRule>> =>
  Object.fromEntries(
    Object.entries(paths).map(([pattern, rule]) => [
      pattern,
      Array.isArray(rule?.skip) && rule.skip.every(isText) ? { ...rule, skip: detectorsOf(rule.skip) } : rule,
    ]),
  );

/** What adapters make of their argument: a firewall as it is, options over the recommended set, or the recommended set. */
export function wafFrom(source?: Waf | RecommendedOptions): Waf {
  return isWaf(source) ? source : createWaf(recommended(source));
}

const isWaf = (source: Waf | RecommendedOptions | undefined): source is Waf => hasMethods(source, "inspect", "observe");

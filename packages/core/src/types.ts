/**
 * Every public type of the core, and no code. Adapters, detectors and stores are written against this file alone.
 *
 * @module
 */

/** A value now, or a promise of it. The engine waits only when it is handed a promise. */
export type Awaitable<T> = T | PromiseLike<T>;

/** Case-insensitive read access to header fields. A fetch `Headers` object satisfies it as it is. */
export interface HeaderReader {
  /**
   * The field lines as they arrived, name and value in turns, names in any case, where the reader has them: what looks at every field of every request
   * reads these, because iterating takes several times as long. A name that begins with a colon is HTTP/2's own and no field.
   */
  readonly lines?: readonly string[];
  /** The field's value; repeated fields joined with `", "`. `name` is lower case. */
  get(name: string): string | null | undefined;
  /** `[lower-case name, value]`, one pair a field line where the runtime still knows the lines. */
  [Symbol.iterator](): Iterator<readonly [string, string]>;
}

/** What an adapter hands to the core: facts, no decisions. Nothing in it has been parsed. */
export interface RawRequest {
  /** As sent, for example `GET`. */
  readonly method: string;
  /** The request target as sent, for example `/a/%2e%2e/b?q=1`. Absolute and asterisk form are read too. */
  readonly target: string;
  readonly headers: HeaderReader;
  /** Address of the socket's other end, `undefined` where the runtime hides it. Never read from a header. */
  readonly peer: string | undefined;
  /** `"1.0"`, `"1.1"`, `"2.0"`, as Node spells it; absent where the runtime hides it. */
  readonly httpVersion?: string;
  /** True when the peer spoke TLS; absent where the runtime hides it. */
  readonly secure?: boolean;
  /**
   * Peeks at the first `limit` bytes of the body; the application still reads every byte. Resolves early with what has arrived when
   * `signal` aborts. Absent: this adapter cannot inspect bodies.
   */
  readonly readBody?: (limit: number, signal: AbortSignal) => Awaitable<Body | undefined>;
  /** When it arrived, in milliseconds since the epoch, where the adapter knows that more cheaply than by asking a clock again. */
  readonly receivedAt?: number;
  /** False when there is no body to read: asked before `readBody`, whose signal is not made then. Absent: not known before it is read. */
  readonly hasBody?: () => boolean;
}

/** The inspected beginning of a request body. */
export interface Body {
  /** The bytes as they arrived, at most `policy.bodyLimitBytes` of them. */
  readonly bytes: Uint8Array;
  /** False when the body goes on beyond `bytes`, because of the limit or because the peek was cut short. */
  readonly complete: boolean;
  /** True when a parser of the application has read it before, and `bytes` are what it made of it: no Content-Encoding is left on them. */
  readonly parsed?: boolean;
}

/** The one request shape every detector sees: built by the core, the same for every framework. */
export interface WafRequest {
  /** Milliseconds since the epoch, read once a request. */
  readonly receivedAt: number;
  /** Upper case. */
  readonly method: string;
  /** The target exactly as sent. */
  readonly target: string;
  /** Percent-decoded once, dot segments resolved, repeated slashes and backslashes folded. Always starts with `/`. Case is kept. */
  readonly path: string;
  /** The query as sent, without `?`. */
  readonly query: string;
  /** False when the path was written so that some router could read it differently; policy is then the strictest of all readings. */
  readonly canonical: boolean;
  /** `"1.0"`, `"1.1"`, `"2.0"`; `undefined` where the runtime hides it. */
  readonly httpVersion: string | undefined;
  readonly headers: HeaderReader;
  readonly client: Client;
  /** From the route manifest, when one is loaded. */
  readonly route: Route | undefined;
  /** Where the client's address is registered, once a detector has looked it up. */
  readonly place?: Place;
  readonly policy: PathPolicy;
  /** Set in phase `body` only. */
  readonly body: Body | undefined;
}

/** Who sent the request, after proxy trust was applied. */
export interface Client {
  /** Canonical address, or `""` when the runtime hides it. */
  readonly address: string;
  /** Key for counters and bans: the IPv4 address, or the IPv6 /64 as `2001:db8:1:2::/64`; `""` when the address is unknown. */
  readonly key: string;
}

/** Where an address is registered, as far as a database says. */
export interface Place {
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country?: string;
  /** Number of the autonomous system. */
  readonly asn?: number;
}

/** A known route of the application. */
export interface Route {
  /** The route's pattern, for example `/users/:id`. */
  readonly pattern: string;
  readonly methods: readonly string[] | undefined;
}

/** Stable public id `detector/what`, for example `rate-limit/exceeded`. Each has one reference page. */
export type RuleId = `${string}/${string}`;

/** The statuses a block may have; anything else is the application's to answer. */
export type BlockStatus = 400 | 403 | 405 | 409 | 413 | 429 | 503;

/** One thing a detector noticed. */
export interface Finding {
  readonly rule: RuleId;
  /** 0 to 100. Scores add up and are held against `policy.threshold`. */
  readonly score: number;
  /** Where it was seen: `path`, `query:q`, `header:user-agent`, `body:$.name`. */
  readonly where?: string;
  /** What was seen there; offsets are UTF-16 units of the value as sent, `decoded` names the decoding steps, outermost first. */
  readonly match?: { readonly text: string; readonly start: number; readonly end: number; readonly decoded: readonly string[] };
  /** At most 120 characters, safe to log. */
  readonly note?: string;
  /** Block whatever the score is. */
  readonly block?: Block;
}

/** How a finding wants the request answered. */
export interface Block {
  readonly status: BlockStatus;
  /** Milliseconds until a retry makes sense: `Retry-After`, rounded up to seconds. */
  readonly retryAfterMs?: number;
  /** Ban the client: length of a first ban in milliseconds; repeated bans grow (12-fold, then 288-fold). */
  readonly banMs?: number;
  /** Response fields this block needs, for example `allow` of a 405. Names are lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What `inspect` of a detector returns. */
export type Findings = undefined | Finding | readonly Finding[];

/** When a detector runs: before the body is read, or after the peek. */
export type Phase = "head" | "body";

/** Looks at one aspect of a request. What it remembers of clients is in `services.store`; it may cache what it computed. */
export interface Detector {
  /** Unique in its phase; what `skip` names; usually the first half of its rule ids. */
  readonly name: string;
  /** `head` runs before a body byte is read, `body` once the peek is done. */
  readonly phase: Phase;
  /** The rules this detector may emit. */
  readonly rules: readonly RuleId[];
  /** What this detector adds to the policy that holds where no path rule says otherwise. */
  readonly defaults?: PathRule;
  /** Returns what it noticed, or nothing. Returns a promise only if it must wait. */
  inspect(request: WafRequest, services: Services): Awaitable<Findings>;
  /**
   * Says what does not apply to this request, beside `policy.skip`: names of detectors or rules, or `"all"` to let it pass uninspected. Asked once,
   * before the first phase, and must answer at once. An exemption by path must hold for every reading of it: see `request.canonical`.
   */
  exempt?(request: WafRequest, services: Services): undefined | readonly string[] | "all";
  /**
   * Inspects again as if some rules did not exist at some places, after some of what `inspect` found was to be left out. For detectors that stop when they
   * have found enough, where one finding can hide another. Absent: leaving out findings is as good.
   */
  inspectWithout?(
    request: WafRequest,
    services: Services,
    isLeftOut: (rule: RuleId, where: string | undefined) => boolean,
  ): Awaitable<Findings>;
  /** Learns from a finished response. Never delays it; a throw is logged and dropped. */
  observe?(decision: Decision, outcome: Outcome, services: Services): Awaitable<void>;
  /** Whether `observe` could learn anything from this response; when no detector can, only subscribers are told of its end. Default: always. */
  wantsOutcome?(decision: Decision): boolean;
}

/** How the response to an inspected request ended. */
export interface Outcome {
  readonly status: number;
  /** Milliseconds from receipt to the end of the response. */
  readonly durationMs: number;
}

/** What detectors share. */
export interface Services {
  readonly store: Store;
  readonly log: Logger;
  /**
   * Bans the request's client from the next request on: `banMs` the first time, 12 and 288 times as long later. Does nothing where the policy only
   * reports or the client is unknown. For what a detector learns after the response; in `inspect`, return a finding with `block.banMs`.
   */
  ban(request: WafRequest, rule: RuleId, banMs: number): Awaitable<void>;
  /** Warns at most once a process for each code. */
  warnOnce(code: string, message: string): void;
}

/** Where warnings and errors go. `console` fits; so do pino and winston. Never told bodies, cookies or authorization fields. */
export interface Logger {
  warn(message: string, data?: Readonly<Record<string, unknown>>): void;
  error(message: string, data?: Readonly<Record<string, unknown>>): void;
}

/**
 * All shared state. Counters and values are two separate spaces. Counters are atomic; values are JSON text. Time is an argument of
 * every call (milliseconds since the epoch), so tests need no fake timers.
 */
export interface Store {
  readonly name: string;
  /** Adds `by` and returns the new value. Creates with `ttlMs`, never extends it. `by` 0 only reads and never creates. */
  increment(key: string, by: number, ttlMs: number, now: number): Awaitable<Counter>;
  /**
   * Counts in windows that begin at multiples of `windowMs`: adds `by` to the one `now` lies in and returns it and the one before, as two calls of
   * `increment` with a key for each window would, where the store can keep both in one place. `by` 0 only reads. A key always comes with the same
   * `windowMs`, and is apart from the counter of that name. At a clock that is one window behind, the window before is taken for empty.
   */
  incrementWindow?(key: string, by: number, windowMs: number, now: number): Awaitable<WindowCount>;
  get(key: string, now: number): Awaitable<string | undefined>;
  /** `ttlMs` `undefined`: kept until deleted. */
  set(key: string, value: string, ttlMs: number | undefined, now: number): Awaitable<void>;
  /** Deletes the value, the counter and the windows of that key. Deleting what is not there is fine. */
  delete(key: string): Awaitable<void>;
  /** Keys of values that start with `prefix`, taken literally; at most `limit`, in no promised order. */
  list(prefix: string, limit: number, now: number): Awaitable<readonly string[]>;
  /** Keys and values that start with `prefix`, as `list` and `get` give them, where the store can read both at once. */
  entries?(prefix: string, limit: number, now: number): Awaitable<readonly (readonly [key: string, value: string])[]>;
  /** Calls `listener` with a list's prefix when any process marked it as changed (`changed`), where the store can push. Ends with `close`. */
  watch?(listener: (prefix: string) => void): void;
  close?(): Awaitable<void>;
}

/** The state of a counter after an increment. */
export interface Counter {
  readonly value: number;
  /** Milliseconds since the epoch; 0 when the counter does not exist. */
  readonly expiresAt: number;
}

/** What was counted in the running window and in the one before. */
export interface WindowCount {
  readonly current: number;
  readonly previous: number;
}

/** `enforce` blocks, `report` only says what it would have blocked, `off` does not look. */
export type Mode = "enforce" | "report" | "off";

/** How much of a rate limit one client has. */
export interface RateLimit {
  /** Requests a client may send in a window, 1 to 1,000,000. */
  readonly max: number;
  /** Milliseconds, 1,000 to 86,400,000. */
  readonly windowMs: number;
  /** Above this many in a window the client is banned; at least `max`. Default: twice `max`. */
  readonly floodMax?: number;
  /** Requests of all paths with the same bucket are counted together. Default: the pattern of the path rule. */
  readonly bucket?: string;
}

/** What kind of client a path expects; decides which header findings count. */
export type HeaderProfile = "browser" | "api" | "webhook";

/** What holds for one path. Rules merge from general to specific, field by field. */
export interface PathPolicy {
  readonly mode: Mode;
  /** Score at which a request is blocked, 1 to 1,000. */
  readonly threshold: number;
  /** Detector names or rule ids that do not apply here. */
  readonly skip: readonly string[];
  /** Bytes of the body that are inspected, 0 to 16 MiB; 0 turns body inspection off. */
  readonly bodyLimitBytes: number;
  /** What a failing or late detector or store does to the request: let it pass, or answer 503. */
  readonly onFailure: "allow" | "deny";
  /** How many requests a client may send here; a path rule's limit is counted apart from the general one. `undefined`: no limit. */
  readonly rateLimit: RateLimit | undefined;
  /** Methods answered here, upper case; others get 405. HEAD comes with GET, OPTIONS always passes. `undefined`: all. */
  readonly methods: readonly string[] | undefined;
  /** `undefined`: told from the request. */
  readonly profile: HeaderProfile | undefined;
}

interface DecisionBase {
  /** Unique, random, safe to show: the response carries it as `x-aiwaf-id`. */
  readonly id: string;
  /** Sum of the findings' scores. */
  readonly score: number;
  readonly findings: readonly Finding[];
  /** Detectors, stores or peeks that failed or were late. Empty when all is well. */
  readonly failures: readonly Failure[];
  readonly request: WafRequest;
}

/** The answer a block gives. */
export interface Verdict {
  readonly status: BlockStatus;
  /** The rule that decided, or `score/threshold`. */
  readonly rule: RuleId;
  readonly retryAfterMs: number | undefined;
  /** Response fields beside the standard ones; names are lower case. */
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/** The request goes on to the application. */
export interface Allowed extends DecisionBase {
  readonly action: "allow";
  /** In report mode: what enforcement would have answered. */
  readonly wouldBlock: Verdict | undefined;
}

/** The request is answered by the firewall; `renderBlocked` makes the response. */
export interface Blocked extends DecisionBase, Verdict {
  readonly action: "block";
}

/** Plain data: logged, streamed, stored and replayed. `action` tells the two kinds apart. */
export type Decision = Allowed | Blocked;

/** Something that did not work while this request was inspected. */
export interface Failure {
  /** A detector's name, `body` for the peek, `ban` for writing a ban, `engine` for anything else. */
  readonly detector: string;
  readonly kind: "error" | "deadline";
  readonly message: string;
}

/** Where the client's address comes from. The default is the socket's peer; no header is believed unless one of these says so. */
export type ClientSource =
  | {
      /** Addresses or CIDR ranges of your own proxies: the first foreign hop from the right is the client. */
      readonly proxies: readonly string[];
      /** The one header your proxies append to. Default `x-forwarded-for`. */
      readonly forwardedHeader?: "x-forwarded-for" | "forwarded";
    }
  | {
      /** How many proxies of your own every request passes, 1 to 32. */
      readonly hops: number;
      readonly forwardedHeader?: "x-forwarded-for" | "forwarded";
    }
  | {
      /** A header that the platform overwrites on every request, such as `cf-connecting-ip`. */
      readonly header: string;
    };

/** The fields of a path rule; each overrides the more general rule's. */
export type PathRule = Partial<PathPolicy>;

/** What `createWaf` takes: every part chosen by you, so that bundlers drop the rest. */
export interface WafOptions {
  /** In the order they run. */
  readonly detectors: readonly Detector[];
  readonly store: Store;
  readonly mode?: Mode;
  readonly threshold?: number;
  readonly bodyLimitBytes?: number;
  readonly onFailure?: "allow" | "deny";
  /** Longest wait for detectors and stores in one phase, in milliseconds. */
  readonly deadlineMs?: number;
  /** Longest wait for the inspected part of a body, in milliseconds. */
  readonly bodyDeadlineMs?: number;
  readonly client?: ClientSource;
  /** Pattern to rule. `/a/b`, `/a/*` or `/a/:id` (one segment), `/a/**` (`/a` and all below it). */
  readonly paths?: Readonly<Record<string, PathRule>>;
  /** The route that answers a canonical path, usually of a route manifest: what `request.route` says. Must answer at once. */
  readonly routes?: (path: string) => Route | undefined;
  /** Where warnings and errors go. Default: the console. */
  readonly log?: Logger;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** Told of every observed decision. What it throws is logged and dropped. */
export type Listener = (decision: Decision, outcome: Outcome | undefined) => void;

/** A built firewall. Its options do not change any more; its state is in the store. */
export interface Waf {
  /** Decides about one request. Never throws and never rejects. In the same tick when every detector and the store are synchronous. */
  inspect(raw: RawRequest): Awaitable<Decision>;
  /**
   * Tells how the response ended, `undefined` where the framework hides it. Detectors learn, from a block also without an outcome; subscribers are
   * told. Returns at once.
   */
  observe(decision: Decision, outcome: Outcome | undefined): void;
  /** Whether anyone would learn from this decision's outcome. When false, an adapter need not wait for the end of the response. */
  wantsOutcome(decision: Decision): boolean;
  /** Calls `listener` after each `observe`. Returns the function that ends the subscription. */
  subscribe(listener: Listener): () => void;
  readonly services: Services;
  /** Closes the store. Requests that come later are still answered. */
  close(): Promise<void>;
}

/** Scores one feature vector: 0 ordinary, 1 odd. Pure and synchronous. */
export interface AnomalyModel {
  /** Format, version and content hash, for example `forest/1:9f3c…`. */
  readonly id: string;
  /** Feature names in vector order. */
  readonly features: readonly string[];
  score(vector: Float64Array): number;
}

/**
 * Every request and response of the console's API, and no code. The pages and the server are written against this file alone.
 *
 * All addresses are under the console's prefix and end as written: `api/session` of a console at `/aiwaf/` is `/aiwaf/api/session`. Bodies are JSON,
 * at most 16 KiB. Times are milliseconds since the epoch, lengths of time milliseconds. Whatever is not 2xx is a `Problem`, as
 * `application/problem+json`. Every request that changes something carries the field `x-aiwaf-csrf` with `Session.csrf`, and
 * `content-type: application/json` where it has a body. No address is ever decoded: a client sends the characters of this file and nothing else.
 *
 * @module
 */
import type { DecisionRecord } from "@aiwaf/core/records";
import type { BanEntry, ExceptionDraft, ExemptionEntry } from "./api-changes.ts";

export type * from "./api-changes.ts";
/** One decision as it is kept. Never has a body, a cookie or a secret in it. */
export type { DecisionRecord };

/** RFC 9457. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What is wrong, in a sentence for people. */
  readonly detail: string;
  /** What a page can act on. */
  readonly code?: ProblemCode;
  /** Seconds until another try makes sense, of a 429 or 503. */
  readonly retryAfterS?: number;
}

/**
 * `login`: there is no session (401). `wrong`: token or password are wrong (401). `password`: a password has to be set first (403). `csrf`: the field is
 * missing or wrong, or the request came from another site (403). `host`: the console does not answer to this name (421). `read-only`: this user may only
 * look (403). `absent`: nothing of that name (404). `unavailable`: this console was built without it, such as models (404). `input`: something in the request
 * is wrong (400). `busy`: too many at once (429 or 503). `conflict`: it changed meanwhile (409).
 */
export type ProblemCode =
  | "login"
  | "wrong"
  | "password"
  | "csrf"
  | "host"
  | "read-only"
  | "absent"
  | "unavailable"
  | "input"
  | "busy"
  | "conflict";

/** `GET api/session`: 200 for everybody who may see the page, logged in or not. */
export interface Session {
  readonly authenticated: boolean;
  /** For people; `undefined` while nobody is logged in. */
  readonly user?: string;
  /** Send it as `x-aiwaf-csrf`. `""` while nobody is logged in: login needs none. */
  readonly csrf: string;
  /** True after the one-time token: nothing else is answered before `POST api/password`. */
  readonly needsPassword: boolean;
  /** True while no password is set yet: the page asks for the token, else for the password. */
  readonly needsToken: boolean;
  /** `password`: the console keeps sessions itself; `outer`: the application or a proxy in front says who it is, and there is no login or logout here. */
  readonly kind: "password" | "outer";
  readonly readOnly: boolean;
  /** Which parts this console has; what is false is answered 404 with code `unavailable`. */
  readonly has: { readonly records: boolean; readonly models: boolean; readonly switches: boolean };
  /** What this deployment is called, and the server's version. */
  readonly deployment: string;
  readonly version: string;
  /** The server's clock when it answered. */
  readonly now: number;
}

/** `POST api/login`, with one of the two: 200 and a `Session`, or 401 `wrong`, or 429 `busy`. Needs no csrf field. */
export interface LoginRequest {
  /** The one-time token that was printed when the console started. */
  readonly token?: string;
  readonly password?: string;
}

/** `POST api/password`: 200 and a `Session`. Ends every other session. */
export interface PasswordRequest {
  /** 12 to 200 characters. */
  readonly password: string;
  /** The one so far; not needed while `needsPassword`. */
  readonly current?: string;
}

// `POST api/logout` without a body: 200 and a `Session` with `authenticated: false`.

/** Which decisions: the query of `GET api/events` and `GET api/decisions`, and part of `GET api/overview`. What is absent does not restrict. */
export interface DecisionFilter {
  /** `would-block`: let through, and enforcement would have blocked it. */
  readonly action?: "allow" | "block" | "would-block";
  /** A rule, `sql/boolean`, or a detector for all its rules, `sql`: of the block, or of any finding. */
  readonly rule?: string;
  readonly client?: string;
  /** The beginning of the target. */
  readonly path?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  /** A status, or its first digit: `403`, `4`. */
  readonly status?: string;
  readonly deployment?: string;
  readonly route?: string;
  /** Number of an autonomous system. */
  readonly asn?: number;
  /** Included. */
  readonly from?: number;
  /** Not included. */
  readonly to?: number;
}

/**
 * A part of the traffic: the query of `GET api/overview`. What is absent does not restrict; several restrict together. A part is told from the record store, and
 * without one from the decisions that this process keeps.
 */
export interface OverviewCut {
  readonly deployment?: string;
  /** The beginning of the target: a family of endpoints. */
  readonly path?: string;
  /** The pattern of a route, where the application's routes are known. */
  readonly route?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  /** Number of an autonomous system. */
  readonly asn?: number;
}

/** `GET api/overview?from&to` and an `OverviewCut`: at most 31 days; by default the last hour. */
export interface Overview {
  readonly from: number;
  readonly to: number;
  /** Since when figures are known; earlier stretches are empty because nobody counted. */
  readonly since: number;
  /**
   * `live`: counted in this process since `since`. `records`: read from the record store too, so other processes and earlier times are in it: of each ten
   * minutes, what knows of more. `kept`: a part of the traffic without a record store, told from the decisions that this process keeps.
   */
  readonly source: "live" | "records" | "kept";
  /** True when the range was too large to be read in one answer and older parts still follow: ask again in a second. */
  readonly partial: boolean;
  readonly totals: Totals;
  /** Stretches of equal length, oldest first, without gaps: at most 180 of them, of an hour at least where long ranges reach into the record store. */
  readonly bucketMs: number;
  readonly buckets: readonly Bucket[];
  /** Most blocked and would-be blocked first, at most 10 of each. */
  readonly top: {
    readonly rules: readonly TopEntry[];
    readonly clients: readonly TopEntry[];
    readonly paths: readonly TopEntry[];
    readonly countries: readonly TopEntry[];
    /** Names are numbers of autonomous systems. */
    readonly networks: readonly TopEntry[];
  };
  readonly rates: Rates;
  /** From receipt to the end of the response; `undefined` where no response ended in the range. Of records a sample: some 500 in ten minutes. */
  readonly latencyMs?: Percentiles;
  /** What inspection itself takes is not in `latencyMs` apart: see `npm run bench`. */
  /**
   * Bans of all processes that share the store; undone are those that ended before their time. Before this process began, made are those that refused
   * somebody, and none is known to be undone.
   */
  readonly bans: { readonly active: number; readonly made: number; readonly undone: number };
  /** Names of deployments that were seen, this one first. */
  readonly deployments: readonly string[];
}

/** Sums over the whole stretch. */
export interface Totals {
  readonly requests: number;
  readonly blocked: number;
  readonly wouldBlock: number;
  /** Mean score of all requests. */
  readonly meanScore: number;
  /** Different clients that were blocked or would have been; counted up to 10,000. */
  readonly clientsStopped: number;
}

/**
 * How well the firewall does, as far as that can be told where nobody has judged the requests. A client that one rule alone stopped, fewer than ten times, and
 * that was let through five times as often, is taken for an honest one, and its stops for mistakes; all others are taken for attacks. Limits, countries and lists
 * are neither.
 */
export interface Rates {
  readonly mistakes: number;
  /** Mistakes of all requests that are no attacks, 0 to 1; absent without such. */
  readonly mistakeShare?: number;
  readonly attacks: number;
  /** Attacks that were blocked, 0 to 1; the others were let through in report mode. Absent without attacks. */
  readonly blockedShare?: number;
  /** At most 10 of the clients behind the mistakes, the most stopped first. */
  readonly suspects: readonly { readonly client: string; readonly rule: string; readonly stopped: number }[];
  /** True while not every client was looked at: ask again in a second. */
  readonly partial: boolean;
}

/** Figures of one part of the stretch. */
export interface Bucket {
  /** When it begins. */
  readonly at: number;
  readonly requests: number;
  readonly blocked: number;
  readonly wouldBlock: number;
  readonly bansMade: number;
  readonly bansUndone: number;
  /** `undefined` where no response ended. */
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
}

/** One of the names that stand out. */
export interface TopEntry {
  readonly name: string;
  /** Requests that were blocked, or would have been. */
  readonly blocked: number;
  /** All requests; `undefined` where only blocks are counted. */
  readonly requests?: number;
}

/** Milliseconds that so many in a hundred responses did not exceed, within an eighth. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/**
 * `GET api/events` with a `DecisionFilter` and `rate` in the query: server-sent events. Resumes behind `Last-Event-ID`, or behind `after` in the query.
 * `rate`, 1 to 5,000: decisions a second at most, the rest are counted in `skipped` events. `only=changes` leaves decisions out. 503 `busy` when too many watch.
 *
 * Events: `decision` with a `DecisionRecord`; `skipped` with `SkippedEvent`; `gap` with `GapEvent`; `change` with `ChangeEvent`. A comment line each 15 s.
 */
export type EventName = "decision" | "skipped" | "gap" | "change";

/** Decisions that fit the filter and were left out because of `rate`. */
export interface SkippedEvent {
  readonly count: number;
}

/** Some decisions after the id that was asked for are not kept any more. */
export interface GapEvent {
  readonly reason: string;
}

/**
 * Somebody changed something, here, in another console over the same store, or with the command line: what was shown of it should be asked for again. Bans that
 * the firewall makes are told, too.
 */
export interface ChangeEvent {
  readonly what: "bans" | "exemptions" | "exceptions" | "rules" | "mode" | "models";
  /** `""` where nobody said who it was. */
  readonly user: string;
}

/** `GET api/decisions?…filter&before&limit`: newest first; `limit` 1 to 200, by default 50. */
export interface DecisionPage {
  /** Newest first. The first page may be longer than its limit, by what was decided since records were last written. */
  readonly decisions: readonly DecisionRecord[];
  /** Give it as `before` for the next page; absent on the last. */
  readonly next?: string;
  /** `memory`: only what this process kept lately. */
  readonly source: "records" | "memory";
}

/** `GET api/decisions/:id`. */
export interface DecisionDetail {
  readonly record: DecisionRecord;
  readonly explanation: Explanation;
}

/** Why a decision is as it is. */
export interface Explanation {
  /** `allowed`, `blocked`, or `would-block` where the mode only reports. */
  readonly outcome: "allowed" | "blocked" | "would-block";
  readonly rule?: string;
  readonly threshold: number;
  readonly score: number;
  readonly findings: readonly ExplainedFinding[];
  readonly counterfactual: Counterfactual;
  /**
   * The narrowest exceptions that would let it pass, narrowest first; empty where no exception can, such as limits and bans. Each fits `PreviewRequest`.
   * Where `counterfactual.without` names several rules, one for each of them is needed.
   */
  readonly exceptions: readonly ExceptionDraft[];
  /** The same as a path rule for a configuration, where there is one. */
  readonly pathRule?: string;
  /** What stops the client apart from this request. */
  readonly client: { readonly banned?: BanEntry; readonly exempt: readonly ExemptionEntry[] };
}

/** One thing that a rule found, and what it did to the decision. */
export interface ExplainedFinding {
  readonly rule: string;
  readonly score: number;
  /** `path`, `query:q`, `header:user-agent`, `body:$.name`. */
  readonly where?: string;
  readonly note?: string;
  /** True when this finding alone blocked, or reached the threshold. */
  readonly decisive: boolean;
  /** True when the rule only reports: its score was not counted. */
  readonly reportedOnly: boolean;
  /** What the rule does, in a sentence; absent for rules of the application's own. */
  readonly about?: { readonly text: string };
  readonly match?: ExplainedMatch;
}

/** What a rule saw, and where that stands in what was sent. */
export interface ExplainedMatch {
  /** What the rule saw, decoded. */
  readonly text: string;
  /** The value as it was sent, and the matched part of it in UTF-16 units; absent where the value is not kept (bodies, secrets). */
  readonly sent?: { readonly value: string; readonly start: number; readonly end: number };
  /** The decoding chain from the value as sent to `text`, outermost first; each step with the matched part after it, where it is known. */
  readonly steps: readonly { readonly decoding: string; readonly text?: string }[];
}

/** What would have had to be different. */
export interface Counterfactual {
  /** A sentence: `Without sql/boolean the score is 20 of 100, and the request passes.` */
  readonly text: string;
  /** The smallest set of rules without which it passes; empty when it passed, or when no rule of this request alone stopped it. */
  readonly without: readonly string[];
  readonly scoreThen: number;
}

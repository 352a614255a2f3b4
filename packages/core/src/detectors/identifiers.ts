import { isThenable } from "../awaitable.ts";
import { type Account, createConduct } from "../behaviour/conduct.ts";
import { identifierIn, isBrokenUuid, isShort, isUuid, parameterSegment, segmentAt } from "../behaviour/ids-in-paths.ts";
import { isAnswered, type KnownPaths, knownPathsOf } from "../behaviour/known-paths.ts";
import type { Ledger, Standing } from "../behaviour/ledger.ts";
import { perFirewall } from "../behaviour/per-firewall.ts";
import { createQuiet } from "../behaviour/quiet.ts";
import { eachPair } from "../content/pairs.ts";
import { any, integer, isFunction, listOf, type OptionTable, readOptions } from "../options.ts";
import type { Awaitable, Detector, Finding, Findings, Route, RuleId, WafRequest } from "../types.ts";

/** What `identifiers` takes. */
export interface IdentifiersOptions {
  /** `false` keeps the detector in place and does nothing. Default `true`. */
  readonly enabled?: boolean;
  /** Route and query parameters that hold UUIDs: anything else in them is malformed. Default: `uuid`. */
  readonly parameters?: readonly string[];
  /** Whether ids are also looked for in the path: UUIDs, numbers, ObjectIds and ULIDs as whole segments. Default `true`. */
  readonly scanPath?: boolean;
  /** Points at which a client is stopped, 1 to 10,000. Default 5. */
  readonly threshold?: number;
  /** For how long points count, in milliseconds, 1,000 to 86,400,000. Default 60,000. */
  readonly windowMs?: number;
  /** Points for a malformed id, 0 to 10,000. Default 5. */
  readonly malformedWeight?: number;
  /** Points for an id that does not exist, 0 to 10,000; the same id again counts nothing. Default 1. */
  readonly notFoundWeight?: number;
  /** Points that an answer in order for an id takes off, 0 to 10,000; never below 0. Default 2. */
  readonly successDecay?: number;
  /** Statuses that say that an id does not exist. Default: 404 and 410. */
  readonly missStatuses?: readonly number[];
  /** How many different missing ids within an hour stop a client, if they are half of its ids or more, 1 to 10,000. Default 12. */
  readonly ratioMisses?: number;
  /**
   * Says before the handler runs whether an id exists. Answers are kept for a minute, 10,000 at most. What throws or rejects counts as "exists"; at
   * most 64 calls are under way at a time, and what would be one more is not asked.
   */
  readonly resolve?: (id: string, request: WafRequest) => Awaitable<boolean>;
  /** Length of a first ban in milliseconds, 1,000 to 86,400,000; the second is 12 times as long, later ones 288 times. Default 300,000. */
  readonly banMs?: number;
  /** Clients remembered at most, 64 to 10,000,000, at 52 bytes each. Only who missed takes room. Default 100,000. */
  readonly maxClients?: number;
}

const isStatus = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 400 && (value as number) <= 599;
const isBoolean = (value: unknown): boolean => typeof value === "boolean";

export const IDENTIFIERS_OPTIONS = {
  enabled: any<boolean, true>(true, "true or false", isBoolean),
  parameters: listOf<string, readonly string[]>(
    ["uuid"],
    "parameter names",
    (value) => typeof value === "string" && /^\w{1,40}$/.test(value),
  ),
  scanPath: any<boolean, true>(true, "true or false", isBoolean),
  threshold: integer(5, 1, 10_000),
  windowMs: integer(60_000, 1_000, 86_400_000),
  malformedWeight: integer(5, 0, 10_000),
  notFoundWeight: integer(1, 0, 10_000),
  successDecay: integer(2, 0, 10_000),
  missStatuses: listOf<number, readonly number[]>([404, 410], "statuses from 400 to 599", isStatus),
  ratioMisses: integer(12, 1, 10_000),
  resolve: any<(id: string, request: WafRequest) => Awaitable<boolean>>(undefined, "a function of an id and the request", isFunction),
  banMs: integer(300_000, 1_000, 86_400_000),
  maxClients: integer(100_000, 64, 10_000_000),
} as const satisfies OptionTable;

export const RULES = {
  /** A parameter that holds UUIDs holds something else, or a path holds a UUID that was edited. Blocks when its points reach the threshold. */
  "identifiers/malformed": 40,
  /** This client reached the threshold and asks for an id that is not known. It gets 403; what is known it still gets. */
  "identifiers/enumeration": 100,
  /** The same for a client of whose ids at least half do not exist, over an hour: hits buy no misses. */
  "identifiers/ratio": 100,
  /** `resolve` said that this id does not exist. */
  "identifiers/unknown": 20,
  /** This client was stopped and went on: banned, at four times the threshold for edited ids, at twenty times for well-formed ones. */
  "identifiers/persistent": 100,
} as const satisfies Record<RuleId, number>;

const MEMORY_MS = 3_600_000;
/** Stopped and gone on for so many times the threshold: with ids that were edited, and with others, which an application asks for, too, that is told of them. */
const PERSISTENT = 4;
const PERSISTENT_IN_FORM = 20;
const MAX_QUERY = 4_096;
const MAX_ID = 100;

/** What a request names. */
interface Named {
  readonly id: string;
  readonly malformed: boolean;
  readonly place: "path" | "query";
}

/**
 * Recognises who tries out ids: edited UUIDs, one missing id after the other, or more missing than found. Points add up over a window, answers in
 * order take some off, and never below zero. A client over the threshold gets 403 for ids that are not known until its points have faded. What pages,
 * their own scripts and apps that are signed in ask for is counted apart, has thirty times these limits, stops only its like, and never bans.
 *
 * Never counted: what was answered before, parts of such a thing (`/items/7/rating` where `/items/7` was), and a miss that turns out to have been early.
 *
 * @example
 * identifiers({ parameters: ["uuid", "order"], resolve: (id) => orders.exists(id) })
 */
export function identifiers(options?: IdentifiersOptions): Detector {
  const settings = readOptions("identifiers", IDENTIFIERS_OPTIONS, options);
  const { enabled, scanPath, threshold, windowMs, malformedWeight, notFoundWeight, successDecay, ratioMisses, resolve, banMs } = settings;
  const memoryOf = perFirewall((services) => ({
    conduct: createConduct(services, { maxClients: settings.maxClients, windowMs, memoryMs: MEMORY_MS }),
    known: knownPathsOf(services),
  }));
  const reader = createReader(settings.parameters, scanPath);
  const resolver = resolve === undefined ? undefined : createResolver(resolve);
  /** What the last request named: `inspect` and `observe` of one request mostly follow each other. */
  let lastRequest: WafRequest | undefined;
  let lastNamed: Named | undefined;

  const namedIn = (request: WafRequest): Named | undefined => {
    if (request === lastRequest) return lastNamed;
    lastRequest = request;
    lastNamed = reader.read(request);
    return lastNamed;
  };
  /** Requests that nothing can be learned from: nothing is held against their client, and what they name, if anything, is a path answered before. */
  const quiet = createQuiet();

  const overBy = (
    standing: Standing | undefined,
    { patience, by }: Account,
  ): "identifiers/enumeration" | "identifiers/ratio" | undefined => {
    if (standing === undefined) return undefined;
    // Of a single malformed id, such as a link that a mail program cut off, nothing follows for other ids.
    if (standing.points >= threshold * patience && !(standing.misses === 1 && standing.hostile === 1)) return "identifiers/enumeration";
    return by === "client" && standing.misses >= ratioMisses && standing.hits <= standing.misses ? "identifiers/ratio" : undefined;
  };
  const stopped = (rule: "identifiers/enumeration" | "identifiers/ratio" | "identifiers/malformed", where: string): Finding => ({
    rule,
    score: 100,
    where,
    block: { status: 403, retryAfterMs: windowMs },
  });

  const inspectMalformed = ({ client, receivedAt }: WafRequest, { id, place }: Named, ledger: Ledger): Finding | undefined => {
    if (malformedWeight === 0) return undefined;
    const { points } = ledger.miss(client.key, id, malformedWeight, true, receivedAt);
    return points >= threshold
      ? stopped("identifiers/malformed", place)
      : { rule: "identifiers/malformed", score: RULES["identifiers/malformed"], where: place };
  };

  return {
    name: "identifiers",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    inspect(request, services) {
      const { client, receivedAt } = request;
      if (!enabled || client.key === "") return undefined;
      const { conduct, known } = memoryOf(services);
      // Most requests: whatever the path may name, it was answered before, and nothing is held against who asks. Then nothing need be read out of it.
      const isQuiet =
        resolver === undefined &&
        isShort(request.path) &&
        known.isAnsweredPath(request) &&
        !reader.mayName(request) &&
        conduct.isClear(client.key, receivedAt);
      if (isQuiet) quiet.note(request);
      const named = isQuiet ? undefined : namedIn(request);
      if (named === undefined) return undefined;
      const account = conduct.of(request);
      const { ledger, patience } = account;
      if (named.malformed) return inspectMalformed(request, named, ledger);
      const rule = overBy(ledger.read(client.key, receivedAt), account);
      if (named.place === "path" && isKnown(request, named, known)) {
        if (conduct.isClear(client.key, receivedAt)) quiet.note(request);
        return undefined;
      }
      if (rule === undefined && resolver === undefined) return undefined;
      if (rule !== undefined) return stopped(rule, named.place);
      const exists = resolver!(named.id, request);
      const judge = (answer: boolean): Findings => {
        if (answer) return undefined;
        const standing = ledger.miss(client.key, named.id, notFoundWeight, false, receivedAt);
        return standing.points >= threshold * patience ? stopped("identifiers/enumeration", named.place) : UNKNOWN;
      };
      return isThenable(exists) ? exists.then(judge) : judge(exists);
    },
    wantsOutcome: (decision) =>
      quiet.wantsOutcome(decision) && enabled && decision.request.client.key !== "" && namedIn(decision.request) !== undefined,
    observe(decision, outcome, services) {
      const { request, action, findings } = decision;
      const { client, receivedAt } = request;
      if (!enabled || client.key === "") return undefined;
      const named = namedIn(request);
      if (named === undefined) return undefined;
      const { conduct, known } = memoryOf(services);
      if (isAnswered(outcome.status)) {
        known.learn(decision, outcome);
        conduct.hit(client.key, named.id, successDecay, receivedAt);
        return undefined;
      }
      const isOwnBlock = action === "block" && findings.some(({ rule }) => rule.startsWith("identifiers/"));
      const isMiss =
        action !== "block" && settings.missStatuses.includes(outcome.status) && !(named.place === "path" && isKnown(request, named, known));
      if (!isOwnBlock && !isMiss) return undefined;
      // What was blocked counts on, so that going on never looks like having stopped.
      const { ledger, by } = conduct.of(request);
      const standing = ledger.miss(client.key, named.id, notFoundWeight, false, receivedAt);
      const persistence = standing.hostile > 0 ? PERSISTENT : PERSISTENT_IN_FORM;
      const persists = isOwnBlock && standing.points >= threshold * persistence && by === "client";
      return persists ? services.ban(request, "identifiers/persistent", banMs) : undefined;
    },
  };
}

/** A path that was answered before is no guess, whoever asks, and neither is what such a one has no part of: its rating, its pictures. */
const isKnown = (request: WafRequest, { id }: Named, known: KnownPaths): boolean =>
  known.isAnsweredPath(request) || known.isOfAnswered(request.path, id);

const UNKNOWN: Finding = { rule: "identifiers/unknown", score: RULES["identifiers/unknown"] };

/** Finds what a request names. */
interface Reader {
  /** In its route's parameter, in its query, or in its path. */
  read(request: WafRequest): Named | undefined;
  /** True unless neither its route nor its query can have a parameter that holds UUIDs. */
  mayName(request: WafRequest): boolean;
}

function createReader(parameters: readonly string[], scanPath: boolean): Reader {
  const names = new Set(parameters.map((name) => name.toLowerCase()));
  // Hardly a query has one, and splitting each into pairs costs ten times this look; with the flag for any case it would cost twice as much.
  const mayHold = new RegExp(`(?:${parameters.map((name) => name.replace(/[a-z]/gi, inAnyCase)).join("|")})=`);
  const segments = new WeakMap<Route, number>();
  let lastRoute: Route | undefined;
  let lastSegment = -1;
  const segmentOf = (route: Route | undefined): number => {
    if (route === undefined || names.size === 0) return -1;
    if (route === lastRoute) return lastSegment;
    let segment = segments.get(route);
    if (segment === undefined) {
      segment = parameterSegment(route.pattern, names);
      segments.set(route, segment);
    }
    lastRoute = route;
    lastSegment = segment;
    return segment;
  };
  const isInQuery = (query: string): boolean => query !== "" && names.size > 0 && mayHold.test(query);
  return {
    read({ route, path, query }) {
      const index = segmentOf(route);
      const segment = index < 0 ? undefined : segmentAt(path, index);
      if (segment !== undefined && segment !== "") return { id: segment.slice(0, MAX_ID), malformed: !isUuid(segment), place: "path" };
      const value = isInQuery(query) ? queryParameter(query, names) : undefined;
      if (value !== undefined) return { id: value, malformed: !isUuid(value), place: "query" };
      const id = scanPath ? identifierIn(path) : undefined;
      return id === undefined ? undefined : { id, malformed: isBrokenUuid(id), place: "path" };
    },
    mayName: ({ route, query }) => segmentOf(route) >= 0 || isInQuery(query),
  };
}

/** What becomes this letter in lower case: also the sign for kelvin. */
const inAnyCase = (letter: string): string => `[${letter.toUpperCase()}${letter.toLowerCase()}${/k/i.test(letter) ? "\u212a" : ""}]`;

/** The first value of a parameter that holds UUIDs. An empty one is a form left blank. */
function queryParameter(query: string, names: ReadonlySet<string>): string | undefined {
  let found: string | undefined;
  eachPair(query.length > MAX_QUERY ? query.slice(0, MAX_QUERY) : query, (name, value) => {
    if (found === undefined && value !== "" && names.has(name.toLowerCase())) found = decoded(value.slice(0, 3 * MAX_ID)).slice(0, MAX_ID);
  });
  return found;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

const KEPT_MS = 60_000;
const MAX_KEPT = 10_000;
const MAX_UNDER_WAY = 64;

/** `resolve` behind a cache. Several requests for one id wait for one call. */
function createResolver(
  resolve: (id: string, request: WafRequest) => Awaitable<boolean>,
): (id: string, request: WafRequest) => Awaitable<boolean> {
  const kept = new Map<string, { readonly exists: Awaitable<boolean>; readonly until: number }>();
  let underWay = 0;
  const keep = (id: string, exists: Awaitable<boolean>, now: number): void => {
    kept.delete(id);
    if (kept.size >= MAX_KEPT) for (const oldest of kept.keys()) if (kept.delete(oldest)) break;
    kept.set(id, { exists, until: now + KEPT_MS });
  };
  return (id, request) => {
    const now = request.receivedAt;
    const last = kept.get(id);
    if (last !== undefined && now < last.until) return last.exists;
    // Made-up ids are cheap to send and dear to look up: beyond this many, the handler finds out by itself.
    if (underWay >= MAX_UNDER_WAY) return true;
    let answer: Awaitable<boolean>;
    try {
      answer = resolve(id, request);
    } catch {
      return true;
    }
    if (!isThenable(answer)) {
      keep(id, answer, now);
      return answer;
    }
    underWay += 1;
    const done = answer.then(
      (exists) => {
        underWay -= 1;
        keep(id, exists, now);
        return exists;
      },
      () => {
        underWay -= 1;
        kept.delete(id);
        return true;
      },
    );
    keep(id, done, now);
    return done;
  };
}

import { isThenable } from "../awaitable.ts";
import { isByPage, isPart } from "../behaviour/by-page.ts";
import { any, integer, invalid, isFunction, type OptionTable, readOptions } from "../options.ts";
import { createReservations, type Reservations } from "../reservations.ts";
import type { Awaitable, Counter, Detector, Findings, RateLimit, RuleId, WafRequest } from "../types.ts";

/** What `rateLimit` takes. */
export interface RateLimitOptions {
  /** Requests a client may send in any window, 1 to 1,000,000. Default 600. */
  readonly max?: number;
  /** Length of the window in milliseconds, 1,000 to 86,400,000. Default 60,000. */
  readonly windowMs?: number;
  /** Above this many requests in a window the client is banned; at least `max`. Default: twice `max`. */
  readonly floodMax?: number;
  /** Length of a first ban in milliseconds, 1,000 to 86,400,000; the second is 12 times as long, later ones 288 times. Default 300,000. */
  readonly banMs?: number;
  /** Who shares a limit, for example an account's id; `undefined` falls back to the client's address. Default: the address, IPv6 by /64. */
  readonly key?: (request: WafRequest) => string | undefined;
  /**
   * How many requests this one counts as, 0 to 1,000,000; 0 is not counted. Default: 1, and an eighth for a part of a page (a picture, a style, a script,
   * as browsers say in `Sec-Fetch-Dest`), unless its path has a limit of its own.
   */
  readonly cost?: (request: WafRequest) => number;
  /**
   * Local first: how many requests of a client this process may reserve of its limit at once, 1 to 10,000. Above 1, most requests of a busy client are
   * decided without asking the store. No more are let through than with 1; each process may leave up to twice as many unused, so `n` processes
   * refuse up to `2 * n * reserve` requests too many in a window. The first requests of a client reserve 1, 2, 4 …. Default 1: exact.
   */
  readonly reserve?: number;
}

export const RATE_LIMIT_OPTIONS = {
  max: integer(600, 1, 1_000_000),
  windowMs: integer(60_000, 1_000, 86_400_000),
  floodMax: integer(undefined, 1, 10_000_000),
  banMs: integer(300_000, 1_000, 86_400_000),
  key: any<(request: WafRequest) => string | undefined>(undefined, "a function of the request", isFunction),
  cost: any<(request: WafRequest) => number>(undefined, "a function of the request", isFunction),
  reserve: integer(1, 1, 10_000),
} as const satisfies OptionTable;

export const RULES = {
  /** More than `max` requests in the window: 429 with `Retry-After`, `RateLimit` and `RateLimit-Policy`. */
  "rate-limit/exceeded": 100,
  /**
   * More than `floodMax` requests in the window: 403 and a ban. Refused requests count too, so a client that does not slow down gets here. What a page
   * made a browser ask for is refused alike, and bans nobody.
   */
  "rate-limit/flood": 100,
} as const satisfies Record<RuleId, number>;

/** Keys of a user's own may be anything; a longer one would only fill the store. */
const MAX_KEY = 256;

/**
 * Limits how many requests a client may send, over a sliding window: the count of the running window plus the share of the one before it that
 * still overlaps. Atomic on any store: one call a request where the store counts windows, else one increment, and one read a client and window.
 * A client without an address and without a key is not limited.
 *
 * @example
 * rateLimit({ max: 100, windowMs: 60_000, key: (request) => request.headers.get("x-account") ?? undefined })
 */
export function rateLimit(options?: RateLimitOptions): Detector {
  const { max, windowMs, floodMax = 2 * max, banMs, key, cost, reserve } = readOptions("rateLimit", RATE_LIMIT_OPTIONS, options);
  if (floodMax < max) throw invalid("rateLimit.floodMax", floodMax, `at least rateLimit.max (${max})`);
  const windowOf = createWindows(reserve);
  return {
    name: "rate-limit",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    defaults: { rateLimit: { max, windowMs, floodMax, bucket: "" } },
    inspect(request, { store, warnOnce }) {
      const limit = request.policy.rateLimit;
      if (limit === undefined) return undefined;
      const own = key?.(request);
      // Apart from addresses: a key that a client may choose must not spend another client's limit.
      const who = own === undefined ? request.client.key : `key:${String(own).slice(0, MAX_KEY)}`;
      if (who === "") {
        warnOnce(
          "AIWAF_CLIENT_UNKNOWN",
          "The client's address is hidden from the firewall, so rate limits do not apply. See the adapter's README.",
        );
        return undefined;
      }
      const weight = cost === undefined ? weightOf(request, limit) : cost(request);
      if (!(weight > 0 && weight <= 1_000_000)) return undefined;
      const now = request.receivedAt;
      if (reserve === 1 && store.incrementWindow !== undefined) {
        // With the length in the key: limits of one bucket but of two lengths would begin each other's windows anew, and nobody would reach either.
        const counted = store.incrementWindow(`rate:${limit.bucket ?? ""}:${limit.windowMs}:${who}`, weight, limit.windowMs, now);
        return isThenable(counted)
          ? counted.then(({ current, previous }) => judge(limit, current, previous, request, banMs))
          : judge(limit, counted.current, counted.previous, request, banMs);
      }
      const window = windowOf(limit, now);
      const ttlMs = limit.windowMs * 2;
      const known = recall(window, who);
      const counter = known?.counter ?? window.currentPrefix + who;
      const current =
        window.reservations === undefined
          ? store.increment(counter, weight, ttlMs, now)
          : window.reservations.draw(store, counter, weight, ttlMs, now);
      if (known !== undefined) {
        return isThenable(current)
          ? current.then(({ value }) => judge(limit, value, known.previous, request, banMs))
          : judge(limit, current.value, known.previous, request, banMs);
      }
      const previous = store.increment(window.previousPrefix + who, 0, ttlMs, now);
      const decide = (one: Counter, other: Counter): Findings => {
        remember(window, who, { previous: other.value, counter });
        return judge(limit, one.value, other.value, request, banMs);
      };
      return isThenable(current) || isThenable(previous) ? both(current, previous, decide) : decide(current, previous);
    },
  };
}

/**
 * Of the limit for everything, a page's parts take an eighth each: a page has forty of them, and thirty people of one school open it within a minute.
 * Limits of paths count requests, whatever they say of themselves: passwords could be guessed as pictures. An eighth is exact in binary, so that sums are.
 */
const PART = 1 / 8;
const weightOf = (request: WafRequest, { bucket = "" }: RateLimit): number => (bucket === "" && isPart(request) ? PART : 1);

const both = (
  current: Awaitable<Counter>,
  previous: Awaitable<Counter>,
  next: (current: Counter, previous: Counter) => Findings,
): PromiseLike<Findings> => Promise.all([current, previous]).then(([one, other]) => next(one, other));

/** What does not change any more in a client's window. */
interface Known {
  /** Its count in the window before: read from the store once a client and window. */
  readonly previous: number;
  /** Key of its running counter: joined anew, it would have to be copied and hashed anew. */
  readonly counter: string;
}

/** The running window of one limit. */
interface Window {
  readonly slot: number;
  /** Milliseconds since the epoch; the end is no longer part of it. */
  readonly startsAt: number;
  readonly endsAt: number;
  readonly currentPrefix: string;
  readonly previousPrefix: string;
  readonly known: Map<string, Known>;
  /** Who was looked up last, and what was found: a client's requests come in runs. */
  lastWho: string;
  lastKnown: Known | undefined;
  /** What this process reserved of the running window; absent where every request is counted by the store. */
  readonly reservations: Reservations | undefined;
}

/** Clients beyond that cost a second read each, as without it. Forgetting others for them would cost everyone that read, and a copy of every key. */
const MAX_REMEMBERED = 5_000;

function recall(window: Window, who: string): Known | undefined {
  if (who !== window.lastWho) {
    window.lastKnown = window.known.get(who);
    window.lastWho = who;
  }
  return window.lastKnown;
}

function remember(window: Window, who: string, what: Known): void {
  if (window.known.size >= MAX_REMEMBERED) return;
  window.known.set(who, what);
  window.lastWho = who;
  window.lastKnown = what;
}

function createWindows(reserve: number): (limit: RateLimit, now: number) => Window {
  const windows = new WeakMap<RateLimit, Window>();
  // Most requests have the limit of the one before, and comparing is cheaper than looking it up.
  let lastLimit: RateLimit | undefined;
  let lastWindow: Window | undefined;
  return (limit, now) => {
    if (limit === lastLimit && now >= lastWindow!.startsAt && now < lastWindow!.endsAt) return lastWindow!;
    const slot = Math.floor(now / limit.windowMs);
    let window = windows.get(limit);
    if (window === undefined || window.slot !== slot) {
      const prefix = `rate:${limit.bucket ?? ""}:`;
      const reservations = reserve > 1 ? createReservations(reserve) : undefined;
      window = {
        slot,
        startsAt: slot * limit.windowMs,
        endsAt: (slot + 1) * limit.windowMs,
        currentPrefix: `${prefix}${slot}:`,
        previousPrefix: `${prefix}${slot - 1}:`,
        known: new Map(),
        lastWho: "",
        lastKnown: undefined,
        reservations,
      };
      windows.set(limit, window);
    }
    lastLimit = limit;
    lastWindow = window;
    return window;
  };
}

function judge(limit: RateLimit, current: number, previous: number, request: WafRequest, banMs: number): Findings {
  const { max, windowMs, floodMax = 2 * max } = limit;
  if (current + previous <= max) return undefined;
  const restMs = windowMs - (request.receivedAt % windowMs);
  const used = current + (previous * restMs) / windowMs;
  if (used <= max) return undefined;
  if (used > floodMax) {
    const bans = isByPage(request) ? { retryAfterMs: windowMs } : { banMs, retryAfterMs: banMs };
    return { rule: "rate-limit/flood", score: RULES["rate-limit/flood"], block: { status: 403, ...bans } };
  }
  const retryAfterMs = waitFor(limit, current, previous, restMs);
  const seconds = Math.ceil(retryAfterMs / 1000);
  return {
    rule: "rate-limit/exceeded",
    score: RULES["rate-limit/exceeded"],
    block: {
      status: 429,
      retryAfterMs,
      // draft-ietf-httpapi-ratelimit-headers, from -08 on: quota and window of the policy, what remains and when it grows.
      headers: { "ratelimit-policy": `"default";q=${max};w=${Math.ceil(windowMs / 1000)}`, ratelimit: `"default";r=0;t=${seconds}` },
    },
  };
}

/** Milliseconds until one more request would fit, if none is sent before: solves the sliding sum for its time. */
function waitFor({ max, windowMs }: RateLimit, current: number, previous: number, restMs: number): number {
  const room = max - 1 - current;
  if (room >= 0 && previous > 0) return Math.max(1, Math.ceil(restMs - (room * windowMs) / previous));
  // Not in this window: in the next one, today's count is what slides out.
  return Math.ceil(restMs + windowMs * Math.max(0, 1 - (max - 1) / current));
}

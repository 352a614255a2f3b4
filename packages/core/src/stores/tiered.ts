import { chain, isThenable } from "../awaitable.ts";
import { any, hasMethods, integer, invalid, isFunction, type OptionTable, readOptions } from "../options.ts";
import { readEntries } from "../snapshots.ts";
import type { Awaitable, Store } from "../types.ts";
import { createBreaker } from "./breaker.ts";
import { endOf } from "./ends.ts";
import { memoryStore } from "./memory.ts";
import { createSeenLists } from "./tiered-lists.ts";
import { createUnsent } from "./tiered-unsent.ts";

const isStore = (value: unknown): boolean => hasMethods(value, "increment", "get", "set", "delete", "list");
const A_STORE = "a store";

/** How each option is checked, and what holds without it. */
export const TIERED_STORE_OPTIONS = {
  shared: any<Store>(undefined, A_STORE, isStore),
  local: any<Store>(undefined, A_STORE, isStore),
  failures: integer(5, 1, 1_000),
  slowMs: integer(250, 1, 60_000),
  pauseMs: integer(1_000, 10, 3_600_000),
  maxUnsent: integer(10_000, 0, 1_000_000),
  onChange: any<(tier: Tier, reason: string) => void>(undefined, "a function", isFunction),
} as const satisfies OptionTable;

/** Which store answers. */
export type Tier = "shared" | "local";

/** What `tieredStore` takes. */
export interface TieredStoreOptions {
  /** The store that all processes share, such as `redisStore`. It answers while it can. */
  readonly shared: Store;
  /** The store that answers while the shared one is away. Default: a `memoryStore` with its defaults. */
  readonly local?: Store;
  /** So many failed calls in a row and the shared store is left alone, 1 to 1,000. Default 5. */
  readonly failures?: number;
  /** A call without an answer for so many milliseconds and the shared store is left alone, 1 to 60,000. Default 250. */
  readonly slowMs?: number;
  /** Milliseconds between two tries whether it is back, 10 to 3,600,000. Default 1,000. */
  readonly pauseMs?: number;
  /** Values set or deleted while it is away that are kept for it, 0 to 1,000,000; beyond that the oldest are given up. Default 10,000. */
  readonly maxUnsent?: number;
  /** Told when the tier that answers changes, and why; once for each change. */
  readonly onChange?: (tier: Tier, reason: string) => void;
}

/**
 * A shared store with an insurance: while it is away, this process goes on with counters and bans of its own.
 *
 * A call that fails is answered by the local store. After several in a row, or one that hangs, the shared store is left alone and every call is
 * answered locally in the same tick; once a `pauseMs` one call tries whether it is back, without any request waiting for it. No timer runs.
 *
 * - Nothing is a failure any more, so `onFailure` is not asked for this store. What must not be served without shared state takes the shared store
 *   as it is.
 * - While the shared store is away, limits hold for each process: `n` processes together admit at most `n` times the limit, and once more when it
 *   is back, because counts are not added to its own.
 * - Bans that this process wrote hold on. Those that others wrote do not, unless it wrote them too.
 * - Stored lists stay as they were last seen, with what this process changed since.
 * - Values that were set or deleted meanwhile are sent when it is back, before it answers again; what ended meanwhile is deleted.
 *
 * @throws WafError for an option that is unknown or out of range.
 * @example
 * const store = tieredStore({ shared: redisStore({ send }), onChange: (tier, reason) => log.warn(`state is now ${tier}: ${reason}`) });
 */
export function tieredStore(options: TieredStoreOptions): Store {
  const settings = readOptions("tieredStore", TIERED_STORE_OPTIONS, options);
  const { shared, local = memoryStore(), failures, slowMs, pauseMs, maxUnsent, onChange } = settings;
  if (shared === undefined) throw invalid("tieredStore.shared", shared, A_STORE);
  const unsent = createUnsent(shared, maxUnsent);
  const seen = createSeenLists(unsent);
  const breaker = createBreaker({
    failures,
    slowMs,
    // A try that takes longer than `slowMs` has failed; before that there is no second one beside it.
    pauseMs: Math.max(pauseMs, slowMs),
    onOpen: (reason) => onChange?.("local", reason),
    onClose: () => onChange?.("shared", "it answers again"),
  });

  let tries = 0;
  const tryIt = async (now: number): Promise<void> => {
    tries += 1;
    const mine = tries;
    try {
      await shared.get("tier-probe", now);
      await unsent.send(now);
      if (mine === tries) breaker.close();
    } catch {
      // Still away; the next pause has begun.
    }
  };

  /** Asks the shared store if that makes sense, and the local one if it does not or fails. */
  const ask = <T>(now: number, fromShared: () => Awaitable<T>, fromLocal: () => Awaitable<T>): Awaitable<T> => {
    const at = performance.now();
    const isAway = breaker.isOpen(at);
    if ((isAway || unsent.size() > 0) && breaker.mayTry(at)) void tryIt(now);
    if (isAway) return fromLocal();
    const end = breaker.start(at);
    const failed = (error: unknown): Awaitable<T> => {
      end(error ?? "rejected without a reason");
      return fromLocal();
    };
    try {
      const answer = fromShared();
      if (isThenable(answer)) {
        return answer.then((value) => {
          end();
          return value;
        }, failed);
      }
      end();
      return answer;
    } catch (error) {
      return failed(error);
    }
  };

  let latest = 0;
  const at = (now: number): number => {
    latest = now;
    return now;
  };

  return {
    name: `tiered(${shared.name}, ${local.name})`,
    increment: (key, by, ttlMs, now) =>
      ask(
        at(now),
        () => shared.increment(key, by, ttlMs, now),
        () => local.increment(key, by, ttlMs, now),
      ),
    get: (key, now) =>
      ask(
        at(now),
        () => shared.get(key, now),
        () => local.get(key, now),
      ),
    set(key, value, ttlMs, now) {
      unsent.drop(key);
      const keep = (): Awaitable<void> => local.set(key, value, ttlMs, now);
      return ask<void>(
        at(now),
        () => {
          // Also locally, always: the bans that this process wrote hold when the shared store goes away.
          quietly(keep);
          return shared.set(key, value, ttlMs, now);
        },
        () => {
          const endsAt = ttlMs === undefined ? undefined : endOf(now, ttlMs);
          if (Number.isFinite(now)) unsent.add(key, ttlMs !== undefined && endsAt === undefined ? undefined : { value, endsAt });
          return keep();
        },
      );
    },
    delete(key) {
      unsent.drop(key);
      return ask<void>(
        latest,
        () => {
          quietly(() => local.delete(key));
          return shared.delete(key);
        },
        () => {
          unsent.add(key, undefined);
          return local.delete(key);
        },
      );
    },
    list: (prefix, limit, now) =>
      ask(
        at(now),
        () => shared.list(prefix, limit, now),
        () => local.list(prefix, limit, now),
      ),
    entries: (prefix, limit, now) =>
      ask(
        at(now),
        () => chain(readEntries(shared, prefix, limit, now), (pairs) => seen.list(prefix, pairs)),
        () => seen.lastList(prefix, now) ?? readEntries(local, prefix, limit, now),
      ),
    ...(shared.watch !== undefined && { watch: (listener: (prefix: string) => void) => shared.watch?.(listener) }),
    async close() {
      await Promise.all([shared.close?.(), local.close?.()]);
    },
  };
}

/** A local store that is full, or a file, must not keep a ban from the shared one. */
function quietly(run: () => Awaitable<void>): void {
  try {
    const done = run();
    if (isThenable(done)) done.then(undefined, () => {});
  } catch {
    // The shared store has it.
  }
}

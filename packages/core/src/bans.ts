/**
 * The one record of a ban: written by the engine, read by the blocklist.
 *
 * @module
 */
import { chain } from "./awaitable.ts";
import type { Awaitable, RuleId, Store } from "./types.ts";

/** A ban as it is stored. */
export interface Ban {
  readonly rule: RuleId;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly until: number;
  /** Which ban of this client it is, from 1. */
  readonly strike: number;
}

/** Five minutes grow to an hour, then to a day. */
const GROWTH = [1, 12, 288] as const;
/** How long a client's earlier bans make the next one longer. */
const MEMORY_MS = 7 * 86_400_000;

/** Where a client's ban stands in the store. */
export const banKey = (clientKey: string): string => `ban:${clientKey}`;

/**
 * Bans a client for `banMs`, longer when it was banned before. Asked again while that ban runs, it changes nothing: of a thousand parallel
 * requests that cross a limit together, one counts.
 */
export function writeBan(store: Store, clientKey: string, rule: RuleId, banMs: number, now: number): Awaitable<void> {
  return chain(store.increment(`ban-open:${clientKey}`, 1, banMs, now), (open) => {
    if (open.value > 1) return;
    return chain(store.increment(`strike:${clientKey}`, 1, MEMORY_MS, now), ({ value: strike }) => {
      const lengthMs = banMs * GROWTH[Math.min(strike, GROWTH.length) - 1]!;
      const ban: Ban = { rule, since: now, until: now + lengthMs, strike };
      return store.set(banKey(clientKey), JSON.stringify(ban), lengthMs, now);
    });
  });
}

/** Ends a ban as if it had never been: the client's next one is as long as this one would have been. */
export function forgetBan(store: Store, clientKey: string, strike: number, now: number): Awaitable<void> {
  const strikes = `strike:${clientKey}`;
  return chain(store.delete(banKey(clientKey)), () =>
    chain(store.delete(`ban-open:${clientKey}`), () =>
      chain(store.delete(strikes), () => {
        if (strike > 1) return chain(store.increment(strikes, strike - 1, MEMORY_MS, now), () => undefined);
        return undefined;
      }),
    ),
  );
}

/** Writes a ban as it was elsewhere; the client's next one grows as it would have there. */
export function restoreBan(store: Store, clientKey: string, ban: Ban, now: number): Awaitable<void> {
  const strikes = `strike:${clientKey}`;
  return chain(store.increment(strikes, 0, MEMORY_MS, now), ({ value }) =>
    chain(value < ban.strike ? store.increment(strikes, ban.strike - value, MEMORY_MS, now) : undefined, () =>
      store.set(banKey(clientKey), JSON.stringify(ban), ban.until - now, now),
    ),
  );
}

/** Reads a stored ban. Whatever else stands in its place is a ban without an end that can be told. */
export function readBan(value: string): Partial<Ban> {
  try {
    const ban: unknown = JSON.parse(value);
    return typeof ban === "object" && ban !== null ? ban : {};
  } catch {
    return {};
  }
}

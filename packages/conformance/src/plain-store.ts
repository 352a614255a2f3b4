import type { Store } from "@aiwaf/core";
import type { RawEntry, Space } from "./store-case.ts";

/** A store that lets its storage be looked at. */
export interface PlainStore extends Store {
  /** What is stored under a key, ended or not. */
  entry(space: Space, key: string): RawEntry | undefined;
}

/**
 * The contract of a store in its plainest form: three maps, no bound, nothing clever. What the property case compares a store with. Not for
 * production: it grows forever.
 */
export function plainStore(): PlainStore {
  const counters = new Map<string, { value: number; expiresAt: number }>();
  const values = new Map<string, { value: string; expiresAt: number }>();
  const windows = new Map<string, Map<number, number>>();
  const live = <T extends { expiresAt: number }>(entries: Map<string, T>, key: string, now: number): T | undefined => {
    const entry = entries.get(key);
    return entry !== undefined && now < entry.expiresAt ? entry : undefined;
  };
  return {
    name: "plain",
    increment(key, by, ttlMs, now) {
      const known = live(counters, key, now);
      if (by === 0) return known ?? { value: 0, expiresAt: 0 };
      const counter = { value: (known?.value ?? 0) + by, expiresAt: known?.expiresAt ?? now + ttlMs };
      counters.set(key, counter);
      return counter;
    },
    incrementWindow(key, by, windowMs, now) {
      const running = Math.floor(now / windowMs);
      const counts = windows.get(key) ?? new Map<number, number>();
      if (by !== 0) windows.set(key, counts.set(running, (counts.get(running) ?? 0) + by));
      return { current: counts.get(running) ?? 0, previous: counts.get(running - 1) ?? 0 };
    },
    get: (key, now) => live(values, key, now)?.value,
    set(key, value, ttlMs, now) {
      values.set(key, { value, expiresAt: ttlMs === undefined ? Infinity : now + ttlMs });
    },
    delete(key) {
      counters.delete(key);
      values.delete(key);
      windows.delete(key);
    },
    list: (prefix, limit, now) => [...values.keys()].filter((key) => key.startsWith(prefix) && live(values, key, now)).slice(0, limit),
    entry(space, key) {
      const entry = space === "counter" ? counters.get(key) : values.get(key);
      return entry && { value: entry.value, expiresAt: entry.expiresAt === Infinity ? undefined : entry.expiresAt };
    },
  };
}

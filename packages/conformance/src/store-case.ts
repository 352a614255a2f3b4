import type { Awaitable, Store } from "@aiwaf/core";

/** A store keeps counters and values apart. */
export type Space = "counter" | "value";

/** What a second path into the store's storage sees: a row, a Redis key. */
export interface RawEntry {
  readonly value: number | string;
  /** Milliseconds since the epoch; `undefined` for a value without an end. */
  readonly expiresAt: number | undefined;
}

/** Reads past the store: with SQL, with `redis-cli`, never with the store's own methods. `undefined`: nothing is stored. */
export type RawRead = (store: Store, space: Space, key: string) => Awaitable<RawEntry | undefined>;

export interface StoreCaseContext {
  readonly store: Store;
  /** The second path; always there for a case that needs it. */
  readonly raw: ((space: Space, key: string) => Promise<RawEntry | undefined>) | undefined;
  /** Milliseconds since the epoch at which the case starts. */
  readonly t0: number;
}

export interface StoreCase {
  /** What `skips` names. */
  readonly id: string;
  readonly title: string;
  readonly needsRawRead?: boolean;
  run(context: StoreCaseContext): Promise<void>;
}

export const MINUTE = 60_000;
export const MISSING = { value: 0, expiresAt: 0 };

export const read = async (store: Store, key: string, now: number): Promise<{ value: number; expiresAt: number }> =>
  add(store, key, 0, MINUTE, now);

export const add = async (
  store: Store,
  key: string,
  by: number,
  ttlMs: number,
  now: number,
): Promise<{ value: number; expiresAt: number }> => {
  const { value, expiresAt } = await store.increment(key, by, ttlMs, now);
  return { value, expiresAt };
};

export const sorted = async (store: Store, prefix: string, limit: number, now: number): Promise<string[]> =>
  [...(await store.list(prefix, limit, now))].sort();

/** Keys that a store could confuse, with each other or with its own syntax. */
export const ODD_KEYS: readonly string[] = [
  "",
  " ",
  "a",
  "A",
  "a ",
  " a",
  "a\0",
  "a\0b",
  "\0",
  "a:b",
  "a:b:",
  ":",
  "ban*:3",
  "ban?",
  "ban[1]",
  "%",
  "_",
  "%25",
  "a%b",
  "a_b",
  "a\\b",
  "a'b",
  'a"b',
  "a`b",
  "a;b--",
  "a\nb",
  "a\r\nb",
  "a\tb",
  "\u00e9",
  "e\u0301",
  "\u00df",
  "ss",
  "\u0130",
  "\u0131",
  "日本",
  "\u{1f525}",
  "\ufeff",
  "\uffff",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "toString",
  "null",
  "undefined",
  "0",
  "-0",
  "00",
  "1e3",
  "{a}",
  "k".repeat(8_192),
  `${"k".repeat(8_191)}l`,
];

import type { Store } from "../types.ts";

/** What was set and deleted while the shared store was away. */
export interface Unsent {
  size(): number;
  /** `undefined`: deleted. */
  add(key: string, entry: UnsentValue | undefined): void;
  /** What was set or deleted of keys that start so. */
  startingWith(prefix: string): readonly (readonly [string, UnsentValue | undefined])[];
  /** Forgets about a key, because something newer is on its way. */
  drop(key: string): void;
  /** Sends all. Rejects when one fails; what did not get through stays. */
  send(now: number): Promise<void>;
}

export interface UnsentValue {
  readonly value: string;
  /** Milliseconds since the epoch; `undefined`: never. */
  readonly endsAt: number | undefined;
}

const SENT_AT_ONCE = 100;

/** What was set and deleted without reaching the shared store: the last word on each key. */
export function createUnsent(shared: Store, maxUnsent: number): Unsent {
  const entries = new Map<string, UnsentValue | undefined>();
  const sendOne = async (key: string, entry: UnsentValue | undefined, now: number): Promise<void> => {
    // Dropped or written again since: then what was seen here is not the last word any more.
    if (!entries.has(key) || entries.get(key) !== entry) return;
    const lasts = entry !== undefined && (entry.endsAt === undefined || now < entry.endsAt);
    if (lasts) await shared.set(key, entry.value, entry.endsAt === undefined ? undefined : entry.endsAt - now, now);
    else await shared.delete(key);
    if (entries.get(key) === entry) entries.delete(key);
  };
  return {
    size: () => entries.size,
    startingWith: (prefix) => [...entries].filter(([key]) => key.startsWith(prefix)),
    drop: (key) => void entries.delete(key),
    add(key, entry) {
      entries.delete(key);
      entries.set(key, entry);
      const [oldest] = entries.keys();
      if (entries.size > maxUnsent && oldest !== undefined) entries.delete(oldest);
    },
    async send(now) {
      const all = [...entries];
      for (let from = 0; from < all.length; from += SENT_AT_ONCE) {
        await Promise.all(all.slice(from, from + SENT_AT_ONCE).map(([key, entry]) => sendOne(key, entry, now)));
      }
    },
  };
}

import type { Unsent } from "./tiered-unsent.ts";

type Pairs = readonly (readonly [key: string, value: string])[];

/** Stored lists as the shared store last gave them: an outage must not empty a blocklist. */
export interface SeenLists {
  /** Remembers what the shared store said, and returns it. */
  list(prefix: string, pairs: Pairs): Pairs;
  /** What holds while it is away, with this process's own changes; `undefined` when the list was never read. */
  lastList(prefix: string, now: number): Pairs | undefined;
}

/** Lists are known by name, a handful in practice. */
const MAX_LISTS = 100;

/** Makes an empty memory of lists; `unsent` has what this process changed since. */
export function createSeenLists(unsent: Unsent): SeenLists {
  const lists = new Map<string, Pairs>();
  return {
    list(prefix, pairs) {
      if (lists.size < MAX_LISTS || lists.has(prefix)) lists.set(prefix, pairs);
      return pairs;
    },
    lastList(prefix, now) {
      const pairs = lists.get(prefix);
      if (pairs === undefined) return undefined;
      const merged = new Map<string, string>(pairs);
      for (const [key, entry] of unsent.startingWith(prefix)) {
        if (entry !== undefined && (entry.endsAt === undefined || now < entry.endsAt)) merged.set(key, entry.value);
        else merged.delete(key);
      }
      return [...merged];
    },
  };
}

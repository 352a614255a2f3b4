import { changedPrefix } from "../snapshots.ts";
import type { Unsent } from "./tiered-unsent.ts";

type Pairs = readonly (readonly [key: string, value: string])[];

/** Stored lists as the shared store last gave them: an outage must not empty a blocklist. */
export interface SeenLists {
  /** Whether a key names the state of a list. */
  isVersion(key: string): boolean;
  /** Remembers what the shared store said, and returns it. */
  version(key: string, value: string | undefined): string | undefined;
  list(prefix: string, pairs: Pairs): Pairs;
  /** What holds while it is away: this process's own change, else what was last seen. */
  lastVersion(key: string, local: string | undefined): string | undefined;
  /** `undefined` when the list was never read. */
  lastList(prefix: string, now: number): Pairs | undefined;
}

/** Lists are known by name, a handful in practice. */
const MAX_LISTS = 100;

export function createSeenLists(unsent: Unsent): SeenLists {
  const versions = new Map<string, string | undefined>();
  const lists = new Map<string, Pairs>();
  const remember = <T>(map: Map<string, T>, key: string, value: T): T => {
    if (map.size < MAX_LISTS || map.has(key)) map.set(key, value);
    return value;
  };
  return {
    isVersion: (key) => changedPrefix(key) !== undefined,
    version: (key, value) => remember(versions, key, value),
    list: (prefix, pairs) => remember(lists, prefix, pairs),
    lastVersion: (key, local) => (unsent.startingWith(key).length > 0 || !versions.has(key) ? local : versions.get(key)),
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

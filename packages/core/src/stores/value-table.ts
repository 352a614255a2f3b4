import { WafError } from "../errors.ts";

/** JSON texts of this process, bounded in number and in bytes. Times are milliseconds since the epoch. */
export interface ValueTable {
  get(key: string, now: number): string | undefined;
  /** Throws `AIWAF_STORE_FULL`, and changes nothing, when only values without an end are in the way. */
  set(key: string, value: string, ttlMs: number | undefined, now: number): void;
  delete(key: string): void;
  list(prefix: string, limit: number, now: number): readonly string[];
  /** Values held, ended ones that were not swept yet included. */
  size(): number;
  /** Upper estimate of the memory held: 2 bytes a UTF-16 unit of key and value, and 230 an entry. */
  usedBytes(): number;
}

interface Entry {
  readonly key: string;
  readonly value: string;
  readonly expiresAt: number;
  readonly bytes: number;
  /** `undefined` for a value without an end. */
  readonly lane: Lane | undefined;
  older: Entry | undefined;
  newer: Entry | undefined;
}

/** Values with about the same time to live, oldest first: so the oldest is the one that ends first, or nearly. */
interface Lane {
  oldest: Entry | undefined;
  newest: Entry | undefined;
}

/** Map slot, entry, boxed expiry and two string headers: 185 to 210 measured on V8. */
const ENTRY_BYTES = 230;
const SWEPT_PER_WRITE = 4;
/** Begins the keys of stored lists. */
const LIST = "list:";
/** Times to live in one lane differ by a factor of 2^(1/4), 19 %, at most. */
const LANES_PER_OCTAVE = 4;

/** Makes an empty table for at most `maxValues` values that together take at most `maxBytes` bytes. */
export function createValueTable(maxValues: number, maxBytes: number): ValueTable {
  const entries = new Map<string, Entry>();
  /** The entries of stored lists once more: they are read again every minute, and must not cost a walk over a hundred thousand bans. */
  const listed = new Map<string, Entry>();
  /** As many as there are kinds of time to live: a handful in practice, a few hundred at most. */
  const lanes = new Map<number, Lane>();
  let usedBytes = 0;
  let lastingValues = 0;
  let lastingBytes = 0;

  const laneOf = (ttlMs: number): Lane => {
    const length = Math.max(0, Math.floor(Math.log2(ttlMs) * LANES_PER_OCTAVE));
    let lane = lanes.get(length);
    if (lane === undefined) {
      lane = { oldest: undefined, newest: undefined };
      lanes.set(length, lane);
    }
    return lane;
  };

  const add = (entry: Entry): void => {
    entries.set(entry.key, entry);
    if (entry.key.startsWith(LIST)) listed.set(entry.key, entry);
    usedBytes += entry.bytes;
    if (entry.lane === undefined) {
      lastingValues += 1;
      lastingBytes += entry.bytes;
      return;
    }
    entry.older = entry.lane.newest;
    if (entry.older === undefined) entry.lane.oldest = entry;
    else entry.older.newer = entry;
    entry.lane.newest = entry;
  };

  const remove = (entry: Entry | undefined): void => {
    if (entry === undefined) return;
    entries.delete(entry.key);
    if (entry.key.startsWith(LIST)) listed.delete(entry.key);
    usedBytes -= entry.bytes;
    if (entry.lane === undefined) {
      lastingValues -= 1;
      lastingBytes -= entry.bytes;
      return;
    }
    if (entry.older === undefined) entry.lane.oldest = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === undefined) entry.lane.newest = entry.older;
    else entry.newer.older = entry.older;
    // A removed entry that still pointed to newer ones would keep them alive until a full collection.
    entry.older = undefined;
    entry.newer = undefined;
  };

  /** The value that ends first among the oldest of each lane. */
  const nextToEnd = (): Entry | undefined => {
    let first: Entry | undefined;
    for (const { oldest } of lanes.values()) {
      if (oldest !== undefined && (first === undefined || oldest.expiresAt < first.expiresAt)) first = oldest;
    }
    return first;
  };

  const sweep = (now: number): void => {
    for (let i = 0; i < SWEPT_PER_WRITE; i++) {
      const entry = nextToEnd();
      if (entry === undefined || now < entry.expiresAt) return;
      remove(entry);
    }
  };

  return {
    get(key, now) {
      // Hashing a key costs more than the rest; a firewall that has banned nobody asks on every request.
      if (entries.size === 0 || !Number.isFinite(now)) return undefined;
      const entry = entries.get(key);
      return entry !== undefined && now < entry.expiresAt ? entry.value : undefined;
    },

    set(key, value, ttlMs, now) {
      if (!Number.isFinite(now)) return;
      const expiresAt = ttlMs === undefined ? Infinity : Math.min(now + ttlMs, Number.MAX_SAFE_INTEGER);
      const replaced = entries.get(key);
      if (!(now < expiresAt)) {
        remove(replaced);
        return;
      }
      const bytes = ENTRY_BYTES + 2 * (key.length + value.length);
      const isLasting = replaced !== undefined && replaced.lane === undefined;
      const immovableValues = lastingValues - (isLasting ? 1 : 0);
      const immovableBytes = lastingBytes - (isLasting ? replaced.bytes : 0);
      if (immovableValues >= maxValues || immovableBytes + bytes > maxBytes) {
        throw new WafError(
          "AIWAF_STORE_FULL",
          `The memory store cannot take a value of ${bytes} bytes: values without a time to live hold ${immovableValues} of ${maxValues} places (maxValues) and ${immovableBytes} of ${maxBytes} bytes (maxBytes).`,
        );
      }
      sweep(now);
      remove(entries.get(key));
      while (entries.size >= maxValues || usedBytes + bytes > maxBytes) remove(nextToEnd());
      const lane = ttlMs === undefined ? undefined : laneOf(ttlMs);
      add({ key, value, expiresAt, bytes, lane, older: undefined, newer: undefined });
    },

    delete: (key) => remove(entries.get(key)),

    list(prefix, limit, now) {
      const keys: string[] = [];
      if (!Number.isFinite(now)) return keys;
      for (const [key, entry] of prefix.startsWith(LIST) ? listed : entries) {
        if (!(keys.length < limit)) break;
        if (now < entry.expiresAt && key.startsWith(prefix)) keys.push(key);
      }
      return keys;
    },

    size: () => entries.size,
    usedBytes: () => usedBytes,
  };
}

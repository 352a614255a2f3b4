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
  /** Upper estimate of the memory held: 2 bytes a UTF-16 unit of key and value, and 200 an entry. */
  usedBytes(): number;
}

interface Entry {
  readonly value: string;
  readonly expiresAt: number;
  readonly bytes: number;
}

type Entries = Map<string, Entry>;

/** Map slot, entry, boxed expiry and two string headers; 170 to 185 measured on V8. */
const ENTRY_BYTES = 200;
const SWEEP_ENTRIES = 4;
const EVICTION_WINDOW = 16;

/** Makes an empty table for at most `maxValues` values that together take at most `maxBytes` bytes. */
export function createValueTable(maxValues: number, maxBytes: number): ValueTable {
  // Apart, so that sweep and eviction never walk over values they must leave alone, however many there are.
  const lasting: Entries = new Map();
  const fading: Entries = new Map();
  let lastingBytes = 0;
  let fadingBytes = 0;
  /** Where sweep and eviction look next. A map's iterator stays valid while the map changes. */
  let hand = fading.entries();
  /** Those that end first among the values that eviction looked at. */
  let candidates: { key: string; expiresAt: number }[] = [];

  const remove = (key: string): void => {
    const faded = fading.get(key);
    if (faded !== undefined) {
      fading.delete(key);
      fadingBytes -= faded.bytes;
      return;
    }
    const lasted = lasting.get(key);
    if (lasted === undefined) return;
    lasting.delete(key);
    lastingBytes -= lasted.bytes;
  };

  const nextFading = (): [string, Entry] | undefined => {
    let next = hand.next();
    if (next.done) {
      hand = fading.entries();
      next = hand.next();
    }
    return next.done ? undefined : next.value;
  };

  const sweep = (now: number): void => {
    for (let i = Math.min(SWEEP_ENTRIES, fading.size); i > 0; i--) {
      const next = nextFading();
      if (next !== undefined && next[1].expiresAt <= now) remove(next[0]);
    }
  };

  /**
   * Gives up the value that ends first of a few: ended ones before live ones, short bans before long ones. The best of those seen earlier stay
   * in the choice, because a map keeps its order: where many long bans stand in a row, the next few alone would all be long ones.
   */
  const evictOne = (): void => {
    for (let i = Math.min(EVICTION_WINDOW, fading.size); i > 0; i--) {
      const next = nextFading();
      if (next !== undefined) candidates.push({ key: next[0], expiresAt: next[1].expiresAt });
    }
    candidates = candidates
      .filter(({ key, expiresAt }) => fading.get(key)?.expiresAt === expiresAt)
      .sort((a, b) => a.expiresAt - b.expiresAt)
      .slice(0, EVICTION_WINDOW);
    const victim = candidates.shift();
    if (victim !== undefined) remove(victim.key);
  };

  return {
    get(key, now) {
      if (!Number.isFinite(now)) return undefined;
      const entry = fading.get(key) ?? (lasting.size === 0 ? undefined : lasting.get(key));
      return entry !== undefined && now < entry.expiresAt ? entry.value : undefined;
    },

    set(key, value, ttlMs, now) {
      if (!Number.isFinite(now)) return;
      const expiresAt = ttlMs === undefined ? Infinity : Math.min(now + ttlMs, Number.MAX_SAFE_INTEGER);
      if (!(now < expiresAt)) {
        remove(key);
        return;
      }
      const bytes = ENTRY_BYTES + 2 * (key.length + value.length);
      const replaced = lasting.get(key);
      const immovableValues = lasting.size - (replaced === undefined ? 0 : 1);
      const immovableBytes = lastingBytes - (replaced?.bytes ?? 0);
      if (immovableValues >= maxValues || immovableBytes + bytes > maxBytes) {
        throw new WafError(
          "AIWAF_STORE_FULL",
          `The memory store cannot take a value of ${bytes} bytes: values without a time to live hold ${immovableValues} of ${maxValues} places (maxValues) and ${immovableBytes} of ${maxBytes} bytes (maxBytes).`,
        );
      }
      sweep(now);
      remove(key);
      while (lasting.size + fading.size >= maxValues || lastingBytes + fadingBytes + bytes > maxBytes) evictOne();
      if (ttlMs === undefined) {
        lasting.set(key, { value, expiresAt, bytes });
        lastingBytes += bytes;
      } else {
        fading.set(key, { value, expiresAt, bytes });
        fadingBytes += bytes;
      }
    },

    delete: remove,

    list(prefix, limit, now) {
      const keys: string[] = [];
      if (!Number.isFinite(now)) return keys;
      for (const entries of [lasting, fading]) {
        for (const [key, entry] of entries) {
          if (!(keys.length < limit)) return keys;
          if (now < entry.expiresAt && key.startsWith(prefix)) keys.push(key);
        }
      }
      return keys;
    },

    size: () => lasting.size + fading.size,
    usedBytes: () => lastingBytes + fadingBytes,
  };
}

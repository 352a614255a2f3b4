import { integer, type OptionTable, readOptions } from "../options.ts";
import type { Store } from "../types.ts";
import { createCounterTable } from "./counter-table.ts";
import { createValueTable } from "./value-table.ts";

/** How each option is checked, and what holds without it. */
export const MEMORY_STORE_OPTIONS = {
  maxCounters: integer(2_000_000, 1, 50_000_000),
  maxValues: integer(100_000, 1, 10_000_000),
  maxBytes: integer(33_554_432, 1_024, 4_294_967_296),
} as const satisfies OptionTable;

/** What `memoryStore` takes. */
export interface MemoryStoreOptions {
  /** Counters kept at most, 1 to 50,000,000. Memory grows with use, to less than 48 bytes a counter. Default 2,000,000. */
  readonly maxCounters?: number;
  /** Values kept at most, 1 to 10,000,000. Default 100,000. */
  readonly maxValues?: number;
  /** Bytes that values and their keys may take together, 1 KiB to 4 GiB: 2 a UTF-16 unit and 230 an entry. Default 32 MiB. */
  readonly maxBytes?: number;
}

/**
 * Keeps all state in this process: nothing survives a restart, and several processes do not see each other's.
 *
 * Every call answers in the same tick and returns no promise. No timer runs; ended counters and values are dropped a few at a time while
 * others are written. With the defaults it never takes 110 MB, whoever sends requests.
 *
 * - Expiry is exact: at `now >= expiresAt` a counter or value is gone, swept or not. After the clock was set back, what was not written over
 *   meanwhile and not swept lives again.
 * - Full of counters: an ended one goes, else of a few the one with the smallest count, so new clients cannot push out heavy offenders.
 * - Full of values: the one that ends first goes, to within a fifth of its time to live. Values without a time to live are never dropped; when only such
 *   are in the way, `set` throws `AIWAF_STORE_FULL` and changes nothing.
 * - Counters are told apart by a secret 64-bit hash of their key; the chance that any two among n count together is below n²/2^65.
 * - Hostile numbers: `by` that is not a positive finite number only reads. A time to live that is not above 0 makes no counter, and as for a
 *   value deletes it. Counts and expiries stop at 2^53 - 1. With a `now` that is not finite, nothing is found and nothing is written.
 *
 * @throws WafError for an option that is unknown or out of range.
 * @example
 * const store = memoryStore({ maxCounters: 100_000 });
 */
export function memoryStore(options?: MemoryStoreOptions): Store {
  const { maxCounters, maxValues, maxBytes } = readOptions("memoryStore", MEMORY_STORE_OPTIONS, options);
  const counters = createCounterTable(maxCounters);
  const values = createValueTable(maxValues, maxBytes);
  return {
    name: "memory",
    increment: counters.increment,
    get: values.get,
    set: values.set,
    delete(key) {
      counters.delete(key);
      values.delete(key);
    },
    list: values.list,
  };
}

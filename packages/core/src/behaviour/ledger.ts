/**
 * What a client did wrong lately: points over a sliding window, and over a longer time how often it missed and hit. 52 bytes a client.
 *
 * @module
 */
import { createSlotTable, type SlotKind } from "./slot-table.ts";
import { hashed, hashOf } from "./text-hash.ts";
import type { TextSet } from "./text-set.ts";

/** How a client stands. */
export interface Standing {
  /** Sum of the window's points: at least all points of the last `windowMs`, at most those of a quarter more. Never negative. */
  readonly points: number;
  /** Different misses; halved after each `memoryMs`. */
  readonly misses: number;
  /** Answers that were in order since the first miss; halved likewise. */
  readonly hits: number;
  /** Misses that were marked as hostile; halved likewise. */
  readonly hostile: number;
}

/** Standings of at most `maxClients` clients. Whoever never missed takes no room. */
export interface Ledger {
  /**
   * Notes a miss and returns how the client stands then. `item` is what was missed: the same again, as far as it is remembered, changes nothing but a
   * `repeated` of true. The last twelve different ones always are.
   */
  miss(key: string, item: string, points: number, isHostile: boolean, now: number): Standing & { readonly repeated: boolean };
  /**
   * Notes an answer in order, which takes `decay` points off, down to 0. Nothing happens for a client that never missed. `item` is what was answered:
   * where it was one of the last twelve misses it was only late, and that miss is taken back.
   */
  hit(key: string, item: string, decay: number, now: number): void;
  /** How a client stands; `undefined` when nothing is held against it. */
  read(key: string, now: number): Standing | undefined;
  /** Forgets a client. */
  forget(key: string): void;
  usedClients(): number;
  allocatedBytes(): number;
}

export interface LedgerOptions {
  /** What clients missed before, further back than twelve: a page that is loaded again misses the same things again. */
  readonly missed?: Pick<TextSet, "add">;
  readonly maxClients: number;
  readonly windowMs: number;
  readonly memoryMs: number;
}

/**
 * Fields, each 16 bits: numbers of the newest quarter window and of the running memory, five quarters, hostile misses, misses, hits, twelve marks. The
 * two numbers wrap around; their differences do not before `FORGOTTEN` memories have passed.
 */
const QUARTER = 0;
const MEMORY = 1;
const BUCKETS = 2;
const BUCKET_COUNT = 5;
const HOSTILE = 7;
const MISSES = 8;
const HITS = 9;
const MARKS = 10;
const MARK_COUNT = 12;
const FIELDS = (MARKS + MARK_COUNT) / 2;
const FULL = 0xffff;
const FORGOTTEN = 15;

/** The difference of two numbers that wrap around at 16 bits; negative after the clock was set back. */
const since = (now: number, then: number): number => ((now - then) << 16) >> 16;

/**
 * Makes an empty ledger. A window is counted in quarters: a point counts for at least `windowMs` and at most a quarter longer, so that crossing an
 * edge never forgives anything.
 */
export function createLedger({ maxClients, windowMs, memoryMs: wanted, missed }: LedgerOptions): Ledger {
  const quarterMs = windowMs / 4;
  // A memory shorter than the window would take points away before their time.
  const memoryMs = Math.max(wanted, windowMs);
  const quarterOf = (now: number): number => Math.floor(now / quarterMs) & FULL;
  const memoryOf = (now: number): number => Math.floor(now / memoryMs) & FULL;
  const get = (words: Int32Array, at: number, field: number): number => (words[at + (field >> 1)]! >>> ((field & 1) << 4)) & FULL;
  const put = (words: Int32Array, at: number, field: number, value: number): void => {
    const shift = (field & 1) << 4;
    const index = at + (field >> 1);
    words[index] = (words[index]! & ~(FULL << shift)) | (Math.min(value, FULL) << shift);
  };
  const memoriesPassed = (words: Int32Array, at: number, now: number): number => Math.max(0, since(memoryOf(now), get(words, at, MEMORY)));
  const sum = (words: Int32Array, at: number, now: number): number => {
    // A clock that was set back must not make points disappear: the difference is then negative, and all of them count.
    const age = Math.max(0, since(quarterOf(now), get(words, at, QUARTER)));
    let points = 0;
    for (let back = 0; back < BUCKET_COUNT - age; back++) points += get(words, at, BUCKETS + back);
    return points;
  };
  const weigh: SlotKind["weigh"] = (words, at, now) => {
    const passed = memoriesPassed(words, at, now);
    if (passed > FORGOTTEN) return 0;
    return sum(words, at, now) * 4 + ((get(words, at, MISSES) + get(words, at, HOSTILE)) >> passed);
  };
  const table = createSlotTable({ fields: FIELDS, maxSlots: maxClients, weigh });

  /** Brings the slot that was found up to now. */
  const advance = (now: number): void => {
    const { words, at } = table;
    const passed = memoriesPassed(words, at, now);
    if (passed > FORGOTTEN) words.fill(0, at, at + FIELDS);
    else if (passed > 0) for (const field of [MISSES, HITS, HOSTILE]) put(words, at, field, get(words, at, field) >> passed);
    if (passed > 0) put(words, at, MEMORY, memoryOf(now));
    const age = passed > FORGOTTEN ? BUCKET_COUNT : since(quarterOf(now), get(words, at, QUARTER));
    if (age <= 0) return;
    for (let back = BUCKET_COUNT - 1; back >= 0; back--)
      put(words, at, BUCKETS + back, back - age >= 0 ? get(words, at, BUCKETS + back - age) : 0);
    put(words, at, QUARTER, quarterOf(now));
  };

  const standing = (now: number): Standing => {
    const { words, at } = table;
    return { points: sum(words, at, now), misses: get(words, at, MISSES), hits: get(words, at, HITS), hostile: get(words, at, HOSTILE) };
  };

  /** True when the mark was there. Otherwise the oldest makes room for it. */
  const remember = (mark: number): boolean => {
    const { words, at } = table;
    for (let index = 0; index < MARK_COUNT; index++) if (get(words, at, MARKS + index) === mark) return true;
    for (let index = MARK_COUNT - 1; index > 0; index--) put(words, at, MARKS + index, get(words, at, MARKS + index - 1));
    put(words, at, MARKS, mark);
    return false;
  };

  const takeBack = (mark: number): void => {
    const { words, at } = table;
    for (let index = 0; index < MARK_COUNT; index++) {
      if (get(words, at, MARKS + index) !== mark) continue;
      put(words, at, MARKS + index, 0);
      put(words, at, MISSES, Math.max(0, get(words, at, MISSES) - 1));
    }
  };

  return {
    miss(key, item, points, isHostile, now) {
      hashOf(item);
      const mark = hashed[1]! & FULL || 1;
      if (table.claim(key, now)) {
        put(table.words, table.at, QUARTER, quarterOf(now));
        put(table.words, table.at, MEMORY, memoryOf(now));
      } else advance(now);
      const repeated = remember(mark) || missed?.add(`${key} ${item}`) === false;
      if (!repeated) {
        const { words, at } = table;
        put(words, at, BUCKETS, get(words, at, BUCKETS) + points);
        put(words, at, MISSES, get(words, at, MISSES) + 1);
        if (isHostile) put(words, at, HOSTILE, get(words, at, HOSTILE) + 1);
      }
      return { ...standing(now), repeated };
    },
    hit(key, item, decay, now) {
      if (!table.find(key)) return;
      advance(now);
      hashOf(item);
      takeBack(hashed[1]! & FULL || 1);
      const { words, at } = table;
      const hits = get(words, at, HITS);
      // Full: halving both keeps their ratio.
      if (hits === FULL) for (const field of [MISSES, HITS]) put(words, at, field, get(words, at, field) >> 1);
      put(words, at, HITS, get(words, at, HITS) + 1);
      let rest = decay;
      for (let back = 0; back < BUCKET_COUNT && rest > 0; back++) {
        const points = get(words, at, BUCKETS + back);
        put(words, at, BUCKETS + back, Math.max(0, points - rest));
        rest -= points;
      }
    },
    read(key, now) {
      if (!table.find(key)) return undefined;
      advance(now);
      return standing(now);
    },
    forget(key) {
      if (table.find(key)) table.free();
    },
    usedClients: () => table.usedSlots(),
    allocatedBytes: () => table.allocatedBytes(),
  };
}

import type { Counter } from "../types.ts";
import { drawKey, hashText } from "./keyed-hash.ts";

/** Counters of this process in typed arrays: 24 bytes a slot, no string and no object kept for a counter. */
export interface CounterTable {
  /** As `Store.increment`; `memoryStore` says what hostile numbers do. */
  increment(key: string, by: number, ttlMs: number, now: number): Counter;
  delete(key: string): void;
  /** Slots in use, counters that ended but were not swept yet included. Never above the cap. */
  usedSlots(): number;
  /** Bytes of all arrays: below 48 for each counter of the cap, and 1 KiB for each shard. */
  allocatedBytes(): number;
}

/**
 * A part of the table that grows by itself, so that no single request pays for moving every counter. Extendible hashing (Fagin et al., 1979): a shard
 * that has become large is split in two, and a directory finds the shard of a hash. The counters of a few hundred clients lie side by side in one.
 *
 * Open addressing with linear probing. A slot is 24 bytes: both halves of the key's hash, the value, the expiry. `words` and `numbers` are
 * two views of the same bytes. A slot whose low half is 0 is free.
 */
interface Shard {
  words: Int32Array;
  numbers: Float64Array;
  slots: number;
  used: number;
  /** Where eviction looks next. */
  hand: number;
  /** The directory names this shard at every `span`-th place: its counters agree in so many values of the hash's high half. A power of two. */
  readonly span: number;
}

const SLOT_BYTES = 24;
const WORDS = 6;
const NUMBERS = 3;
const VALUE = 1;
const EXPIRES_AT = 2;

/** Counters in a full shard of a full table: moving that many takes about 0.2 ms. */
const SHARD_COUNTERS = 8192;
/** A shard of so many that has to grow is split instead, while there may be more shards. */
const SPLIT_COUNTERS = SHARD_COUNTERS / 2;
const MIN_SLOTS = 40;
const MAX_LOAD = 0.8;
const SHRINK_LOAD = 0.2;
// A shard that is moved ends at load 0.53, so half as many new counters as it holds fit in before the next move.
const SLOTS_PER_COUNTER = 1.875;

const SWEEP_PERIOD_MS = 60_000;
const MAX_SWEEP_STEPS = 64;
const EVICTION_WINDOW = 16;

const MISSING: Counter = Object.freeze({ value: 0, expiresAt: 0 });

/**
 * Makes an empty table for at most `maxCounters` counters. Draws its secret hash key at the first call, because some platforms refuse
 * randomness while a module loads.
 *
 * Counters are told apart by 64 bits of hash: among n counters, the chance that any two are one is below n²/2^65 (birthday bound), 3 in
 * 10^8 for a million, and without the key nobody can raise it. Two such counters would count together until they end.
 */
export function createCounterTable(maxCounters: number): CounterTable {
  const maxShards = 2 ** Math.max(0, Math.ceil(Math.log2(maxCounters / SHARD_COUNTERS)));
  /** The directory: shards by the lowest bits of the hash's high half. */
  let shards: (Shard | undefined)[] = [undefined];
  const hash = new Int32Array(2);
  let secret: Uint32Array | undefined;
  let used = 0;
  /** The slot the sweep looks at next, and the time up to which it has kept pace. */
  let sweepShard = 0;
  let sweepSlot = 0;
  let sweptAt = 0;
  /** Steps of one sweep over everything: the slots of all shards, and one to leave each place of the directory. */
  let sweepSteps = shards.length;

  // A client's requests come in runs, and their counter has one text as its key.
  let lastKey: string | undefined;
  const hashKey = (key: string): void => {
    if (key === lastKey) return;
    secret ??= drawKey();
    hashText(key, secret[0]!, secret[1]!, hash);
    if (hash[0] === 0) hash[0] = 1;
    // Last of all: a platform may refuse randomness, and then there is no hash yet.
    lastKey = key;
  };

  const evictOne = (nearIndex: number, now: number): void => {
    // Hashes spread evenly, so the newcomer's own shard has a victim unless the cap is tiny.
    for (let i = 0; i < shards.length; i++) {
      const shard = shards[(nearIndex + i) & (shards.length - 1)];
      if (shard === undefined || shard.used === 0) continue;
      removeSlot(shard, findVictim(shard, now));
      used -= 1;
      return;
    }
  };

  const fit = (shard: Shard, now: number): void => {
    const slots = shard.slots;
    used -= resize(shard, now);
    sweepSteps += shard.slots - slots;
  };

  /** Puts the live counters of a shard into two by the next bit of their hashes, and makes the directory as long as that takes. */
  const split = (shard: Shard, now: number): void => {
    const { words, numbers, slots, span } = shard;
    if (span === shards.length) {
      sweepSteps += shards.length;
      shards = [...shards, ...shards];
    }
    const room = Math.ceil((shard.used / 2) * SLOTS_PER_COUNTER);
    const halves = [createShard(room, 2 * span), createShard(room, 2 * span)] as const;
    for (let slot = 0; slot < slots; slot++) {
      const low = words[slot * WORDS]!;
      if (low === 0 || numbers[slot * NUMBERS + EXPIRES_AT]! <= now) continue;
      const half = halves[(words[slot * WORDS + 1]! & span) === 0 ? 0 : 1];
      // Where the hash's key is known, as in a replay, a log may hold clients of one half only.
      if (half.used >= half.slots * MAX_LOAD) fit(half, now);
      copySlot(words, numbers, slot, half, freeSlot(half, low));
      half.used += 1;
    }
    for (let place = shards.indexOf(shard); place < shards.length; place += span) shards[place] = halves[(place & span) === 0 ? 0 : 1];
    used += halves[0].used + halves[1].used - shard.used;
    sweepSteps += 2 * room - slots;
    release(words);
  };

  /**
   * Drops ended counters at the pace of the clock: every slot is looked at about once a minute, at most 64 in a call. So memory falls after
   * a flood without a timer, whichever clients keep sending.
   */
  const sweep = (now: number): void => {
    const from = Math.max(sweptAt, now - SWEEP_PERIOD_MS);
    // After the clock was set back this is negative, which sets `sweptAt` back too.
    const steps = Math.min(MAX_SWEEP_STEPS, Math.floor(((now - from) * sweepSteps) / SWEEP_PERIOD_MS));
    sweptAt = from + (steps * SWEEP_PERIOD_MS) / sweepSteps;
    for (let step = 0; step < steps; step++) {
      const shard = shards[sweepShard];
      // At later places of a shard there is nothing to look at again.
      if (shard === undefined || sweepShard >= shard.span || sweepSlot >= shard.slots) {
        if (shard?.used === 0) {
          for (let place = sweepShard % shard.span; place < shards.length; place += shard.span) shards[place] = undefined;
          sweepSteps -= shard.slots;
        } else if (shard !== undefined && shard.slots > MIN_SLOTS && shard.used < shard.slots * SHRINK_LOAD) {
          fit(shard, now);
        }
        sweepShard = (sweepShard + 1) & (shards.length - 1);
        sweepSlot = 0;
      } else if (shard.words[sweepSlot * WORDS] !== 0 && shard.numbers[sweepSlot * NUMBERS + EXPIRES_AT]! <= now) {
        // The sweep stays at this slot: what closed the gap has not been looked at.
        removeSlot(shard, sweepSlot);
        used -= 1;
      } else {
        sweepSlot += 1;
      }
    }
  };

  const read = (now: number): Counter => {
    const shard = shards[hash[1]! & (shards.length - 1)];
    const slot = shard === undefined ? -1 : findSlot(shard, hash[0]!, hash[1]!);
    if (shard === undefined || slot < 0) return MISSING;
    const expiresAt = shard.numbers[slot * NUMBERS + EXPIRES_AT]!;
    return now < expiresAt ? { value: shard.numbers[slot * NUMBERS + VALUE]!, expiresAt } : MISSING;
  };

  return {
    increment(key, by, ttlMs, now) {
      if (!Number.isFinite(now)) return MISSING;
      hashKey(key);
      if (!(by > 0 && by < Infinity)) return read(now);
      const low = hash[0]!;
      const high = hash[1]!;
      const unsweptMs = now - sweptAt;
      if (unsweptMs < 0 || unsweptMs * sweepSteps >= SWEEP_PERIOD_MS) sweep(now);
      let index = high & (shards.length - 1);
      let shard = shards[index];
      if (shard === undefined) {
        shard = createShard(MIN_SLOTS, shards.length);
        shards[index] = shard;
        sweepSteps += shard.slots;
      }

      const { words, numbers, slots } = shard;
      let target = -1;
      let slot = homeSlot(low, slots);
      for (;;) {
        const word = words[slot * WORDS]!;
        if (word === 0) break;
        const expiresAt = numbers[slot * NUMBERS + EXPIRES_AT]!;
        if (word === low && words[slot * WORDS + 1] === high) {
          if (now < expiresAt) {
            const value = Math.min(numbers[slot * NUMBERS + VALUE]! + by, Number.MAX_SAFE_INTEGER);
            numbers[slot * NUMBERS + VALUE] = value;
            return { value, expiresAt };
          }
          // Its own ended slot, even if an earlier one could be reused: a key must never have two.
          target = slot;
          break;
        }
        if (target < 0 && expiresAt <= now) target = slot;
        slot = slot + 1 === slots ? 0 : slot + 1;
      }

      const expiresAt = Math.min(now + ttlMs, Number.MAX_SAFE_INTEGER);
      if (!(now < expiresAt)) return MISSING;
      if (target < 0) {
        if (used >= maxCounters) evictOne(index, now);
        if (shard.used >= shard.slots * MAX_LOAD) {
          if (shard.used > SPLIT_COUNTERS && shard.span < maxShards) {
            split(shard, now);
            index = high & (shards.length - 1);
            shard = shards[index]!;
          } else fit(shard, now);
        }
        // Looked for again, because both may have moved what stood on the way.
        target = freeSlot(shard, low);
        shard.used += 1;
        used += 1;
      }
      const value = Math.min(by, Number.MAX_SAFE_INTEGER);
      writeSlot(shard, target, low, high, value, expiresAt);
      return { value, expiresAt };
    },

    delete(key) {
      hashKey(key);
      const shard = shards[hash[1]! & (shards.length - 1)];
      const slot = shard === undefined ? -1 : findSlot(shard, hash[0]!, hash[1]!);
      if (shard === undefined || slot < 0) return;
      removeSlot(shard, slot);
      used -= 1;
    },

    usedSlots: () => used,
    allocatedBytes: () => [...new Set(shards)].reduce((sum, shard) => sum + (shard === undefined ? 0 : shard.words.byteLength), 0),
  };
}

function createShard(slots: number, span: number): Shard {
  const bytes = new ArrayBuffer(slots * SLOT_BYTES);
  return { words: new Int32Array(bytes), numbers: new Float64Array(bytes), slots, used: 0, hand: 0, span };
}

/** Where a hash belongs. Scaled, not masked: a shard can have any number of slots, and moving it keeps its order. */
function homeSlot(low: number, slots: number): number {
  return ((low >>> 0) * slots * 2 ** -32) | 0;
}

function findSlot(shard: Shard, low: number, high: number): number {
  const { words, slots } = shard;
  for (let slot = homeSlot(low, slots); ; slot = slot + 1 === slots ? 0 : slot + 1) {
    const word = words[slot * WORDS]!;
    if (word === 0) return -1;
    if (word === low && words[slot * WORDS + 1] === high) return slot;
  }
}

function freeSlot(shard: Shard, low: number): number {
  const { words, slots } = shard;
  let slot = homeSlot(low, slots);
  while (words[slot * WORDS] !== 0) slot = slot + 1 === slots ? 0 : slot + 1;
  return slot;
}

function writeSlot(shard: Shard, slot: number, low: number, high: number, value: number, expiresAt: number): void {
  // The hash goes through the integer view: read or written as a float, some of its bit patterns are NaNs, which engines may rewrite.
  shard.words[slot * WORDS] = low;
  shard.words[slot * WORDS + 1] = high;
  shard.numbers[slot * NUMBERS + VALUE] = value;
  shard.numbers[slot * NUMBERS + EXPIRES_AT] = expiresAt;
}

function copySlot(from: Shard["words"], numbers: Shard["numbers"], slot: number, shard: Shard, target: number): void {
  writeSlot(
    shard,
    target,
    from[slot * WORDS]!,
    from[slot * WORDS + 1]!,
    numbers[slot * NUMBERS + VALUE]!,
    numbers[slot * NUMBERS + EXPIRES_AT]!,
  );
}

/** Frees a slot and closes the gap, so that no later counter of the same run is cut off from its home. */
function removeSlot(shard: Shard, removed: number): void {
  const { words, numbers, slots } = shard;
  let gap = removed;
  for (let slot = gap; ; ) {
    slot = slot + 1 === slots ? 0 : slot + 1;
    const low = words[slot * WORDS]!;
    if (low === 0) break;
    const fromHome = slot - homeSlot(low, slots);
    const fromGap = slot - gap;
    if ((fromHome < 0 ? fromHome + slots : fromHome) >= (fromGap < 0 ? fromGap + slots : fromGap)) {
      copySlot(words, numbers, slot, shard, gap);
      gap = slot;
    }
  }
  words[gap * WORDS] = 0;
  shard.used -= 1;
}

/** Moves the live counters to arrays that fit them, larger or smaller. Returns how many ended ones it dropped. */
function resize(shard: Shard, now: number): number {
  const { words, numbers, slots, used } = shard;
  let live = 0;
  for (let slot = 0; slot < slots; slot++) if (words[slot * WORDS] !== 0 && now < numbers[slot * NUMBERS + EXPIRES_AT]!) live += 1;
  const newSlots = Math.max(MIN_SLOTS, Math.ceil(live * SLOTS_PER_COUNTER));
  const bytes = new ArrayBuffer(newSlots * SLOT_BYTES);
  shard.words = new Int32Array(bytes);
  shard.numbers = new Float64Array(bytes);
  shard.slots = newSlots;
  shard.used = live;
  shard.hand = 0;
  for (let slot = 0; slot < slots; slot++) {
    const low = words[slot * WORDS]!;
    if (low !== 0 && now < numbers[slot * NUMBERS + EXPIRES_AT]!) copySlot(words, numbers, slot, shard, freeSlot(shard, low));
  }
  release(words);
  return used - live;
}

/**
 * Gives memory back now: left to the collector, the outgrown arrays of a flood lie about long enough to double the process (measured on Node 24
 * with a million clients: 42 bytes a client in place of 73).
 */
function release({ buffer }: Shard["words"]): void {
  (buffer as { transfer?(bytes: number): unknown }).transfer?.(0);
}

/**
 * The slot to give up when the table is full: an ended counter if the next few hold one, else the smallest, of equals the one that ends
 * first. A flood of new clients, each with a count of 1, so pushes out its own kind and not the client that is about to reach its limit.
 */
function findVictim(shard: Shard, now: number): number {
  const { words, numbers, slots } = shard;
  let victim = -1;
  let smallest = Infinity;
  let soonest = Infinity;
  let slot = shard.hand;
  for (let step = 0, seen = 0; step < slots && seen < EVICTION_WINDOW; step++) {
    if (words[slot * WORDS] !== 0) {
      seen += 1;
      const value = numbers[slot * NUMBERS + VALUE]!;
      const expiresAt = numbers[slot * NUMBERS + EXPIRES_AT]!;
      if (expiresAt <= now) {
        victim = slot;
        break;
      }
      if (value < smallest || (value === smallest && expiresAt < soonest)) {
        victim = slot;
        smallest = value;
        soonest = expiresAt;
      }
    }
    slot = slot + 1 === slots ? 0 : slot + 1;
  }
  shard.hand = slot;
  return victim;
}

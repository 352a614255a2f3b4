/**
 * What a process remembers of clients, in typed arrays: found by a keyed hash of the client's key, a fixed number of bytes each, and never more than
 * a fixed number of clients.
 *
 * @module
 */
import { hashed, hashOf } from "./text-hash.ts";

/** Slots of 32-bit fields. After a `find` that succeeded and after a `claim`, `words` and `at` say where the slot's fields are. */
export interface SlotTable {
  /** The arrays of the slot last found. Valid until the next call. */
  readonly words: Int32Array;
  /** Index in `words` of that slot's first field. */
  readonly at: number;
  /** Goes to a key's slot. False when it has none. */
  find(key: string): boolean;
  /** Goes to a key's slot, making one with all fields 0 when it has none. True when it was made. */
  claim(key: string, now: number): boolean;
  /** Frees the slot last found. */
  free(): void;
  usedSlots(): number;
  allocatedBytes(): number;
}

/** What the owner of a table knows about its fields. */
export interface SlotKind {
  readonly fields: number;
  /** Slots at most; above 4,096, rounded down to a multiple of it. */
  readonly maxSlots: number;
  /** How much a slot is worth keeping; 0 or less: nothing in it counts any more. Of a full neighbourhood, the least goes. */
  weigh(words: Int32Array, at: number, now: number): number;
}

interface Shard {
  /** Low halves of the hashes, 0 where a slot is free: apart from the rest, so that a look at all neighbours touches one or two cache lines. */
  readonly lows: Int32Array;
  /** High half of the hash, and the fields. */
  readonly words: Int32Array;
  readonly slots: number;
}

/** Words before the fields. */
const HIGH = 1;
const SHARD_SLOTS = 4096;
const FIRST_SLOTS = 64;
/** A key stands at its home or in the slots after it. Long enough for a load of 0.8, short enough for one look. */
const REACH = 24;
const GROWTH = 1.125;

/**
 * Makes an empty table. Grows by an eighth of a small part at a time, so no request pays for moving everything; takes `4 × (fields + 2)` bytes a
 * slot and, before it is full, up to half as many more for each client.
 *
 * Full means that the least of twenty-four neighbours goes: a flood of new clients, each as light as the other, pushes out its own kind and not a client
 * that has something against it.
 */
export const createSlotTable = (kind: SlotKind): SlotTable => new Slots(kind);

/** Of a class: each of a firewall's tables finds its slots by the same machine code, and keeps what that needs in one place. */
class Slots implements SlotTable {
  words: Int32Array;
  at: number;
  #used: number;
  readonly #width: number;
  readonly #shardCount: number;
  readonly #shards: (Shard | undefined)[];
  /** Where the slot last found stands. */
  #found: Shard | undefined;
  #foundSlot: number;
  readonly #perShard: number;
  readonly #weigh: SlotKind["weigh"];

  constructor({ fields, maxSlots, weigh }: SlotKind) {
    this.words = new Int32Array(0);
    this.at = 0;
    this.#used = 0;
    this.#width = fields + HIGH;
    this.#shardCount = Math.max(1, Math.floor(maxSlots / SHARD_SLOTS));
    this.#shards = new Array<Shard | undefined>(this.#shardCount).fill(undefined);
    this.#found = undefined;
    this.#foundSlot = 0;
    this.#perShard = Math.max(1, Math.min(SHARD_SLOTS, maxSlots) - REACH);
    this.#weigh = weigh;
  }

  find(key: string): boolean {
    if (this.#used === 0) return false;
    hashOf(key);
    const low = hashed[0]!;
    const high = hashed[1]!;
    const shard = this.#shards[(high >>> 0) % this.#shardCount];
    if (shard === undefined) return false;
    const { lows, words } = shard;
    const width = this.#width;
    const home = homeOf(shard, low);
    for (let slot = home; slot < home + REACH; slot++) {
      if (lows[slot] !== low || words[slot * width] !== high) continue;
      this.#goTo(shard, slot);
      return true;
    }
    return false;
  }

  claim(key: string, now: number): boolean {
    if (this.find(key)) return false;
    this.#make(key, now);
    return true;
  }

  free(): void {
    if (this.#found === undefined) return;
    this.#found.lows[this.#foundSlot] = 0;
    this.#used -= 1;
  }

  usedSlots(): number {
    return this.#used;
  }

  allocatedBytes(): number {
    return this.#shards.reduce((sum, shard) => sum + (shard === undefined ? 0 : shard.lows.byteLength + shard.words.byteLength), 0);
  }

  #goTo(shard: Shard, slot: number): void {
    // The shard is nearly always the one found before.
    if (this.#found !== shard) {
      this.#found = shard;
      this.words = shard.words;
    }
    this.#foundSlot = slot;
    this.at = slot * this.#width + HIGH;
  }

  #make(key: string, now: number): void {
    hashOf(key);
    const low = hashed[0]!;
    const high = hashed[1]!;
    const width = this.#width;
    const index = (high >>> 0) % this.#shardCount;
    let shard = this.#shards[index];
    if (shard === undefined) {
      shard = this.#create(Math.min(FIRST_SLOTS, this.#perShard));
      this.#shards[index] = shard;
    }
    let slot = this.#room(shard, homeOf(shard, low), now);
    while (slot < 0 && shard.slots < this.#perShard) {
      shard = this.#grow(index, shard, now);
      slot = this.#room(shard, homeOf(shard, low), now);
    }
    if (slot < 0) slot = this.#lightest(shard, homeOf(shard, low), now);
    shard.words.fill(0, slot * width, (slot + 1) * width);
    shard.lows[slot] = low;
    shard.words[slot * width] = high;
    this.#used += 1;
    this.#goTo(shard, slot);
  }

  #create(slots: number): Shard {
    return { lows: new Int32Array(slots + REACH), words: new Int32Array((slots + REACH) * this.#width), slots };
  }

  /** A free slot near home; -1 when there is none. What has lost its weight counts as free. */
  #room({ lows, words }: Shard, home: number, now: number): number {
    for (let slot = home; slot < home + REACH; slot++) {
      if (lows[slot] === 0) return slot;
      if (this.#weigh(words, slot * this.#width + HIGH, now) <= 0) {
        this.#used -= 1;
        return slot;
      }
    }
    return -1;
  }

  #lightest({ words }: Shard, home: number, now: number): number {
    let victim = home;
    let least = Infinity;
    for (let slot = home; slot < home + REACH; slot++) {
      const weight = this.#weigh(words, slot * this.#width + HIGH, now);
      if (weight < least) [victim, least] = [slot, weight];
    }
    this.#used -= 1;
    return victim;
  }

  /** Moves what still has weight. False when some neighbourhood is full, unless the lightest may go. */
  #move(from: Shard, to: Shard, now: number, mayDrop: boolean): boolean {
    const width = this.#width;
    for (let slot = 0; slot < from.lows.length; slot++) {
      const low = from.lows[slot]!;
      if (low === 0 || this.#weigh(from.words, slot * width + HIGH, now) <= 0) continue;
      const home = homeOf(to, low);
      let target = this.#room(to, home, now);
      if (target < 0 && !mayDrop) return false;
      if (target < 0) target = this.#lightest(to, home, now);
      to.lows[target] = low;
      to.words.set(from.words.subarray(slot * width, (slot + 1) * width), target * width);
    }
    return true;
  }

  #grow(index: number, shard: Shard, now: number): Shard {
    const before = this.#used - count(shard);
    for (let slots = shard.slots; ; ) {
      slots = Math.min(this.#perShard, Math.ceil(slots * GROWTH));
      const larger = this.#create(slots);
      if (!this.#move(shard, larger, now, slots === this.#perShard)) continue;
      this.#shards[index] = larger;
      this.#used = before + count(larger);
      return larger;
    }
  }
}

const homeOf = (shard: Shard, low: number): number => ((low >>> 0) * shard.slots * 2 ** -32) | 0;

const count = ({ lows }: Shard): number => lows.reduce((sum, low) => sum + (low === 0 ? 0 : 1), 0);

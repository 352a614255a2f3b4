/**
 * Tickets drawn from a shared counter, several at once: most requests are then counted without asking the store.
 *
 * A process that adds 10 to a counter and is told 40 owns the tickets 31 to 40 and nobody else does. A request that draws ticket 31 is the 31st, as
 * if it had been counted alone; so a limit lets no more requests through than exact counting would. What a process reserves and does not use is lost:
 * fewer may pass, at most what each process holds unused.
 *
 * @module
 */
import { isThenable } from "./awaitable.ts";
import { WafError } from "./errors.ts";
import type { Awaitable, Counter, Store } from "./types.ts";

/** The tickets of one counter that this process holds. */
interface Held {
  next: number;
  end: number;
  /** Drawn ahead while there were still some. */
  spare: { readonly next: number; readonly end: number } | undefined;
  /** How many are reserved next time: 1, 2, 4 … so that a client that comes once reserves nothing. */
  size: number;
  underWay: { readonly since: number; readonly done: PromiseLike<void> } | undefined;
  /** Tickets that requests wait for. */
  waitedFor: number;
  /** True once the store answered with a promise: then it pays to reserve before the last ticket is gone. */
  isRemote: boolean;
}

/** The tickets this process holds of all counters of one window. */
export interface Reservations {
  /** As `store.increment`, from the tickets held if they are enough; `value` is the number of the last ticket drawn, its end is not told. */
  draw(store: Store, key: string, weight: number, ttlMs: number, now: number): Awaitable<Counter>;
}

/** Cleared when full: a flood of new clients costs what it costs without reserving. */
const MAX_HELD = 10_000;
/** A reservation without an answer for so long does not keep the next one from starting. */
const GIVE_UP_MS = 5_000;
const MAX_WAITED_FOR = 100_000;

/** Makes an empty set of tickets; `most` is how many are reserved at once at most. */
export function createReservations(most: number): Reservations {
  const stores = new WeakMap<Store, Map<string, Held>>();

  const heldOf = (store: Store, key: string): Held => {
    let all = stores.get(store);
    if (all === undefined) {
      all = new Map();
      stores.set(store, all);
    }
    let held = all.get(key);
    if (held === undefined) {
      if (all.size >= MAX_HELD) all.clear();
      held = { next: 0, end: 0, spare: undefined, size: 0, underWay: undefined, waitedFor: 0, isRemote: false };
      all.set(key, held);
    }
    return held;
  };

  /** A ticket that is at hand. What is left over before a larger range is given up. */
  const takeHeld = (held: Held, weight: number): number | undefined => {
    if (held.end - held.next < weight && held.spare !== undefined) {
      ({ next: held.next, end: held.end } = held.spare);
      held.spare = undefined;
    }
    if (held.end - held.next < weight) return undefined;
    held.next += weight;
    return held.next;
  };

  /** Adds to the shared counter; keeps what it got as the tickets at hand, or beside them while there are some. */
  const reserve = (store: Store, key: string, held: Held, by: number, ttlMs: number, now: number): Awaitable<void> => {
    const keep = (value: number): void => {
      const range = { next: Math.max(0, value - by), end: value };
      if (held.next < held.end) held.spare = range;
      else ({ next: held.next, end: held.end } = range);
      held.size = Math.min(most, Math.max(1, held.size * 2));
    };
    const reserved = store.increment(key, by, ttlMs, now);
    if (!isThenable(reserved)) return keep(reserved.value);
    held.isRemote = true;
    const mine = {
      since: now,
      done: reserved.then(
        ({ value }) => {
          if (held.underWay === mine) held.underWay = undefined;
          keep(value);
        },
        (error) => {
          if (held.underWay === mine) held.underWay = undefined;
          throw error;
        },
      ),
    };
    held.underWay = mine;
    // Drawn ahead, nobody may be waiting for it.
    mine.done.then(undefined, () => {});
    return mine.done;
  };

  const draw = (store: Store, key: string, weight: number, ttlMs: number, now: number): Awaitable<Counter> => {
    const held = heldOf(store, key);
    if (held.underWay !== undefined && Math.abs(now - held.underWay.since) > GIVE_UP_MS) {
      held.underWay = undefined;
      held.waitedFor = 0;
    }
    const ticket = takeHeld(held, weight);
    if (ticket !== undefined) {
      const isLow = held.spare === undefined && held.end - held.next <= held.size / 2;
      if (isLow && held.isRemote && held.size > 1 && held.underWay === undefined) reserve(store, key, held, held.size, ttlMs, now);
      return { value: ticket, expiresAt: 0 };
    }
    if (held.waitedFor > MAX_WAITED_FOR)
      throw new WafError("AIWAF_STORE_BUSY", `${held.waitedFor} requests of one client wait for the store; it is away or too slow.`);
    if (held.underWay === undefined) {
      const waiting = reserve(store, key, held, weight + held.waitedFor + held.size, ttlMs, now);
      if (!isThenable(waiting)) return { value: takeHeld(held, weight) ?? held.end, expiresAt: 0 };
    }
    const leave = (): void => {
      held.waitedFor = Math.max(0, held.waitedFor - weight);
    };
    held.waitedFor += weight;
    return held.underWay!.done.then(
      () => {
        leave();
        return draw(store, key, weight, ttlMs, now);
      },
      (error) => {
        leave();
        throw error;
      },
    );
  };

  return { draw };
}

/**
 * Lists that live in the store and are read from memory: what an operator or another process wrote under a prefix, as this process last saw it.
 *
 * A list is one value for each entry, `<prefix><name>`, so that two writers never undo each other, and one value that says which state of the list
 * is the current one. As long as that value stays the same, a look at the store costs one read.
 *
 * @module
 */
import { chain, isThenable } from "./awaitable.ts";
import type { Awaitable, Services, Store } from "./types.ts";

/** What `storeSnapshot` takes. */
export interface SnapshotOptions<Entry, Snapshot> {
  /** Begins the key of every entry, for example `list:exemption:`. */
  readonly prefix: string;
  /** Reads one entry; `name` is its key without the prefix. `undefined` or a throw leaves it out: what others stored is data, not trusted. */
  readonly read: (name: string, value: string) => Entry | undefined;
  /** Makes what requests look at. Called when something changed, never while nothing did. */
  readonly build: (entries: ReadonlyMap<string, Entry>) => Snapshot;
  /** Oldest state that requests may see while they keep coming, in milliseconds, 50 to 60,000. Default 1,000. */
  readonly refreshMs?: number;
  /** Entries at most, 1 to 1,000,000; what is beyond is left out and warned about once. Default 10,000. */
  readonly limit?: number;
}

/** A list in memory. While the store fails, it stays as it was. */
export interface StoreSnapshot<Snapshot> {
  /**
   * The list as last seen, at once: never waits. Starts a look at the store in the background when the last one is older than half of `refreshMs`.
   * With a synchronous store that look is over before this returns. Before the first look has ended, the list is empty.
   */
  current(services: Services, now: number): Snapshot;
  /**
   * The list, at most `refreshMs` old if the store answers: waits for the store only on a process's first request and on the first one after a pause.
   * A promise only then. Throws or rejects with the store's error only while the list was never read, so that `onFailure` decides.
   */
  fresh(services: Services, now: number): Awaitable<Snapshot>;
  /** How the list stands for this store: for dashboards and tests. */
  health(store: Store): SnapshotHealth;
}

/** How a list in memory stands to the one in the store. */
export interface SnapshotHealth {
  /** Entries that requests are held against. */
  readonly entries: number;
  /** Entries that `read` did not take. */
  readonly unreadable: number;
  /** True when the store holds more than `limit`. */
  readonly truncated: boolean;
  /** Looks at the store that failed or were given up, since the process started. */
  readonly failures: number;
  /** When the store last confirmed this state, in milliseconds since the epoch; `undefined`: never yet. */
  readonly seenAt: number | undefined;
}

const DEFAULT_REFRESH_MS = 1_000;
const DEFAULT_LIMIT = 10_000;
/** Reads everything though nothing is said to have changed: for entries that ended by themselves and writers that forgot to say so. */
const RELOAD_MS = 60_000;
/** A look that has no answer after so long does not keep the next one from starting: a client may never answer. */
const GIVE_UP_MS = 5_000;
const READS_AT_ONCE = 100;

/** Where a list's current state is named. Not under the list's own prefix, and never evicted because it has no end. */
const stateKey = (prefix: string): string => `version:${prefix}`;
/** The list whose state a key names; `undefined` for every other key. For stores that push changes. */
export const changedPrefix = (key: string): string | undefined => (key.startsWith("version:") ? key.slice(8) : undefined);

/** One list as one store holds it. */
interface State<Snapshot> {
  readonly prefix: string;
  readonly look: () => void;
  snapshot: Snapshot;
  /** When the next look is due, by the callers' clock. */
  checkedAt: number;
  /** Set by `changed`: the next look is due now. */
  isDirty: boolean;
  /** Counts the looks: what an earlier one says after it was given up is dropped. */
  turn: number;
  /** The look under way. */
  underWay: { readonly since: number; readonly done: PromiseLike<void> } | undefined;
  /** Why the last look failed. */
  error: unknown;
  /** What the store said the state of these entries is; `null`: never asked, or not sure. */
  version: string | undefined | null;
  loadedAt: number;
  seenAt: number | undefined;
  entries: number;
  unreadable: number;
  truncated: boolean;
  failures: number;
}

/** The snapshots of each store in this process: a change made here shows in the next request, without waiting for a refresh. */
const known = new WeakMap<Store, Set<State<unknown>>>();

/**
 * Says that the entries under `prefix` changed, after they were written or deleted: every process reads them again within its `refreshMs`, this one
 * with the next request.
 */
export function changed(store: Store, prefix: string, now: number): Awaitable<void> {
  // Two writers at one moment must not give the same name to two states.
  const mark = `${now}-${globalThis.crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  return chain(store.set(stateKey(prefix), JSON.stringify(mark), undefined, now), () => markDirty(store, prefix));
}

/** Counts whatever may make a list in memory another one than it was, for those who keep what they made of several. */
let changes = 0;

/** How long `joinSnapshots` takes for granted that no look at the store is due: a tenth of the oldest state that requests may see. */
const JOINED_MS = 100;

type ListsOf<Snapshots extends readonly StoreSnapshot<unknown>[]> = {
  readonly [Index in keyof Snapshots]: Snapshots[Index] extends StoreSnapshot<infer List> ? List : never;
};

/**
 * Several lists and what is made of them, asked for as one: three lists cost a request as much as one. `build` is called when one of them changed.
 *
 * @returns what stands for `current` of a snapshot; its state may be a tenth of a second older.
 */
export function joinSnapshots<const Snapshots extends readonly StoreSnapshot<unknown>[], Joined>(
  snapshots: Snapshots,
  build: (...lists: ListsOf<Snapshots>) => Joined,
): (services: Services, now: number) => Joined {
  const kept = new WeakMap<Services, { readonly lists: readonly unknown[]; readonly joined: Joined }>();
  let lastServices: Services | undefined;
  let joined: Joined;
  let askedAt = 0;
  let asked = -1;
  const ask = (services: Services, now: number): Joined => {
    const lists = snapshots.map((snapshot) => snapshot.current(services, now));
    const before = kept.get(services);
    joined =
      before?.lists.every((list, index) => list === lists[index]) === true
        ? before.joined
        : build(...(lists as unknown as ListsOf<Snapshots>));
    if (before?.joined !== joined) kept.set(services, { lists, joined });
    lastServices = services;
    askedAt = now;
    asked = changes;
    return joined;
  };
  return (services, now) =>
    services === lastServices && asked === changes && now >= askedAt && now - askedAt < JOINED_MS ? joined : ask(services, now);
}

function markDirty(store: Store, prefix: string): void {
  changes += 1;
  for (const state of known.get(store) ?? []) if (state.prefix === prefix) state.isDirty = true;
}

/**
 * Makes a list that requests read from memory. Nothing happens until it is first read; there is no timer.
 *
 * @example
 * const blocked = storeSnapshot({ prefix: "list:block:", read: (name) => name, build: (entries) => new Set(entries.keys()) });
 * blocked.current(services, request.receivedAt).has(request.client.address);
 */
export function storeSnapshot<Entry, Snapshot>(options: SnapshotOptions<Entry, Snapshot>): StoreSnapshot<Snapshot> {
  const { prefix, read, build } = options;
  const refreshMs = bounded(options.refreshMs ?? DEFAULT_REFRESH_MS, 50, 60_000);
  const limit = bounded(options.limit ?? DEFAULT_LIMIT, 1, 1_000_000);
  const states = new WeakMap<Store, State<Snapshot>>();
  let lastStore: Store | undefined;
  let lastState: State<Snapshot> | undefined;

  const stateOf = (services: Services): State<Snapshot> => {
    const { store } = services;
    if (store === lastStore && lastState !== undefined) return lastState;
    let state = states.get(store);
    if (state === undefined) {
      state = createState(prefix, build(new Map()), () => look(services, states.get(store)!, states.get(store)!.checkedAt));
      states.set(store, state);
      register(store, state as State<unknown>);
    }
    lastStore = store;
    lastState = state;
    return state;
  };

  /** Takes what the store holds. Everything that can go wrong happens before the first field is written. */
  const take = (
    state: State<Snapshot>,
    pairs: readonly (readonly [string, string])[],
    version: string | undefined | null,
    now: number,
  ): void => {
    const entries = new Map<string, Entry>();
    let unreadable = 0;
    for (const [key, value] of pairs.slice(0, limit)) {
      const entry = readOne(read, key.slice(prefix.length), value);
      if (entry === undefined) unreadable += 1;
      else entries.set(key.slice(prefix.length), entry);
    }
    changes += 1;
    state.snapshot = build(entries);
    state.version = version;
    state.loadedAt = now;
    state.entries = entries.size;
    state.unreadable = unreadable;
    state.truncated = pairs.length > limit;
  };

  /** One look at the store: which state is current, and the entries if it is another one. */
  const refresh = ({ store, warnOnce }: Services, state: State<Snapshot>, now: number, isCurrent: () => boolean): Awaitable<void> => {
    const asked = store.get(stateKey(prefix), now);
    // The first time there is no doubt that the entries are wanted: asked for in the same tick, behind the state's name, they cost no second round trip.
    const early =
      state.seenAt === undefined && isThenable(asked) ? readEarly(asked, () => readEntries(store, prefix, limit + 1, now)) : undefined;
    return chain(asked, (version) => {
      if (!isCurrent()) return undefined;
      // A clock that was set back would otherwise put the next full look off.
      if (version === state.version && Math.abs(now - state.loadedAt) < RELOAD_MS) {
        state.seenAt = now;
        return undefined;
      }
      // The state's name was read first: what is written from here on comes with another name and is read next time.
      return chain(early ?? readEntries(store, prefix, limit + 1, now), (pairs) => {
        if (!isCurrent()) return;
        // A store of several nodes may have read the entries before the name; so they are read once more, in the background, with the next look.
        take(state, pairs, early === undefined ? version : null, now);
        state.seenAt = now;
        if (state.truncated)
          warnOnce(`AIWAF_LIST_TRUNCATED:${prefix}`, `The stored list "${prefix}" has more than ${limit} entries; the rest is ignored.`);
      });
    });
  };

  const look = (services: Services, state: State<Snapshot>, now: number): void => {
    const failed = (error: unknown): void => {
      state.failures += 1;
      state.error = error;
      services.warnOnce(
        `AIWAF_LIST_STALE:${prefix}`,
        `The stored list "${prefix}" could not be read and stays as it was: ${String(error).slice(0, 200)}`,
      );
    };
    if (state.underWay !== undefined) {
      if (Math.abs(now - state.underWay.since) < GIVE_UP_MS) return;
      failed(new Error(`no answer within ${GIVE_UP_MS} ms`));
    }
    state.underWay = undefined;
    state.checkedAt = now;
    state.isDirty = false;
    state.turn += 1;
    const mine = state.turn;
    const isCurrent = (): boolean => state.turn === mine;
    try {
      const waiting = refresh(services, state, now, isCurrent);
      if (!isThenable(waiting)) return;
      const done = waiting.then(
        () => {
          if (isCurrent()) state.underWay = undefined;
        },
        (error) => {
          if (!isCurrent()) return;
          state.underWay = undefined;
          failed(error);
        },
      );
      state.underWay = { since: now, done };
    } catch (error) {
      failed(error);
    }
  };

  /** What was read at some time, or the reason why nothing ever was. */
  const readOnce = (state: State<Snapshot>): Snapshot => {
    if (state.seenAt === undefined) throw state.error;
    return state.snapshot;
  };

  const upToDate = (services: Services, now: number): State<Snapshot> => {
    const state = stateOf(services);
    // Half the time, so that the answer is there before the whole has passed.
    if (state.isDirty || Math.abs(now - state.checkedAt) >= refreshMs / 2) look(services, state, now);
    return state;
  };

  return {
    current: (services, now) => upToDate(services, now).snapshot,
    fresh(services, now) {
      const state = upToDate(services, now);
      // Never read: there is nothing to go on with, so every request tries; a store that just came back is then there for the first that asks.
      if (state.seenAt === undefined && state.underWay === undefined && state.checkedAt !== now) look(services, state, now);
      if (state.underWay === undefined || (state.seenAt !== undefined && Math.abs(now - state.seenAt) < refreshMs)) return readOnce(state);
      return state.underWay.done.then(() => readOnce(state));
    },
    health(store) {
      const state = states.get(store);
      if (state === undefined) return { entries: 0, unreadable: 0, truncated: false, failures: 0, seenAt: undefined };
      const { entries, unreadable, truncated, failures, seenAt } = state;
      return { entries, unreadable, truncated, failures, seenAt };
    },
  };
}

const bounded = (value: number, minimum: number, maximum: number): number => Math.min(maximum, Math.max(minimum, value)) || minimum;

function createState<Snapshot>(prefix: string, snapshot: Snapshot, lookNow: () => void): State<Snapshot> {
  return {
    prefix,
    look: lookNow,
    snapshot,
    checkedAt: -Infinity,
    isDirty: true,
    turn: 0,
    underWay: undefined,
    error: undefined,
    version: null,
    loadedAt: -Infinity,
    seenAt: undefined,
    entries: 0,
    unreadable: 0,
    truncated: false,
    failures: 0,
  };
}

function register(store: Store, state: State<unknown>): void {
  let states = known.get(store);
  if (states === undefined) {
    states = new Set();
    known.set(store, states);
    const pushed = states;
    // A store that pushes lets an idle process know before its next request comes.
    store.watch?.((prefix) => {
      for (const one of pushed) {
        if (one.prefix !== prefix) continue;
        changes += 1;
        one.isDirty = true;
        if (Number.isFinite(one.checkedAt)) one.look();
      }
    });
  }
  states.add(state);
}

/** Starts a read beside one that is under way. Whichever fails first is told; the other's error has no taker. */
function readEarly(asked: PromiseLike<unknown>, read: () => Awaitable<Pairs>): Awaitable<Pairs> {
  asked.then(undefined, ignore);
  const pairs = read();
  if (isThenable(pairs)) pairs.then(undefined, ignore);
  return pairs;
}

const ignore = (): void => {};

function readOne<Entry>(read: (name: string, value: string) => Entry | undefined, name: string, value: string): Entry | undefined {
  try {
    return read(name, value);
  } catch {
    return undefined;
  }
}

type Pairs = readonly (readonly [string, string])[];

/** What stands under a prefix, at most `limit` entries, through the store's own bulk read where it has one. */
export function readEntries(store: Store, prefix: string, limit: number, now: number): Awaitable<Pairs> {
  if (store.entries !== undefined) return store.entries(prefix, limit, now);
  return chain(store.list(prefix, limit, now), (keys) => readValues(store, keys, now));
}

/** The values of some keys, a few at a time; those that are gone meanwhile are left out. */
function readValues(store: Store, keys: readonly string[], now: number): Awaitable<Pairs> {
  const pairs: (readonly [string, string])[] = [];
  const from = (start: number): Awaitable<Pairs> => {
    for (let at = start; at < keys.length; at += READS_AT_ONCE) {
      const some = keys.slice(at, at + READS_AT_ONCE);
      const values = some.map((key) => store.get(key, now));
      const add = (read: readonly (string | undefined)[]): void => {
        for (const [index, value] of read.entries()) if (value !== undefined) pairs.push([some[index]!, value]);
      };
      if (values.some(isThenable)) {
        return Promise.all(values).then((read) => {
          add(read);
          return from(at + READS_AT_ONCE);
        });
      }
      add(values as readonly (string | undefined)[]);
    }
    return pairs;
  };
  return from(0);
}

import { describe, expect, test } from "vitest";
import { changed, joinSnapshots, storeSnapshot } from "../src/snapshots.ts";
import { memoryStore } from "../src/stores/memory.ts";
import type { Awaitable, Services, Store } from "../src/types.ts";

const T0 = Date.UTC(2026, 0, 1);
const PREFIX = "list:test:";

interface Watched {
  readonly services: Services;
  readonly warnings: string[];
  /** Calls of each kind since it was last emptied. */
  readonly calls: string[];
}

function watch(store: Store): Watched {
  const [warnings, calls]: [string[], string[]] = [[], []];
  const counted: Store = {
    ...store,
    get(key, now) {
      calls.push(`get ${key}`);
      return store.get(key, now);
    },
    list(prefix, limit, now) {
      calls.push(`list ${prefix}`);
      return store.list(prefix, limit, now);
    },
  };
  const codes = new Set<string>();
  const warnOnce = (code: string): void => {
    if (!codes.has(code)) warnings.push(code);
    codes.add(code);
  };
  return { services: { store: counted, log: console, warnOnce, ban: () => {} }, warnings, calls };
}

/** Answers only when told to. */
function slow(store: Store): Store & { answer(): Promise<void>; waiting(): number; fails: boolean } {
  let open: (() => void)[] = [];
  const later = <T>(run: () => Awaitable<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      open.push(() => (slowStore.fails ? reject(new Error("away")) : resolve(run())));
    });
  const slowStore = {
    ...store,
    get: (key: string, now: number) => later(() => store.get(key, now)),
    list: (prefix: string, limit: number, now: number) => later(() => store.list(prefix, limit, now)),
    fails: false,
    waiting: () => open.length,
    async answer() {
      for (let round = 0; round < 10; round++) {
        const now = open;
        open = [];
        for (const one of now) one();
        for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      }
    },
  };
  return slowStore;
}

const names = () =>
  storeSnapshot({
    prefix: PREFIX,
    read: (name, value) => (value === "bad" ? undefined : name),
    build: (entries) => [...entries.keys()].sort(),
  });

describe("a snapshot of a list", () => {
  test("of a synchronous store is there with the first request and shows a change with the next", () => {
    const store = memoryStore();
    const { services } = watch(store);
    store.set(`${PREFIX}one`, "1", undefined, T0);
    const list = names();
    expect(list.current(services, T0)).toEqual(["one"]);
    services.store.set(`${PREFIX}two`, "2", undefined, T0 + 1);
    changed(services.store, PREFIX, T0 + 1);
    expect(list.current(services, T0 + 2)).toEqual(["one", "two"]);
  });

  test("costs one read for each half of refreshMs while nothing changes, and none in between", () => {
    const { services, calls } = watch(memoryStore());
    const list = names();
    list.current(services, T0);
    calls.length = 0;
    for (let at = 1; at < 500; at++) list.current(services, T0 + at);
    expect(calls).toEqual([]);
    const first = list.current(services, T0 + 500);
    expect(list.current(services, T0 + 501)).toBe(first);
    expect(calls).toEqual([`get version:${PREFIX}`]);
  });

  test("shows what another process wrote within refreshMs, and its deletions too", () => {
    const store = memoryStore();
    const [here, there] = [watch(store), watch(store)];
    const list = names();
    expect(list.current(here.services, T0)).toEqual([]);
    there.services.store.set(`${PREFIX}one`, "1", undefined, T0 + 10);
    changed(there.services.store, PREFIX, T0 + 10);
    expect(list.current(here.services, T0 + 400)).toEqual([]);
    expect(list.current(here.services, T0 + 1_010)).toEqual(["one"]);
    there.services.store.delete(`${PREFIX}one`);
    changed(there.services.store, PREFIX, T0 + 1_020);
    expect(list.current(here.services, T0 + 2_020)).toEqual([]);
  });

  test("drops what ended by itself within a minute", () => {
    const { services } = watch(memoryStore());
    services.store.set(`${PREFIX}one`, "1", 1_000, T0);
    const list = names();
    expect(list.current(services, T0)).toEqual(["one"]);
    expect(list.current(services, T0 + 61_000)).toEqual([]);
  });

  test("goes on when the clock is set back", () => {
    const { services } = watch(memoryStore());
    const list = names();
    list.current(services, T0);
    services.store.set(`${PREFIX}one`, "1", undefined, T0 - 3_600_000);
    changed(services.store, PREFIX, T0 - 3_600_000);
    expect(list.current(services, T0 - 3_600_000)).toEqual(["one"]);
  });

  test("leaves out what it cannot read, and what is beyond its limit, and says so once", () => {
    const { services, warnings } = watch(memoryStore());
    services.store.set(`${PREFIX}a`, "bad", undefined, T0);
    for (const name of ["b", "c", "d"]) services.store.set(PREFIX + name, "1", undefined, T0);
    const list = storeSnapshot({
      prefix: PREFIX,
      read: (name, value) => {
        if (value === "bad") throw new Error("bad");
        return name;
      },
      build: (entries) => entries.size,
      limit: 3,
    });
    expect(list.current(services, T0)).toBe(2);
    expect(list.health(services.store)).toMatchObject({ entries: 2, unreadable: 1, truncated: true });
    services.store.set(`${PREFIX}e`, "1", undefined, T0);
    changed(services.store, PREFIX, T0 + 600);
    list.current(services, T0 + 601);
    expect(warnings).toEqual([`AIWAF_LIST_TRUNCATED:${PREFIX}`]);
  });

  test("is kept apart for each store", () => {
    const [one, other] = [watch(memoryStore()), watch(memoryStore())];
    one.services.store.set(`${PREFIX}one`, "1", undefined, T0);
    const list = names();
    expect(list.current(one.services, T0)).toEqual(["one"]);
    expect(list.current(other.services, T0)).toEqual([]);
    expect(list.current(one.services, T0)).toEqual(["one"]);
  });

  test("survives a failing build with its last state", () => {
    const { services, warnings } = watch(memoryStore());
    let fails = false;
    const list = storeSnapshot({
      prefix: PREFIX,
      read: (name) => name,
      build: (entries) => {
        if (fails) throw new Error("no");
        return entries.size;
      },
    });
    services.store.set(`${PREFIX}one`, "1", undefined, T0);
    expect(list.current(services, T0)).toBe(1);
    fails = true;
    services.store.set(`${PREFIX}two`, "1", undefined, T0);
    changed(services.store, PREFIX, T0);
    expect(list.current(services, T0 + 1)).toBe(1);
    fails = false;
    expect(list.current(services, T0 + 1_001)).toBe(2);
    expect(warnings).toEqual([`AIWAF_LIST_STALE:${PREFIX}`]);
  });
});

describe("a snapshot of a store behind a network", () => {
  test("never waits, is refreshed in the background, one look at a time", async () => {
    const store = slow(memoryStore());
    const { services } = watch(store);
    await store.set(`${PREFIX}one`, "1", undefined, T0);
    const list = names();
    for (let at = 0; at < 50; at++) expect(list.current(services, T0 + at * 100)).toEqual([]);
    // The name of the list's state, and with the first look its entries.
    expect(store.waiting()).toBe(2);
    await store.answer();
    expect(list.current(services, T0 + 4_950)).toEqual(["one"]);
    await store.answer();
  });

  test("waits for the first request and after a pause where asked to, not in between", async () => {
    const store = slow(memoryStore());
    const { services } = watch(store);
    await store.set(`${PREFIX}one`, "1", undefined, T0);
    const list = names();
    const first = list.fresh(services, T0);
    await store.answer();
    expect(await first).toEqual(["one"]);
    for (let at = 100; at < 10_000; at += 100) {
      expect(list.fresh(services, T0 + at)).toEqual(["one"]);
      await store.answer();
    }
    await store.set(`${PREFIX}two`, "1", undefined, T0 + 60_000);
    await changed(store, PREFIX, T0 + 60_000);
    const afterPause = list.fresh(services, T0 + 120_000);
    await store.answer();
    expect(await afterPause).toEqual(["one", "two"]);
  });

  test("reads the entries again after its first look, whose reads may have overtaken each other, and then no more", async () => {
    const store = slow(memoryStore());
    const { services, calls } = watch(store);
    const list = names();
    for (let at = 0; at <= 5_000; at += 500) {
      list.current(services, T0 + at);
      await store.answer();
    }
    expect(calls.filter((call) => call.startsWith("list"))).toHaveLength(2);
  });

  test("keeps its state while the store fails, says so once, and recovers", async () => {
    const store = slow(memoryStore());
    const { services, warnings } = watch(store);
    await store.set(`${PREFIX}one`, "1", undefined, T0);
    const list = names();
    list.current(services, T0);
    await store.answer();
    store.fails = true;
    for (let at = 1; at <= 5; at++) {
      expect(list.current(services, T0 + at * 1_000)).toEqual(["one"]);
      await store.answer();
    }
    expect(list.health(services.store).failures).toBe(5);
    expect(warnings).toEqual([`AIWAF_LIST_STALE:${PREFIX}`]);
    store.fails = false;
    await store.set(`${PREFIX}two`, "1", undefined, T0);
    await changed(store, PREFIX, T0);
    list.current(services, T0 + 6_000);
    await store.answer();
    expect(list.current(services, T0 + 6_001)).toEqual(["one", "two"]);
  });

  test("that was never read tells whoever wants it fresh, so that onFailure decides", async () => {
    const store = slow(memoryStore());
    store.fails = true;
    const { services } = watch(store);
    const list = names();
    const first = list.fresh(services, T0);
    await Promise.all([expect(first).rejects.toThrow("away"), store.answer()]);
    expect(list.current(services, T0 + 1)).toEqual([]);
    store.fails = false;
    const second = list.fresh(services, T0 + 2);
    await store.answer();
    expect(await second).toEqual([]);
  });

  test("gives up a look that has no answer, and drops what it says later", async () => {
    const inner = memoryStore();
    const store = slow(inner);
    const { services } = watch(store);
    const list = names();
    list.current(services, T0);
    expect(store.waiting()).toBe(2);
    let answerOld = (): void => {};
    const stuck = new Promise<string>((resolve) => {
      answerOld = () => resolve('"old"');
    });
    const original = services.store.get;
    (services.store as { get: Store["get"] }).get = () => stuck;
    await store.answer();
    list.current(services, T0 + 1_000);
    (services.store as { get: Store["get"] }).get = original;
    inner.set(`${PREFIX}one`, "1", undefined, T0);
    await changed(inner, PREFIX, T0);
    list.current(services, T0 + 2_000);
    expect(store.waiting()).toBe(0);
    list.current(services, T0 + 6_000);
    await store.answer();
    expect(list.current(services, T0 + 6_001)).toEqual(["one"]);
    inner.delete(`${PREFIX}one`);
    answerOld();
    await store.answer();
    expect(list.current(services, T0 + 6_002)).toEqual(["one"]);
  });

  test("is read again at once when the store pushes a change", async () => {
    const inner = memoryStore();
    let push = (_: string): void => {};
    const store: Store = {
      ...inner,
      get: async (key, now) => inner.get(key, now),
      watch(listener) {
        push = listener;
      },
    };
    const { services } = watch(store);
    const list = names();
    await list.fresh(services, T0);
    await store.set(`${PREFIX}one`, "1", undefined, T0);
    await changed(store, PREFIX, T0);
    push(PREFIX);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    expect(list.current(services, T0 + 1)).toEqual(["one"]);
  });
});

describe("lists that are asked for as one", () => {
  const OTHER = "list:other:";
  const joined = () => {
    const built: string[] = [];
    const other = storeSnapshot({ prefix: OTHER, read: (name) => name, build: (entries) => entries.size });
    const both = joinSnapshots([names(), other], (list, count) => {
      built.push(`${list.join()} ${count}`);
      return { list, count };
    });
    return { both, built };
  };

  test("are built again when one of them changed, and with the next request in the process that changed it", () => {
    const { services } = watch(memoryStore());
    const { both, built } = joined();
    const first = both(services, T0);
    expect([first, both(services, T0 + 50), both(services, T0 + 600)]).toEqual([first, first, first]);
    services.store.set(`${OTHER}x`, "1", undefined, T0 + 610);
    changed(services.store, OTHER, T0 + 610);
    expect(both(services, T0 + 611)).toEqual({ list: [], count: 1 });
    expect(built).toEqual([" 0", " 1"]);
  });

  test("show what another process wrote within a second of requests", () => {
    const store = memoryStore();
    const { services } = watch(store);
    const { both } = joined();
    both(services, T0);
    // Said by the other process, of which this one hears nothing.
    store.set(`${PREFIX}one`, "1", undefined, T0 + 10);
    store.set(`version:${PREFIX}`, "another", undefined, T0 + 10);
    let seenAt = Infinity;
    for (let at = 20; at <= 1_010; at += 10) if (both(services, T0 + at).list.length > 0) seenAt = Math.min(seenAt, at);
    expect(seenAt).toBeLessThan(700);
  });

  test("show what a slow store answered as soon as it did", async () => {
    const store = memoryStore();
    store.set(`${PREFIX}one`, "1", undefined, T0);
    const away = slow(store);
    const { services } = watch(away);
    const { both } = joined();
    expect(both(services, T0).list).toEqual([]);
    await away.answer();
    expect(both(services, T0 + 1).list).toEqual(["one"]);
  });

  test("are each firewall's own", () => {
    const [one, other] = [watch(memoryStore()), watch(memoryStore())];
    one.services.store.set(`${PREFIX}one`, "1", undefined, T0);
    const { both } = joined();
    const lists = [one, other, one, other].map(({ services }, index) => both(services, T0 + index).list);
    expect(lists).toEqual([["one"], [], ["one"], []]);
  });

  test("follow a clock that is set back", () => {
    const { services, calls } = watch(memoryStore());
    const { both } = joined();
    both(services, T0);
    calls.length = 0;
    both(services, T0 - 10_000);
    expect(calls).toContain(`get version:${PREFIX}`);
  });
});

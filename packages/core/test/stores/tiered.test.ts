import { describe, expect, test, vi } from "vitest";
import { WafError } from "../../src/errors.ts";
import { changed, storeSnapshot } from "../../src/snapshots.ts";
import { createBreaker } from "../../src/stores/breaker.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { type TieredStoreOptions, tieredStore } from "../../src/stores/tiered.ts";
import type { Store } from "../../src/types.ts";
import { PATIENCE_MS, pause } from "../wait.ts";

const t0 = 1_700_000_000_000;
const MINUTE = 60_000;

interface Remote extends Store {
  /** What the server behind it holds. */
  readonly held: Store;
  state: "up" | "down" | "hanging";
  calls: number;
}

/** A store on a server that can go away: its answers come later, or fail, or never come. */
function remote(): Remote {
  const held = memoryStore();
  const answer = <T>(run: () => T): Promise<T> => {
    self.calls += 1;
    if (self.state === "hanging") return new Promise(() => {});
    return self.state === "down" ? Promise.reject(new Error("connection refused")) : Promise.resolve().then(run);
  };
  const self: Remote = {
    name: "remote",
    held,
    state: "up",
    calls: 0,
    increment: (...args) => answer(() => held.increment(...args)) as never,
    get: (...args) => answer(() => held.get(...args)) as never,
    set: (...args) => answer(() => held.set(...args)) as never,
    delete: (...args) => answer(() => held.delete(...args)) as never,
    list: (...args) => answer(() => held.list(...args)) as never,
  };
  return self;
}

function make(options: Partial<TieredStoreOptions> = {}): { shared: Remote; store: Store; changes: string[] } {
  const shared = remote();
  const changes: string[] = [];
  const onChange = (tier: string, reason: string): void => void changes.push(`${tier}: ${reason}`);
  return { shared, changes, store: tieredStore({ shared, failures: 3, slowMs: 20, pauseMs: 20, onChange, ...options }) };
}

/** Asks until the shared store answers again. */
async function untilBack(store: Store, changes: readonly string[], now = t0): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (!changes.at(-1)?.startsWith("shared")) {
    if (performance.now() > until) throw new Error("it never came back");
    await store.get("anything", now);
    await pause(5);
  }
}

test.each([
  [undefined, "tieredStore.shared"],
  [{ shared: {} }, "tieredStore.shared"],
  [{ shared: memoryStore(), local: "memory" }, "tieredStore.local"],
  [{ shared: memoryStore(), failures: 0 }, "tieredStore.failures"],
  [{ shared: memoryStore(), pauseMs: 1 }, "tieredStore.pauseMs"],
])("%j is refused with the option's name", (options, name) => {
  expect(() => tieredStore(options as unknown as TieredStoreOptions)).toThrow(WafError);
  expect(() => tieredStore(options as unknown as TieredStoreOptions)).toThrow(name);
});

test("while the shared store answers, it alone counts", async () => {
  const { shared, store, changes } = make();
  expect(await store.increment("k", 2, MINUTE, t0)).toEqual({ value: 2, expiresAt: t0 + MINUTE });
  await store.set("ban", "1", MINUTE, t0);
  expect([await store.get("ban", t0), await store.list("", 5, t0)]).toEqual(["1", ["ban"]]);
  shared.held.increment("k", 10, MINUTE, t0);
  expect(await store.increment("k", 0, MINUTE, t0)).toMatchObject({ value: 12 });
  await store.delete("ban");
  expect(shared.held.get("ban", t0)).toBeUndefined();
  expect(changes).toEqual([]);
});

test("over a shared store that answers in the same tick, so does it", () => {
  const store = tieredStore({ shared: memoryStore() });
  expect(store.increment("k", 1, MINUTE, t0)).toEqual({ value: 1, expiresAt: t0 + MINUTE });
  store.set("v", "1", MINUTE, t0);
  expect(store.get("v", t0)).toBe("1");
  expect(store.name).toBe("tiered(memory, memory)");
});

describe("a shared store that is down", () => {
  test("every call is answered locally; after a few failures it is left alone, which is told once, and answers come in the same tick", async () => {
    const { shared, store, changes } = make({ pauseMs: MINUTE });
    shared.state = "down";
    for (let i = 1; i <= 10; i++) expect(await store.increment("k", 1, MINUTE, t0)).toMatchObject({ value: i });
    expect(shared.calls).toBe(3);
    expect(changes).toEqual(["local: connection refused"]);
    expect(store.increment("k", 1, MINUTE, t0)).toEqual({ value: 11, expiresAt: t0 + MINUTE });
  });

  test("a failure now and then does not open anything", async () => {
    const { shared, store, changes } = make({ pauseMs: MINUTE });
    for (let i = 0; i < 20; i++) {
      shared.state = i % 3 === 2 ? "up" : "down";
      await store.increment("k", 1, MINUTE, t0);
    }
    expect(changes).toEqual([]);
    expect(shared.calls).toBe(20);
  });

  test("bans that this process wrote hold, before it went down and after", async () => {
    const { shared, store } = make();
    await store.set("ban:1", "1", MINUTE, t0);
    shared.state = "down";
    await store.set("ban:2", "2", MINUTE, t0);
    expect([await store.get("ban:1", t0), await store.get("ban:2", t0)]).toEqual(["1", "2"]);
    expect([...(await store.list("ban:", 5, t0))].sort()).toEqual(["ban:1", "ban:2"]);
  });

  test("what was set and deleted meanwhile is there when it is back, with the end it had; what ended meanwhile is gone", async () => {
    const { shared, store, changes } = make();
    await store.set("unbanned", "1", MINUTE, t0);
    await store.set("short", "1", MINUTE, t0);
    await store.set("cleared", "1", MINUTE, t0);
    shared.state = "down";
    for (let i = 0; i < 4; i++) await store.get("k", t0);
    await store.set("ban", "1", MINUTE, t0);
    await store.set("lasting", "old", undefined, t0);
    await store.set("lasting", "new", undefined, t0);
    await store.set("short", "1", 500, t0);
    await store.set("cleared", "1", 0, t0);
    await store.delete("unbanned");
    shared.state = "up";
    await untilBack(store, changes, t0 + 1_000);
    expect([...(shared.held.list("", 9, t0 + 1_000) as string[])].sort()).toEqual(["ban", "lasting"]);
    expect(shared.held.get("lasting", t0)).toBe("new");
    expect(shared.held.get("ban", t0 + MINUTE - 1)).toBe("1");
    expect(shared.held.get("ban", t0 + MINUTE)).toBeUndefined();
    expect(changes).toEqual(["local: connection refused", "shared: it answers again"]);
  });

  test("one ban that did not get through arrives later, and never over a newer one", async () => {
    const { shared, store } = make();
    shared.state = "down";
    await store.set("ban", "first", MINUTE, t0);
    await store.set("other", "kept", MINUTE, t0);
    shared.state = "up";
    await store.set("ban", "second", MINUTE, t0);
    for (let i = 0; i < 20; i++) {
      await store.get("k", t0);
      await pause(5);
    }
    expect([shared.held.get("ban", t0), shared.held.get("other", t0)]).toEqual(["second", "kept"]);
  });

  test("a local store that takes no more keeps nothing from the shared one", async () => {
    const { shared, store } = make({ local: memoryStore({ maxValues: 1 }) });
    await store.set("a", "1", undefined, t0);
    await store.set("b", "1", undefined, t0);
    expect(shared.held.list("", 9, t0)).toEqual(["a", "b"]);
  });

  test("beyond maxUnsent the oldest are given up", async () => {
    const { shared, store, changes } = make({ maxUnsent: 2 });
    shared.state = "down";
    for (let i = 0; i < 5; i++) await store.set(`k${i}`, "1", undefined, t0);
    shared.state = "up";
    await untilBack(store, changes);
    expect([...(shared.held.list("", 9, t0) as string[])].sort()).toEqual(["k3", "k4"]);
  });

  test("as long as it is down it is tried once a pause and no more", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      const { shared, store } = make({ pauseMs: 50 });
      shared.state = "down";
      for (let i = 0; i < 3; i++) await store.get("k", t0);
      const before = shared.calls;
      for (let elapsedMs = 0; elapsedMs < 275; elapsedMs++) {
        vi.advanceTimersByTime(1);
        await Promise.all(Array.from({ length: 100 }, () => store.get("k", t0)));
      }
      expect(shared.calls - before).toBe(5);
    } finally {
      vi.useRealTimers();
    }
  });
});

test("a shared store that hangs holds up the calls under way and no later ones", async () => {
  const { shared, store, changes } = make();
  await store.increment("k", 1, MINUTE, t0);
  shared.state = "hanging";
  void store.increment("k", 1, MINUTE, t0);
  await pause(30);
  expect(store.increment("k", 1, MINUTE, t0)).toEqual({ value: 1, expiresAt: t0 + MINUTE });
  expect(changes).toEqual(["local: no answer within 20 ms"]);
  shared.state = "up";
  await untilBack(store, changes);
  expect(await store.increment("k", 1, MINUTE, t0)).toMatchObject({ value: 2 });
});

test("calls that were under way when the breaker opened do not open it again", () => {
  const opened: string[] = [];
  const breaker = createBreaker({ failures: 1, slowMs: 10, pauseMs: 10, onOpen: (reason) => opened.push(reason), onClose: () => {} });
  const late = breaker.start(0);
  breaker.start(0)(new Error("first"));
  breaker.close();
  late(new Error("late"));
  expect([breaker.isOpen(1_000), opened]).toEqual([false, ["first"]]);
});

describe("stored lists", () => {
  const LIST = "list:block:";
  const names = () =>
    storeSnapshot({ prefix: LIST, read: (name) => name, build: (entries: ReadonlyMap<string, string>) => [...entries.keys()].sort() });

  test("stay as they were last seen while the shared store is away, with what this process changed, and follow it when it is back", async () => {
    const inner = memoryStore();
    let isAway = false;
    const guard = <T>(run: () => T): T => {
      if (isAway) throw new Error("away");
      return run();
    };
    const shared: Store = {
      name: "shared",
      increment: (...given) => guard(() => inner.increment(...given)),
      get: (...given) => guard(() => inner.get(...given)),
      set: (...given) => guard(() => inner.set(...given)),
      delete: (...given) => guard(() => inner.delete(...given)),
      list: (...given) => guard(() => inner.list(...given)),
    };
    const store = tieredStore({ shared, failures: 1, pauseMs: 10 });
    const services = { store, log: console, warnOnce: () => {}, ban: () => {} };
    const list = names();
    inner.set(`${LIST}one`, "1", undefined, t0);
    expect(list.current(services, t0)).toEqual(["one"]);
    isAway = true;
    for (const at of [1_000, 100_000, 200_000]) expect(list.current(services, t0 + at)).toEqual(["one"]);
    await store.set(`${LIST}two`, "1", undefined, t0 + 200_000);
    await changed(store, LIST, t0 + 200_000);
    expect(list.current(services, t0 + 200_001)).toEqual(["one", "two"]);
    await store.delete(`${LIST}one`);
    await changed(store, LIST, t0 + 200_002);
    expect(list.current(services, t0 + 200_003)).toEqual(["two"]);
    isAway = false;
    inner.set(`${LIST}three`, "1", undefined, t0);
    await pause(300);
    for (let round = 0; round < 5; round++) {
      list.current(services, t0 + 300_000 + round * 1_000);
      await pause(20);
    }
    expect(list.current(services, t0 + 400_000)).toEqual(["three", "two"]);
    expect(await inner.list(LIST, 10, t0)).toEqual([`${LIST}three`, `${LIST}two`]);
  });
});

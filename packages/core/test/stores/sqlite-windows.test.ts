import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { type SqliteStoreOptions, sqliteStore } from "../../src/stores/sqlite.ts";
import type { Store, WindowCount } from "../../src/types.ts";

const MINUTE = 60_000;
const start = Math.ceil(1_700_000_000_000 / MINUTE) * MINUTE;
const MIB = 1_048_576;

const folder = mkdtempSync(join(tmpdir(), "aiwaf-sqlite-windows-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const fresh = (): string => join(folder, `${files++}.db`);
interface SynchronousStore extends Omit<Required<Store>, "incrementWindow"> {
  incrementWindow(key: string, by: number, windowMs: number, now: number): WindowCount;
}

const open = new Set<Store>();
const make = (options: Partial<SqliteStoreOptions> = {}) => {
  const store = sqliteStore({ path: fresh(), ...options });
  open.add(store);
  return store as SynchronousStore;
};
afterEach(() => {
  vi.useRealTimers();
  for (const store of open) store.close?.();
  open.clear();
});

/** Looks past the store, with a connection of its own. */
function ask(path: string, query: string): Record<string, unknown> | undefined {
  const database = new DatabaseSync(path);
  try {
    return database.prepare(query).get();
  } finally {
    database.close();
  }
}

describe("windows", () => {
  test("stand in one row a key, which the next window is written over", () => {
    const path = fresh();
    const store = make({ path });
    store.incrementWindow("client", 3, MINUTE, start);
    store.incrementWindow("client", 2, MINUTE, start + MINUTE);
    expect(ask(path, "SELECT count(*) AS rows, value, previous, expires_at FROM sliding")).toEqual({
      rows: 1,
      value: 2,
      previous: 3,
      expires_at: start + 3 * MINUTE,
    });
  });

  test("outlive the store that counted them", () => {
    const path = fresh();
    make({ path }).incrementWindow("client", 3, MINUTE, start);
    expect(make({ path }).incrementWindow("client", 1, MINUTE, start + MINUTE)).toEqual({ current: 1, previous: 3 });
  });

  test("of a clock that was set back by more than one begin anew, and none is counted for longer than it lasts", () => {
    const store = make();
    store.incrementWindow("client", 9, MINUTE, start + 60 * MINUTE);
    expect(store.incrementWindow("client", 0, MINUTE, start)).toEqual({ current: 0, previous: 0 });
    expect(store.incrementWindow("client", 1, MINUTE, start)).toEqual({ current: 1, previous: 0 });
    expect(store.incrementWindow("client", 1, MINUTE, start + MINUTE)).toEqual({ current: 1, previous: 1 });
  });

  test.each([
    [0, 60_000, start],
    [-1, 60_000, start],
    [Number.NaN, 60_000, start],
    [Infinity, 60_000, start],
    [1, 0, start],
    [1, -60_000, start],
    [1, Number.NaN, start],
    [1, Infinity, start],
    [1, 60_000, Number.NaN],
    [1, 60_000, Infinity],
    [1, 60_000, -Infinity],
    [1, 60_000, Number.MAX_SAFE_INTEGER],
  ])("count nothing for %d in windows of %d ms at %d", (by, windowMs, now) => {
    const path = fresh();
    const store = make({ path });
    expect(store.incrementWindow("client", by, windowMs, now)).toEqual({ current: 0, previous: 0 });
    expect(ask(path, "SELECT count(*) AS rows FROM sliding")).toEqual({ rows: 0 });
    store.incrementWindow("client", 3, MINUTE, start);
    expect(store.incrementWindow("client", by, windowMs, now).current).toBe(by === 1 ? 0 : 3);
  });

  test("add up halves and stop at 2^53 - 1, in the window before too", () => {
    const store = make();
    store.incrementWindow("half", 0.5, MINUTE, start);
    expect(store.incrementWindow("half", 0.25, MINUTE, start)).toEqual({ current: 0.75, previous: 0 });
    store.incrementWindow("most", Number.MAX_VALUE, MINUTE, start);
    expect(store.incrementWindow("most", 1, MINUTE, start).current).toBe(Number.MAX_SAFE_INTEGER);
    store.incrementWindow("most", 1, MINUTE, start + MINUTE);
    expect(store.incrementWindow("most", 5, MINUTE, start).current).toBe(Number.MAX_SAFE_INTEGER);
    expect(store.incrementWindow("most", 1, MINUTE, start + MINUTE)).toEqual({ current: 2, previous: Number.MAX_SAFE_INTEGER });
  });

  test("that ended are deleted while others are counted, and those that run are not", () => {
    const path = fresh();
    const store = make({ path });
    for (let i = 0; i < 1_000; i++) store.incrementWindow(`ended:${i}`, 1, MINUTE, start);
    for (let i = 0; i < 300; i++) store.incrementWindow(`running:${i}`, 2, MINUTE, start + MINUTE);
    for (let i = 0; i < 1_000; i++) store.incrementWindow("steady", 3, MINUTE, start + 2 * MINUTE);
    expect(ask(path, "SELECT sum(value = 1) AS ended, sum(value = 2) AS running FROM sliding")).toEqual({ ended: 0, running: 300 });
  });

  test("of a flood of clients stay within maxBytes and push out neither bans, counters nor those who sent most", () => {
    const path = fresh();
    const store = make({ path, maxBytes: MIB });
    for (let i = 0; i < 50; i++) {
      store.incrementWindow(`offender:${i}`, 500, MINUTE, start);
      store.increment(`strike:${i}`, 1, 60 * MINUTE, start);
      store.set(`ban:${i}`, "1", 60 * MINUTE, start);
    }
    for (let i = 0; i < 40_000; i++) store.incrementWindow(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 1, MINUTE, start);
    const { bytes } = ask(
      path,
      "SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
    ) as { bytes: number };
    expect(bytes).toBeLessThan(1.05 * MIB);
    expect(bytes).toBeGreaterThan(0.7 * MIB);
    for (let i = 0; i < 50; i++) expect(store.incrementWindow(`offender:${i}`, 0, MINUTE, start).current).toBe(500);
    expect(store.list("ban:", 100, start)).toHaveLength(50);
  });
});

test("a file of the first schema is brought to this one, and keeps what it holds", () => {
  const path = fresh();
  const database = new DatabaseSync(path);
  database.exec(`
    CREATE TABLE counter (key TEXT PRIMARY KEY, value REAL NOT NULL, expires_at REAL NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE value (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at REAL) STRICT;
    CREATE INDEX value_end ON value (expires_at) WHERE expires_at IS NOT NULL;
    INSERT INTO counter VALUES ('strike:192.0.2.1', 2, ${start + MINUTE});
    INSERT INTO value VALUES ('ban:192.0.2.1', '{}', NULL);
    PRAGMA application_id = ${0x41495746}; PRAGMA user_version = 1;`);
  database.close();
  const store = make({ path });
  expect(store.increment("strike:192.0.2.1", 1, MINUTE, start)).toEqual({ value: 3, expiresAt: start + MINUTE });
  expect(store.get("ban:192.0.2.1", start)).toBe("{}");
  expect(store.incrementWindow("192.0.2.1", 1, MINUTE, start)).toEqual({ current: 1, previous: 0 });
  expect(ask(path, "PRAGMA user_version")).toEqual({ user_version: 2 });
});

describe("the lock that is kept between counts", () => {
  /** 1 while somebody reads the file: then the log cannot be written back to its end and cut. */
  const isRead = (path: string): unknown => ask(path, "PRAGMA wal_checkpoint(TRUNCATE)")?.["busy"];

  test("hides nothing that others wrote: two stores on one file see each other's state at once, and no count is lost", () => {
    const path = fresh();
    const [here, there] = [make({ path }), make({ path })];
    for (let i = 1; i <= 500; i++) {
      expect(here.incrementWindow("client", 1, MINUTE, start).current).toBe(2 * i - 1);
      here.increment("counter", 1, MINUTE, start);
      here.set("ban", `${i}`, undefined, start);
      expect(there.get("ban", start)).toBe(`${i}`);
      expect(there.increment("counter", 1, MINUTE, start)).toMatchObject({ value: 2 * i });
      expect(there.incrementWindow("client", 1, MINUTE, start).current).toBe(2 * i);
      there.delete("ban");
      expect(here.get("ban", start)).toBeUndefined();
      expect(here.list("", 10, start)).toEqual([]);
      expect(here.increment("counter", 0, 1, start)).toMatchObject({ value: 2 * i });
    }
  });

  test("hides nothing between a request's read and its count either", () => {
    const path = fresh();
    const [here, there] = [make({ path }), make({ path })];
    for (let i = 1; i <= 300; i++) {
      expect(here.get("ban", start)).toBe(i === 1 ? undefined : `${i - 1}`);
      if (i % 3 === 0) expect(there.incrementWindow("client", 1, MINUTE, start).current).toBe(i + i / 3 - 1);
      expect(here.incrementWindow("client", 1, MINUTE, start).current).toBe(i + Math.floor(i / 3));
      there.set("ban", `${i}`, undefined, start);
    }
  });

  test("is given back when nothing is counted after a read", () => {
    vi.useFakeTimers();
    const path = fresh();
    const store = make({ path });
    for (let i = 0; i < 3; i++) {
      store.get("ban", start);
      store.incrementWindow("client", 1, MINUTE, start);
    }
    store.get("ban", start);
    expect(isRead(path)).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(isRead(path)).toBe(0);
  });

  test("holds when one writes often and the other now and then", () => {
    const path = fresh();
    const [busy, idle] = [make({ path }), make({ path })];
    let counted = 0;
    for (let i = 0; i < 3_000; i++) {
      counted += 1;
      expect(busy.increment("counter", 1, MINUTE, start)).toMatchObject({ value: counted });
      if (i % 37 !== 0) continue;
      counted += 1;
      expect(idle.increment("counter", 1, MINUTE, start)).toMatchObject({ value: counted });
    }
  });

  test("is given back a second after it was taken, and kept again by the next count", () => {
    vi.useFakeTimers();
    const path = fresh();
    const store = make({ path });
    store.increment("counter", 1, MINUTE, start);
    expect(isRead(path)).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(isRead(path)).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(store.increment("counter", 1, MINUTE, start)).toMatchObject({ value: 2 });
    expect(isRead(path)).toBe(1);
    store.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(isRead(path)).toBe(0);
  });

  test("is not kept by reads that no count follows, nor by bans", () => {
    const path = fresh();
    const store = make({ path });
    store.increment("counter", 1, MINUTE, start);
    store.get("ban", start);
    expect(isRead(path)).toBe(1);
    store.get("ban", start);
    expect(isRead(path)).toBe(0);
    store.increment("counter", 1, MINUTE, start);
    store.set("ban", "1", undefined, start);
    expect(isRead(path)).toBe(0);
  });

  test("does not keep the log from being written back", () => {
    const path = fresh();
    const store = make({ path });
    for (let i = 0; i < 20_000; i++) store.incrementWindow("client", 1, MINUTE, start);
    for (let i = 0; i < 20_000; i++) {
      store.get("ban", start);
      store.incrementWindow("client", 1, MINUTE, start);
    }
    expect(statSync(`${path}-wal`).size).toBeLessThan(10_000_000);
  });
});

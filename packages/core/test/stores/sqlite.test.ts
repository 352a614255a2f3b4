import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { isThenable } from "../../src/awaitable.ts";
import { WafError } from "../../src/errors.ts";
import { type SqliteStoreOptions, sqliteStore } from "../../src/stores/sqlite.ts";
import type { Counter, Store } from "../../src/types.ts";

const t0 = 1_700_000_000_000;
const MIB = 1_048_576;

const folder = mkdtempSync(join(tmpdir(), "aiwaf-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const fresh = (): string => join(folder, `${files++}.db`);
const open = new Set<Store>();
const make = (options: Partial<SqliteStoreOptions> = {}): Store => {
  const store = sqliteStore({ path: fresh(), ...options });
  open.add(store);
  return store;
};
afterEach(() => {
  for (const store of open) store.close?.();
  open.clear();
});

function errorOf(run: () => unknown): WafError {
  try {
    run();
  } catch (error) {
    if (error instanceof WafError) return error;
    throw error;
  }
  throw new Error("did not throw");
}

/** Looks past the store, with a connection of its own. */
function ask(path: string, query: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return Object.values(database.prepare(query).get() ?? {})[0];
  } finally {
    database.close();
  }
}

describe("options", () => {
  test.each([
    [undefined, "sqliteStore.path"],
    [{}, "sqliteStore.path"],
    [{ path: "" }, "sqliteStore.path"],
    [{ path: 5 }, "sqliteStore.path"],
    [{ path: "a.db", maxBytes: 1_000 }, "sqliteStore.maxBytes"],
    [{ path: "a.db", busyTimeoutMs: -1 }, "sqliteStore.busyTimeoutMs"],
    [{ path: "a.db", survives: "fire" }, "sqliteStore.survives"],
    [{ path: "a.db", shared: 1 }, "sqliteStore.shared"],
  ])("%j is refused with the option's name, and no file is made", (options, name) => {
    const error = errorOf(() => sqliteStore(options as SqliteStoreOptions));
    expect(error.code).toBe("AIWAF_OPTION_INVALID");
    expect(error.message).toContain(`"${name}"`);
    expect(existsSync("a.db")).toBe(false);
  });

  test("an unknown option is refused with the nearest known name", () => {
    const error = errorOf(() => sqliteStore({ path: "a.db", busyTimeout: 5 } as SqliteStoreOptions));
    expect(error.code).toBe("AIWAF_OPTION_UNKNOWN");
    expect(error.message).toContain('"busyTimeoutMs"');
  });
});

describe("the file", () => {
  test("what was stored is there when the file is opened again, and the file says whose it is", () => {
    const path = fresh();
    const store = make({ path });
    store.increment("rate", 3, 60_000, t0);
    store.set("ban:192.0.2.1", '{"strike":1}', 60_000, t0);
    store.set("kept", "1", undefined, t0);
    store.close?.();
    store.close?.();
    const again = make({ path });
    expect(again.increment("rate", 1, 60_000, t0 + 5)).toEqual({ value: 4, expiresAt: t0 + 60_000 });
    expect(again.get("ban:192.0.2.1", t0)).toBe('{"strike":1}');
    expect(again.get("ban:192.0.2.1", t0 + 60_000)).toBeUndefined();
    expect(again.get("kept", Number.MAX_SAFE_INTEGER)).toBe("1");
    expect(ask(path, "PRAGMA application_id")).toBe(0x41495746);
    expect(ask(path, "PRAGMA user_version")).toBe(2);
    expect(ask(path, "PRAGMA journal_mode")).toBe("wal");
  });

  test("a closed store throws and does not open the file again", () => {
    const store = make();
    store.close?.();
    expect(() => store.increment("k", 1, 60_000, t0)).toThrow();
    expect(() => store.get("k", t0)).toThrow();
  });

  const refused = (path: string): string => {
    const before = existsSync(path) && statSync(path).isFile() ? readFileSync(path) : undefined;
    const error = errorOf(() => sqliteStore({ path }));
    expect(error.code).toBe("AIWAF_STORE_FILE");
    expect(error.message).toContain(JSON.stringify(path));
    if (before !== undefined) expect(readFileSync(path).equals(before)).toBe(true);
    return error.message;
  };

  test("a file that is no database is refused and left as it was", () => {
    const path = fresh();
    writeFileSync(path, "192.0.2.1,probing\n".repeat(200));
    expect(refused(path)).toMatch(/not a SQLite database/);
  });

  test("a database of another program is refused and left as it was, whether it names its owner or not", () => {
    for (const owner of [0, 42]) {
      const path = fresh();
      const database = new DatabaseSync(path);
      database.exec(`CREATE TABLE counter (key TEXT); INSERT INTO counter VALUES ('x'); PRAGMA application_id = ${owner}`);
      database.close();
      expect(refused(path)).toMatch(/of another program/);
      expect(existsSync(`${path}-wal`)).toBe(false);
    }
  });

  test("a file of a newer version is refused and left as it was", () => {
    const path = fresh();
    make({ path }).close?.();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
    expect(refused(path)).toMatch(/schema version 99, and this version .* knows 1 to 2/);
  });

  test("a damaged file is refused", () => {
    const path = fresh();
    const store = make({ path });
    for (let i = 0; i < 500; i++) store.set(`k${i}`, "x".repeat(500), undefined, t0);
    store.close?.();
    truncateSync(path, 3_000);
    expect(refused(path)).toMatch(/damaged/);
  });

  test("a folder that is not there, a folder in the place of the file and a place that cannot hold one are refused", () => {
    expect(refused(join(folder, "nowhere", "a.db"))).toMatch(/its folder must exist/);
    const inTheWay = fresh();
    mkdirSync(inTheWay);
    expect(refused(inTheWay)).toMatch(/cannot be opened/);
    expect(refused(":memory:")).toMatch(/write-ahead logging is not possible/);
  });

  test.skipIf(process.platform === "win32")(
    "a new file and those beside it are for this user alone; one that is there keeps its mode",
    () => {
      const path = fresh();
      make({ path }).increment("k", 1, 60_000, t0);
      const modes = ["", "-wal", "-shm"].map((ending) => (statSync(path + ending).mode & 0o777).toString(8));
      expect(modes).toEqual(["600", "600", "600"]);
      const shared = fresh();
      writeFileSync(shared, "", { mode: 0o660 });
      chmodSync(shared, 0o660);
      make({ path: shared });
      expect((statSync(shared).mode & 0o777).toString(8)).toBe("660");
      expect(existsSync(":memory:")).toBe(false);
    },
  );

  test("an empty file is taken for a new one", () => {
    const path = fresh();
    writeFileSync(path, "");
    expect(make({ path }).increment("k", 1, 60_000, t0)).toEqual({ value: 1, expiresAt: t0 + 60_000 });
  });
});

test("every call answers in the same tick, without a promise, and works when taken off the store", () => {
  const { increment, set, get, delete: remove, list } = make();
  const answers = [
    increment("k", 1, 1_000, t0),
    increment("missing", 0, 1_000, t0),
    set("k", "1", undefined, t0),
    get("k", t0),
    list("", 10, t0),
    remove("k"),
  ];
  expect(answers.filter((answer) => isThenable(answer as never))).toEqual([]);
  expect(answers[0]).toEqual({ value: 1, expiresAt: t0 + 1_000 });
  expect(answers[4]).toEqual(["k"]);
});

describe("hostile numbers", () => {
  test.each([0, -1, Number.NaN, -Infinity])("a time to live of %d makes no counter and deletes a value", (ttlMs) => {
    const store = make();
    expect(store.increment("k", 1, ttlMs, t0)).toEqual({ value: 0, expiresAt: 0 });
    store.increment("running", 1, 60_000, t0);
    expect(store.increment("running", 1, ttlMs, t0)).toEqual({ value: 2, expiresAt: t0 + 60_000 });
    store.set("k", "1", undefined, t0);
    store.set("k", "2", ttlMs, t0);
    expect(store.get("k", t0)).toBeUndefined();
  });

  test.each([-1, Number.NaN, Infinity, -Infinity])("adding %d only reads", (by) => {
    const store = make();
    expect(store.increment("k", by, 60_000, t0)).toEqual({ value: 0, expiresAt: 0 });
    store.increment("k", 3, 60_000, t0);
    expect(store.increment("k", by, 60_000, t0)).toEqual({ value: 3, expiresAt: t0 + 60_000 });
  });

  test.each([Number.NaN, Infinity, -Infinity])("at the time %d nothing is found and nothing is written", (now) => {
    const store = make();
    store.increment("k", 1, 60_000, t0);
    store.set("k", "1", undefined, t0);
    expect(store.increment("k", 1, 60_000, now)).toEqual({ value: 0, expiresAt: 0 });
    store.set("k", "2", 1_000, now);
    expect([store.get("k", now), store.list("", 10, now)]).toEqual([undefined, []]);
    expect([store.get("k", t0), (store.increment("k", 0, 1, t0) as Counter).value]).toEqual(["1", 1]);
  });

  test.each([
    [0, 0],
    [-1, 0],
    [Number.NaN, 0],
    [0.5, 1],
    [2, 2],
    [Infinity, 5],
  ])("a limit of %d lists %i of 5 keys", (limit, expected) => {
    const store = make();
    for (let i = 0; i < 5; i++) store.set(`k${i}`, "1", i % 2 === 0 ? undefined : 1_000, t0);
    expect(store.list("k", limit, t0)).toHaveLength(expected);
  });

  test("halves add up, and counts and ends stop at 2^53 - 1", () => {
    const store = make();
    store.increment("half", 0.5, 60_000, t0);
    expect(store.increment("half", 0.25, 60_000, t0 + 0.5)).toEqual({ value: 0.75, expiresAt: t0 + 60_000 });
    store.increment("most", Number.MAX_VALUE, Infinity, t0);
    expect(store.increment("most", 1, 1, t0)).toEqual({ value: Number.MAX_SAFE_INTEGER, expiresAt: Number.MAX_SAFE_INTEGER });
  });

  test("text that looks like SQL is only text", () => {
    const store = make();
    const key = "k'); DROP TABLE value; --";
    store.set(key, "'; DELETE FROM counter; --", undefined, t0);
    store.increment(key, 1, 60_000, t0);
    expect([store.get(key, t0), store.list("k'", 10, t0)]).toEqual(["'; DELETE FROM counter; --", [key]]);
  });
});

describe("room", () => {
  const usedBytes = (path: string): number =>
    Number(ask(path, "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"));

  test("counters and values that ended are deleted while others are written, without a timer", () => {
    const path = fresh();
    const store = make({ path });
    for (let i = 0; i < 5_000; i++) store.increment(`rate::${i}:1`, 1, 60_000, t0);
    for (let i = 0; i < 500; i++) store.set(`ban:${i}`, "1", 60_000, t0);
    for (let i = 0; i < 5_000; i++) store.increment("steady", 1, 3_600_000, t0 + 60_000);
    expect(ask(path, "SELECT count(*) FROM counter")).toBe(1);
    expect(ask(path, "SELECT count(*) FROM value")).toBe(0);
  });

  test("what still lives is never swept, and however much of it stands in front, what has ended behind it is", () => {
    const path = fresh();
    const store = make({ path });
    for (let i = 0; i < 300; i++) store.increment(`alive:${i}`, 1, 60_001, t0);
    for (let i = 0; i < 300; i++) store.set(`alive:${i}`, "1", i % 2 === 0 ? 60_001 : undefined, t0);
    for (let i = 0; i < 1_000; i++) store.increment(`ended:${i}`, 1, 60_000, t0);
    for (let i = 0; i < 1_000; i++) store.increment("steady", 1, 3_600_000, t0 + 60_000);
    expect(ask(path, "SELECT count(*) FROM counter WHERE key LIKE 'alive:%'")).toBe(300);
    expect(ask(path, "SELECT count(*) FROM value")).toBe(300);
    expect(ask(path, "SELECT count(*) FROM counter WHERE key LIKE 'ended:%'")).toBe(0);
  });

  test("a flood of new clients stays within maxBytes and pushes out neither bans nor the clients that count most", () => {
    const path = fresh();
    const store = make({ path, maxBytes: MIB });
    // Among the others' keys, so that eviction comes by.
    const offenders = Array.from({ length: 50 }, (_, index) => `rate::10.0.${index}.100:28471233`);
    for (const key of offenders) store.increment(key, 500, 3_600_000, t0);
    for (let i = 0; i < 50; i++) store.set(`ban:${i}`, "1", 3_600_000, t0);
    for (let i = 0; i < 30_000; i++) store.increment(`rate::10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:28471234`, 1, 120_000, t0);
    expect(usedBytes(path)).toBeLessThan(1.05 * MIB);
    expect(usedBytes(path)).toBeGreaterThan(0.7 * MIB);
    for (const key of offenders) expect(store.increment(key, 0, 1, t0)).toEqual({ value: 500, expiresAt: t0 + 3_600_000 });
    expect(store.list("ban:", 100, t0)).toHaveLength(50);
  });

  test("full of values, those that end first go; full of values without an end, set throws and keeps what is there", () => {
    const path = fresh();
    const store = make({ path, maxBytes: MIB });
    store.set("ban:long", "1", 86_400_000, t0);
    for (let i = 0; i < 3_000; i++) store.set(`ban:${i}`, "x".repeat(1_000), 300_000 + i, t0);
    expect(usedBytes(path)).toBeLessThan(1.05 * MIB);
    expect(store.get("ban:long", t0)).toBe("1");
    expect(store.get("ban:2999", t0)).toHaveLength(1_000);
    let stored = 0;
    const error = errorOf(() => {
      for (; stored < 3_000; stored++) store.set(`kept:${stored}`, "x".repeat(1_000), undefined, t0);
    });
    expect(error.code).toBe("AIWAF_STORE_FULL");
    expect(stored).toBeGreaterThan(500);
    expect(store.list("kept:", 10_000, t0)).toHaveLength(stored);
    expect(errorOf(() => store.set("huge", "x".repeat(2 * MIB), 1_000, t0)).code).toBe("AIWAF_STORE_FULL");
    store.delete("kept:0");
    store.delete("kept:1");
    store.delete("kept:2");
    store.delete("kept:3");
    store.set("small", "1", undefined, t0);
    expect(store.get("small", t0)).toBe("1");
  });
});

describe('survives: "power-loss"', () => {
  test("keeps bans and counters as the other does, and goes on after a write that another process kept out", () => {
    const path = fresh();
    const store = make({ path, survives: "power-loss", busyTimeoutMs: 0 });
    expect(store.increment("c", 1, 60_000, 1_000)).toMatchObject({ value: 1 });
    store.set("ban:a", "1", 60_000, 1_000);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    expect(() => store.set("ban:b", "1", 60_000, 1_000)).toThrow();
    expect(() => store.delete("ban:a")).toThrow();
    other.exec("COMMIT");
    other.close();
    store.set("ban:b", "1", 60_000, 1_000);
    store.delete("ban:a");
    expect([store.get("ban:a", 1_000), store.get("ban:b", 1_000)]).toEqual([undefined, "1"]);
    expect(store.increment("c", 1, 60_000, 1_000)).toMatchObject({ value: 2 });
  });
});

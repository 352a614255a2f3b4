import { describe, expect, test } from "vitest";
import { WafError } from "../../src/errors.ts";
import { createValueTable } from "../../src/stores/value-table.ts";

const t0 = 1_700_000_000_000;
const MIB = 1_048_576;

/** What one entry is counted as. */
const entryBytes = (key: string, value: string): number => 230 + 2 * (key.length + value.length);

describe("the cap on bytes", () => {
  test("a flood of large values never holds more than the cap", () => {
    const table = createValueTable(100_000, MIB);
    for (let i = 0; i < 5_000; i++) {
      table.set(`k${i}`, "x".repeat((i * 37) % 20_000), 60_000, t0 + i);
      expect(table.usedBytes()).toBeLessThanOrEqual(MIB);
    }
    expect(table.usedBytes()).toBeGreaterThan(MIB / 2);
  });

  test("bytes are given back when values are deleted, replaced, evicted or end", () => {
    const table = createValueTable(1_000, MIB);
    table.set("a", "1", undefined, t0);
    expect(table.usedBytes()).toBe(entryBytes("a", "1"));
    table.set("a", "x".repeat(1_000), 1_000, t0);
    expect(table.usedBytes()).toBe(entryBytes("a", "x".repeat(1_000)));
    table.set("a", "22", undefined, t0);
    expect(table.usedBytes()).toBe(entryBytes("a", "22"));
    table.set("b", "3", 10, t0);
    table.set("c", "4", undefined, t0 + 10);
    expect(table.size()).toBe(2);
    table.delete("a");
    table.delete("a");
    table.delete("c");
    expect(table.usedBytes()).toBe(0);
  });

  test("a value that fills the store can be replaced by one of the same size", () => {
    const table = createValueTable(10, 1_024);
    table.set("k", "a".repeat(300), undefined, t0);
    table.set("k", "b".repeat(300), undefined, t0);
    expect(table.get("k", t0)).toBe("b".repeat(300));
  });

  test("one large value takes the place of as many small ones as it needs", () => {
    const table = createValueTable(1_000, 100_000);
    for (let i = 0; i < 200; i++) table.set(`small${i}`, "x", 60_000 + i, t0);
    table.set("large", "y".repeat(30_000), 60_000, t0);
    expect(table.get("large", t0)).toHaveLength(30_000);
    expect(table.usedBytes()).toBeLessThanOrEqual(100_000);
    expect(table.size()).toBeGreaterThan(100);
  });

  test("a value larger than the cap is refused and pushes nothing out", () => {
    const table = createValueTable(1_000, 10_000);
    table.set("kept", "1", 60_000, t0);
    expect(() => table.set("huge", "x".repeat(10_000), 60_000, t0)).toThrow(WafError);
    expect(table.get("kept", t0)).toBe("1");
    expect(table.get("huge", t0)).toBeUndefined();
  });
});

describe("the cap on values", () => {
  test("ended values go first", () => {
    const table = createValueTable(10, MIB);
    for (let i = 0; i < 9; i++) table.set(`long${i}`, "1", 60_000, t0);
    table.set("ended", "1", 10, t0);
    table.set("new", "1", 60_000, t0 + 10);
    expect(table.list("long", 100, t0 + 10)).toHaveLength(9);
    expect(table.get("new", t0 + 10)).toBe("1");
  });

  test("then the one that ends first: the longest bans stay", () => {
    const table = createValueTable(1_000, MIB);
    for (let i = 0; i < 100; i++) table.set(`ban:repeated${i}`, "1", 86_400_000, t0);
    for (let i = 0; i < 50_000; i++) table.set(`ban:first${i}`, "1", 300_000, t0 + i);
    expect(table.list("ban:repeated", 1_000, t0 + 50_000)).toHaveLength(100);
    expect(table.size()).toBe(1_000);
  });

  test("a ban made longer after eviction had looked at it counts as the longer one", () => {
    const table = createValueTable(20, MIB);
    for (let i = 0; i < 20; i++) table.set(`ban:${i}`, "1", 1_000 + i, t0);
    table.set("first newcomer", "1", 5_000, t0);
    for (let i = 0; i < 10; i++) table.set(`ban:${i}`, "2", 86_400_000, t0);
    const extended = table.list("ban:", 100, t0).filter((key) => table.get(key, t0) === "2");
    for (let i = 0; i < 100; i++) table.set(`newcomer${i}`, "1", 5_000, t0);
    expect(extended.filter((key) => table.get(key, t0) === "2")).toEqual(extended);
    expect(extended.length).toBe(10);
  });

  test("which value goes is right to within a fifth of its time to live, whatever order they came in", () => {
    const table = createValueTable(500, MIB);
    const ends = new Map<string, number>();
    for (let i = 0; i < 5_000; i++) {
      const key = `k${(i * 7_919) % 5_000}`;
      const ttlMs = 1_000 * 2 ** ((i * 37) % 20);
      const before = new Map([...ends].filter(([known]) => table.get(known, t0) !== undefined));
      table.set(key, "1", ttlMs, t0);
      ends.set(key, t0 + ttlMs);
      if (before.size < 500) continue;
      const gone = [...before.keys()].filter((known) => known !== key && table.get(known, t0) === undefined);
      const soonest = Math.min(...before.values()) - t0;
      for (const known of gone) expect(before.get(known)! - t0).toBeLessThanOrEqual(soonest * 1.2);
    }
  });

  test("values without a time to live are never dropped; full of them, set throws and changes nothing", () => {
    const table = createValueTable(100, MIB);
    for (let i = 0; i < 99; i++) table.set(`kept${i}`, String(i), undefined, t0);
    for (let i = 0; i < 1_000; i++) table.set(`short${i}`, "1", 1_000, t0 + i);
    expect(table.list("kept", 1_000, t0 + 1_000)).toHaveLength(99);
    table.set("kept99", "99", undefined, t0 + 1_000);
    for (const ttlMs of [undefined, 1_000]) {
      let thrown: unknown;
      try {
        table.set("more", "1", ttlMs, t0 + 1_000);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(WafError);
      expect((thrown as WafError).code).toBe("AIWAF_STORE_FULL");
      expect((thrown as WafError).message).toMatch(/maxValues.*maxBytes/);
    }
    expect(table.list("", 1_000, t0 + 1_000)).toHaveLength(100);
    expect(table.get("more", t0 + 1_000)).toBeUndefined();
  });

  test("a full store still replaces what it holds, and takes new values once there is room", () => {
    const table = createValueTable(2, MIB);
    table.set("a", "1", undefined, t0);
    table.set("b", "2", undefined, t0);
    table.set("a", "one", undefined, t0);
    expect(table.get("a", t0)).toBe("one");
    table.set("b", "fading", 1_000, t0);
    table.set("c", "3", undefined, t0);
    expect(table.list("", 10, t0)).toEqual(["a", "c"]);
    table.delete("a");
    table.set("d", "4", undefined, t0);
    expect(table.get("d", t0)).toBe("4");
  });
});

describe("against a Map", () => {
  test.each([1, 2, 3])("setting, replacing, deleting and ending in any order loses nothing and leaves nothing behind (seed %i)", (seed) => {
    const table = createValueTable(100_000, 64 * MIB);
    const model = new Map<string, { value: string; expiresAt: number }>();
    let state = seed * 2_654_435_761;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    let now = t0;
    for (let i = 0; i < 30_000; i++) {
      now += random(30);
      const key = `k${random(400)}`;
      const action = random(10);
      if (action < 5) {
        const ttlMs = random(6) === 0 ? undefined : [50, 1_000, 1_100, 20_000, 300_000][random(5)]!;
        const value = "x".repeat(random(50));
        table.set(key, value, ttlMs, now);
        model.set(key, { value, expiresAt: ttlMs === undefined ? Infinity : now + ttlMs });
      } else if (action < 7) {
        table.delete(key);
        model.delete(key);
      } else {
        const expected = model.get(key);
        expect(table.get(key, now)).toBe(expected !== undefined && now < expected.expiresAt ? expected.value : undefined);
      }
      if (i % 500 === 0) {
        const live = [...model].filter(([, { expiresAt }]) => now < expiresAt).map(([name]) => name);
        expect([...table.list("", 1_000, now)].sort()).toEqual(live.sort());
      }
    }
    for (let i = 0; i < 400; i++) if (model.get(`k${i}`)?.expiresAt === Infinity) table.delete(`k${i}`);
    for (let i = 0; i < 400; i++) table.set("last", "1", undefined, now + 300_000);
    expect(table.size()).toBe(1);
    expect(table.usedBytes()).toBe(entryBytes("last", "1"));
    table.delete("last");
    // Nothing is left of what never expires either: the whole room is free again.
    table.set("whole", "x".repeat(32 * MIB - 1_000), undefined, now);
    expect(table.size()).toBe(1);
  });
});

describe("sweeping", () => {
  test("values that ended are dropped while others are written, without a timer", () => {
    const table = createValueTable(100_000, 64 * MIB);
    for (let i = 0; i < 20_000; i++) table.set(`flood${i}`, "1", 1_000, t0);
    for (let i = 0; i < 6_000; i++) table.set("steady", "1", 60_000, t0 + 1_000 + i);
    expect(table.size()).toBe(1);
  });

  test("many values without an end do not slow the sweep of the others", () => {
    const table = createValueTable(100_000, 64 * MIB);
    for (let i = 0; i < 20_000; i++) table.set(`kept${i}`, "1", undefined, t0);
    for (let i = 0; i < 100; i++) table.set(`flood${i}`, "1", 1_000, t0);
    for (let i = 0; i < 60; i++) table.set("steady", "1", 60_000, t0 + 1_000);
    expect(table.size()).toBe(20_001);
  });
});

describe("hostile numbers", () => {
  test.each([0, -1, Number.NaN, -Infinity])("a time to live of %d stores nothing and deletes what was there", (ttlMs) => {
    const table = createValueTable(10, MIB);
    table.set("k", "1", undefined, t0);
    table.set("k", "2", ttlMs, t0);
    expect(table.get("k", t0)).toBeUndefined();
    expect(table.usedBytes()).toBe(0);
  });

  test("an endless time to live ends at the largest safe integer and may be evicted", () => {
    const table = createValueTable(1, MIB);
    table.set("k", "1", Infinity, t0);
    expect(table.get("k", Number.MAX_SAFE_INTEGER - 1)).toBe("1");
    expect(table.get("k", Number.MAX_SAFE_INTEGER)).toBeUndefined();
    table.set("other", "2", 1_000, t0);
    expect(table.list("", 10, t0)).toEqual(["other"]);
  });

  test.each([Number.NaN, Infinity, -Infinity])("at the time %d nothing is found and nothing is written", (now) => {
    const table = createValueTable(10, MIB);
    table.set("k", "1", undefined, t0);
    table.set("fading", "1", 1_000, t0);
    table.set("k", "2", 1_000, now);
    expect([table.get("k", now), table.get("fading", now), ...table.list("", 10, now)]).toEqual([undefined, undefined]);
    expect(table.get("k", t0)).toBe("1");
  });

  test.each([
    [0, 0],
    [-1, 0],
    [Number.NaN, 0],
    [0.5, 1],
    [2, 2],
    [Infinity, 5],
  ])("a limit of %d lists %i of 5 keys", (limit, expected) => {
    const table = createValueTable(10, MIB);
    for (let i = 0; i < 5; i++) table.set(`k${i}`, "1", i % 2 === 0 ? undefined : 1_000, t0);
    expect(table.list("k", limit, t0)).toHaveLength(expected);
  });
});

test("entries of stored lists are listed until they are deleted, replaced by their end, or pushed out", () => {
  const table = createValueTable(3, 1_000_000);
  table.set("list:a:1", "x", undefined, 0);
  table.set("list:a:2", "x", 1_000, 0);
  table.set("list:a:3", "x", 2_000, 0);
  expect(table.list("list:", 10, 0)).toEqual(["list:a:1", "list:a:2", "list:a:3"]);
  table.set("ban:1", "x", 5_000, 0);
  expect(table.list("list:a:", 10, 0)).toEqual(["list:a:1", "list:a:3"]);
  table.delete("list:a:1");
  table.set("list:a:3", "y", 0, 0);
  expect([table.list("list:", 10, 0), table.list("", 10, 0)]).toEqual([[], ["ban:1"]]);
});

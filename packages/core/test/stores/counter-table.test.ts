import { describe, expect, test, vi } from "vitest";
import { type CounterTable, createCounterTable } from "../../src/stores/counter-table.ts";

const t0 = 1_700_000_000_000;
const MISSING = { value: 0, expiresAt: 0 };

/** A small generator (xorshift32): the tests must fail the same way twice. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const read = (table: CounterTable, key: string, now: number) => table.increment(key, 0, 1, now);

describe("against a Map", () => {
  test("300,000 random keys keep their own value and expiry while every shard grows many times", () => {
    const random = randomNumbers(3);
    const table = createCounterTable(1_000_000);
    const model = new Map<string, { value: number; expiresAt: number }>();
    for (let i = 0; i < 600_000; i++) {
      const key = `rate:${random(300_000).toString(36)}:${i % 3}`;
      const by = 1 + random(9);
      const known = model.get(key);
      const expected =
        known === undefined ? { value: by, expiresAt: t0 + 60_000 + i } : { value: known.value + by, expiresAt: known.expiresAt };
      model.set(key, expected);
      const counter = table.increment(key, by, 60_000 + i, t0);
      if (counter.value !== expected.value || counter.expiresAt !== expected.expiresAt)
        expect({ key, ...counter }).toEqual({ key, ...expected });
    }
    expect(table.usedSlots()).toBe(model.size);
    expect(model.size).toBeGreaterThan(300_000);
    for (const [key, expected] of model) {
      const counter = read(table, key, t0);
      if (counter.value !== expected.value || counter.expiresAt !== expected.expiresAt)
        expect({ key, ...counter }).toEqual({ key, ...expected });
    }
  });

  test.each([1, 2, 3, 4])("adding, deleting, ending, sweeping and shrinking never lose or mix up a counter (seed %i)", (seed) => {
    const random = randomNumbers(seed * 7919);
    const table = createCounterTable(100_000);
    const model = new Map<string, { value: number; expiresAt: number }>();
    let now = t0;
    // The pool of keys breathes, so that shards grow, thin out and shrink.
    for (let i = 0; i < 200_000; i++) {
      const poolSize = 50 + Math.floor(4_000 * (1 + Math.sin(i / 9_000)));
      const key = `k${random(poolSize)}`;
      now += random(40);
      let known = model.get(key);
      if (known !== undefined && known.expiresAt <= now) {
        model.delete(key);
        known = undefined;
      }
      const action = random(10);
      if (action < 2) {
        table.delete(key);
        model.delete(key);
        continue;
      }
      const by = action < 4 ? 0 : 1 + random(3);
      const ttlMs = 1 + random(200_000);
      const expected =
        known === undefined
          ? by === 0
            ? MISSING
            : { value: by, expiresAt: now + ttlMs }
          : { value: known.value + by, expiresAt: known.expiresAt };
      if (expected !== MISSING) model.set(key, expected);
      const counter = table.increment(key, by, ttlMs, now);
      if (counter.value !== expected.value || counter.expiresAt !== expected.expiresAt)
        expect({ i, key, ...counter }).toEqual({ i, key, ...expected });
    }
    for (const [key, expected] of model) expect(read(table, key, now)).toEqual(expected.expiresAt > now ? expected : MISSING);
    for (let i = 0; i < 8_050; i++) table.delete(`k${i}`);
    expect(table.usedSlots()).toBe(0);
  });
});

describe("the cap", () => {
  test("the heaviest offenders survive a flood of 5 million new keys, and the table stays at its cap and its size", () => {
    const cap = 20_000;
    const table = createCounterTable(cap);
    const offenders = Array.from({ length: 500 }, (_, i) => `rate:198.51.100.${i}:1`);
    for (const key of offenders) table.increment(key, 50, 3_600_000, t0);
    let largestBytes = 0;
    let mostSlots = 0;
    for (let i = 0; i < 5_000_000; i++) {
      table.increment(`f${i}`, 1, 3_600_000, t0 + (i >> 10));
      if ((i & 4095) === 0) {
        largestBytes = Math.max(largestBytes, table.allocatedBytes());
        mostSlots = Math.max(mostSlots, table.usedSlots());
      }
    }
    expect(offenders.filter((key) => read(table, key, t0 + 5_000).value === 50)).toHaveLength(500);
    expect(mostSlots).toBe(cap);
    expect(largestBytes).toBeLessThan(cap * 48 + 8 * 1_024);
  });

  test("an offender that comes back between the newcomers reaches its limit", () => {
    const table = createCounterTable(1_000);
    for (let i = 0; i < 1_000; i++) table.increment(`old${i}`, 1, 60_000, t0);
    let value = 0;
    for (let i = 0; i < 100_000; i++) {
      table.increment(`new${i}`, 1, 60_000, t0);
      if (i % 500 === 0) value = table.increment("offender", 1, 60_000, t0).value;
    }
    expect(value).toBeGreaterThan(150);
  });

  test("ended counters are given up before live ones", () => {
    const table = createCounterTable(1_000);
    for (let i = 0; i < 500; i++) table.increment(`live${i}`, 1, 600_000, t0);
    for (let i = 0; i < 500; i++) table.increment(`ended${i}`, 1_000, 1_000, t0);
    for (let i = 0; i < 400; i++) table.increment(`new${i}`, 1, 600_000, t0 + 1_000);
    const kept = Array.from({ length: 500 }, (_, i) => read(table, `live${i}`, t0 + 1_000).value).filter((value) => value === 1).length;
    expect(kept).toBeGreaterThan(490);
    expect(table.usedSlots()).toBeLessThanOrEqual(1_000);
  });

  test("of equal counts the one that ends first goes", () => {
    const table = createCounterTable(16);
    for (let i = 0; i < 16; i++) table.increment(`k${i}`, 1, 60_000 + i, t0);
    for (let i = 0; i < 8; i++) table.increment(`n${i}`, 1, 120_000, t0);
    expect(Array.from({ length: 16 }, (_, i) => read(table, `k${i}`, t0).value)).toEqual([...Array(8).fill(0), ...Array(8).fill(1)]);
  });

  test("a cap of one counts the newest client", () => {
    const table = createCounterTable(1);
    expect(table.increment("a", 5, 1_000, t0).value).toBe(5);
    expect(table.increment("b", 1, 1_000, t0).value).toBe(1);
    expect(table.increment("b", 1, 1_000, t0).value).toBe(2);
    expect(read(table, "a", t0)).toEqual(MISSING);
    expect(table.usedSlots()).toBe(1);
  });
});

describe("after a flood", () => {
  test("memory falls again while a few clients keep sending, without a timer", () => {
    const table = createCounterTable(1_000_000);
    for (let i = 0; i < 300_000; i++) table.increment(`flood${i}`, 1, 20_000, t0);
    const peakBytes = table.allocatedBytes();
    // 50 clients, 100 requests a second, for 20 minutes.
    let now = t0;
    for (let i = 0; i < 120_000; i++) {
      now += 10;
      table.increment(`client${i % 50}:${Math.floor(now / 10_000)}`, 1, 20_000, now);
    }
    expect(table.allocatedBytes()).toBeLessThan(peakBytes / 5);
    expect(table.usedSlots()).toBeLessThan(5_000);
    for (let i = 0; i < 10_000; i++) table.increment("last", 1, 1e9, now + 20_000 + i * 100);
    expect(table.allocatedBytes()).toBeLessThan(2_000);
  });

  test("arrays shrink around the counters that stay", () => {
    const table = createCounterTable(1_000_000);
    for (let i = 0; i < 300_000; i++) table.increment(`flood${i}`, 1, i % 200 === 0 ? 1e9 : 20_000, t0);
    const peakBytes = table.allocatedBytes();
    for (let i = 0; i < 60_000; i++) table.increment("steady", 1, 1e9, t0 + 20_000 + i * 10);
    expect(table.allocatedBytes()).toBeLessThan(peakBytes / 5);
    expect(table.usedSlots()).toBe(1_501);
    for (let i = 0; i < 300_000; i += 200) expect(read(table, `flood${i}`, t0 + 620_000).value).toBe(1);
  });

  test("a key that starts afresh among other ended ones never has two slots", () => {
    const table = createCounterTable(1_000);
    const random = randomNumbers(5);
    for (let i = 0; i < 1_000; i++) table.increment(`k${i}`, 1, 1, t0);
    for (let i = 0; i < 3_000; i++) table.increment(`k${random(1_000)}`, 1, 1_000, t0 + 1);
    for (let i = 0; i < 1_000; i++) table.delete(`k${i}`);
    expect(table.usedSlots()).toBe(0);
  });

  test("ended slots are used again in place: steady traffic through ever new windows does not grow the table", () => {
    const table = createCounterTable(1_000_000);
    const bytesAfter = (windows: number, from: number): number => {
      for (let window = from; window < from + windows; window++) {
        for (let client = 0; client < 2_000; client++) table.increment(`${client}:${window}`, 1, 20_000, t0 + window * 10_000 + client * 5);
      }
      return table.allocatedBytes();
    };
    const settled = bytesAfter(20, 0);
    expect(bytesAfter(200, 20)).toBeLessThan(settled * 1.6);
  });
});

describe("time", () => {
  test("a counter ends exactly at its expiry, and the next one starts afresh", () => {
    const table = createCounterTable(100);
    expect(table.increment("c", 2, 1_000, t0)).toEqual({ value: 2, expiresAt: t0 + 1_000 });
    expect(table.increment("c", 1, 9_999, t0 + 999)).toEqual({ value: 3, expiresAt: t0 + 1_000 });
    expect(read(table, "c", t0 + 1_000)).toEqual(MISSING);
    expect(table.increment("c", 1, 500, t0 + 1_000)).toEqual({ value: 1, expiresAt: t0 + 1_500 });
    expect(table.usedSlots()).toBe(1);
  });

  test("a clock that jumps ahead and back does not stop the sweep", () => {
    const table = createCounterTable(100_000);
    table.increment("far", 1, 1_000, t0 + 1e12);
    for (let i = 0; i < 5_000; i++) table.increment(`k${i}`, 1, 1_000, t0);
    for (let i = 0; i < 20_000; i++) table.increment("steady", 1, 1e9, t0 + 2_000 + i * 10);
    expect(table.usedSlots()).toBeLessThan(2_500);
    for (let i = 0; i < 20_000; i++) table.increment(`s${i % 40}`, 1, 1e9, t0 + 202_000 + i * 10);
    expect(table.usedSlots()).toBeLessThan(60);
  });
});

describe("hostile numbers", () => {
  test.each([0, -1, -0.5, Number.NaN, Infinity, -Infinity])("adding %d only reads", (by) => {
    const table = createCounterTable(100);
    expect(table.increment("c", by, 1_000, t0)).toEqual(MISSING);
    expect(table.usedSlots()).toBe(0);
    table.increment("c", 3, 1_000, t0);
    expect(table.increment("c", by, 1_000, t0)).toEqual({ value: 3, expiresAt: t0 + 1_000 });
  });

  test.each([0, -1, Number.NaN, -Infinity])("a time to live of %d makes no counter and still adds to a live one", (ttlMs) => {
    const table = createCounterTable(100);
    expect(table.increment("c", 1, ttlMs, t0)).toEqual(MISSING);
    expect(table.usedSlots()).toBe(0);
    table.increment("c", 1, 1_000, t0);
    expect(table.increment("c", 1, ttlMs, t0)).toEqual({ value: 2, expiresAt: t0 + 1_000 });
  });

  test.each([Number.NaN, Infinity, -Infinity])("at the time %d nothing is found and nothing is written", (now) => {
    const table = createCounterTable(100);
    table.increment("c", 1, 1_000, t0);
    expect(table.increment("c", 1, 1_000, now)).toEqual(MISSING);
    expect(table.increment("d", 1, 1_000, now)).toEqual(MISSING);
    expect(table.increment("c", 0, 1_000, t0)).toEqual({ value: 1, expiresAt: t0 + 1_000 });
    expect(table.usedSlots()).toBe(1);
  });

  test("counts and expiries stop at the largest safe integer", () => {
    const table = createCounterTable(100);
    const most = Number.MAX_SAFE_INTEGER;
    expect(table.increment("c", 1e300, Infinity, t0)).toEqual({ value: most, expiresAt: most });
    expect(table.increment("c", 1, 1, t0)).toEqual({ value: most, expiresAt: most });
  });

  test("fractions of a request add up", () => {
    const table = createCounterTable(100);
    for (let i = 0; i < 4; i++) table.increment("c", 0.25, 1_000, t0);
    expect(read(table, "c", t0).value).toBe(1);
  });

  test("a counter handed out does not change afterwards", () => {
    const table = createCounterTable(100);
    const first = table.increment("c", 1, 1_000, t0);
    table.increment("c", 1, 1_000, t0);
    expect(first.value).toBe(1);
  });

  test("a first count that fails for want of randomness leaves no hash behind for the next", () => {
    const table = createCounterTable(100);
    const refused = vi.spyOn(globalThis.crypto, "getRandomValues").mockImplementationOnce(() => {
      throw new Error("no randomness yet");
    });
    expect(() => table.increment("c", 1, 1_000, t0)).toThrow("no randomness yet");
    refused.mockRestore();
    table.increment("c", 1, 1_000, t0);
    table.increment("d", 5, 1_000, t0);
    expect(read(table, "c", t0).value).toBe(1);
    expect(table.usedSlots()).toBe(2);
  });
});

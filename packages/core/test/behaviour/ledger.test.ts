import { describe, expect, test } from "vitest";
import { createLedger } from "../../src/behaviour/ledger.ts";
import { createKnownPathsForTest } from "./known.ts";

const T0 = 1_700_000_000_000;
const make = (maxClients = 1_000) => createLedger({ maxClients, windowMs: 60_000, memoryMs: 3_600_000 });

describe("a ledger", () => {
  test("counts each different miss once, and takes hits off down to zero", () => {
    const ledger = make();
    expect(ledger.miss("a", "/1", 3, false, T0)).toMatchObject({ points: 3, misses: 1, repeated: false });
    expect(ledger.miss("a", "/1", 3, false, T0 + 1)).toMatchObject({ points: 3, misses: 1, repeated: true });
    expect(ledger.miss("a", "/2", 2, true, T0 + 2)).toMatchObject({ points: 5, misses: 2, hostile: 1 });
    ledger.hit("a", "/3", 4, T0 + 3);
    expect(ledger.read("a", T0 + 4)).toMatchObject({ points: 1, hits: 1 });
    ledger.hit("a", "/4", 99, T0 + 5);
    expect(ledger.read("a", T0 + 6)).toMatchObject({ points: 0, hits: 2, misses: 2 });
  });

  test("takes a miss back that was only late, once, and no other", () => {
    const ledger = make();
    for (const item of ["/1", "/2", "/3"]) ledger.miss("a", item, 1, false, T0);
    for (const item of ["/2", "/2", "/9"]) ledger.hit("a", item, 0, T0 + 1);
    expect(ledger.read("a", T0 + 2)).toMatchObject({ points: 3, misses: 2, hits: 3 });
    expect(ledger.miss("a", "/2", 1, false, T0 + 3)).toMatchObject({ points: 4, misses: 3, repeated: false });
  });

  test("keeps a point for a window at least and a quarter more at most, wherever the window's edges are", () => {
    for (let offset = 0; offset < 60_000; offset += 997) {
      const ledger = make();
      ledger.miss("a", "/1", 1, false, T0 + offset);
      expect(ledger.read("a", T0 + offset + 59_999)?.points, `${offset}`).toBe(1);
      expect(ledger.read("a", T0 + offset + 75_000)?.points, `${offset}`).toBe(0);
    }
  });

  test("has nothing on clients that never missed", () => {
    const ledger = make();
    for (let index = 0; index < 10_000; index++) ledger.hit(`client-${index}`, "/1", 1, T0);
    expect([ledger.usedClients(), ledger.allocatedBytes()]).toEqual([0, 0]);
  });

  test("halves its memory hour by hour and forgets", () => {
    const ledger = make();
    for (let index = 0; index < 8; index++) ledger.miss("a", `/${index}`, 1, false, T0);
    expect(ledger.read("a", T0 + 3_600_000)?.misses).toBe(4);
    expect(ledger.read("a", T0 + 4 * 3_600_000)?.misses).toBe(0);
  });

  test("starts anew after a long pause, at whatever distance numbers of windows wrap around", () => {
    for (const pauseMs of [16 * 3_600_000, 65_536 * 15_000, 32_768 * 15_000, 32_769 * 15_000, 90 * 86_400_000]) {
      const ledger = make();
      for (let index = 0; index < 9; index++) ledger.miss("a", `/${index}`, 1, true, T0);
      expect(ledger.read("a", T0 + pauseMs), `${pauseMs}`).toEqual({ points: 0, misses: 0, hits: 0, hostile: 0 });
      expect(ledger.miss("a", "/1", 1, false, T0 + pauseMs)).toMatchObject({ points: 1, misses: 1, repeated: false });
    }
  });

  test("keeps points for a window that is longer than the memory asked for", () => {
    const ledger = createLedger({ maxClients: 100, windowMs: 86_400_000, memoryMs: 3_600_000 });
    ledger.miss("a", "/1", 5, false, T0);
    expect(ledger.read("a", T0 + 86_399_999)?.points).toBe(5);
  });

  test("survives a clock that jumps back, forth and nowhere", () => {
    const ledger = make();
    for (const now of [T0, T0 - 1e9, T0 + 1e12, 0, -1, Number.NaN, T0, 2 ** 52]) {
      const standing = ledger.miss("a", `/${now}`, 1, false, now);
      expect(standing.points).toBeGreaterThanOrEqual(0);
      expect(standing.points).toBeLessThan(10);
    }
  });

  test("does not overflow: sums stop, and the share of hits stays", () => {
    const ledger = make();
    for (let index = 0; index < 200; index++) ledger.miss("a", `/${index}`, 10_000, true, T0);
    expect(ledger.read("a", T0)?.points).toBe(65_535);
    // Marks have 16 bits: of two hundred different misses, a few are taken for repeats.
    expect(ledger.read("a", T0)?.misses).toBeGreaterThan(190);
    for (let index = 0; index < 200_000; index++) ledger.hit("a", "/known", 0, T0);
    const { hits, misses } = ledger.read("a", T0)!;
    expect(hits).toBeLessThanOrEqual(65_535);
    expect(hits / misses).toBeGreaterThan(300);
  });

  test("of a hundred thousand clients takes 52 bytes each when full, and a flood of others neither grows it nor frees offenders", () => {
    const ledger = make(100_000);
    const offenders = Array.from({ length: 2_000 }, (_, index) => `2001:db8:${index.toString(16)}::/64`);
    for (const key of offenders) for (const item of ["/a", "/b", "/c"]) ledger.miss(key, item, 1, false, T0);
    for (let index = 0; index < 600_000; index++) ledger.miss(`2001:db9:${index.toString(16)}::/64`, "/x", 1, false, T0 + index / 100);
    expect(ledger.usedClients()).toBeLessThanOrEqual(100_000);
    expect(ledger.allocatedBytes()).toBeLessThanOrEqual(100_000 * 52);
    expect(offenders.filter((key) => ledger.read(key, T0 + 6_000)?.points !== 3).length).toBeLessThan(5);
  });
});

describe("what is known of an application", () => {
  test("is paths that were answered, routes, and the words in them; a flood of others leaves those in use", () => {
    const { known, answer, request } = createKnownPathsForTest();
    answer("/orders/17", 200);
    answer("/gone", 404);
    answer("/moved", 302);
    expect(["/orders/17", "/orders/18", "/gone", "/moved"].map((path) => known.isKnown(request(path)))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const below = (path: string, id: string): boolean => known.isBelowKnown(path, id);
    expect([below("/orders/99", "99"), below("/other/99", "99"), below("/99", "99")]).toEqual([true, false, false]);
    expect([below("/orders/99/lines", "99"), below("/orders/99/17/lines", "17")]).toEqual([true, false]);
    answer("/carts/5/lines", 200);
    expect([below("/carts/6/gifts", "6"), below("/carts/x/6", "6")]).toEqual([true, false]);
    expect([known.isOfAnswered("/orders/17/lines", "17"), known.isOfAnswered("/orders/18/lines", "18")]).toEqual([true, false]);
    expect([known.isOfAnswered("/orders/17", "17"), known.isOfAnswered("/carts/5/17/x", "5")]).toEqual([false, false]);
    expect([known.isGoodWord("orders"), known.isGoodWord("gone")]).toEqual([true, false]);
    const used = Array.from({ length: 100 }, (_, index) => `/pages/page-${index}`);
    for (let visit = 0; visit < 30; visit++) for (const path of used) answer(path, 200);
    for (let index = 0; index < 300_000; index++) {
      answer(`/search/word${index}`, 200);
      // In use means that they are asked for during the flood, too: one request in a hundred.
      if (index % 100 === 0) answer(used[(index / 100) % used.length]!, 200);
    }
    expect(used.filter((path) => !known.isKnown(request(path)))).toEqual([]);
  });

  test("does not grow from blocks and from paths that can be read in two ways", () => {
    const { known, answer, request } = createKnownPathsForTest();
    answer("/blocked", 200, { action: "block" });
    answer("/odd", 200, {}, { canonical: false });
    expect([known.isKnown(request("/blocked")), known.isKnown(request("/odd"))]).toEqual([false, false]);
  });
});

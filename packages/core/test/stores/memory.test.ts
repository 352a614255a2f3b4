import { afterEach, describe, expect, test, vi } from "vitest";
import { isThenable } from "../../src/awaitable.ts";
import { WafError } from "../../src/errors.ts";
import { type MemoryStoreOptions, memoryStore } from "../../src/stores/memory.ts";

const t0 = 1_700_000_000_000;

function errorOf(run: () => unknown): WafError {
  try {
    run();
  } catch (error) {
    if (error instanceof WafError) return error;
    throw error;
  }
  throw new Error("did not throw");
}

describe("options", () => {
  test.each([
    [{ maxCounters: 0 }, "memoryStore.maxCounters", "0"],
    [{ maxCounters: 1.5 }, "memoryStore.maxCounters", "1.5"],
    [{ maxCounters: 50_000_001 }, "memoryStore.maxCounters", "50000001"],
    [{ maxCounters: "many" }, "memoryStore.maxCounters", '"many"'],
    [{ maxValues: Number.NaN }, "memoryStore.maxValues", "NaN"],
    [{ maxBytes: 1_023 }, "memoryStore.maxBytes", "1023"],
    [{ maxBytes: null }, "memoryStore.maxBytes", "null"],
  ])("%j is refused with the option's name, its value and what is allowed", (options, name, shown) => {
    const error = errorOf(() => memoryStore(options as MemoryStoreOptions));
    expect(error.code).toBe("AIWAF_OPTION_INVALID");
    expect(error.message).toContain(name);
    expect(error.message).toContain(shown);
    expect(error.message).toMatch(/a whole number from [\d,]+ to [\d,]+/);
  });

  test("an unknown option is refused with the nearest known name", () => {
    const error = errorOf(() => memoryStore({ maxCounter: 10 } as MemoryStoreOptions));
    expect(error.code).toBe("AIWAF_OPTION_UNKNOWN");
    expect(error.message).toContain("memoryStore.maxCounter");
    expect(error.message).toContain('"maxCounters"');
  });

  test.each([null, 5, "memory", []])("options that are %j are refused", (options) => {
    expect(errorOf(() => memoryStore(options as unknown as MemoryStoreOptions)).code).toBe("AIWAF_OPTION_INVALID");
  });

  test.each([undefined, {}, { maxCounters: undefined }, { maxCounters: 50_000_000, maxValues: 10_000_000, maxBytes: 4_294_967_296 }])(
    "%j is accepted",
    (options) => {
      expect(memoryStore(options as MemoryStoreOptions).name).toBe("memory");
    },
  );
});

describe("at rest", () => {
  afterEach(() => vi.unstubAllGlobals());

  test("making a store draws no randomness, reads no clock and sets no timer; the first counter draws the hash key, once", () => {
    let draws = 0;
    const refuse = (): never => {
      throw new Error("not while the module loads");
    };
    vi.stubGlobal("crypto", { getRandomValues: refuse });
    vi.stubGlobal("setTimeout", refuse);
    vi.stubGlobal("setInterval", refuse);
    vi.stubGlobal("Date", { now: refuse });
    vi.stubGlobal("performance", { now: refuse });
    const store = memoryStore();
    store.set("k", "1", 1_000, t0);
    expect(store.get("k", t0)).toBe("1");
    vi.stubGlobal("crypto", {
      getRandomValues(array: Uint32Array) {
        draws += 1;
        return array.fill(0x5bd1e995);
      },
    });
    for (let i = 0; i < 10; i++) store.increment(`k${i}`, 1, 1_000, t0);
    expect(draws).toBe(1);
  });
});

test("every call answers in the same tick, without a promise", () => {
  const store = memoryStore();
  const answers = [
    store.increment("k", 1, 1_000, t0),
    store.increment("missing", 0, 1_000, t0),
    store.set("k", "1", undefined, t0),
    store.get("k", t0),
    store.list("", 10, t0),
    store.delete("k"),
  ];
  expect(answers.filter((answer) => isThenable(answer as never))).toEqual([]);
});

test("delete removes the counter and the value of a key", () => {
  const store = memoryStore();
  store.increment("k", 7, 1_000, t0);
  store.set("k", "1", undefined, t0);
  store.delete("k");
  expect(store.increment("k", 0, 1_000, t0)).toEqual({ value: 0, expiresAt: 0 });
  expect(store.get("k", t0)).toBeUndefined();
});

test("methods work when taken off the store", () => {
  const { increment, set, get, delete: remove, list } = memoryStore();
  increment("k", 1, 1_000, t0);
  set("k", "1", undefined, t0);
  expect([get("k", t0), list("k", 5, t0)]).toEqual(["1", ["k"]]);
  remove("k");
  expect(get("k", t0)).toBeUndefined();
});

test("answers of one store do not reach another", () => {
  const [a, b] = [memoryStore(), memoryStore()];
  a.increment("k", 1, 1_000, t0);
  a.set("k", "1", undefined, t0);
  expect(b.increment("k", 0, 1, t0)).toEqual({ value: 0, expiresAt: 0 });
  expect(b.get("k", t0)).toBeUndefined();
});

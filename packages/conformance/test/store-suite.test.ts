import type { Store } from "@aiwaf/core";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { describe, expect, test } from "vitest";
import { type PlainStore, plainStore } from "../src/plain-store.ts";
import { STORE_CASES, type StoreSuiteOptions, storeSuite } from "../src/store-suite.ts";

interface Registered {
  readonly title: string;
  readonly run: () => void | Promise<void>;
  readonly skipped: boolean;
}

/** Collects what a suite registers, so that a test can look at it and run it. */
function collect(options: Partial<StoreSuiteOptions>): Registered[] {
  const registered: Registered[] = [];
  const collector = Object.assign((title: string, run: Registered["run"]) => registered.push({ title, run, skipped: false }), {
    skip: (title: string, run: Registered["run"]) => registered.push({ title, run, skipped: true }),
  });
  const rawRead: StoreSuiteOptions["rawRead"] = (store, space, key) => (store as PlainStore).entry(space, key);
  storeSuite({ name: "store", test: collector, make: plainStore, rawRead, steps: 500, ...options });
  return registered;
}

async function failuresOf(change: (store: PlainStore) => Partial<PlainStore>): Promise<string[]> {
  const make = (): Store => {
    const store = plainStore();
    return { ...store, ...change(store) };
  };
  const failures: string[] = [];
  for (const { title, run } of collect({ make })) {
    try {
      await run();
    } catch {
      failures.push(title);
    }
  }
  return failures;
}

describe("a store with one fault fails", () => {
  const cases: readonly [string, (store: PlainStore) => Partial<PlainStore>, RegExp][] = [
    ["that ends a millisecond late", (store) => ({ get: (key, now) => store.get(key, now - 1) }), /gone at it/],
    [
      "that ends counters a millisecond early",
      (store) => ({ increment: (key, by, ttlMs, now) => store.increment(key, by, ttlMs - 1, now) }),
      /gone at it/,
    ],
    [
      "whose increments extend",
      (store) => ({
        async increment(key, by, ttlMs, now) {
          const { value } = await store.increment(key, 0, ttlMs, now);
          await store.delete(key);
          return store.increment(key, value + by, ttlMs, now);
        },
      }),
      /never move a counter's end/,
    ],
    [
      "that creates when it should read",
      (store) => ({ increment: (key, by, ttlMs, now) => store.increment(key, by || 1e-9, ttlMs, now) }),
      /adding 0 reads/,
    ],
    [
      "that reads, waits and writes",
      (store) => {
        const counters = new Map<string, number>();
        return {
          async increment(key, by, ttlMs, now) {
            const before = counters.get(key) ?? 0;
            await Promise.resolve();
            counters.set(key, before + by);
            return { value: before + by, expiresAt: (await store.increment(key, by, ttlMs, now)).expiresAt };
          },
        };
      },
      /parallel increments lose none/,
    ],
    [
      "that takes % in a prefix for a wildcard",
      (store) => ({
        async list(prefix, limit, now) {
          const pattern = new RegExp(`^${prefix.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("%", ".*")}`, "s");
          return (await store.list("", Infinity, now)).filter((key) => pattern.test(key)).slice(0, limit);
        },
      }),
      /takes its prefix literally/,
    ],
    [
      "that folds the case of keys",
      (store) => ({ get: (key, now) => store.get(key.toLowerCase(), now), set: (key, ...rest) => store.set(key.toLowerCase(), ...rest) }),
      /odd keys/,
    ],
    [
      "that cuts keys at NUL",
      (store) => ({
        get: (key, now) => store.get(key.split("\0")[0]!, now),
        set: (key, ...rest) => store.set(key.split("\0")[0]!, ...rest),
      }),
      /odd keys/,
    ],
    [
      "that normalises values",
      (store) => ({ set: (key, value, ...rest) => store.set(key, value.normalize("NFC"), ...rest) }),
      /keeps every character/,
    ],
    [
      "that takes an empty value for none",
      (store) => ({ get: async (key, now) => (await store.get(key, now)) || undefined }),
      /empty one is there/,
    ],
    [
      "that keeps the old end when a value is replaced",
      (store) => {
        const ends = new Map<string, number | undefined>();
        return {
          set(key, value, ttlMs, now) {
            const end = ends.has(key) ? ends.get(key) : ttlMs && now + ttlMs;
            ends.set(key, end);
            return store.set(key, value, end && end - now, now);
          },
        };
      },
      /set replaces both/,
    ],
    ["that lists what has ended", (store) => ({ list: (prefix, limit) => store.list(prefix, limit, 0) }), /gone at it/],
    [
      "that cuts the list before it drops what has ended",
      (store) => ({
        list: async (prefix, limit, now) => {
          const live = new Set(await store.list(prefix, Infinity, now));
          return (await store.list(prefix, limit, 0)).filter((key) => live.has(key));
        },
      }),
      /at most its limit/,
    ],
    ["that ignores the limit", (store) => ({ list: (prefix, _limit, now) => store.list(prefix, Infinity, now) }), /at most its limit/],
    [
      "that keeps one space for both",
      (store) => ({
        async increment(key, by, ttlMs, now) {
          const counter = await store.increment(key, by, ttlMs, now);
          if (by > 0) await store.set(key, String(counter.value), counter.expiresAt - now, now);
          return counter;
        },
      }),
      /do not touch/,
    ],
    [
      "whose delete leaves the counter",
      (store) => ({
        async delete(key) {
          const { value, expiresAt } = await store.increment(key, 0, 1, 0);
          await store.delete(key);
          if (value > 0) await store.increment(key, value, expiresAt, 0);
        },
      }),
      /delete removes the value and the counter/,
    ],
    [
      "that counts in 32 bits",
      (store) => ({
        increment: async (...args) => {
          const { value, expiresAt } = await store.increment(...args);
          return { value: value | 0, expiresAt };
        },
      }),
      /exact up to/,
    ],
    [
      "that shares its state with the next",
      () => {
        return shared;
      },
      /never move a counter's end/,
    ],
    ["that answers well but stores nothing a second path could see", () => ({ entry: () => undefined }), /seen by a second path/],
  ];
  const shared = plainStore();

  test.each(cases)("%s", async (_fault, change, title) => {
    const failures = await failuresOf(change);
    expect(failures.join("\n")).toMatch(title);
  });

  test("a store that forgets one write in fifty fails the property case", async () => {
    let calls = 0;
    const failures = await failuresOf((store) => ({
      set: (...args) => (++calls % 50 === 0 ? undefined : store.set(...args)),
    }));
    expect(failures.join("\n")).toMatch(/as a plain model does/);
  });

  test("the failure of the property case names its seed, its step and the last operations", async () => {
    const property = collect({ make: () => ({ ...plainStore(), get: () => undefined }) }).find(({ title }) => title.includes("seed 2"))!;
    await expect(property.run()).rejects.toThrow(/seed 2, step \d+; the last operations: .*get\(/);
  });
});

describe("skips", () => {
  test("without a second path, every case that needs one must be explained", () => {
    expect(() => collect({ rawRead: undefined as never, make: () => memoryStore() })).toThrow(
      /skips must say why for: raw-counter, raw-value, raw-delete/,
    );
  });

  test.each([
    [[{ case: "counter-adding", reason: "no" }], /names the case "counter-adding"; known cases: counter-adds, /],
    [[{ case: "delete", reason: " " }], /the skip of "delete" needs a reason/],
    [[{ case: "delete" } as never], /the skip of "delete" needs a reason/],
    [
      [
        { case: "delete", reason: "a" },
        { case: "delete", reason: "b" },
      ],
      /skipped twice/,
    ],
  ])("%j is an error", (skips, message) => {
    expect(() => collect({ skips })).toThrow(message);
  });

  test("a skipped case appears in the report with its reason", () => {
    const registered = collect({ skips: [{ case: "value-large", reason: "rows end at 64 KiB" }] });
    expect(registered.filter(({ skipped }) => skipped).map(({ title }) => title)).toEqual([
      "store: a value of 1 MiB comes back whole (skipped: rows end at 64 KiB)",
    ]);
    expect(registered).toHaveLength(collect({}).length);
  });

  test("a runner without test.skip still shows the skipped case", () => {
    const titles: string[] = [];
    storeSuite({
      name: "store",
      test: (title) => titles.push(title),
      make: plainStore,
      rawRead: (store, space, key) => (store as PlainStore).entry(space, key),
      skips: [{ case: "value-large", reason: "rows end at 64 KiB" }],
    });
    expect(titles.filter((title) => title.includes("skipped"))).toHaveLength(1);
  });

  test("every case has an id of its own, but for the seeds of the property case", () => {
    expect(STORE_CASES.length).toBe(new Set(STORE_CASES).size);
    expect(collect({}).length).toBe(STORE_CASES.length - 1 + 5);
  });

  test.each([0, -1, 1.5, Number.NaN, 1_000_001])("%d steps are refused", (steps) => {
    expect(() => collect({ steps })).toThrow(/steps must be/);
  });
});

test("every store is closed when its case ends, failed or not", async () => {
  let open = 0;
  const close = (): void => {
    open -= 1;
  };
  const make = (): Store => {
    open += 1;
    return { ...plainStore(), get: () => "wrong", close };
  };
  for (const { run } of collect({ make })) await Promise.resolve(run()).catch(() => {});
  expect(open).toBe(0);
});

import { add, MINUTE, MISSING, read, type StoreCase } from "./store-case.ts";
import { mustEqual } from "./suite.ts";

/** Cases about counters alone. */
export const counterCases: readonly StoreCase[] = [
  {
    id: "counter-adds",
    title: "a counter starts at what is added and returns each new value",
    async run({ store, t0 }) {
      mustEqual(await add(store, "c", 2, MINUTE, t0), { value: 2, expiresAt: t0 + MINUTE }, "the first increment");
      mustEqual(await add(store, "c", 3, MINUTE, t0 + 1), { value: 5, expiresAt: t0 + MINUTE }, "the second");
      mustEqual(await add(store, "other", 1, MINUTE, t0), { value: 1, expiresAt: t0 + MINUTE }, "another key");
    },
  },
  {
    id: "counter-never-extends",
    title: "increments never move a counter's end, neither out nor in",
    async run({ store, t0 }) {
      await store.increment("c", 1, 2 * MINUTE, t0);
      mustEqual(await add(store, "c", 1, 60 * MINUTE, t0 + 1), { value: 2, expiresAt: t0 + 2 * MINUTE }, "a longer time to live");
      mustEqual(await add(store, "c", 1, MINUTE, t0 + 2), { value: 3, expiresAt: t0 + 2 * MINUTE }, "a shorter time to live");
      mustEqual(await read(store, "c", t0 + 2 * MINUTE), MISSING, "at its end");
    },
  },
  {
    id: "counter-exact-expiry",
    title: "a counter lives until one millisecond before its end and is gone at it",
    async run({ store, t0 }) {
      await store.increment("c", 5, MINUTE, t0);
      mustEqual(await read(store, "c", t0 + MINUTE - 1), { value: 5, expiresAt: t0 + MINUTE }, "one millisecond before");
      mustEqual(await read(store, "c", t0 + MINUTE), MISSING, "at the end");
      mustEqual(await read(store, "c", t0 + MINUTE + 1), MISSING, "after it");
    },
  },
  {
    id: "counter-restarts",
    title: "at its end a counter starts afresh, with the new time to live",
    async run({ store, t0 }) {
      await store.increment("c", 5, MINUTE, t0);
      mustEqual(
        await add(store, "c", 1, 2 * MINUTE, t0 + MINUTE),
        { value: 1, expiresAt: t0 + 3 * MINUTE },
        "the first increment at the end",
      );
      mustEqual(await add(store, "c", 1, MINUTE, t0 + 3 * MINUTE - 1), { value: 2, expiresAt: t0 + 3 * MINUTE }, "one before the new end");
    },
  },
  {
    id: "counter-by-zero",
    title: "adding 0 reads: it creates nothing and sets no time to live",
    async run({ store, t0 }) {
      mustEqual(await add(store, "c", 0, 60 * MINUTE, t0), MISSING, "reading what is not there");
      mustEqual(await add(store, "c", 1, MINUTE, t0), { value: 1, expiresAt: t0 + MINUTE }, "the first increment after it");
      mustEqual(await add(store, "c", 0, 60 * MINUTE, t0), { value: 1, expiresAt: t0 + MINUTE }, "reading what is there");
    },
  },
  {
    id: "counter-parallel",
    title: "1,000 parallel increments lose none, and no two see the same value",
    async run({ store, t0 }) {
      const answers = await Promise.all(Array.from({ length: 1_000 }, () => store.increment("c", 1, MINUTE, t0)));
      const values = answers.map(({ value }) => value).sort((a, b) => a - b);
      mustEqual(
        values,
        Array.from({ length: 1_000 }, (_, i) => i + 1),
        "the values handed out",
      );
      mustEqual(await read(store, "c", t0), { value: 1_000, expiresAt: t0 + MINUTE }, "the counter afterwards");
    },
  },
  {
    id: "counter-parallel-keys",
    title: "parallel increments of many keys at their end each start one new counter",
    async run({ store, t0 }) {
      const keys = Array.from({ length: 20 }, (_, i) => `c${i}`);
      await Promise.all(keys.map((key) => store.increment(key, 100, MINUTE, t0)));
      await Promise.all(Array.from({ length: 400 }, (_, i) => store.increment(keys[i % 20]!, 1, 2 * MINUTE, t0 + MINUTE)));
      for (const key of keys) mustEqual(await read(store, key, t0 + MINUTE), { value: 20, expiresAt: t0 + 3 * MINUTE }, key);
    },
  },
  {
    id: "counter-large",
    title: "counts are exact up to 2^53 - 1",
    async run({ store, t0 }) {
      await store.increment("c", 2 ** 31 - 1, MINUTE, t0);
      mustEqual((await add(store, "c", 1, MINUTE, t0)).value, 2 ** 31, "beyond 31 bits");
      mustEqual((await add(store, "c", 2 ** 32, MINUTE, t0)).value, 2 ** 32 + 2 ** 31, "beyond 32 bits");
      const most = Number.MAX_SAFE_INTEGER;
      mustEqual((await add(store, "d", most - 1, MINUTE, t0)).value, most - 1, "one below the most");
      mustEqual((await add(store, "d", 1, MINUTE, t0)).value, most, "the most");
    },
  },
];

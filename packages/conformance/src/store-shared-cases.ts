import { add, MINUTE, MISSING, ODD_KEYS, read, type StoreCase, sorted } from "./store-case.ts";
import { must, mustEqual } from "./suite.ts";

/** Cases about both spaces together. */
export const sharedCases: readonly StoreCase[] = [
  {
    id: "empty",
    title: "a fresh store holds nothing",
    async run({ store, t0 }) {
      must(typeof store.name === "string" && store.name !== "", "a store has a name");
      mustEqual(await read(store, "k", t0), MISSING, "a counter nobody made");
      mustEqual(await store.get("k", t0), undefined, "a value nobody set");
      mustEqual(await sorted(store, "", 10, t0), [], "the keys");
    },
  },
  {
    id: "delete",
    title: "delete removes the value and the counter of a key and nothing else, and may be repeated",
    async run({ store, t0 }) {
      await store.delete("never");
      for (const key of ["k", "kk", "k:1"]) {
        await store.increment(key, 1, MINUTE, t0);
        await store.set(key, "1", MINUTE, t0);
      }
      await store.delete("k");
      await store.delete("k");
      mustEqual(await read(store, "k", t0), MISSING, "the counter");
      mustEqual(await store.get("k", t0), undefined, "the value");
      mustEqual(await sorted(store, "k", 10, t0), ["k:1", "kk"], "the other values");
      mustEqual((await read(store, "kk", t0)).value, 1, "another counter");
      mustEqual(await add(store, "k", 1, 2 * MINUTE, t0), { value: 1, expiresAt: t0 + 2 * MINUTE }, "a counter made after it");
      await store.set("lasting", "1", undefined, t0);
      await store.delete("lasting");
      mustEqual(await store.get("lasting", t0), undefined, "a value without an end");
    },
  },
  {
    id: "spaces-apart",
    title: "a counter and a value of the same key do not touch",
    async run({ store, t0 }) {
      await store.increment("k", 7, MINUTE, t0);
      mustEqual(await store.get("k", t0), undefined, "the counter, read as a value");
      mustEqual(await sorted(store, "", 10, t0), [], "counters are not listed");
      await store.set("k", "text", 2 * MINUTE, t0);
      mustEqual(await add(store, "k", 1, MINUTE, t0), { value: 8, expiresAt: t0 + MINUTE }, "the counter after set");
      mustEqual(await store.get("k", t0 + MINUTE), "text", "the value after the counter's end");
      mustEqual(await read(store, "k", t0 + MINUTE), MISSING, "the counter at its end");
    },
  },
  {
    id: "odd-keys",
    title: "odd keys work and are told apart: empty, unicode, NUL, very long, __proto__, every wildcard",
    async run({ store, t0 }) {
      for (const [i, key] of ODD_KEYS.entries()) {
        mustEqual((await add(store, key, i + 1, MINUTE, t0)).value, i + 1, `a new counter ${JSON.stringify(key.slice(0, 20))}`);
        mustEqual(await store.get(key, t0), undefined, `a value not yet set ${JSON.stringify(key.slice(0, 20))}`);
        await store.set(key, String(i), MINUTE, t0);
      }
      for (const [i, key] of ODD_KEYS.entries()) {
        mustEqual((await read(store, key, t0)).value, i + 1, `the counter ${JSON.stringify(key.slice(0, 20))}`);
        mustEqual(await store.get(key, t0), String(i), `the value ${JSON.stringify(key.slice(0, 20))}`);
      }
      mustEqual(await sorted(store, "", 1_000, t0), [...ODD_KEYS].sort(), "all keys, as they were written");
      for (const key of ODD_KEYS) await store.delete(key);
      mustEqual(await sorted(store, "", 1_000, t0), [], "all keys, deleted");
    },
  },
  {
    id: "time-backwards",
    title: "a clock set back neither extends nor ends what was stored",
    async run({ store, t0 }) {
      await store.increment("c", 1, 2 * MINUTE, t0);
      mustEqual(await add(store, "c", 1, 2 * MINUTE, t0 - MINUTE), { value: 2, expiresAt: t0 + 2 * MINUTE }, "an increment from before");
      mustEqual(await read(store, "c", t0 - 60 * MINUTE), { value: 2, expiresAt: t0 + 2 * MINUTE }, "a read from long before");
      await store.set("k", "1", 2 * MINUTE, t0);
      mustEqual(await store.get("k", t0 - 60 * MINUTE), "1", "a value read from before it was set");
      mustEqual(await store.get("k", t0 + 2 * MINUTE), undefined, "at its end");
      mustEqual(await read(store, "c", t0 + 2 * MINUTE), MISSING, "the counter at its end");
    },
  },
];

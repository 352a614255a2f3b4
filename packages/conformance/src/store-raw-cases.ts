import { MINUTE, ODD_KEYS, type StoreCase } from "./store-case.ts";
import { mustEqual } from "./suite.ts";

/** Cases that look at the storage itself, past the store. */
export const rawCases: readonly StoreCase[] = [
  {
    id: "raw-counter",
    title: "what increment answers is what stands in the storage, seen by a second path",
    needsRawRead: true,
    async run({ store, raw, t0 }) {
      await store.increment("read", 0, MINUTE, t0);
      mustEqual(await raw!("counter", "read"), undefined, "adding 0 stored nothing");
      for (const key of ["c", ...ODD_KEYS]) {
        await store.increment(key, 2, MINUTE, t0);
        await store.increment(key, 3, 60 * MINUTE, t0 + 1);
        mustEqual(
          await raw!("counter", key),
          { value: 5, expiresAt: t0 + MINUTE },
          `the stored counter ${JSON.stringify(key.slice(0, 20))}`,
        );
        mustEqual(await raw!("value", key), undefined, "no value was stored with it");
      }
      await store.increment("c", 1, MINUTE, t0 + MINUTE);
      mustEqual(await raw!("counter", "c"), { value: 1, expiresAt: t0 + 2 * MINUTE }, "the counter that started afresh");
    },
  },
  {
    id: "raw-value",
    title: "what set was given is what stands in the storage, seen by a second path",
    needsRawRead: true,
    async run({ store, raw, t0 }) {
      for (const key of ["k", ...ODD_KEYS]) {
        await store.set(key, '{"n":1}', MINUTE, t0);
        mustEqual(
          await raw!("value", key),
          { value: '{"n":1}', expiresAt: t0 + MINUTE },
          `the stored value ${JSON.stringify(key.slice(0, 20))}`,
        );
        await store.set(key, '{"n":2}', undefined, t0);
        mustEqual(
          await raw!("value", key),
          { value: '{"n":2}', expiresAt: undefined },
          `the replaced value ${JSON.stringify(key.slice(0, 20))}`,
        );
        mustEqual(await raw!("counter", key), undefined, "no counter was stored with it");
      }
    },
  },
  {
    id: "raw-delete",
    title: "delete leaves nothing in the storage, seen by a second path",
    needsRawRead: true,
    async run({ store, raw, t0 }) {
      for (const key of ODD_KEYS) {
        await store.increment(key, 1, MINUTE, t0);
        await store.set(key, "1", undefined, t0);
        await store.delete(key);
        mustEqual(
          [await raw!("counter", key), await raw!("value", key)],
          [undefined, undefined],
          `after deleting ${JSON.stringify(key.slice(0, 20))}`,
        );
      }
    },
  },
];

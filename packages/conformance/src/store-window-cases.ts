import type { Store, WindowCount } from "@aiwaf/core";
import { add, MINUTE, type StoreCase } from "./store-case.ts";
import { mustEqual } from "./suite.ts";

/** Counts where the store does so in one place, and with a key for each window where it does not: both must answer the same. */
async function count(store: Store, key: string, by: number, now: number): Promise<WindowCount> {
  if (store.incrementWindow !== undefined) {
    const { current, previous } = await store.incrementWindow(key, by, MINUTE, now);
    return { current, previous };
  }
  const running = Math.floor(now / MINUTE);
  const [current, previous] = await Promise.all([
    store.increment(`${key}:${running}`, by, 2 * MINUTE, now),
    store.increment(`${key}:${running - 1}`, 0, 2 * MINUTE, now),
  ]);
  return { current: current.value, previous: previous.value };
}

const windowFrom = (t0: number): number => Math.ceil(t0 / MINUTE) * MINUTE;

/** Cases about counts in windows. */
export const windowCases: readonly StoreCase[] = [
  {
    id: "window-adds",
    title: "a window counts from its first to its last millisecond, and is the one before until the next ends",
    async run({ store, t0 }) {
      const start = windowFrom(t0);
      mustEqual(await count(store, "w", 2, start), { current: 2, previous: 0 }, "the first count");
      mustEqual(await count(store, "w", 1, start + MINUTE - 1), { current: 3, previous: 0 }, "its last millisecond");
      mustEqual(await count(store, "w", 0, start + MINUTE), { current: 0, previous: 3 }, "read in the next");
      mustEqual(await count(store, "w", 5, start + MINUTE), { current: 5, previous: 3 }, "the next window");
      mustEqual(await count(store, "w", 1, start + 2 * MINUTE - 1), { current: 6, previous: 3 }, "its last millisecond");
      mustEqual(await count(store, "w", 1, start + 2 * MINUTE), { current: 1, previous: 6 }, "the window after that");
      mustEqual(await count(store, "w", 0, start + 4 * MINUTE), { current: 0, previous: 0 }, "two windows later");
      mustEqual(await count(store, "w", 1, start + 4 * MINUTE), { current: 1, previous: 0 }, "counted two windows later");
      mustEqual(await count(store, "other", 1, start + 4 * MINUTE), { current: 1, previous: 0 }, "another key");
    },
  },
  {
    id: "window-parallel",
    title: "1,000 parallel counts in a window lose none, and no two see the same number",
    async run({ store, t0 }) {
      const start = windowFrom(t0);
      await count(store, "w", 7, start);
      const answers = await Promise.all(Array.from({ length: 1_000 }, () => count(store, "w", 1, start + MINUTE)));
      mustEqual(
        answers.map(({ current }) => current).sort((a, b) => a - b),
        Array.from({ length: 1_000 }, (_, index) => index + 1),
        "the counts handed out",
      );
      mustEqual([...new Set(answers.map(({ previous }) => previous))], [7], "the window before");
    },
  },
  {
    id: "window-clocks",
    title: "counts from a clock a moment behind go to the window they belong to",
    async run({ store, t0 }) {
      const start = windowFrom(t0);
      await count(store, "w", 4, start);
      await count(store, "w", 2, start + MINUTE);
      mustEqual((await count(store, "w", 1, start + MINUTE - 1)).current, 5, "the window before, counted");
      mustEqual((await count(store, "w", 0, start + MINUTE - 1)).current, 5, "the window before, read");
      mustEqual(await count(store, "w", 1, start + MINUTE), { current: 3, previous: 5 }, "the running window");
    },
  },
  {
    id: "window-apart",
    title: "where a store counts windows in one place, a key's windows, its counter and its value do not touch, and delete removes all",
    async run({ store, t0 }) {
      if (store.incrementWindow === undefined) return;
      const start = windowFrom(t0);
      await count(store, "w", 3, start);
      mustEqual((await add(store, "w", 1, 2 * MINUTE, start)).value, 1, "the counter");
      await store.set("w", "text", 2 * MINUTE, start);
      mustEqual(await count(store, "w", 1, start + 1), { current: 4, previous: 0 }, "the window after them");
      await store.delete("w");
      mustEqual(await count(store, "w", 0, start + 1), { current: 0, previous: 0 }, "the window, deleted");
      mustEqual(await count(store, "w", 1, start + MINUTE), { current: 1, previous: 0 }, "the next, with nothing before it");
    },
  },
];

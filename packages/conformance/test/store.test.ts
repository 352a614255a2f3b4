import { memoryStore } from "@aiwaf/core/stores/memory";
import { test } from "vitest";
import { behindPromises } from "../src/behind-promises.ts";
import { type PlainStore, plainStore } from "../src/plain-store.ts";
import { storeSuite } from "../src/store-suite.ts";

const onlyInMemory = ["raw-counter", "raw-value", "raw-delete"].map((id) => ({
  case: id,
  reason: "the memory store keeps its state in this process; nothing else can read it",
}));

storeSuite({ name: "memory store", test, make: () => memoryStore(), skips: onlyInMemory, steps: 10_000 });
storeSuite({ name: "memory store behind promises", test, make: () => behindPromises(memoryStore()), skips: onlyInMemory });
storeSuite({
  name: "smallest memory store that holds the cases",
  test,
  make: () => memoryStore({ maxCounters: 100, maxValues: 100 }),
  skips: onlyInMemory,
});
storeSuite({
  name: "plain store",
  test,
  make: () => plainStore(),
  rawRead: (store, space, key) => (store as PlainStore).entry(space, key),
});

import { memoryStore } from "@aiwaf/core/stores/memory";
import { tieredStore } from "@aiwaf/core/stores/tiered";
import { test } from "vitest";
import { behindPromises } from "../src/behind-promises.ts";
import { storeSuite } from "../src/store-suite.ts";

const skips = ["raw-counter", "raw-value", "raw-delete"].map((id) => ({
  case: id,
  reason: "it stores nothing itself; the stores behind it are read in their own suites",
}));

storeSuite({ name: "tiered store", test, make: () => tieredStore({ shared: behindPromises(memoryStore()) }), skips });
storeSuite({ name: "tiered store in one tick", test, make: () => tieredStore({ shared: memoryStore() }), skips, steps: 500 });
storeSuite({
  name: "tiered store whose shared store never works",
  test,
  make: () => {
    const away = (): never => {
      throw new Error("away");
    };
    return tieredStore({ shared: { name: "away", increment: away, get: away, set: away, delete: away, list: away } });
  },
  skips,
});

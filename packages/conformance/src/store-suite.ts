import type { Awaitable, Store } from "@aiwaf/core";
import type { RawRead, StoreCase, StoreCaseContext } from "./store-case.ts";
import { counterCases } from "./store-counter-cases.ts";
import { modelCases } from "./store-model.ts";
import { rawCases } from "./store-raw-cases.ts";
import { sharedCases } from "./store-shared-cases.ts";
import { valueCases } from "./store-value-cases.ts";
import { windowCases } from "./store-window-cases.ts";
import { readSkips, registerSkip, type Skip, type TestFunction } from "./suite.ts";

/** What `storeSuite` takes. */
export interface StoreSuiteOptions {
  /** Begins every title. */
  readonly name: string;
  readonly test: TestFunction;
  /** Gives a store nobody has written to. Called once a case; the suite closes it. */
  readonly make: () => Awaitable<Store>;
  /** The second path. Without it, the cases that need it must be in `skips`. */
  readonly rawRead?: RawRead;
  readonly skips?: readonly Skip[];
  /** Steps of each property case, 1 to 1,000,000. Default 3,000. */
  readonly steps?: number;
}

const casesOf = (steps: number): readonly StoreCase[] => [
  ...counterCases,
  ...windowCases,
  ...valueCases,
  ...sharedCases,
  ...rawCases,
  ...modelCases(steps),
];

/** The ids of all cases, as `skips` names them. */
export const STORE_CASES: readonly string[] = [...new Set(casesOf(1).map(({ id }) => id))];

/**
 * Registers every case a store must pass, synchronous or not.
 *
 * Time in the cases starts at the clock and is then an argument only; times to live are a minute or more. So a store whose server expires by
 * a clock of its own passes too, as long as it also goes by `now`.
 *
 * @throws TypeError for a skip that is unknown or gives no reason, and for a missing `rawRead` that no skip explains.
 * @example
 * import { test } from "node:test";
 * storeSuite({ name: "my store", test, make: () => myStore(), rawRead: (store, space, key) => readRow(space, key) });
 */
export function storeSuite({ name, test, make, rawRead, skips = [], steps = 3_000 }: StoreSuiteOptions): void {
  if (!Number.isInteger(steps) || steps < 1 || steps > 1_000_000)
    throw new TypeError(`storeSuite: steps must be 1 to 1,000,000, not ${steps}`);
  const cases: readonly StoreCase[] = casesOf(steps);
  const reasons = readSkips("storeSuite", skips, STORE_CASES);
  const unexplained = cases.filter((one) => one.needsRawRead && rawRead === undefined && !reasons.has(one.id)).map(({ id }) => id);
  if (unexplained.length > 0) throw new TypeError(`storeSuite: without rawRead, skips must say why for: ${unexplained.join(", ")}`);

  for (const { id, title, run } of cases) {
    const reason = reasons.get(id);
    if (reason !== undefined) {
      registerSkip(test, `${name}: ${title}`, reason);
      continue;
    }
    test(`${name}: ${title}`, async () => {
      const store = await make();
      const raw: StoreCaseContext["raw"] = rawRead && (async (space, key) => rawRead(store, space, key));
      try {
        await run({ store, raw, t0: Date.now() });
      } finally {
        await store.close?.();
      }
    });
  }
}

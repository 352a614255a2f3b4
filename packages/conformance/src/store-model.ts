import type { Awaitable, Store } from "@aiwaf/core";
import { type PlainStore, plainStore } from "./plain-store.ts";
import { createRandom, type Random } from "./random.ts";
import { ODD_KEYS, type StoreCase, type StoreCaseContext } from "./store-case.ts";
import { must, mustEqual } from "./suite.ts";

const SEEDS = [1, 2, 3, 4, 5];
const MINUTE = 60_000;
const TTLS_MS = [MINUTE, MINUTE + 1, 2 * MINUTE, 10 * MINUTE];
const KEYS = ["a", "ab", "ban:1", "ban:2", "ban:1:2", "rate:1", "rate:2", "strike:1", ...ODD_KEYS.filter((key) => key.length < 10)];
const PREFIXES = ["", "a", "b", "ban", "ban:", "ban:1", "rate:", "%", "_", "*", "\0", "nobody"];
const HISTORY = 12;

/** One random operation: what it is called in a failure's history, and how to run it on either store. */
interface Step {
  readonly text: string;
  run(store: Store): Awaitable<unknown>;
  /** The key it is about, or what it lists. */
  readonly about: string | { readonly prefix: string; readonly limit: number };
}

/** The same random operations on the store and on a plain model; every answer must be the same. */
export function modelCases(steps: number): readonly StoreCase[] {
  return SEEDS.map((seed) => ({
    id: "model",
    title: `${steps} random operations answer as a plain model does (seed ${seed})`,
    async run({ store, raw, t0 }) {
      const random = createRandom(seed);
      const model = plainStore();
      const history: string[] = [];
      let now = t0;
      for (let at = 0; at < steps; at++) {
        // Mostly within a time to live; now and then past the end of some, or exactly at it.
        now += random.oneIn(20) ? random.pick([MINUTE, 1, MINUTE - 1]) : random.below(2_000);
        const step = store.incrementWindow !== undefined && random.oneIn(5) ? windowStep(random, now) : randomStep(random, now);
        history.push(step.text);
        if (history.length > HISTORY) history.shift();
        const where = `seed ${seed}, step ${at}; the last operations: ${history.join("; ")}`;
        await compareAnswers(step, store, model, now, where);
        if (raw !== undefined && typeof step.about === "string") await compareStorage(step.about, raw, model, now, where);
      }
    },
  }));
}

function windowStep(random: Random, now: number): Step {
  const key = random.pick(KEYS);
  const by = random.oneIn(4) ? 0 : 1 + random.below(5);
  return {
    text: `incrementWindow(${JSON.stringify(key)}, ${by}, ${MINUTE}, ${now})`,
    run: (store) => store.incrementWindow!(key, by, MINUTE, now),
    about: key,
  };
}

function randomStep(random: Random, now: number): Step {
  const key = random.pick(KEYS);
  const shown = JSON.stringify(key);
  const ttlMs = random.pick(TTLS_MS);
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
    case 3: {
      const by = random.oneIn(4) ? 0 : 1 + random.below(5);
      return { text: `increment(${shown}, ${by}, ${ttlMs}, ${now})`, run: (store) => store.increment(key, by, ttlMs, now), about: key };
    }
    case 4:
    case 5: {
      const value = JSON.stringify({ at: now, note: key });
      const lasts = random.oneIn(5) ? undefined : ttlMs;
      return { text: `set(${shown}, …, ${lasts}, ${now})`, run: (store) => store.set(key, value, lasts, now), about: key };
    }
    case 6:
    case 7:
      return { text: `get(${shown}, ${now})`, run: (store) => store.get(key, now), about: key };
    case 8:
      return { text: `delete(${shown})`, run: (store) => store.delete(key), about: key };
    default: {
      const prefix = random.pick(PREFIXES);
      const limit = random.oneIn(3) ? random.below(6) : 1_000;
      return {
        text: `list(${JSON.stringify(prefix)}, ${limit}, ${now})`,
        run: (store) => store.list(prefix, limit, now),
        about: { prefix, limit },
      };
    }
  }
}

async function compareAnswers({ run, about }: Step, store: Store, model: Store, now: number, where: string): Promise<void> {
  const actual = await run(store);
  const expected = await run(model);
  if (typeof about === "string" || !Array.isArray(expected)) {
    mustEqual(plain(actual), plain(expected), where);
    return;
  }
  must(Array.isArray(actual), `list answers with a list: ${where}`);
  mustEqual(actual.length, expected.length, `number of keys: ${where}`);
  mustEqual(new Set(actual).size, actual.length, `no key twice: ${where}`);
  // Which keys a limited list gives is the store's choice.
  const possible = new Set(await model.list(about.prefix, Infinity, now));
  for (const key of actual) must(possible.has(key), `only live keys with the prefix, not ${JSON.stringify(key)}: ${where}`);
}

/** What has ended may or may not have been cleared away; what lives must stand there, and what never was or was deleted must not. */
async function compareStorage(
  key: string,
  raw: NonNullable<StoreCaseContext["raw"]>,
  model: PlainStore,
  now: number,
  where: string,
): Promise<void> {
  for (const space of ["counter", "value"] as const) {
    const expected = model.entry(space, key);
    if (expected?.expiresAt !== undefined && expected.expiresAt <= now) continue;
    mustEqual(await raw(space, key), expected, `the stored ${space}: ${where}`);
  }
}

const plain = (answer: unknown): unknown => {
  if (typeof answer !== "object" || answer === null) return answer;
  const { value, expiresAt, current, previous } = answer as Record<string, unknown>;
  return { value, expiresAt, current, previous };
};

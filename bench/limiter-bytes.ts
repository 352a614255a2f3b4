/**
 * How many bytes a client costs, measured in a process of its own: `<limiter> <clients>`, with `--expose-gc`. Prints one number.
 */
import { memoryStore } from "@aiwaf/core/stores/memory";
import { MemoryStore, type Options } from "express-rate-limit";
import { RateLimiterMemory } from "rate-limiter-flexible";

const [name = "", count = "0"] = process.argv.slice(2);
const addressOf = (index: number): string => `${(index >> 24) & 127}.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;

/** What a client adds: made inside, so that the text of the address counts for those who keep it. */
const LIMITERS: Readonly<Record<string, () => (key: string) => unknown>> = {
  aiwaf() {
    const store = memoryStore({ maxCounters: 1_048_576 });
    return (key) => store.increment(key, 1, 60_000, Date.now());
  },
  "express-rate-limit"() {
    const store = new MemoryStore();
    store.init({ windowMs: 3_600_000 } as Options);
    return (key) => store.increment(key);
  },
  "rate-limiter-flexible"() {
    const limiter = new RateLimiterMemory({ points: 1_000_000, duration: 3_600 });
    return (key) => limiter.consume(key);
  },
};

const collect = (): number => {
  for (let round = 0; round < 3; round++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const run = LIMITERS[name]!();
for (let index = 0; index < 1_000; index++) await run(addressOf(index));
const before = collect();
const clients = Number(count);
for (let index = 0; index < clients; index++) await run(addressOf(1_000_000 + index * 7));
const bytes = (collect() - before) / clients;
// Asked once more, so that what was measured was not garbage yet.
await run(addressOf(0));
console.log(Math.round(bytes));
// The other two keep timers.
process.exit(0);

/** Counts a million clients in one memory store and prints what this process then holds. Run by memory-size.test.ts. */
import { memoryStore } from "../../src/stores/memory.ts";

const CLIENTS = 1_000_000;
const [family = "ipv4", windows = "1"] = process.argv.slice(2);
const t0 = 1_700_000_000_000;

const address =
  family === "ipv4"
    ? (i: number): string => `${11 + (i >> 20)}.${(i >> 12) & 255}.${(i >> 4) & 255}.${100 + (i & 15)}`
    : (i: number): string => `2001:db8:${(i >> 10).toString(16)}:${(i & 1023).toString(16)}::/64`;

const settledMemory = (): NodeJS.MemoryUsage => {
  for (let i = 0; i < 3; i++) globalThis.gc!();
  return process.memoryUsage();
};

const count = (store: ReturnType<typeof memoryStore>, clients: number): void => {
  for (let window = 0; window < Number(windows); window++) {
    for (let i = 0; i < clients; i++) store.increment(`rate:${address(i)}:${28_471_234 + window}`, 1, 120_000, t0);
  }
};

// Code compiled and the young generation grown, so that what follows is the store's.
count(memoryStore(), 20_000);
const before = settledMemory();
const store = memoryStore();
count(store, CLIENTS);
const after = settledMemory();

let counted = 0;
for (let i = 0; i < CLIENTS; i += 7) {
  const counter = store.increment(`rate:${address(i)}:28471234`, 0, 1, t0);
  if ("value" in counter && counter.value === 1) counted += 1;
}

const held = (usage: NodeJS.MemoryUsage): number => usage.heapUsed + usage.arrayBuffers;
console.log(
  JSON.stringify({
    clients: CLIENTS,
    everySeventhFound: counted === Math.ceil(CLIENTS / 7),
    heldBytesPerClient: (held(after) - held(before)) / CLIENTS,
    residentBytesPerClient: (after.rss - before.rss) / CLIENTS,
    residentBytes: after.rss,
  }),
);

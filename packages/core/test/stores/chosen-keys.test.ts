import { expect, test } from "vitest";
import { createCounterTable } from "../../src/stores/counter-table.ts";
import { drawKnownKeys, hashText } from "../../src/stores/keyed-hash.ts";

test("clients chosen so that their hashes agree in ten bits fill a table as others do: a replay's keys are known", () => {
  const [key0, key1] = drawKnownKeys();
  const hash = new Int32Array(2);
  const keys: string[] = [];
  for (let index = 0; keys.length < 9_000; index++) {
    const key = `rate:${index.toString(36)}`;
    hashText(key, key0!, key1!, hash);
    if ((hash[1]! & 1023) === 1023) keys.push(key);
  }
  const now = 1_700_000_000_000;
  const table = createCounterTable(16_000_000);
  for (const key of keys) expect(table.increment(key, 2, 60_000, now).value).toBe(2);
  for (const key of keys) expect(table.increment(key, 1, 60_000, now).value).toBe(3);
  expect(table.usedSlots()).toBe(9_000);
  // The ended ones go, whatever shards they are in.
  for (let second = 61; second < 1_500; second++) table.increment("other", 1, 1_000, now + second * 1_000);
  expect(table.usedSlots()).toBeLessThan(2);
});

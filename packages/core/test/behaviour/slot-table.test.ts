import { describe, expect, test } from "vitest";
import { createSlotTable } from "../../src/behaviour/slot-table.ts";

/** Slots of one field that is their weight. */
const make = (maxSlots: number) => createSlotTable({ fields: 1, maxSlots, weigh: (words, at) => words[at]! });

describe("a slot table", () => {
  test("does what a map does, for 50,000 random steps", () => {
    const table = make(100_000);
    const model = new Map<string, number>();
    let state = 7;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let step = 0; step < 50_000; step++) {
      const key = `192.0.2.${random(8_000)}`;
      const action = random(3);
      if (action === 0) {
        expect(table.claim(key, 0)).toBe(!model.has(key));
        table.words[table.at] = step + 1;
        model.set(key, step + 1);
      } else if (action === 1) {
        expect(table.find(key)).toBe(model.has(key));
        if (model.has(key)) expect(table.words[table.at]).toBe(model.get(key));
      } else if (table.find(key) && random(4) === 0) {
        table.free();
        model.delete(key);
      }
      expect(table.usedSlots()).toBe(model.size);
    }
  });

  test.each([64, 100, 5_000, 20_000])("of %i never holds more, whatever is put in, and keeps the heavy", (maxSlots) => {
    const table = make(maxSlots);
    const heavy = Array.from({ length: Math.floor(maxSlots / 20) }, (_, index) => `heavy-${index}`);
    for (const key of heavy) {
      table.claim(key, 0);
      table.words[table.at] = 1_000;
    }
    for (let index = 0; index < maxSlots * 20; index++) {
      if (table.claim(`light-${index}`, 0)) table.words[table.at] = 1;
    }
    expect(table.usedSlots()).toBeLessThanOrEqual(maxSlots);
    expect(table.allocatedBytes()).toBeLessThanOrEqual(maxSlots * 12);
    expect(heavy.filter((key) => !table.find(key))).toEqual([]);
  });

  test("uses slots that lost their weight before it grows", () => {
    const table = make(4_096);
    for (let index = 0; index < 1_000_000; index++) table.claim(`key-${index}`, 0);
    expect(table.allocatedBytes()).toBeLessThanOrEqual(88 * 12);
  });
});

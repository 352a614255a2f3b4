import { describe, expect, it } from "vitest";
import { TopCounts } from "../src/top-counts.ts";

/** The same by its definition: a new name takes the place, and the count, of the first of the rarest. */
function byDefinition(limit: number, names: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [name, by] of names) {
    const count = counts.get(name);
    if (count !== undefined || counts.size < limit) {
      counts.set(name, (count ?? 0) + by);
      continue;
    }
    const least = Math.min(...counts.values());
    const victim = [...counts].find(([, its]) => its === least)?.[0] ?? "";
    counts.delete(victim);
    counts.set(name, least + by);
  }
  return counts;
}

describe("the most frequent names", () => {
  it("are those of the definition, whatever comes in whatever order", () => {
    let seed = 7;
    const random = (limit: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 2 ** 32) * limit);
    };
    for (let round = 0; round < 40; round++) {
      const limit = 1 + random(20);
      const many = 2 + random(60);
      const names = Array.from({ length: 500 }, () => [`${random(random(many) + 1)}`, random(5) === 0 ? 3 : 1] as const);
      const counts = new TopCounts(limit);
      for (const [name, by] of names) counts.add(name, by);
      expect(new Map(counts.top(limit).map(({ name, count }) => [name, count]))).toEqual(new Map(byDefinition(limit, names)));
    }
  });
});

import { expect, test } from "vitest";
import { mean, median, quantile, wilsonInterval } from "../src/runner/statistics.ts";

// Computed with 50 digits with another program (mpmath), z = 1.959963984540054.
test.each([
  [0, 10, 0, 0.277532799863],
  [1, 10, 0.0178762130951, 0.404150026795],
  [5, 10, 0.236593090513, 0.763406909487],
  [10, 10, 0.722467200137, 1],
  [0, 900, 0, 0.00425014673005],
  [3, 1665, 0.000612960238019, 0.00528421996965],
  [950, 1000, 0.934686179756, 0.961869737607],
])("gives the Wilson interval of %i out of %i", (hits, total, low, high) => {
  const interval = wilsonInterval(hits, total);
  expect(interval.low).toBeCloseTo(low, 11);
  expect(interval.high).toBeCloseTo(high, 11);
});

test("knows nothing when nothing was counted", () => {
  expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
});

test("keeps every interval inside 0 to 1 and around its share", () => {
  for (let total = 1; total <= 60; total += 1) {
    for (let hits = 0; hits <= total; hits += 1) {
      const { low, high } = wilsonInterval(hits, total);
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeLessThanOrEqual(1);
      expect(low).toBeLessThanOrEqual(hits / total);
      expect(high).toBeGreaterThanOrEqual(hits / total);
    }
  }
});

test("takes quantiles by nearest rank, from values in any order", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([quantile(values, 0.5), quantile(values, 0.95), quantile(values, 0.99), quantile(values, 1)]).toEqual([50, 95, 99, 100]);
  expect(quantile([7], 0)).toBe(7);
  expect(quantile([], 0.5)).toBeUndefined();
});

test("takes means and medians of nothing as 0", () => {
  expect([mean([]), median([])]).toEqual([0, 0]);
  expect([mean([1, 2, 6]), median([6, 1, 2]), median([4, 1, 2, 3])]).toEqual([3, 2, 2.5]);
});

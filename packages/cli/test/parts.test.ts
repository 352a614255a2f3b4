import { describe, expect, test } from "vitest";
import { latencyHistogram } from "../src/latency-histogram.ts";
import { createSplitter } from "../src/lines.ts";
import { count, createTally, openFile } from "../src/tally.ts";
import { printable, widthOf } from "../src/terminal.ts";
import { wilsonInterval } from "../src/wilson.ts";

describe("createSplitter", () => {
  const split = (chunks: readonly string[], limit?: number) => {
    const splitter = createSplitter("utf8", limit);
    return [...chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk))), ...splitter.end()].map(
      ({ number, text }) => `${number}:${text}`,
    );
  };

  test("gives the same lines however the bytes are cut", () => {
    const text = "a\r\nbc\n\nünï\n\r\nlast";
    const whole = ["1:a", "2:bc", "3:", "4:ünï", "5:", "6:last"];
    expect(split([text])).toEqual(whole);
    const bytes = Buffer.from(text);
    for (let size = 1; size < bytes.length; size++) {
      const splitter = createSplitter("utf8");
      const lines = [];
      for (let at = 0; at < bytes.length; at += size) lines.push(...splitter.push(bytes.subarray(at, at + size)));
      expect([...lines, ...splitter.end()].map(({ number, text: line }) => `${number}:${line}`)).toEqual(whole);
    }
  });

  test("counts a line above the limit without its text, and reads on behind it", () => {
    expect(split(["abc", "def", "ghi\nok\n", "12345"], 4)).toEqual(["1:undefined", "2:ok", "3:undefined"]);
  });

  test("adds no line behind a final line break", () => {
    expect(split(["a\n"])).toEqual(["1:a"]);
    expect(split([])).toEqual([]);
  });
});

describe("wilsonInterval", () => {
  // From the closed formula: for 0 of n the upper end is z²/(n + z²); the middle value by hand.
  test.each([
    [0, 100, 0, 3.6994],
    [100, 100, 96.3006, 100],
    [10, 100, 5.5229, 17.4366],
    [0, 0, 0, 100],
  ])("%d of %d", (hits, total, low, high) => {
    const [from, to] = wilsonInterval(hits, total);
    expect(from * 100).toBeCloseTo(low, 3);
    expect(to * 100).toBeCloseTo(high, 3);
  });
});

test("percentiles of the histogram are within 1.6 % of the exact ones", () => {
  const histogram = latencyHistogram();
  expect(histogram.percentile(0.5)).toBeUndefined();
  const values = Array.from({ length: 10_000 }, (_, index) => 0.5 + ((index * 7_919) % 10_000));
  for (const value of values) histogram.add(value);
  for (const share of [0.5, 0.95, 0.99]) expect(histogram.percentile(share)! / (share * 10_000)).toBeCloseTo(1, 1.5);
  for (const odd of [0, -1, Number.POSITIVE_INFINITY, 1e300]) histogram.add(odd);
  expect(histogram.percentile(1)).toBeGreaterThan(1e6);
});

describe("printable", () => {
  test("escapes controls, marks that turn the line around, combining marks and lone surrogates", () => {
    expect(printable("a\u001b[2J\u009b\u202eb\u0301\ud800\n\u00ad", 200)).toBe("a\\x1b[2J\\x9b\\u202eb\\u0301\\ud800\\n\\xad");
    expect(printable("é日本ж", 200)).toBe("é日本ж");
    expect(printable("\u00c3\u00a9", 200, true)).toBe("\\xc3\\xa9");
  });

  test("never takes more columns than it may", () => {
    for (const text of ["日本語日本語", "abcdefghijkl", "\u001b\u001b\u001b\u001b", "a日b本c語d"])
      for (let columns = 1; columns < 14; columns++) expect(widthOf(printable(text, columns))).toBeLessThanOrEqual(columns);
    expect(printable("abc", 3)).toBe("abc");
    expect(printable("abcd", 3)).toBe("ab…");
  });
});

test("what a replay adds up stays small, whatever classes, tiers and rules records come with", () => {
  const tally = createTally();
  const file = openFile(tally, "x.jsonl");
  for (let index = 0; index < 2_000; index++) {
    const findings = [{ rule: `mine/${index}` as const, score: 100 }];
    count(
      tally,
      file,
      {
        id: "i",
        label: "benign",
        class: `c${index}`,
        tier: `t${index}`,
        at: 0,
        outcome: undefined,
        raw: { method: "GET", target: "/" } as never,
      },
      {
        decision: { findings, failures: [{ detector: "d", kind: "error", message: `m${index}` }] } as never,
        verdict: { status: 403, rule: `mine/${index}`, retryAfterMs: undefined, headers: undefined },
        microseconds: 1,
      },
    );
  }
  expect(file.classes.size).toBeLessThanOrEqual(201);
  expect(tally.tiers.size).toBeLessThanOrEqual(201);
  expect(tally.benignRules.size).toBeLessThanOrEqual(501);
  expect(tally.failures.size).toBeLessThanOrEqual(20);
  expect([...file.classes.values()].reduce((sum, one) => sum + one.requests, 0)).toBe(2_000);
});

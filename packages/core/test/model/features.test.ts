import { describe, expect, test } from "vitest";
import { BEHAVIOUR_FEATURES, createExtractor, REQUEST_FEATURES, type SeenRequest } from "../../src/model/features.ts";
import { emptyShape, isAsset, measure, scannedWords } from "../../src/model/request-shape.ts";

const START = 1_760_000_000_000;

const seen = (fields: Partial<SeenRequest> = {}): SeenRequest => {
  const target = fields.target ?? "/a";
  return {
    client: "192.0.2.1",
    at: START,
    method: "GET",
    target,
    path: target.split("?")[0]!,
    userAgent: "x",
    hasReferer: false,
    ...fields,
  };
};

const named = (names: readonly string[], vector: Float64Array): Record<string, number> =>
  Object.fromEntries(names.map((name, index) => [name, vector[index]!]));

describe("the shape of a target", () => {
  test("counts lengths, parameters, depth and kinds of characters", () => {
    const shape = emptyShape();
    measure("/a/b1?q=%27x&long=abcdef", shape);
    expect(shape).toMatchObject({ pathLength: 5, queryLength: 18, parameters: 2, longestValue: 6, depth: 2 });
    expect(shape.escaped).toBeCloseTo(1 / 24, 9);
    expect(shape.digits).toBeCloseTo(3 / 24, 9);
  });

  test("S5 entropy is that of Shannon over the characters", () => {
    const shape = emptyShape();
    measure("/aab", shape);
    expect(shape.entropy).toBeCloseTo(1.5, 9);
    measure("////", shape);
    expect(shape.entropy).toBeCloseTo(0, 9);
  });

  test("measures any string and forgets it afterwards, in time that grows with its length and no faster", () => {
    const shape = emptyShape();
    for (const target of ["", "?", "/\uffff\u0100", "%".repeat(1 << 23), "/?".repeat(1 << 22), "&=".repeat(1 << 22)]) {
      // At 8 MiB the square of the length would be hours.
      measure(target, shape);
      for (const value of Object.values(shape)) expect(value).toBeGreaterThanOrEqual(0);
    }
    measure("/aab", shape);
    expect(shape.entropy).toBeCloseTo(1.5, 9);
  });

  test("D-06 a scanner's word counts as a whole word only", () => {
    expect(scannedWords("/feedback/sqlite-docs/administration/seashells")).toBe(0);
    expect(scannedWords("/wp-admin/setup.php")).toBe(4);
    expect(isAsset("/a/b.CSS")).toBe(true);
    expect(isAsset("/a/css")).toBe(false);
  });
});

describe("the extractor", () => {
  test("S3-019 S3-020 S3-021 S3-022 S3-023 S3-024 gives the six features of the originals", () => {
    const extractor = createExtractor();
    extractor.arrive(seen({ target: "/wp-login.php" }));
    const vector = named(BEHAVIOUR_FEATURES, extractor.answer(seen({ target: "/wp-login.php" }), { status: 404, durationMs: 7 }, false));
    expect(vector).toMatchObject({ path_len: Math.log2(14), kw_hits: 2, resp_time: 3, status_idx: 2, burst_count: 1, total_404: 1 });
  });

  test("D-38 counts what came before and nothing that comes later", () => {
    const extractor = createExtractor();
    const burst = (at: number): number => named(REQUEST_FEATURES, extractor.arrive(seen({ at })))["burst_count"]!;
    expect(2 ** burst(START) - 1).toBeCloseTo(1, 6);
    expect(2 ** burst(START + 1_000) - 1).toBeCloseTo(2, 6);
    for (let step = 0; step < 8; step++) burst(START + 2_000 + step);
    expect(2 ** burst(START + 9_000) - 1).toBeCloseTo(11, 6);
    expect(2 ** burst(START + 60_000) - 1).toBeCloseTo(1, 6);
  });

  test("D-41 leaves out of speed and variety what pages load by themselves", () => {
    const extractor = createExtractor();
    extractor.arrive(seen());
    for (let index = 0; index < 60; index++) extractor.arrive(seen({ target: `/assets/${index}.js`, at: START + index }));
    expect(extractor.activity).toMatchObject({ burst: 1, requests: 61, distinctPaths: 1 });
  });

  test("keeps clients apart, and forgets after two windows", () => {
    const extractor = createExtractor();
    for (let index = 0; index < 30; index++) {
      extractor.arrive(seen({ target: `/x${index}` }));
      extractor.answer(seen({ target: `/x${index}` }), { status: 404, durationMs: 0 }, false);
    }
    expect(extractor.activity.missing).toBe(30);
    extractor.arrive(seen({ client: "192.0.2.2" }));
    expect(extractor.activity.missing).toBe(0);
    extractor.arrive(seen({ at: START + 700_000 }));
    expect(extractor.activity).toMatchObject({ missing: 0, requests: 1 });
  });

  test("estimates different paths within a quarter up to 150", () => {
    for (const count of [1, 5, 20, 60, 150]) {
      const extractor = createExtractor();
      for (let index = 0; index < count; index++) extractor.arrive(seen({ target: `/page/${index}` }));
      const estimate = extractor.activity.distinctPaths;
      expect(Math.abs(estimate - count)).toBeLessThanOrEqual(Math.max(1, count * 0.25));
    }
  });

  test("an unknown client has no history, and no number is ever infinite or NaN", () => {
    const extractor = createExtractor();
    for (const at of [0, -5, START, 2 ** 45, START - 1e9, Number.MAX_SAFE_INTEGER]) {
      for (const client of ["", "192.0.2.1"]) {
        const request = seen({ client, at, method: "PROPFIND", target: "*" });
        expect([...extractor.arrive(request)].every(Number.isFinite)).toBe(true);
        expect([...extractor.answer(request, { status: 0, durationMs: Number.NaN }, true)].every(Number.isFinite)).toBe(true);
      }
    }
    expect(extractor.history.clients()).toBe(1);
  });

  test("is bounded: a flood of a million clients takes no more than the table, and leaves a known offender in it", () => {
    const extractor = createExtractor(4_096);
    for (let index = 0; index < 40; index++) {
      const request = seen({ client: "198.51.100.9", target: `/wp-admin/${index}.php` });
      extractor.arrive(request);
      extractor.answer(request, { status: 404, durationMs: 0 }, true);
    }
    for (let index = 0; index < 300_000; index++)
      extractor.arrive(seen({ client: `2001:db8:${index.toString(16)}::/64`, at: START + (index >> 10) }));
    expect(extractor.history.bytes()).toBeLessThan(4_096 * 90);
    extractor.arrive(seen({ client: "198.51.100.9", at: START + 1_000 }));
    expect(extractor.activity.scanned).toBe(40);
  });
});

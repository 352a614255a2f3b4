import { describe, expect, test } from "vitest";
import { type PrometheusMetrics, prometheusMetrics } from "../../src/records.ts";
import { blockedBy, decisionWith } from "./decisions.ts";

/** Reads the text format as its specification says, and refuses everything else. */
function read(metrics: PrometheusMetrics): Map<string, number> {
  const samples = new Map<string, number>();
  let family = "";
  for (const line of metrics.text().split("\n").slice(0, -1)) {
    const type = /^# TYPE (\w+) (?:counter|histogram)$/.exec(line);
    if (type !== null) family = type[1]!;
    if (line.startsWith("#")) {
      if (type === null && !/^# HELP \w+ [^\n]+$/.test(line)) throw new Error(`no comment: ${line}`);
      continue;
    }
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[\d.e+]+|NaN)$/.exec(line);
    if (sample === null || !sample[1]!.startsWith(family)) throw new Error(`no sample of ${family}: ${line}`);
    const key = sample[2] === undefined ? sample[1]! : `${sample[1]}{${sample[2]}}`;
    if (samples.has(key)) throw new Error(`twice: ${line}`);
    samples.set(key, Number(sample[3]));
  }
  expect(metrics.text().endsWith("\n")).toBe(true);
  return samples;
}

describe("figures for Prometheus", () => {
  test("S2-231 S2-232 S2-235 S2-239 count requests by action, and blocks by rule and status", () => {
    const metrics = prometheusMetrics();
    metrics.listener(decisionWith(), { status: 200, durationMs: 30 });
    metrics.listener(blockedBy("probes/dotfile"), undefined);
    metrics.listener(blockedBy("probes/dotfile"), undefined);
    metrics.listener(blockedBy("rate-limit/exceeded", 429), undefined);
    const verdict = { status: 403, rule: "probes/script", retryAfterMs: undefined, headers: undefined } as const;
    metrics.listener(decisionWith({ wouldBlock: verdict }), undefined);
    metrics.listener(decisionWith({ failures: [{ detector: "x", kind: "deadline", message: "" }] }), undefined);
    const samples = read(metrics);
    expect(samples.get('aiwaf_requests_total{action="allow"}')).toBe(3);
    expect(samples.get('aiwaf_requests_total{action="block"}')).toBe(3);
    expect(samples.get('aiwaf_blocked_total{rule="probes/dotfile",status="403"}')).toBe(2);
    expect(samples.get('aiwaf_blocked_total{rule="rate-limit/exceeded",status="429"}')).toBe(1);
    expect(samples.get('aiwaf_would_block_total{rule="probes/script",status="403"}')).toBe(1);
    expect(samples.get('aiwaf_findings_total{rule="probes/dotfile"}')).toBe(2);
    expect(samples.get('aiwaf_failures_total{detector="x",kind="deadline"}')).toBe(1);
  });

  test("S2-234 count the blocks that ask for a ban, so that a wave of bans is seen", () => {
    const metrics = prometheusMetrics();
    metrics.listener(blockedBy("rate-limit/flood", 403, 300_000), undefined);
    metrics.listener(blockedBy("rate-limit/exceeded", 429), undefined);
    const samples = read(metrics);
    expect([...samples.keys()].filter((key) => key.startsWith("aiwaf_bans_total"))).toEqual(['aiwaf_bans_total{rule="rate-limit/flood"}']);
  });

  test("S2-233 hold response times in buckets that add up", () => {
    const metrics = prometheusMetrics();
    for (const durationMs of [1, 5, 30, 400, 60_000, Number.NaN, -1]) metrics.listener(decisionWith(), { status: 200, durationMs });
    const samples = read(metrics);
    const bucket = (le: string): number | undefined => samples.get(`aiwaf_response_duration_seconds_bucket{le="${le}"}`);
    expect([bucket("0.005"), bucket("0.05"), bucket("0.5"), bucket("10"), bucket("+Inf")]).toEqual([2, 3, 4, 4, 5]);
    expect(samples.get("aiwaf_response_duration_seconds_count")).toBe(5);
    expect(samples.get("aiwaf_response_duration_seconds_sum")).toBeCloseTo(60.436);
  });

  test("S2-237 S2-238 S2-240 can be cut by route, country, network and version", () => {
    const metrics = prometheusMetrics({ labels: { version: 'a"b\\c\nd' } });
    const place = { country: "DE", asn: 64_500 };
    metrics.listener(decisionWith({}, { route: { pattern: "/users/:id", methods: undefined }, place }), undefined);
    metrics.listener({ ...blockedBy("x/y"), request: { ...decisionWith().request, place } }, undefined);
    const samples = read(metrics);
    const version = 'version="a\\"b\\\\c\\nd"';
    expect(samples.get(`aiwaf_route_requests_total{${version},route="/users/:id",action="allow"}`)).toBe(1);
    expect(samples.get(`aiwaf_country_requests_total{${version},country="DE",action="block"}`)).toBe(1);
    expect(samples.get(`aiwaf_network_blocked_total{${version},asn="64500"}`)).toBe(1);
  });

  test("are a few hundred series at most, whatever clients and networks come", () => {
    const metrics = prometheusMetrics();
    for (let asn = 1; asn <= 20_000; asn++) {
      metrics.listener({ ...blockedBy("x/y"), request: { ...decisionWith({}, { target: `/${asn}` }).request, place: { asn } } }, undefined);
    }
    const samples = read(metrics);
    expect(samples.size).toBeLessThan(400);
    expect(samples.get('aiwaf_network_blocked_total{asn="other"}')).toBe(19_700);
  });

  test("take no label that Prometheus would not", () => {
    for (const name of ["__name__", "a-b", "1a", ""])
      expect(() => prometheusMetrics({ labels: { [name]: "x" } })).toThrow("prometheusMetrics.labels");
  });
});

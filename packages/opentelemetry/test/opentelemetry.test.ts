import { createWaf, type Decision, type Detector, type WafOptions } from "@aiwaf/core";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, test } from "vitest";
import { type OpenTelemetryOptions, openTelemetry } from "../src/index.ts";

const detector: Detector = {
  name: "test",
  phase: "head",
  rules: ["test/bad", "test/odd"],
  inspect({ path }) {
    if (path === "/fail") throw new Error("password=hunter2hunter2");
    if (path === "/bad") return { rule: "test/bad", score: 100, where: "path" };
    return path === "/odd" ? { rule: "test/odd", score: 5 } : undefined;
  },
};

/** A firewall whose decisions go to real SDKs that keep everything in memory. */
function build(options: OpenTelemetryOptions = {}, more: Partial<WafOptions> = {}) {
  const spanExporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] });
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const waf = createWaf({
    store: memoryStore(),
    log: { warn() {}, error() {} },
    clock: () => 1_700_000_000_000,
    detectors: [detector],
    ...more,
  });
  waf.subscribe(openTelemetry({ meterProvider, tracerProvider, ...options }));
  return {
    send(target: string, headers: Record<string, string> = {}): void {
      const decision = waf.inspect({ method: "GET", target, headers: new Headers(headers), peer: "192.0.2.1" }) as Decision;
      waf.observe(decision, { status: decision.action === "block" ? decision.status : 200, durationMs: 25 });
    },
    spans: () => spanExporter.getFinishedSpans(),
    async points(): Promise<Record<string, unknown[]>> {
      await meterProvider.forceFlush();
      const all =
        metricExporter
          .getMetrics()
          .at(-1)
          ?.scopeMetrics.flatMap(({ metrics }) => metrics) ?? [];
      await meterProvider.shutdown();
      return Object.fromEntries(
        all.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints.map(({ attributes, value }) => [attributes, value])]),
      );
    },
  };
}

describe("metrics", () => {
  test("S2-229 count decisions, findings and failures, and time responses", async () => {
    const { send, points } = build();
    for (const target of ["/", "/bad", "/bad", "/odd", "/fail"]) send(target);
    const {
      "aiwaf.decisions": decisions,
      "aiwaf.findings": findings,
      "aiwaf.failures": failures,
      "aiwaf.response.duration": durations,
    } = await points();
    expect(decisions).toEqual([
      [{ "aiwaf.action": "allow", "aiwaf.mode": "enforce" }, 3],
      [{ "aiwaf.action": "block", "aiwaf.mode": "enforce", "aiwaf.rule": "test/bad", "http.response.status_code": 403 }, 2],
    ]);
    expect(findings).toEqual([
      [{ "aiwaf.rule": "test/bad" }, 2],
      [{ "aiwaf.rule": "test/odd" }, 1],
    ]);
    expect(failures).toEqual([[{ "aiwaf.detector": "test", "error.type": "error" }, 1]]);
    expect(durations).toMatchObject([
      [{ "aiwaf.action": "allow" }, { count: 3 }],
      [{ "aiwaf.action": "block" }, { count: 2, sum: 0.05 }],
    ]);
  });

  test("tell what report mode would have blocked", async () => {
    const { send, points } = build({}, { mode: "report" });
    send("/bad");
    expect((await points())["aiwaf.decisions"]).toEqual([
      [{ "aiwaf.action": "allow", "aiwaf.mode": "report", "aiwaf.would_block": "test/bad" }, 1],
    ]);
  });
});

describe("spans", () => {
  test("are written for what is worth a look, from receipt to the end of the response", () => {
    const { send, spans } = build();
    for (const target of ["/", "/bad?q=1", "/odd"]) send(target);
    expect(spans().map(({ attributes }) => attributes["url.original"])).toEqual(["/bad?q=1", "/odd"]);
    expect(spans()[0]).toMatchObject({
      name: "aiwaf.decision",
      startTime: [1_700_000_000, 0],
      endTime: [1_700_000_000, 25_000_000],
      status: { code: 0 },
      attributes: {
        "aiwaf.action": "block",
        "aiwaf.rule": "test/bad",
        "aiwaf.score": 100,
        "http.request.method": "GET",
        "http.response.status_code": 403,
        "client.address": "192.0.2.1",
      },
      events: [{ name: "aiwaf.finding", attributes: { "aiwaf.rule": "test/bad", "aiwaf.score": 100, "aiwaf.where": "path" } }],
    });
  });

  test("can be had for all decisions, or for none", () => {
    const all = build({ spans: "all" });
    const none = build({ spans: "none" });
    for (const { send } of [all, none]) for (const target of ["/", "/bad"]) send(target);
    expect(all.spans()).toHaveLength(2);
    expect(none.spans()).toHaveLength(0);
  });

  test("are errors only when something did not work, and hold no secret", () => {
    const { send, spans } = build();
    send("/fail?token=hunter2hunter2&q=1", { cookie: "sid=hunter2hunter2", authorization: "Bearer hunter2hunter2" });
    const [span] = spans();
    expect(span).toMatchObject({
      status: { code: 2 },
      events: [{ name: "aiwaf.failure" }],
      attributes: { "url.original": "/fail?token=[redacted]&q=1" },
    });
    expect(JSON.stringify([span!.attributes, span!.events, span!.status])).not.toContain("hunter2");
  });
});

test("without an SDK nothing happens, and nothing throws", () => {
  const waf = createWaf({ store: memoryStore(), detectors: [detector] });
  waf.subscribe(openTelemetry());
  const decision = waf.inspect({ method: "GET", target: "/bad", headers: new Headers(), peer: undefined }) as Decision;
  expect(() => waf.observe(decision, undefined)).not.toThrow();
});

/**
 * Decisions as metrics and spans, through the OpenTelemetry API that the application already has.
 *
 * @module
 */
import type { Decision, Listener, Outcome } from "@aiwaf/core";
import { recordOf } from "@aiwaf/core/records";
import { type Attributes, type MeterProvider, metrics, SpanKind, SpanStatusCode, type TracerProvider, trace } from "@opentelemetry/api";

/** What `openTelemetry` takes. */
export interface OpenTelemetryOptions {
  /** Default: the one the application registered. */
  readonly meterProvider?: MeterProvider;
  /** Default: the one the application registered. */
  readonly tracerProvider?: TracerProvider;
  /** Which decisions become spans: those with a finding, a block or a failure; all; or none. Default `"notable"`. */
  readonly spans?: "notable" | "all" | "none";
}

const SCOPE = "@aiwaf/opentelemetry";

/**
 * Makes a listener for `waf.subscribe` that counts decisions and writes spans. Costs nothing but a few calls that do nothing while the application has
 * registered no SDK. Spans carry what a redacted record carries: no body, cookie, credential or value named like one. Never throws.
 *
 * @example
 * waf.subscribe(openTelemetry());
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Listener {
  const { spans = "notable" } = options;
  const meter = (options.meterProvider ?? metrics).getMeter(SCOPE);
  const tracer = (options.tracerProvider ?? trace).getTracer(SCOPE);
  const decisions = meter.createCounter("aiwaf.decisions", { description: "Requests that were decided about", unit: "{request}" });
  const findings = meter.createCounter("aiwaf.findings", { description: "What detectors found, blocked or not", unit: "{finding}" });
  const failures = meter.createCounter("aiwaf.failures", {
    description: "Detectors, stores and peeks that failed or were late",
    unit: "{failure}",
  });
  const durations = meter.createHistogram("aiwaf.response.duration", {
    description: "From the receipt of a request to the end of its response",
    unit: "s",
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
  });

  const count = (decision: Decision, outcome: Outcome | undefined): void => {
    decisions.add(1, verdictOf(decision));
    for (const { rule } of decision.findings) findings.add(1, { "aiwaf.rule": rule });
    for (const { detector, kind } of decision.failures) failures.add(1, { "aiwaf.detector": detector, "error.type": kind });
    if (outcome !== undefined) durations.record(outcome.durationMs / 1000, { "aiwaf.action": decision.action });
  };
  const write = (decision: Decision, outcome: Outcome | undefined): void => {
    const { at, method, url, client, route, country, asn, durationMs = 0, ...record } = recordOf(decision, outcome);
    const span = tracer.startSpan("aiwaf.decision", {
      kind: SpanKind.INTERNAL,
      startTime: at,
      attributes: {
        ...verdictOf(decision),
        "aiwaf.id": record.id,
        "aiwaf.score": record.score,
        "http.request.method": method,
        "url.original": url,
        "client.address": client,
        ...(route !== undefined && { "http.route": route }),
        ...(record.status !== undefined && { "http.response.status_code": record.status }),
        ...(country !== undefined && { "geo.country.iso_code": country }),
        ...(asn !== undefined && { "aiwaf.asn": asn }),
      },
    });
    for (const { rule, score, where } of record.findings) {
      span.addEvent(
        "aiwaf.finding",
        { "aiwaf.rule": rule, "aiwaf.score": score, ...(where !== undefined && { "aiwaf.where": where }) },
        at,
      );
    }
    for (const { detector, kind, message } of record.failures) {
      span.addEvent("aiwaf.failure", { "aiwaf.detector": detector, "error.type": kind, "error.message": message }, at);
    }
    // A block is the firewall at work; only what did not work is an error.
    if (record.failures.length > 0) span.setStatus({ code: SpanStatusCode.ERROR, message: record.failures[0]!.message });
    span.end(at + durationMs);
  };
  return (decision, outcome) => {
    count(decision, outcome);
    const isNotable = decision.action === "block" || decision.findings.length > 0 || decision.failures.length > 0;
    if (spans === "all" || (spans === "notable" && isNotable)) write(decision, outcome);
  };
}

/** What was decided; few values each, because every combination is a series. */
function verdictOf(decision: Decision): Attributes {
  const { mode } = decision.request.policy;
  if (decision.action === "block") {
    return { "aiwaf.action": "block", "aiwaf.mode": mode, "aiwaf.rule": decision.rule, "http.response.status_code": decision.status };
  }
  const { wouldBlock } = decision;
  return { "aiwaf.action": "allow", "aiwaf.mode": mode, ...(wouldBlock !== undefined && { "aiwaf.would_block": wouldBlock.rule }) };
}

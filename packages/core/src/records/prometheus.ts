import { invalid, isRecord, isText } from "../options.ts";
import type { Decision, Listener, Outcome } from "../types.ts";

/** What `prometheusMetrics` takes. */
export interface PrometheusOptions {
  /** Labels of every sample, for example `{ version: "2026-11-21" }`, to tell deployments apart. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Figures about decisions, for Prometheus to fetch. */
export interface PrometheusMetrics {
  /** Give it to `waf.subscribe`. Never throws. */
  readonly listener: Listener;
  /** Everything so far, in the text format 0.0.4: answer it with `content-type: text/plain; version=0.0.4; charset=utf-8`, to your own network alone. */
  text(): string;
}

/** Seconds; from a static page to what anyone waits for. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Different values of one label; what comes after them counts as `other`, so that no client can make series. */
const MAX_VALUES = 300;

/**
 * Counts decisions: requests, blocks and would-be blocks by rule, findings, failures, bans asked for, countries and routes, and how long responses
 * took. Memory is bounded, whatever clients send: paths, addresses and ids are never labels.
 *
 * @throws WafError for a label that Prometheus would not take.
 * @example
 * const metrics = prometheusMetrics();
 * waf.subscribe(metrics.listener);
 * admin.get("/metrics", (_, response) => response.type("text/plain; version=0.0.4").send(metrics.text()));
 */
export function prometheusMetrics(options: PrometheusOptions = {}): PrometheusMetrics {
  const { labels = {} } = options;
  for (const [name, value] of Object.entries(isRecord(labels) ? labels : {})) {
    if (!/^[a-zA-Z_]\w{0,63}$/.test(name) || name.startsWith("__") || !isText(value))
      throw invalid(`prometheusMetrics.labels.${name}`, value, "a label name with a text");
  }
  const fixed = Object.entries(labels).map(([name, value]) => pair(name, value));
  const requests = createCounter("aiwaf_requests_total", "Requests that were decided about.", ["action"], fixed);
  const blocked = createCounter("aiwaf_blocked_total", "Requests that were blocked.", ["rule", "status"], fixed);
  const wouldBlock = createCounter(
    "aiwaf_would_block_total",
    "Requests that enforcement would have blocked, in report mode.",
    ["rule", "status"],
    fixed,
  );
  const findings = createCounter("aiwaf_findings_total", "What detectors found, blocked or not.", ["rule"], fixed);
  const bans = createCounter("aiwaf_bans_total", "Blocks that asked for a ban.", ["rule"], fixed);
  const failures = createCounter(
    "aiwaf_failures_total",
    "Detectors, stores and peeks that failed or were late.",
    ["detector", "kind"],
    fixed,
  );
  const routes = createCounter("aiwaf_route_requests_total", "Requests by known route.", ["route", "action"], fixed);
  const countries = createCounter(
    "aiwaf_country_requests_total",
    "Requests by country, where addresses are looked up.",
    ["country", "action"],
    fixed,
  );
  const networks = createCounter("aiwaf_network_blocked_total", "Blocked requests by autonomous system.", ["asn"], fixed);
  const durations = createHistogram("aiwaf_response_duration_seconds", "From the receipt of a request to the end of its response.", fixed);

  const count = (decision: Decision, outcome: Outcome | undefined): void => {
    const { action, request } = decision;
    requests.add([action]);
    if (decision.action === "block") {
      blocked.add([decision.rule, String(decision.status)]);
      if (decision.findings.some(({ rule, block }) => rule === decision.rule && block?.banMs !== undefined)) bans.add([decision.rule]);
      if (request.place?.asn !== undefined) networks.add([String(request.place.asn)]);
    } else if (decision.wouldBlock !== undefined) wouldBlock.add([decision.wouldBlock.rule, String(decision.wouldBlock.status)]);
    for (const { rule } of decision.findings) findings.add([rule]);
    for (const { detector, kind } of decision.failures) failures.add([detector, kind]);
    if (request.route !== undefined) routes.add([request.route.pattern, action]);
    if (request.place?.country !== undefined) countries.add([request.place.country, action]);
    if (outcome !== undefined) durations.add(outcome.durationMs / 1000);
  };
  const all = [requests, blocked, wouldBlock, findings, bans, failures, routes, countries, networks, durations];
  return { listener: count, text: () => all.map((metric) => metric.text()).join("") };
}

interface Metric {
  text(): string;
}

const head = (name: string, help: string, type: string): string => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

const pair = (name: string, value: string): string =>
  `${name}="${value.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`))}"`;

const series = (name: string, labels: readonly string[], value: number): string =>
  `${name}${labels.length === 0 ? "" : `{${labels.join(",")}}`} ${value}\n`;

function createCounter(
  name: string,
  help: string,
  labelNames: readonly string[],
  fixed: readonly string[],
): Metric & { add(values: readonly string[]): void } {
  const counts = new Map<string, { readonly labels: readonly string[]; value: number }>();
  const seen = labelNames.map(() => new Set<string>());
  const bounded = (value: string, index: number): string => {
    const known = seen[index]!;
    const text = String(value).slice(0, 120);
    if (known.has(text)) return text;
    if (known.size >= MAX_VALUES) return "other";
    known.add(text);
    return text;
  };
  return {
    add(values) {
      const kept = values.map(bounded);
      const key = kept.join("\u0000");
      const entry = counts.get(key);
      if (entry !== undefined) entry.value += 1;
      else counts.set(key, { labels: kept.map((value, index) => pair(labelNames[index]!, value)), value: 1 });
    },
    text: () =>
      head(name, help, "counter") + [...counts.values()].map(({ labels, value }) => series(name, [...fixed, ...labels], value)).join(""),
  };
}

function createHistogram(name: string, help: string, fixed: readonly string[]): Metric & { add(value: number): void } {
  const buckets = BUCKETS.map(() => 0);
  let sum = 0;
  let total = 0;
  return {
    add(value) {
      if (!(value >= 0)) return;
      sum += value;
      total += 1;
      for (const [index, limit] of BUCKETS.entries()) if (value <= limit) buckets[index]! += 1;
    },
    text: () =>
      head(name, help, "histogram") +
      BUCKETS.map((limit, index) => series(`${name}_bucket`, [...fixed, pair("le", String(limit))], buckets[index]!)).join("") +
      series(`${name}_bucket`, [...fixed, pair("le", "+Inf")], total) +
      series(`${name}_sum`, fixed, sum) +
      series(`${name}_count`, fixed, total),
  };
}

/**
 * What workers decide, told to the process that started them: one console shows all of them. Records are redacted before they leave a worker.
 *
 * @module
 */
import cluster from "node:cluster";
import type { Decision, HeaderReader, Listener, Waf, WafRequest } from "@aiwaf/core";
import { clientKeyOf } from "@aiwaf/core/lists";
import { createRecordWriter, type DecisionRecord } from "@aiwaf/core/records";
import type { ProxyHealth, ReverseProxy } from "./proxy.ts";
import type { Serving } from "./workers.ts";

/** Beside 500 records, what a worker says of itself. */
interface Told {
  readonly aiwaf: "told";
  readonly health: ProxyHealth;
  readonly records: readonly DecisionRecord[];
}

const BATCH_RECORDS = 500;
const FLUSH_MS = 100;
const MAX_WAITING = 10_000;
const HEALTH_MS = 1_000;

/**
 * In a worker: has the first process hear of every decision, in batches, at most 10,000 of which wait for it; beyond that the oldest are dropped.
 *
 * @returns what to serve with: closing it closes the proxy and tells the rest.
 */
export function tellDecisions(proxy: ReverseProxy): Serving {
  const tell = (records: readonly DecisionRecord[]): Promise<number> =>
    new Promise((resolve, reject) => {
      if (process.send === undefined) return resolve(records.length);
      const told: Told = { aiwaf: "told", health: proxy.health(), records };
      process.send(told, undefined, {}, (error) => (error === null ? resolve(0) : reject(error)));
    });
  const writer = createRecordWriter({ batchRecords: BATCH_RECORDS, flushMs: FLUSH_MS, maxWaiting: MAX_WAITING, only: "all", send: tell });
  proxy.waf?.subscribe(writer.listener);
  const timer = setInterval(() => void tell([]).catch(() => {}), HEALTH_MS).unref();
  return {
    reloadCertificate: () => proxy.reloadCertificate(),
    async close() {
      await proxy.close();
      clearInterval(timer);
      await writer.close();
    },
  };
}

/** All workers, seen as one proxy. */
export interface Heard {
  /** The given firewall, whose subscribers hear what workers decide. */
  readonly waf: Waf | undefined;
  /** Sums over the workers that run. */
  health(): ProxyHealth;
  close(): void;
}

/** In the first process: hears what its workers tell. The proxy is one of the same options that does not listen. */
export function hearDecisions(proxy: ReverseProxy): Heard {
  const { waf } = proxy;
  const listeners = new Set<Listener>();
  const health = new Map<number, ProxyHealth>();
  const hear = ({ id }: { readonly id: number }, message: unknown): void => {
    if ((message as Partial<Told> | null)?.aiwaf !== "told") return;
    const told = message as Told;
    health.set(id, told.health);
    for (const record of told.records) {
      const { decision, outcome } = decidedOf(record);
      for (const listener of listeners) {
        try {
          listener(decision, outcome);
        } catch (error) {
          waf?.services.log.error("A subscriber failed", { error: String(error).slice(0, 200) });
        }
      }
    }
  };
  const forget = ({ id }: { readonly id: number }): void => void health.delete(id);
  cluster.on("message", hear).on("exit", forget);
  return {
    waf: waf && {
      ...waf,
      subscribe(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    health: () => sumOf([...health.values()], proxy.health()),
    close: () => void cluster.off("message", hear).off("exit", forget),
  };
}

function sumOf(all: readonly ProxyHealth[], own: ProxyHealth): ProxyHealth {
  const sum = (of: (health: ProxyHealth) => number): number => all.reduce((total, health) => total + of(health), 0);
  return {
    status: own.status,
    refused: sum(({ refused }) => refused),
    failed: sum(({ failed }) => failed),
    tunnels: sum(({ tunnels }) => tunnels),
    upstreams: own.upstreams.map(({ origin }) => {
      const its = all.flatMap(({ upstreams }) => upstreams.filter((upstream) => upstream.origin === origin));
      return { origin, isResting: its.some(({ isResting }) => isResting), running: its.reduce((total, { running }) => total + running, 0) };
    }),
  };
}

/** A decision as its record tells it: without what was redacted, cut or never kept. */
export function decidedOf(record: DecisionRecord): { readonly decision: Decision; readonly outcome: Parameters<Listener>[1] } {
  const { url, headers, client, status, durationMs, route, country, asn, rule, banMs, wouldBlock } = record;
  const mark = url.indexOf("?");
  const request: WafRequest = {
    receivedAt: record.at,
    method: record.method,
    target: url,
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    canonical: true,
    httpVersion: undefined,
    headers: readerOf(headers),
    client: { address: client, key: client === "" ? "" : (clientKeyOf(client) ?? client) },
    route: route === undefined ? undefined : { pattern: route, methods: undefined },
    place: { ...(country !== undefined && { country }), ...(asn !== undefined && { asn }) },
    policy: {
      mode: record.mode,
      threshold: record.threshold ?? 100,
      skip: [],
      bodyLimitBytes: 0,
      onFailure: "allow",
      rateLimit: undefined,
      methods: undefined,
      profile: undefined,
    },
    body: undefined,
  };
  const findings = record.findings.map((finding) =>
    banMs !== undefined && finding.rule === rule ? { ...finding, block: { status: 403 as const, banMs } } : finding,
  );
  const common = { id: record.id, score: record.score, findings, failures: record.failures, request };
  const verdictOf = (of: { readonly status: number; readonly rule: NonNullable<typeof rule> }) =>
    ({ status: of.status as 403, rule: of.rule, retryAfterMs: undefined, headers: undefined }) as const;
  return {
    decision:
      record.action === "block"
        ? { action: "block", ...verdictOf({ status: status ?? 403, rule: rule ?? "score/threshold" }), ...common }
        : { action: "allow", wouldBlock: wouldBlock && verdictOf(wouldBlock), ...common },
    outcome: status === undefined || durationMs === undefined ? undefined : { status, durationMs },
  };
}

const readerOf = (headers: Readonly<Record<string, string>>): HeaderReader => ({
  lines: Object.entries(headers).flat(),
  get: (name) => (Object.hasOwn(headers, name) ? headers[name] : undefined),
  [Symbol.iterator]: () => Object.entries(headers)[Symbol.iterator](),
});

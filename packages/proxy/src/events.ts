/**
 * Decisions as a stream: kept in a bounded ring, and told to whoever listens. Nobody who listens can slow the firewall down.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import type { Waf } from "@aiwaf/core";
import { type DecisionRecord, recordOf } from "@aiwaf/core/records";

/** Bounds of what is kept and of who listens. */
export interface EventOptions {
  /** Decisions kept at most, 1 to 1,000,000. Default: 5,000. */
  readonly capacity?: number;
  /** Bytes kept at most, as estimated from each decision's texts, whatever `capacity` says. Default: 16 MiB. */
  readonly capacityBytes?: number;
  /** Listeners at the same time at most. Default: 32. */
  readonly maxViewers?: number;
  /** Bytes that may wait for one listener; whoever is slower is cut off, and may come back for what is missing. Default: 1 MiB. */
  readonly viewerBytes?: number;
}

/** Which decisions are asked for. What is absent does not restrict. */
export interface EventFilter {
  /** `would-block` is an allowed request that enforcement would have blocked. */
  readonly action?: "allow" | "block" | "would-block";
  /** A rule, or a detector for all its rules: of the block, or of any finding. */
  readonly rule?: string;
  readonly client?: string;
  /** The beginning of the target. */
  readonly path?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  /** A status, or its first digit: `403`, `4`. */
  readonly status?: string;
  /** Milliseconds since the epoch, included. */
  readonly since?: number;
  /** Milliseconds since the epoch, not included. */
  readonly until?: number;
}

/** One kept decision. */
export interface KeptEvent {
  /** Grows by one with each decision, from 1. */
  readonly sequence: number;
  readonly record: DecisionRecord;
}

/** The decisions of one firewall. */
export interface Events {
  /** The newest first, at most `limit`. */
  history(filter: EventFilter, limit: number): readonly DecisionRecord[];
  /** The decision of that id, while it is kept. */
  find(id: string): DecisionRecord | undefined;
  /**
   * Answers with server-sent events, from behind `lastEventId` where that is still kept, else from now on.
   *
   * @returns false when there are as many listeners as there may be; nothing was answered then.
   */
  stream(response: ServerResponse, filter: EventFilter, lastEventId: string | undefined): boolean;
  /** Decisions so far, and listeners now. */
  counts(): {
    readonly decisions: number;
    readonly blocks: number;
    readonly kept: number;
    readonly viewers: number;
    readonly dropped: number;
  };
  /** Ends all streams and hears no more decisions. */
  close(): void;
}

interface Viewer {
  readonly response: ServerResponse;
  readonly filter: EventFilter;
}

const BEAT_MS = 15_000;

/** Subscribes to the firewall's decisions. Records are redacted before they are kept. */
export function createEvents(waf: Waf, options: EventOptions = {}): Events {
  const { capacity = 5_000, capacityBytes = 16 * 1024 * 1024, maxViewers = 32, viewerBytes = 1024 * 1024 } = options;
  // Sequences begin anew with each process; without a name, one of the last process would be taken for one of this.
  const epoch = Date.now().toString(36);
  const kept: (KeptEvent | undefined)[] = [];
  let first = 0;
  let keptBytes = 0;
  let sequence = 0;
  let blocks = 0;
  let dropped = 0;
  const viewers = new Set<Viewer>();

  const framed = ({ sequence: number, record }: KeptEvent): string =>
    `id: ${epoch}-${number}\nevent: decision\ndata: ${JSON.stringify(record)}\n\n`;
  const send = (viewer: Viewer, text: string): void => {
    const { response } = viewer;
    response.write(text);
    if (response.writableLength <= viewerBytes) return;
    dropped++;
    // At once: `close` comes a turn later, and the next decision before it.
    viewers.delete(viewer);
    response.destroy();
  };
  const unsubscribe = waf.subscribe((decision, outcome) => {
    const record = recordOf(decision, outcome);
    const event: KeptEvent = { sequence: ++sequence, record };
    if (record.action === "block") blocks++;
    kept.push(event);
    keptBytes += sizeOf(record);
    while (kept.length - first > capacity || (keptBytes > capacityBytes && kept.length - first > 1)) {
      const oldest = kept[first];
      if (oldest !== undefined) keptBytes -= sizeOf(oldest.record);
      kept[first++] = undefined;
    }
    // Moving everything for each event would cost as much as the ring is long.
    if (first > 1_024 && first > kept.length / 2) {
      kept.splice(0, first);
      first = 0;
    }
    if (viewers.size === 0) return;
    const text = framed(event);
    for (const viewer of viewers) if (matches(event.record, viewer.filter)) send(viewer, text);
  });
  const beat = setInterval(() => {
    for (const viewer of viewers) send(viewer, ": still here\n\n");
  }, BEAT_MS).unref();

  const missed = (lastEventId: string | undefined): { readonly events: readonly KeptEvent[]; readonly isWhole: boolean } => {
    const match = /^([0-9a-z]{1,12})-(\d{1,15})$/.exec(lastEventId ?? "");
    if (match === null) return { events: [], isWhole: lastEventId === undefined || lastEventId === "" };
    const last = match[1] === epoch ? Number(match[2]) : 0;
    const all = kept.slice(first).filter((event) => event !== undefined);
    return { events: all.filter((event) => event.sequence > last), isWhole: match[1] === epoch && (all[0]?.sequence ?? 1) <= last + 1 };
  };

  return {
    history(filter, limit) {
      const found: DecisionRecord[] = [];
      for (let index = kept.length - 1; index >= first && found.length < limit; index--) {
        const event = kept[index];
        if (event !== undefined && matches(event.record, filter)) found.push(event.record);
      }
      return found;
    },
    find(id) {
      for (let index = kept.length - 1; index >= first; index--) if (kept[index]?.record.id === id) return kept[index]?.record;
      return undefined;
    },
    stream(response, filter, lastEventId) {
      if (viewers.size >= maxViewers) return false;
      response.writeHead(200, {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        // Or nginx would hold events back until its buffer is full.
        "x-accel-buffering": "no",
      });
      const viewer: Viewer = { response, filter };
      const { events, isWhole } = missed(lastEventId);
      response.write(`retry: 2000\n\n${isWhole ? "" : `event: gap\ndata: {"reason":"some decisions are not kept any more"}\n\n`}`);
      // What is kept may be more than may wait: the newest that fit are sent, and what is left out is said.
      let text = "";
      const fitting: string[] = [];
      for (const event of events.filter(({ record }) => matches(record, filter)).reverse()) {
        text = framed(event);
        if (fitting.reduce((sum, { length }) => sum + length, text.length) > viewerBytes / 2) break;
        fitting.push(text);
      }
      response.write(fitting.reverse().join(""));
      viewers.add(viewer);
      response.once("close", () => viewers.delete(viewer)).on("error", () => {});
      return true;
    },
    counts: () => ({ decisions: sequence, blocks, kept: kept.length - first, viewers: viewers.size, dropped }),
    close() {
      unsubscribe();
      clearInterval(beat);
      for (const { response } of viewers) response.end();
    },
  };
}

/** About what a record takes. JSON would tell, and would cost every request what only listeners need. */
function sizeOf({ url, headers, findings, failures }: DecisionRecord): number {
  let bytes = 500 + url.length + findings.length * 400 + failures.length * 300;
  for (const name in headers) bytes += 40 + name.length + (headers[name]?.length ?? 0);
  return bytes;
}

function matches(record: DecisionRecord, filter: EventFilter): boolean {
  const { action, rule, client, path, country, status, since, until } = filter;
  const isAction = action === undefined || (action === "would-block" ? record.wouldBlock !== undefined : record.action === action);
  return (
    isAction &&
    (rule === undefined ||
      [record.rule, record.wouldBlock?.rule, ...record.findings.map((one) => one.rule)].some((one) => isOf(one, rule))) &&
    (client === undefined || record.client === client) &&
    (path === undefined || record.url.startsWith(path)) &&
    (country === undefined || record.country === country.toUpperCase()) &&
    (status === undefined || String(record.status ?? "").startsWith(status)) &&
    (since === undefined || record.at >= since) &&
    (until === undefined || record.at < until)
  );
}

const isOf = (rule: string | undefined, wanted: string): boolean => rule === wanted || rule?.startsWith(`${wanted}/`) === true;

const ACTIONS = ["allow", "block", "would-block"];

/**
 * The filter that a query asks for. Times are milliseconds since the epoch or ISO 8601.
 *
 * @returns what is wrong with it, as text.
 */
export function readFilter(query: URLSearchParams): EventFilter | string {
  const text = (name: string): string | undefined => query.get(name) ?? undefined;
  const action = text("action");
  const status = text("status");
  if (action !== undefined && !ACTIONS.includes(action)) return `action must be one of ${ACTIONS.join(", ")}`;
  if (status !== undefined && !/^\d{1,3}$/.test(status)) return "status must be a status such as 403, or its first digit";
  const times = { since: timeOf(text("since")), until: timeOf(text("until")) };
  if (Number.isNaN(times.since) || Number.isNaN(times.until)) return "since and until must be times such as 2026-01-31T12:00:00Z";
  const given = { action, rule: text("rule"), client: text("client"), path: text("path"), country: text("country"), status, ...times };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as EventFilter;
}

const timeOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);

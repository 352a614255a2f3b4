/**
 * The live feed: server-sent decisions, taken over once a frame. Whatever arrives faster than can be read is counted instead of shown.
 *
 * @module
 */
import { signal } from "@preact/signals";
import type { DecisionFilter, DecisionRecord, SkippedEvent } from "../../../src/api.ts";
import { takeChange } from "./changes.ts";
import { apiUrl, ask, isReachable, type Query } from "./client.ts";

/** What the connection is doing. */
export type FeedState = "connecting" | "open" | "lost";

/** Decisions kept on the page. */
export const ROWS_MAX = 1_000;
/** Taken over at most in one frame; the newest win. */
const FRAME_MAX = 120;
/** Seconds that the rate is told for. */
export const RATE_SECONDS = 60;
const HISTORY_LIMIT = 100;
const RETRY_MS = 5_000;

/** Newest first. */
export const rows = signal<readonly DecisionRecord[]>([]);
export const feedState = signal<FeedState>("connecting");
/** Decisions that fitted the filter since the feed was opened, and how many of them were never shown. */
export const seen = signal({ total: 0, left: 0 });
/** Decisions in each of the last seconds, oldest first. */
export const perSecond = signal<readonly number[]>(Array.from({ length: RATE_SECONDS }, () => 0));
export const hasGap = signal(false);
/** Why the history before the feed cannot be shown. */
export const historyProblem = signal("");

/** Opens the feed; the decisions so far come first. Returns what closes it. */
export function openFeed(filter: DecisionFilter, ratePerSecond: number): () => void {
  const abort = new AbortController();
  const query: Query = { ...filter };
  const bySecond = new Map<number, number>();
  let arrived: string[] = [];
  let fresh = 0;
  let left = 0;
  let frame = 0;

  rows.value = [];
  seen.value = { total: 0, left: 0 };
  hasGap.value = false;
  historyProblem.value = "";
  feedState.value = "connecting";
  perSecond.value = perSecond.value.map(() => 0);

  const count = (amount: number): void => {
    fresh += amount;
    const second = Math.floor(Date.now() / 1_000);
    bySecond.set(second, (bySecond.get(second) ?? 0) + amount);
  };
  const flush = (): void => {
    frame = 0;
    const records = arrived.reverse().flatMap(readRecord);
    arrived = [];
    if (records.length > 0) rows.value = merged(records, rows.value);
    seen.value = { total: seen.value.total + fresh, left: seen.value.left + left };
    fresh = 0;
    left = 0;
  };
  const schedule = (): void => {
    // A hidden page draws no frames: what arrives meanwhile is bounded, and taken over when somebody looks again.
    if (frame === 0) frame = requestAnimationFrame(flush);
  };
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const connect = (): void => {
    source = new EventSource(apiUrl("events", { ...query, rate: ratePerSecond }));
    source.addEventListener("open", () => {
      feedState.value = "open";
      isReachable.value = true;
    });
    source.addEventListener("decision", ({ data }: MessageEvent<string>) => {
      count(1);
      arrived.push(data);
      if (arrived.length > FRAME_MAX) {
        arrived.shift();
        left++;
      }
      schedule();
    });
    source.addEventListener("skipped", ({ data }: MessageEvent<string>) => {
      const skipped = parsed<SkippedEvent>(data)?.count ?? 0;
      count(skipped);
      left += skipped;
      schedule();
    });
    source.addEventListener("change", ({ data }: MessageEvent<string>) => takeChange(data));
    source.addEventListener("gap", () => {
      hasGap.value = true;
    });
    source.addEventListener("error", () => {
      feedState.value = "lost";
      if (source?.readyState !== EventSource.CLOSED) return;
      // A browser gives up for good when the answer is no stream: signed out, or too many watch. Asking tells which.
      ask("GET", "decisions", { query: { limit: 1 }, signal: abort.signal }).catch(() => {});
      retry = setTimeout(connect, RETRY_MS);
    });
  };
  connect();
  const clock = setInterval(() => {
    const now = Math.floor(Date.now() / 1_000);
    perSecond.value = Array.from({ length: RATE_SECONDS }, (_, index) => bySecond.get(now - RATE_SECONDS + index) ?? 0);
    for (const second of bySecond.keys()) if (second < now - RATE_SECONDS) bySecond.delete(second);
  }, 1_000);

  ask<{ readonly decisions: readonly DecisionRecord[] }>("GET", "decisions", {
    query: { ...query, limit: HISTORY_LIMIT },
    signal: abort.signal,
  })
    .then(({ decisions }) => {
      rows.value = merged(rows.value, decisions);
    })
    .catch((problem: Error) => {
      if (!abort.signal.aborted) historyProblem.value = problem.message;
    });

  return () => {
    clearTimeout(retry);
    source?.close();
    abort.abort();
    clearInterval(clock);
    cancelAnimationFrame(frame);
  };
}

/** Newer ones before older ones, each decision once, at most so many as are kept. */
function merged(newer: readonly DecisionRecord[], older: readonly DecisionRecord[]): readonly DecisionRecord[] {
  const ids = new Set(newer.map(({ id }) => id));
  return [...newer, ...older.filter(({ id }) => !ids.has(id))].slice(0, ROWS_MAX);
}

function readRecord(data: string): DecisionRecord[] {
  const record = parsed<DecisionRecord>(data);
  return record === undefined ? [] : [record];
}

function parsed<T>(data: string): T | undefined {
  try {
    return JSON.parse(data) as T;
  } catch {
    return undefined;
  }
}

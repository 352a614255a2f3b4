/**
 * Counts over records of decisions, in bounded memory however many there are.
 *
 * @module
 */
import { type LatencyHistogram, latencyHistogram } from "../latency-histogram.ts";

/** What a kept record says, as far as it is counted; anything may be missing in a file from elsewhere. */
export interface KeptRecord {
  readonly id?: unknown;
  readonly at?: unknown;
  readonly method?: unknown;
  readonly url?: unknown;
  readonly client?: unknown;
  readonly action?: unknown;
  readonly status?: unknown;
  readonly rule?: unknown;
  readonly wouldBlock?: { readonly rule?: unknown };
  readonly durationMs?: unknown;
  readonly country?: unknown;
  readonly route?: unknown;
}

/** Sums over records. */
export interface RecordCounts {
  total: number;
  blocked: number;
  wouldBlock: number;
  from: number;
  to: number;
  readonly statuses: Map<string, number>;
  readonly rules: Map<string, number>;
  readonly clients: Map<string, number>;
  readonly paths: Map<string, number>;
  readonly countries: Map<string, { requests: number; blocked: number }>;
  /** Requests and blocks of each hour, by milliseconds since the epoch. */
  readonly hours: Map<number, { requests: number; blocked: number }>;
  readonly durations: LatencyHistogram;
}

const HOUR_MS = 3_600_000;
/** Names kept apart; when there are more, the rarest half is forgotten, so that a flood of new ones costs no memory. */
const MAX_NAMES = 20_000;
const MAX_HOURS = 24 * 366;

export const createCounts = (): RecordCounts => ({
  total: 0,
  blocked: 0,
  wouldBlock: 0,
  from: Number.POSITIVE_INFINITY,
  to: Number.NEGATIVE_INFINITY,
  statuses: new Map(),
  rules: new Map(),
  clients: new Map(),
  paths: new Map(),
  countries: new Map(),
  hours: new Map(),
  durations: latencyHistogram(),
});

/** Adds one record. Never throws. */
export function addRecord(counts: RecordCounts, record: KeptRecord): void {
  const { at, status, client, url, route, country, durationMs } = record;
  const isBlocked = record.action === "block";
  counts.total++;
  if (isBlocked) counts.blocked++;
  if (isBlocked || record.wouldBlock !== undefined) {
    if (!isBlocked) counts.wouldBlock++;
    bump(counts.rules, text(isBlocked ? record.rule : record.wouldBlock?.rule));
    bump(counts.clients, text(client));
    bump(counts.paths, typeof route === "string" ? route : (text(url).split(/[?#]/)[0] ?? ""));
  }
  if (typeof status === "number") bump(counts.statuses, `${Math.floor(status / 100)}xx`);
  if (typeof durationMs === "number" && durationMs >= 0) counts.durations.add(durationMs * 1_000);
  if (typeof country === "string" && /^[A-Z]{2}$/.test(country)) add(counts.countries, country, isBlocked);
  if (typeof at !== "number" || !Number.isFinite(at)) return;
  counts.from = Math.min(counts.from, at);
  counts.to = Math.max(counts.to, at);
  const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
  if (counts.hours.size < MAX_HOURS || counts.hours.has(hour)) add(counts.hours, hour, isBlocked);
}

const text = (value: unknown): string => (typeof value === "string" ? value.slice(0, 300) : "");

function bump(names: Map<string, number>, name: string): void {
  if (name === "") return;
  const count = names.get(name) ?? 0;
  if (count === 0 && names.size >= MAX_NAMES) forgetRarest(names);
  names.set(name, count + 1);
}

function forgetRarest(names: Map<string, number>): void {
  const sorted = [...names].sort(([, one], [, other]) => other - one);
  names.clear();
  for (const [name, count] of sorted.slice(0, MAX_NAMES / 2)) names.set(name, count);
}

function add<Key>(groups: Map<Key, { requests: number; blocked: number }>, key: Key, isBlocked: boolean): void {
  let group = groups.get(key);
  if (group === undefined) {
    group = { requests: 0, blocked: 0 };
    groups.set(key, group);
  }
  group.requests++;
  if (isBlocked) group.blocked++;
}

/** The most frequent names first. */
export const top = (names: ReadonlyMap<string, number>, count: number): readonly (readonly [string, number])[] =>
  [...names].sort(([, one], [, other]) => other - one).slice(0, count);

const BARS = "▁▂▃▄▅▆▇█";

/** One bar a value, the largest full; nothing at all where there is nothing. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(1, ...values);
  return values.map((value) => (value === 0 ? " " : BARS[Math.min(BARS.length - 1, Math.floor((value / most) * BARS.length))]!)).join("");
}

/** The last `count` hours up to the newest, those without a record included. */
export function lastHours({ hours, to }: RecordCounts, count: number): readonly { requests: number; blocked: number }[] {
  const last = Math.floor(to / HOUR_MS) * HOUR_MS;
  return Array.from({ length: count }, (_, index) => hours.get(last - (count - 1 - index) * HOUR_MS) ?? { requests: 0, blocked: 0 });
}

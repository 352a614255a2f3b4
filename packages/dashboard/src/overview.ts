/**
 * `GET api/overview`: what happened in a stretch of time.
 *
 * @module
 */
import type { Bucket, Overview, TopEntry } from "./api.ts";
import type { Call, Context } from "./context.ts";
import { addDistinct, countDistinct } from "./distinct.ts";
import { addLength, percentile } from "./histogram.ts";
import { queryNumber } from "./input.ts";
import { ratesOf } from "./judged.ts";
import type { Cut, PastSlice } from "./past.ts";
import { wrongInput } from "./problem.ts";
import { addFigures, addNames, type Figures, MINUTE_MS, type Names, noFigures, noNames, stopName } from "./tallies.ts";
import type { TopCounts } from "./top-counts.ts";

const HOUR_MS = 60 * MINUTE_MS;
const LONGEST_MS = 31 * 24 * HOUR_MS;
const TOP = 10;
const NAMES_KEPT = 1_000;
const KEPT_READ = 100_000;
const TIME_MAX = 9_999_999_999_999;
const TEXT_MAX = 500;
const WAIT_MS = 250;

/** Lengths of buckets; the first that needs at most 180 of them is taken. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 240, 360].map((minutes) => minutes * MINUTE_MS);

/** Where sums go. */
interface Sums {
  readonly start: number;
  readonly bucketMs: number;
  readonly buckets: readonly Figures[];
  readonly names: Names;
}

/** The overview of the stretch and the part of the traffic that the query names, by default all of the last hour. */
export async function overviewOf(context: Context, { query, now }: Call): Promise<Overview> {
  const to = queryNumber(query, "to", now, 1, TIME_MAX);
  const from = queryNumber(query, "from", to - HOUR_MS, 0, TIME_MAX);
  if (from >= to || to - from > LONGEST_MS) throw wrongInput("from must lie before to, by at most 31 days.");
  const cut = cutOf(query);
  const bucketMs = STEPS.find((step) => (to - from) / step <= 180) ?? (STEPS.at(-1) as number);
  const start = Math.floor(from / bucketMs) * bucketMs;
  const buckets = Array.from({ length: Math.ceil((to - start) / bucketMs) }, noFigures);
  const sums: Sums = { start, bucketMs, buckets, names: noNames(NAMES_KEPT) };
  // Bans are counted when they are looked at.
  const bans = await context.watch.bans(now);
  // A small file is read while one waits; of a large one the answer tells what is known, and that more follows.
  if (context.past !== undefined) {
    context.past.slices(cut, bucketMs, start, Math.min(to, now + MINUTE_MS), now);
    await context.past.settle(WAIT_MS);
  }
  const told = add(context, cut, sums, to, now);
  const sum = noFigures();
  for (const figures of buckets) addFigures(sum, figures);
  const rates = ratesOf(context, sums.names.stops, sum.requests - sum.blocked - sum.wouldBlock, cut, start, to, now);
  const latency = { p50: percentile(sum.lengths, 0.5), p95: percentile(sum.lengths, 0.95), p99: percentile(sum.lengths, 0.99) };
  const { rules, clients, paths, countries, networks, stopped } = sums.names;
  return {
    from: start,
    to,
    since: told.since,
    source: told.source,
    partial: told.partial,
    totals: {
      requests: sum.requests,
      blocked: sum.blocked,
      wouldBlock: sum.wouldBlock,
      meanScore: sum.requests === 0 ? 0 : Math.round((100 * sum.score) / sum.requests) / 100,
      clientsStopped: countDistinct(stopped),
    },
    bucketMs,
    buckets: buckets.map((figures, index) => bucketOf(start + index * bucketMs, figures)),
    top: {
      rules: topOf(rules),
      clients: topOf(clients),
      paths: topOf(paths),
      countries: topOf(countries),
      networks: topOf(networks),
    },
    rates,
    ...(latency.p50 !== undefined &&
      latency.p95 !== undefined &&
      latency.p99 !== undefined && { latencyMs: latency as Overview["latencyMs"] & object }),
    bans: { active: bans.length, made: sum.bansMade, undone: sum.bansUndone },
    deployments: [...new Set([context.deployment, ...(context.past?.deployments() ?? [])])],
  };
}

function cutOf(query: URLSearchParams): Cut {
  const text = (name: string): string | undefined => {
    const value = query.get(name) || undefined;
    if (value !== undefined && value.length > TEXT_MAX) throw wrongInput(`${name} may have ${TEXT_MAX} characters.`);
    return value;
  };
  const [deployment, path, route, country] = ["deployment", "path", "route", "country"].map(text);
  const asn = query.get("asn") ? queryNumber(query, "asn", 0, 0, 4_294_967_295) : undefined;
  return {
    ...(deployment !== undefined && { deployment }),
    ...(path !== undefined && { path }),
    ...(route !== undefined && { route }),
    ...(country !== undefined && { country: country.toUpperCase() }),
    ...(asn !== undefined && { asn }),
  };
}

interface Told {
  readonly since: number;
  readonly source: Overview["source"];
  readonly partial: boolean;
}

/** Adds what is known. Of each slice what knows of more is taken: this process, or records, which other processes write, too. Neither is counted twice. */
function add({ tallies, past, events, deployment }: Context, cut: Cut, sums: Sums, to: number, now: number): Told {
  const { deployment: wanted, ...others } = cut;
  const isCounted = Object.keys(others).length === 0 && (wanted === undefined || wanted === deployment);
  const { start, bucketMs } = sums;
  if (past === undefined) {
    if (!isCounted)
      return { since: addKept(events.history({ ...cut, since: start, until: to }, KEPT_READ), sums, now), source: "kept", partial: false };
    addCounted(tallies, start, to, sums);
    addNames(sums.names, tallies.names(start, to));
    return { since: tallies.since, source: "live", partial: false };
  }
  let isPast = false;
  let partial = false;
  for (const slice of past.slices(cut, bucketMs, start, Math.min(to, now + MINUTE_MS), now)) {
    const counted = isCounted ? countedIn(tallies, slice) : 0;
    const { known } = slice;
    if (known === undefined || (isCounted && counted >= known.requests)) {
      partial ||= known === undefined && (!isCounted || slice.from < tallies.since);
      if (!isCounted) continue;
      addCounted(tallies, slice.from, slice.to, sums);
      addNames(sums.names, tallies.names(slice.from, slice.to));
      continue;
    }
    isPast ||= known.requests > 0;
    // Of bans, this process has seen in the store what records only show where somebody was refused.
    const sees = (at: number): boolean => isCounted && at + MINUTE_MS > tallies.since;
    for (const { at, figures } of known.steps) addTo(sums, at, sees(at) ? { ...figures, bansMade: 0 } : figures);
    for (let at = slice.from; at < slice.to; at += MINUTE_MS) {
      const own = sees(at) ? tallies.minute(at) : undefined;
      if (own !== undefined) addTo(sums, at, { ...noFigures(), bansMade: own.bansMade, bansUndone: own.bansUndone });
    }
    addNames(sums.names, known.names);
  }
  const isEarlier = isPast || partial || start < tallies.since || !isCounted;
  return { since: isEarlier ? Math.min(start, tallies.since) : tallies.since, source: isEarlier ? "records" : "live", partial };
}

function addTo({ start, bucketMs, buckets }: Sums, at: number, figures: Figures): void {
  const bucket = buckets[Math.floor((at - start) / bucketMs)];
  if (bucket !== undefined) addFigures(bucket, figures);
}

function addCounted(tallies: Context["tallies"], from: number, to: number, sums: Sums): void {
  const first = Math.max(from, tallies.since);
  for (let at = first - (first % MINUTE_MS); at < to; at += MINUTE_MS) {
    const figures = tallies.minute(at);
    if (figures !== undefined) addTo(sums, at, figures);
  }
}

function countedIn(tallies: Context["tallies"], { from, to }: PastSlice): number {
  let requests = 0;
  for (let at = from; at < to; at += MINUTE_MS) requests += tallies.minute(at)?.requests ?? 0;
  return requests;
}

/** Adds decisions that are kept. @returns since when that is so. */
function addKept(decisions: ReturnType<Context["events"]["history"]>, sums: Sums, now: number): number {
  const { names } = sums;
  for (const { at, action, rule, wouldBlock, score, durationMs, client, route, url, country, asn } of decisions) {
    const isBlocked = action === "block";
    const figures = { ...noFigures(), requests: 1, score, blocked: isBlocked ? 1 : 0, wouldBlock: wouldBlock === undefined ? 0 : 1 };
    if (durationMs !== undefined) addLength(figures.lengths, durationMs);
    addTo(sums, at, figures);
    const decided = rule ?? wouldBlock?.rule;
    if (decided === undefined) continue;
    names.rules.add(decided);
    names.paths.add(route ?? url.replace(/[?#].*$/s, "").slice(0, 120));
    if (client !== "") {
      names.clients.add(client);
      names.stops.add(stopName(isBlocked, decided, client));
      addDistinct(names.stopped, client);
    }
    if (country !== undefined) names.countries.add(country);
    if (asn !== undefined) names.networks.add(String(asn));
  }
  return decisions.at(-1)?.at ?? now;
}

function bucketOf(at: number, { requests, blocked, wouldBlock, bansMade, bansUndone, lengths }: Figures): Bucket {
  const [p50Ms, p95Ms, p99Ms] = [percentile(lengths, 0.5), percentile(lengths, 0.95), percentile(lengths, 0.99)];
  return {
    at,
    requests,
    blocked,
    wouldBlock,
    bansMade,
    bansUndone,
    ...(p50Ms !== undefined && { p50Ms }),
    ...(p95Ms !== undefined && { p95Ms }),
    ...(p99Ms !== undefined && { p99Ms }),
  };
}

const topOf = (counts: TopCounts): readonly TopEntry[] => counts.top(TOP).map(({ name, count }) => ({ name, blocked: count }));

/**
 * `GET api/overview`: what happened in a stretch of time.
 *
 * @module
 */
import { listBans } from "@aiwaf/core/lists";
import type { Bucket, Overview, TopEntry } from "./api.ts";
import type { Call, Context } from "./context.ts";
import { countDistinct } from "./distinct.ts";
import { percentile } from "./histogram.ts";
import { queryNumber } from "./input.ts";
import { wrongInput } from "./problem.ts";
import { addFigures, type Figures, MINUTE_MS, noFigures } from "./tallies.ts";
import type { TopCounts } from "./top-counts.ts";

const HOUR_MS = 60 * MINUTE_MS;
const LONGEST_MS = 31 * 24 * HOUR_MS;
const TOP = 10;
const BANS_COUNTED = 2_000;
const TIME_MAX = 9_999_999_999_999;

/** Lengths of buckets; the first that needs at most 180 of them is taken. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 240, 360].map((minutes) => minutes * MINUTE_MS);

/** The overview of the stretch that the query names, by default the last hour. */
export async function overviewOf(context: Context, { query, now }: Call): Promise<Overview> {
  const to = queryNumber(query, "to", now, 1, TIME_MAX);
  const from = queryNumber(query, "from", to - HOUR_MS, 0, TIME_MAX);
  if (from >= to || to - from > LONGEST_MS) throw wrongInput("from must lie before to, by at most 31 days.");
  const deployment = query.get("deployment") || undefined;
  const isOther = deployment !== undefined && deployment !== context.deployment;
  const { tallies, past } = context;
  const bucketMs = STEPS.find((step) => (to - from) / step <= 180) ?? (STEPS.at(-1) as number);
  const start = Math.floor(from / bucketMs) * bucketMs;
  const count = Math.ceil((to - start) / bucketMs);
  const live = isOther ? Array.from({ length: count }, noFigures) : tallies.figures(start, bucketMs, count);
  const names = tallies.names(isOther ? to : from, isOther ? from : to);
  // What came before this process is in the records; what came since is counted here, and neither twice.
  const isPast = past !== undefined && deployment === undefined && start < tallies.since;
  const earlier = isPast ? past.since(start, bucketMs, count) : undefined;
  if (earlier !== undefined) {
    for (const [index, figures] of earlier.figures.entries()) addFigures(live[index] as Figures, figures);
    for (const [kind, by] of [
      ["rules", "rule"],
      ["clients", "client"],
      ["paths", "route"],
      ["countries", "country"],
    ] as const)
      names[kind].addAll(earlier.names[by]);
  }
  const sum = noFigures();
  for (const figures of live) addFigures(sum, figures);
  const bans = await listBans(context.store, {}, now, BANS_COUNTED);
  const latency = { p50: percentile(sum.lengths, 0.5), p95: percentile(sum.lengths, 0.95), p99: percentile(sum.lengths, 0.99) };
  return {
    from: start,
    to,
    since: earlier === undefined ? tallies.since : Math.min(from, tallies.since),
    source: earlier === undefined ? "live" : "records",
    partial: earlier?.isWhole === false,
    totals: {
      requests: sum.requests,
      blocked: sum.blocked,
      wouldBlock: sum.wouldBlock,
      meanScore: sum.requests === 0 ? 0 : Math.round((100 * sum.score) / sum.requests) / 100,
      clientsStopped: countDistinct(names.stopped),
    },
    bucketMs,
    buckets: live.map((figures, index) => bucketOf(start + index * bucketMs, figures)),
    top: { rules: topOf(names.rules), clients: topOf(names.clients), paths: topOf(names.paths), countries: topOf(names.countries) },
    ...(latency.p50 !== undefined &&
      latency.p95 !== undefined &&
      latency.p99 !== undefined && { latencyMs: latency as Overview["latencyMs"] & object }),
    bans: { active: bans.length, made: sum.bansMade, undone: sum.bansUndone },
    deployments: [context.deployment],
  };
}

function bucketOf(at: number, { requests, blocked, wouldBlock, bansMade, bansUndone, lengths }: Figures): Bucket {
  const [p50Ms, p99Ms] = [percentile(lengths, 0.5), percentile(lengths, 0.99)];
  return {
    at,
    requests,
    blocked,
    wouldBlock,
    bansMade,
    bansUndone,
    ...(p50Ms !== undefined && { p50Ms }),
    ...(p99Ms !== undefined && { p99Ms }),
  };
}

const topOf = (counts: TopCounts): readonly TopEntry[] => counts.top(TOP).map(({ name, count }) => ({ name, blocked: count }));

/**
 * What the record store has of other times, other processes, and of parts of the traffic. A store in a file answers in this thread, so a slice is read at a
 * time, with pauses: reading never takes more than a twentieth of the thread.
 *
 * @module
 */
import type { RecordFilter, RecordTable } from "@aiwaf/core/records/sqlite";
import { addDistinct } from "./distinct.ts";
import { addLength } from "./histogram.ts";
import { type Figures, MINUTE_MS, type Names, noFigures, noNames, stopName } from "./tallies.ts";

/** The records that a console reads: `recordTable()` fits. */
export type Records = Pick<RecordTable, "find" | "count" | "top" | "stops" | "sample">;

/** A part of the traffic. */
export type Cut = Pick<RecordFilter, "deployment" | "route" | "path" | "country" | "asn">;

const HOUR_MS = 60 * MINUTE_MS;
const PAUSE_FACTOR = 20;
/** Records that percentiles of a slice are told from. */
const SAMPLE = 500;
const NAMES_READ = 50;
const STOPS_READ = 500;
const REFUSALS_READ = 200;
/** A slice that is not over is read again once it is so old; and one counts as over when its last records are surely written. */
const STALE_MS = 5_000;
const SETTLE_MS = 5_000;
const SETTLE_STEP_MS = 5;
/** Parts of the traffic that are remembered at once. */
const CUTS_KEPT = 6;
const DEPLOYMENTS_KEPT = 50;

/** How finely the past is read, and how much of it is remembered. */
interface Grain {
  readonly sliceMs: number;
  readonly stepMs: number;
  readonly kept: number;
}

/** Minutes for stretches of up to three days, hours for longer ones. */
const FINE: Grain = { sliceMs: 10 * MINUTE_MS, stepMs: MINUTE_MS, kept: 600 };
const COARSE: Grain = { sliceMs: HOUR_MS, stepMs: HOUR_MS, kept: 800 };
/** Read in one go: at a hundred requests a second some 30 ms, of what is in no index as well. */
const PART_MS = 10 * MINUTE_MS;
const SLOW_PART_MS = 2 * MINUTE_MS;

/** What records say of a stretch of time. */
export interface KnownSlice {
  readonly requests: number;
  /** Only of minutes, or hours, with records. */
  readonly steps: readonly { readonly at: number; readonly figures: Figures }[];
  readonly names: Names;
}

/** A stretch of time, and what is known of it. */
export interface PastSlice {
  readonly from: number;
  readonly to: number;
  /** `undefined` while it is not read yet: then it will be. */
  readonly known: KnownSlice | undefined;
}

/** Sums of records. */
export interface Past {
  /** The slices from `from` to `to`, newest first. What is missing, or not over yet, is read in the background. */
  slices(cut: Cut, stepMs: number, from: number, to: number, now: number): readonly PastSlice[];
  /** Resolves when all that was asked for is read, or when that took too long. */
  settle(limitMs: number): Promise<void>;
  /** Names of deployments that were seen in what was read. */
  deployments(): readonly string[];
  close(): void;
}

/** Sums over these records. */
export function createPast(records: Records): Past {
  const cuts = new Map<string, Readonly<Record<"fine" | "coarse", Slices>>>();
  const deployments = new Set<string>();
  const see = (deployment: string): void => {
    if (deployments.size < DEPLOYMENTS_KEPT) deployments.add(deployment);
  };
  return {
    slices(cut, stepMs, from, to, now) {
      const key = JSON.stringify([cut.deployment, cut.route, cut.path, cut.country, cut.asn]);
      const known = cuts.get(key) ?? { fine: createSlices(records, cut, FINE, see), coarse: createSlices(records, cut, COARSE, see) };
      // The least lately asked for goes first.
      cuts.delete(key);
      cuts.set(key, known);
      if (cuts.size > CUTS_KEPT) {
        const [oldest, { fine, coarse }] = cuts.entries().next().value as [string, typeof known];
        fine.close();
        coarse.close();
        cuts.delete(oldest);
      }
      return (stepMs < HOUR_MS ? known.fine : known.coarse).between(from, to, now);
    },
    async settle(limitMs) {
      const end = performance.now() + limitMs;
      const isBusy = (): boolean => [...cuts.values()].some(({ fine, coarse }) => fine.isBusy() || coarse.isBusy());
      while (isBusy() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, SETTLE_STEP_MS));
    },
    deployments: () => [...deployments].sort(),
    close() {
      for (const { fine, coarse } of cuts.values()) {
        fine.close();
        coarse.close();
      }
      cuts.clear();
    },
  };
}

interface Slices {
  between(from: number, to: number, now: number): readonly PastSlice[];
  isBusy(): boolean;
  close(): void;
}

interface ReadSlice extends KnownSlice {
  readonly readAt: number;
}

function createSlices(records: Records, cut: Cut, { sliceMs, stepMs, kept }: Grain, see: (deployment: string) => void): Slices {
  const slices = new Map<number, ReadSlice>();
  const wanted = new Set<number>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  let reading: { readonly slice: number; readonly readAt: number; readonly parts: Generator<undefined, KnownSlice> } | undefined;

  const work = (): void => {
    timer = undefined;
    if (isClosed) return;
    if (reading === undefined) {
      const slice = wanted.values().next().value;
      if (slice === undefined) return;
      wanted.delete(slice);
      reading = { slice, readAt: Date.now(), parts: readSlice(records, cut, slice * sliceMs, sliceMs, stepMs, see) };
    }
    const startedAt = performance.now();
    try {
      const { done, value } = reading.parts.next();
      if (done === true) {
        slices.set(reading.slice, { ...value, readAt: reading.readAt });
        if (slices.size > kept) slices.delete(slices.keys().next().value as number);
        reading = undefined;
      }
    } catch {
      // The file is locked or gone for the moment: the slice is asked for again.
      reading = undefined;
    }
    timer = setTimeout(work, Math.max(1, (performance.now() - startedAt) * PAUSE_FACTOR)).unref();
  };

  return {
    between(from, to, now) {
      const found: PastSlice[] = [];
      for (let slice = Math.floor((to - 1) / sliceMs); slice >= Math.floor(from / sliceMs) && slice >= 0; slice--) {
        const known = slices.get(slice);
        const end = (slice + 1) * sliceMs;
        const isDue = known === undefined || (known.readAt < end + SETTLE_MS && now - known.readAt > STALE_MS);
        if (isDue && wanted.size < kept && reading?.slice !== slice) wanted.add(slice);
        found.push({ from: slice * sliceMs, to: end, known });
      }
      if (wanted.size > 0) timer ??= setTimeout(work, 0).unref();
      return found;
    },
    isBusy: () => wanted.size > 0 || reading !== undefined,
    close() {
      isClosed = true;
      clearTimeout(timer);
      wanted.clear();
    },
  };
}

/** Reads a slice, a part at a time. */
function* readSlice(
  records: Records,
  cut: Cut,
  from: number,
  sliceMs: number,
  stepMs: number,
  see: (deployment: string) => void,
): Generator<undefined, KnownSlice> {
  const names = noNames(NAMES_READ);
  const steps = new Map<number, Figures>();
  const stepOf = (at: number): Figures => {
    const step = from + Math.floor((at - from) / stepMs) * stepMs;
    const figures = steps.get(step) ?? noFigures();
    steps.set(step, figures);
    return figures;
  };
  const isSlow = cut.path !== undefined || cut.asn !== undefined || cut.deployment !== undefined;
  const partMs = Math.min(sliceMs, isSlow ? SLOW_PART_MS : PART_MS);
  let total = 0;
  for (let start = from; start < from + sliceMs; start += partMs) {
    if (start > from) yield undefined;
    const range = { ...cut, from: start, to: start + partMs };
    let requests = 0;
    for (const { at, allowed, blocked, wouldBlock } of records.count(range, Math.min(stepMs, partMs))) {
      const figures = stepOf(at);
      figures.requests += allowed + blocked;
      figures.blocked += blocked;
      figures.wouldBlock += wouldBlock;
      requests += allowed + blocked;
    }
    if (requests === 0) continue;
    total += requests;
    const every = Math.max(1, Math.round((requests * (sliceMs / partMs)) / SAMPLE));
    for (const { at, durationMs, score, deployment } of records.sample(range, every)) {
      const figures = stepOf(at);
      if (deployment !== undefined) see(deployment);
      if (durationMs !== undefined) addLength(figures.lengths, durationMs, every);
      figures.score += score * every;
    }
    readNames(records, { ...range, stopped: true }, names);
    for (const at of bansIn(records, range)) stepOf(at).bansMade++;
  }
  return { requests: total, steps: [...steps].map(([at, figures]) => ({ at, figures })), names };
}

const TOPS = [
  ["rules", "rule"],
  ["clients", "client"],
  ["paths", "path"],
  ["countries", "country"],
  ["networks", "asn"],
] as const;

function readNames(records: Records, range: RecordFilter, names: Names): void {
  const stops = records.stops(range, STOPS_READ);
  if (stops.length === 0) return;
  for (const [kind, by] of TOPS) for (const { name, count } of records.top(by, range, NAMES_READ)) names[kind].add(name, count);
  for (const { client, rule, blocked, wouldBlock } of stops) {
    if (client === "") continue;
    if (blocked > 0) names.stops.add(stopName(true, rule, client), blocked);
    if (wouldBlock > 0) names.stops.add(stopName(false, rule, client), wouldBlock);
    addDistinct(names.stopped, client);
  }
}

/** A ban shows in records where it refuses somebody; of one that began before, the first minutes show nothing of that client. */
function bansIn(records: Records, range: RecordFilter & { readonly from: number }): readonly number[] {
  const begun = new Map<string, number>();
  for (const { client, at, findings } of records.find({ ...range, rule: "blocklist/banned" }, REFUSALS_READ).records)
    begun.set(`${client} ${findings[0]?.note ?? ""}`, at);
  if (begun.size === 0) return [];
  const before = records.find({ ...range, from: range.from - 2 * FINE.sliceMs, to: range.from, rule: "blocklist/banned" }, REFUSALS_READ);
  for (const { client, findings } of before.records) begun.delete(`${client} ${findings[0]?.note ?? ""}`);
  return [...begun.values()];
}

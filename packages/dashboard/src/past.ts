/**
 * The time before this process, as the record store has it. A store in a file answers in this thread, so a slice is read at a time, with pauses: reading never
 * takes more than a twentieth of the thread.
 *
 * @module
 */
import type { RecordTable } from "@aiwaf/core/records/sqlite";
import { type Figures, MINUTE_MS, noFigures } from "./tallies.ts";
import { TopCounts } from "./top-counts.ts";

/** The records that a console reads: `recordTable()` fits. */
export type Records = Pick<RecordTable, "find" | "count" | "top">;

const HOUR_MS = 60 * MINUTE_MS;
const PAUSE_FACTOR = 20;
const NAMES = ["rule", "client", "route", "country"] as const;

/** Names that stand out, by what they are names of. */
export type PastNames = Readonly<Record<(typeof NAMES)[number], TopCounts>>;

interface Slice {
  readonly counts: ReturnType<Records["count"]>;
  readonly names: PastNames;
}

/** How finely the past is read, and how much of it is remembered. */
interface Grain {
  readonly sliceMs: number;
  readonly stepMs: number;
  readonly kept: number;
}

/** Minutes for stretches of up to three days, hours for longer ones. */
const FINE: Grain = { sliceMs: 10 * MINUTE_MS, stepMs: MINUTE_MS, kept: 600 };
const COARSE: Grain = { sliceMs: HOUR_MS, stepMs: HOUR_MS, kept: 800 };

/** Sums of the past. */
export interface Past {
  /**
   * What is known from `from` on, in `count` stretches of `stepMs`, and whether all of it is. What is missing is read in the background. Nothing is told of what
   * came after the process began.
   */
  since(
    from: number,
    stepMs: number,
    count: number,
  ): { readonly figures: readonly Figures[]; readonly names: PastNames; readonly isWhole: boolean };
  close(): void;
}

/** Sums over these records, of what came before `until`. */
export function createPast(records: Records, until: number): Past {
  const [fine, coarse] = [createSlices(records, until, FINE), createSlices(records, until, COARSE)];
  return {
    since: (from, stepMs, count) => (stepMs < HOUR_MS ? fine : coarse).since(from, stepMs, count),
    close() {
      fine.close();
      coarse.close();
    },
  };
}

const noNames = (limit: number): PastNames => ({
  rule: new TopCounts(limit),
  client: new TopCounts(limit),
  route: new TopCounts(limit),
  country: new TopCounts(limit),
});

function createSlices(records: Records, until: number, { sliceMs, stepMs: grainMs, kept }: Grain): Past {
  const slices = new Map<number, Slice>();
  const wanted = new Set<number>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const read = (slice: number): Slice => {
    const range = { from: slice * sliceMs, to: Math.min(until, (slice + 1) * sliceMs) };
    const names = noNames(50);
    for (const by of NAMES) for (const { name, count } of records.top(by, range, 50)) names[by].add(name, count);
    return { counts: records.count(range, grainMs), names };
  };

  const work = (): void => {
    timer = undefined;
    const slice = wanted.values().next().value;
    if (slice === undefined || isClosed) return;
    wanted.delete(slice);
    const startedAt = performance.now();
    try {
      slices.set(slice, read(slice));
    } catch {
      // The file is locked or gone for the moment: the slice is asked for again.
    }
    if (slices.size > kept) slices.delete(slices.keys().next().value as number);
    timer = setTimeout(work, Math.max(1, (performance.now() - startedAt) * PAUSE_FACTOR)).unref();
  };

  return {
    since(from, stepMs, count) {
      const figures = Array.from({ length: count }, noFigures);
      const names = noNames(1_000);
      const to = Math.min(until, from + stepMs * count);
      let isWhole = true;
      for (let slice = Math.floor((to - 1) / sliceMs); slice >= Math.floor(from / sliceMs) && slice >= 0; slice--) {
        const found = slices.get(slice);
        if (found === undefined) {
          isWhole = false;
          if (wanted.size < kept) wanted.add(slice);
          continue;
        }
        for (const { at, allowed, blocked, wouldBlock } of found.counts) {
          const sum = figures[Math.floor((at - from) / stepMs)];
          if (sum === undefined) continue;
          sum.requests += allowed + blocked;
          sum.blocked += blocked;
          sum.wouldBlock += wouldBlock;
        }
        for (const by of NAMES) names[by].addAll(found.names[by]);
      }
      if (wanted.size > 0) timer ??= setTimeout(work, 0).unref();
      return { figures, names, isWhole };
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      wanted.clear();
    },
  };
}

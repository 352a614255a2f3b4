/**
 * Past hours as the record store has them. A store in a file answers in this thread, so an hour is read at a time, with pauses: reading never takes more
 * than a twentieth of the thread.
 *
 * @module
 */
import type { RecordTable } from "@aiwaf/core/records/sqlite";
import { addFigures, type Figures, noFigures } from "./tallies.ts";
import { TopCounts } from "./top-counts.ts";

/** The records that a console reads: `recordTable()` fits. */
export type Records = Pick<RecordTable, "find" | "count" | "top">;

const HOUR_MS = 3_600_000;
const HOURS_KEPT = 31 * 24;
const PAUSE_FACTOR = 20;

interface Hour {
  readonly figures: Figures;
  readonly top: Readonly<Record<"rule" | "client" | "route" | "country", TopCounts>>;
}

/** Sums of past hours. */
export interface PastHours {
  /** What is known between the two, and whether all of it is. Hours that are missing are read in the background. */
  between(
    from: number,
    to: number,
    stepMs: number,
    count: number,
  ): { readonly figures: readonly Figures[]; readonly top: Hour["top"]; readonly isWhole: boolean };
  close(): void;
}

/** Sums over these records. */
export function createPastHours(records: Records): PastHours {
  const hours = new Map<number, Hour>();
  const wanted = new Set<number>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const read = (hour: number): Hour => {
    const range = { from: hour * HOUR_MS, to: (hour + 1) * HOUR_MS };
    const figures = noFigures();
    for (const { allowed, blocked, wouldBlock } of records.count(range, HOUR_MS)) {
      figures.requests += allowed + blocked;
      figures.blocked += blocked;
      figures.wouldBlock += wouldBlock;
    }
    const topOf = (by: keyof Hour["top"]): TopCounts => {
      const counts = new TopCounts(100);
      for (const { name, count } of records.top(by, range, 50)) counts.add(name, count);
      return counts;
    };
    return { figures, top: { rule: topOf("rule"), client: topOf("client"), route: topOf("route"), country: topOf("country") } };
  };

  const work = (): void => {
    timer = undefined;
    const hour = wanted.values().next().value;
    if (hour === undefined || isClosed) return;
    wanted.delete(hour);
    const startedAt = performance.now();
    try {
      hours.set(hour, read(hour));
    } catch {
      // The file is locked or gone for the moment: the hour is asked for again.
    }
    if (hours.size > HOURS_KEPT) hours.delete(hours.keys().next().value as number);
    timer = setTimeout(work, Math.max(5, (performance.now() - startedAt) * PAUSE_FACTOR)).unref();
  };

  return {
    between(from, to, stepMs, count) {
      const figures = Array.from({ length: count }, noFigures);
      const top = { rule: new TopCounts(1_000), client: new TopCounts(1_000), route: new TopCounts(1_000), country: new TopCounts(1_000) };
      let isWhole = true;
      for (let hour = Math.floor((to - 1) / HOUR_MS); hour >= Math.max(0, Math.floor(from / HOUR_MS)); hour--) {
        const found = hours.get(hour);
        if (found === undefined) {
          isWhole = false;
          if (wanted.size < HOURS_KEPT) wanted.add(hour);
          continue;
        }
        const index = Math.floor((hour * HOUR_MS - from) / stepMs);
        if (index >= 0 && index < count) addFigures(figures[index] as Figures, found.figures);
        for (const by of ["rule", "client", "route", "country"] as const) top[by].addAll(found.top[by]);
      }
      if (wanted.size > 0) timer ??= setTimeout(work, 0).unref();
      return { figures, top, isWhole };
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      wanted.clear();
    },
  };
}

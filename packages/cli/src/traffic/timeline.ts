/** Requests over time, in at most 240 columns of equal width, however long the log is. */
export interface Timeline {
  add(at: number, isBlocked: boolean): void;
  columns(): { readonly widthMs: number; readonly columns: readonly TimeColumn[] };
}

/** One column. */
export interface TimeColumn {
  readonly at: number;
  readonly passed: number;
  readonly blocked: number;
}

const COLUMNS_MAX = 240;
const FIRST_WIDTH_MS = 60_000;

export function createTimeline(): Timeline {
  let widthMs = FIRST_WIDTH_MS;
  let counts = new Map<number, { passed: number; blocked: number }>();
  let first = Infinity;
  let last = -Infinity;
  const widen = (): void => {
    widthMs *= 2;
    const wider = new Map<number, { passed: number; blocked: number }>();
    for (const [slot, { passed, blocked }] of counts) {
      const known = wider.get(Math.floor(slot / 2)) ?? { passed: 0, blocked: 0 };
      wider.set(Math.floor(slot / 2), { passed: known.passed + passed, blocked: known.blocked + blocked });
    }
    counts = wider;
  };
  return {
    add(at, isBlocked) {
      first = Math.min(first, at);
      last = Math.max(last, at);
      while ((last - first) / widthMs > COLUMNS_MAX) widen();
      const slot = Math.floor(at / widthMs);
      const known = counts.get(slot) ?? { passed: 0, blocked: 0 };
      if (isBlocked) known.blocked++;
      else known.passed++;
      counts.set(slot, known);
    },
    columns() {
      if (counts.size === 0) return { widthMs, columns: [] };
      const from = Math.floor(first / widthMs);
      const to = Math.floor(last / widthMs);
      const columns = Array.from({ length: to - from + 1 }, (_, index) => {
        const { passed = 0, blocked = 0 } = counts.get(from + index) ?? {};
        return { at: (from + index) * widthMs, passed, blocked };
      });
      return { widthMs, columns };
    },
  };
}

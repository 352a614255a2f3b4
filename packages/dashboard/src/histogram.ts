/** Bounds grow by a quarter: a percentile is off by at most an eighth. From a tenth of a millisecond to about an hour. */
const FIRST_MS = 0.1;
const GROWTH = 1.25;
const COUNT = 80;
const LOG_GROWTH = Math.log(GROWTH);

/** Counts of lengths of time, in stretches that grow by a quarter each. */
export type Histogram = Uint32Array;

/** An empty histogram: 320 bytes. */
export const createHistogram = (): Histogram => new Uint32Array(COUNT);

/** Counts one, or `times` of them; lengths that are no number are passed over. */
export function addLength(histogram: Histogram, ms: number, times = 1): void {
  if (!(ms >= 0)) return;
  const index = ms <= FIRST_MS ? 0 : Math.min(COUNT - 1, Math.ceil(Math.log(ms / FIRST_MS) / LOG_GROWTH));
  histogram[index]! += times;
}

/** Adds what `other` counted. */
export function addHistogram(histogram: Histogram, other: Histogram): void {
  for (let index = 0; index < COUNT; index++) histogram[index]! += other[index]!;
}

/** The length that `share` of all do not exceed, in milliseconds, within an eighth; `undefined` when nothing was counted. */
export function percentile(histogram: Histogram, share: number): number | undefined {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let left = share * total;
  for (let index = 0; index < COUNT; index++) {
    left -= histogram[index]!;
    if (left <= 0) return round(FIRST_MS * GROWTH ** index * (index === 0 ? 1 : 1 - (1 - 1 / GROWTH) / 2));
  }
  return round(FIRST_MS * GROWTH ** (COUNT - 1));
}

const round = (ms: number): number => Number(ms.toPrecision(3));

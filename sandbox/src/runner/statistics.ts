/**
 * The three figures of statistics that the comparison prints.
 *
 * @module
 */

/** Lower and upper end of an interval, as shares from 0 to 1. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The 95 % Wilson score interval of a share: the range of true rates that `hits` out of `total` does not contradict.
 *
 * Unlike the normal approximation it stays inside 0 to 1 and says something at 0 hits: 0 of 900 still allows 0.4 %.
 * `total` 0 gives 0 to 1: nothing is known. Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927), 209-212.
 */
export function wilsonInterval(hits: number, total: number): Interval {
  if (total <= 0) return { low: 0, high: 1 };
  // The 97.5 % quantile of the normal distribution.
  const z = 1.959963984540054;
  const share = hits / total;
  const scale = 1 + (z * z) / total;
  const centre = (share + (z * z) / (2 * total)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total));
  return { low: hits === 0 ? 0 : Math.max(0, centre - half), high: hits === total ? 1 : Math.min(1, centre + half) };
}

/** The smallest value that at least `share` (0 to 1) of all values do not exceed (nearest rank). `undefined` without values. */
export function quantile(values: readonly number[], share: number): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.ceil(Math.min(1, Math.max(0, share)) * sorted.length);
  return sorted[Math.max(0, rank - 1)];
}

/** The mean, 0 without values. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle value, the mean of the middle two when their number is even, 0 without values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

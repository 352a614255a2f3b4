/**
 * Compares two series of turns that were made in pairs, on a machine whose speed changes: with an interval, so that what cannot be told is not claimed.
 *
 * @module
 */

/** The values of both turns of a pair: microseconds, for example. */
export interface Pair {
  readonly watched: readonly number[];
  readonly quiet: readonly number[];
}

/** A quotient watched/quiet, and where it lies with a probability of 0.95. */
export interface Quotient {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2_000;

/** The value that a share of all lie under. NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/**
 * The quotient of a usual turn's figure: the median over the turns of each kind, so that turns in which the machine was busy elsewhere decide nothing. Its
 * interval is that of pairs drawn again with replacement (the percentile bootstrap): turns next to each other in time are alike, and stay together.
 */
export function quotientOf(pairs: readonly Pair[], figure: (values: readonly number[]) => number): Quotient {
  const watched = pairs.map((pair) => figure(pair.watched));
  const quiet = pairs.map((pair) => figure(pair.quiet));
  const over = (places: readonly number[]): number => {
    const median = (values: readonly number[]): number =>
      quantile(
        places.map((place) => values[place]!),
        0.5,
      );
    return median(watched) / median(quiet);
  };
  const places = pairs.map((_, place) => place);
  // The same draws for the same turns.
  let seed = 1;
  const draw = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * pairs.length);
  };
  const drawn = Array.from({ length: RESAMPLES }, () => over(places.map(draw)));
  return { value: over(places), low: quantile(drawn, 0.025), high: quantile(drawn, 0.975) };
}

/** What the interval says about a quotient that must be `most` at most. */
export function verdictOf({ low, high }: Quotient, most: number): string {
  if (high <= most) return `holds: at most ${most}`;
  return low > most ? `does not hold: more than ${most}` : `cannot be told on this machine now: ${most} lies in the interval`;
}

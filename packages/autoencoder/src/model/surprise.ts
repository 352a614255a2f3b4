/**
 * From what each token costs to one score and the place that made it.
 *
 * @module
 */

/**
 * Tokens that are judged together: one unusual word or sign may be chance, several in a row are not. Five was the best of 3, 5, 7 and 10 on three sites;
 * docs/autoencoder.md has the table.
 */
export const WINDOW = 5;

/** Where a line surprises most. */
export interface Surprise {
  /** What the dearest run of tokens cost, in nats. */
  readonly nats: number;
  /** The run's first token, and the one behind its last. */
  readonly from: number;
  readonly to: number;
  /** The dearest token of the run. */
  readonly peak: number;
}

/** The dearest run of five tokens. A maximum, not a mean: nothing that is added to a request makes it less odd. */
export function surpriseOf(costs: ArrayLike<number>, count: number): Surprise {
  let nats = 0;
  let from = 0;
  for (let at = 0; at < count; at++) {
    let sum = 0;
    // Added anew each time: a running sum would carry the rounding of everything before it.
    for (let one = Math.max(0, at - WINDOW + 1); one <= at; one++) sum += costs[one]!;
    if (sum > nats) {
      nats = sum;
      from = Math.max(0, at - WINDOW + 1);
    }
  }
  const to = Math.min(count, from + WINDOW);
  let peak = from;
  for (let at = from; at < to; at++) if (costs[at]! > costs[peak]!) peak = at;
  return { nats, from, to, peak };
}

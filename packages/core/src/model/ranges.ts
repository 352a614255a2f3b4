/**
 * How far a vector lies outside of everything a model was trained on. A forest cannot tell: beyond its last cut everything is the same leaf, and on a
 * feature that never varied it has no cut at all.
 *
 * @module
 */

/** Least and greatest value of a feature in training. */
export type Ranges = Readonly<Record<string, readonly [least: number, greatest: number]>>;

/** A tenth of a feature's range, and at least so much, is still inside. */
const MARGIN = 0.1;
const MARGIN_LEAST = 0.05;
/** Features outside at which a vector counts as far out as it can be; one alone may be chance. */
const FULL = 5;

/** Of a full vector: 0 when at most one feature is outside of its range, up to 1 when five are. */
export function novelty(ranges: Ranges, all: readonly string[]): (vector: Float64Array) => number {
  const places = Object.keys(ranges)
    .map((name) => ({ place: all.indexOf(name), range: ranges[name]! }))
    .filter(({ place }) => place >= 0)
    .map(({ place, range: [least, greatest] }) => {
      const margin = Math.max(MARGIN_LEAST, MARGIN * (greatest - least));
      return { place, least: least - margin, greatest: greatest + margin };
    });
  return (vector) => {
    let outside = 0;
    for (const { place, least, greatest } of places) {
      const value = vector[place]!;
      if (value > greatest || value < least) outside++;
    }
    return outside < 2 ? 0 : Math.min(1, (outside - 1) / (FULL - 1));
  };
}

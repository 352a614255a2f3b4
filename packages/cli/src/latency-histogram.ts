/** Buckets for each doubling: percentiles are exact to within 1.6 %. */
const PER_OCTAVE = 64;
/** A hundredth of a microsecond, the finest that is told apart. */
const SMALLEST = 0.01;
const OCTAVES = 40;

/** Percentiles of any number of durations in 20 kB. */
export interface LatencyHistogram {
  add(microseconds: number): void;
  /** The duration that `share` (0 to 1) of all do not exceed; `undefined` when there is none. */
  percentile(share: number): number | undefined;
}

/** An empty histogram, from a hundredth of a microsecond to hours. */
export function latencyHistogram(): LatencyHistogram {
  const buckets = new Float64Array(OCTAVES * PER_OCTAVE);
  let count = 0;
  return {
    add(microseconds) {
      const position = Math.log2(Math.max(SMALLEST, microseconds) / SMALLEST) * PER_OCTAVE;
      const index = Math.min(buckets.length - 1, Math.floor(position));
      buckets[index] = buckets[index]! + 1;
      count++;
    },
    percentile(share) {
      if (count === 0) return undefined;
      let left = Math.max(1, Math.ceil(share * count));
      for (let index = 0; index < buckets.length; index++) {
        left -= buckets[index]!;
        if (left <= 0) return SMALLEST * 2 ** ((index + 0.5) / PER_OCTAVE);
      }
      return undefined;
    },
  };
}

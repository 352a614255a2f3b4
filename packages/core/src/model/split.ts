import { draw, drawBelow, SHARE, type StreamKey } from "./random.ts";

/** The rows a tree is grown from, and where its random numbers come from. */
export interface Sample {
  /** All rows, one after the other. */
  readonly values: Float64Array;
  /** Where in `values` each row of the sample starts; the rows of one node stand together. */
  readonly order: Int32Array;
  /** A random number a row, beside `order`; there for `cutByVariance` only. */
  readonly targets: Float64Array | undefined;
  /** The features the tree may cut. */
  features: Int32Array;
  key: StreamKey;
  /** Threshold of the last cut. */
  cut: number;
}

/**
 * Chooses the cut of a node: the rows `from` to `to - 1` of the order. Sets the threshold and returns the feature; −1 when no feature varies. `node`
 * counts the tree's nodes.
 */
export type Splitter = (sample: Sample, from: number, to: number, node: number) => number;

/**
 * A random feature among those that vary, cut at a random value between its least and greatest. scikit-learn's forest does this. It is also what the
 * best cut over all features comes to when each is judged by random targets of its own: the variance a cut takes from independent normal targets has
 * the same distribution wherever the cut is, so each feature is as likely to win, and the targets need not be drawn.
 */
export const cutByChance: Splitter = (sample, from, to, node) => {
  const { values, order, features, key } = sample;
  const count = features.length;
  const first = node * 2 * count;
  for (let tried = 0; tried < count; tried++) {
    const other = tried + drawBelow(key, first + 2 * tried, count - tried);
    const feature = features[other]!;
    features[other] = features[tried]!;
    features[tried] = feature;
    let least = values[order[from]! + feature]!;
    let greatest = least;
    for (let at = from + 1; at < to; at++) {
      const value = values[order[at]! + feature]!;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    if (least === greatest) continue;
    const cut = least + draw(key, first + 2 * tried + 1) * SHARE * (greatest - least);
    // A side would be empty; or the distance is more than a number can hold, and the cut no number.
    if (!(cut > least && cut <= greatest)) continue;
    sample.cut = cut;
    return feature;
  }
  return -1;
};

/**
 * The original AIWAF's rule: one random cut of every feature, and of these the one that leaves the least variance of one random target a row; the first
 * of equals. Cuts that part the rows alike count once however many features make them, and a row whose target is ordinary is hardly ever parted from
 * the rest, so outliers that show in several features rank lower than by `cutByChance`.
 */
export const cutByVariance: Splitter = (sample, from, to, node) => {
  const { values, order, features, key } = sample;
  const targets = sample.targets!;
  const count = to - from;
  let total = 0;
  for (let at = from; at < to; at++) total += targets[at]!;
  let best = -1;
  let bestGain = -1;
  for (let index = 0; index < features.length; index++) {
    const feature = features[index]!;
    let least = values[order[from]! + feature]!;
    let greatest = least;
    for (let at = from + 1; at < to; at++) {
      const value = values[order[at]! + feature]!;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    if (least === greatest) continue;
    const cut = least + draw(key, node * features.length + index) * SHARE * (greatest - least);
    let left = 0;
    let sum = 0;
    for (let at = from; at < to; at++) {
      if (values[order[at]! + feature]! < cut) {
        left++;
        sum += targets[at]!;
      }
    }
    // The variance the cut takes away, times count squared. Targets are whole numbers of 24 bits, so sums over up to half a billion rows are exact.
    const difference = sum * count - total * left;
    const gain = (difference * difference) / (left * (count - left));
    // Not a number when a side is empty: never greater.
    if (gain > bestGain) {
      bestGain = gain;
      best = feature;
      sample.cut = cut;
    }
  }
  return best;
};

/** Moves the rows whose feature is below the cut to the front of the node's; returns where the others begin. */
export function partition({ values, order, targets, cut }: Sample, from: number, to: number, feature: number): number {
  let middle = from;
  if (targets === undefined) {
    for (let at = from; at < to; at++) {
      const row = order[at]!;
      order[at] = order[middle]!;
      order[middle] = row;
      middle += +(values[row + feature]! < cut);
    }
    return middle;
  }
  for (let at = from; at < to; at++) {
    const row = order[at]!;
    const target = targets[at]!;
    order[at] = order[middle]!;
    targets[at] = targets[middle]!;
    order[middle] = row;
    targets[middle] = target;
    middle += +(values[row + feature]! < cut);
  }
  return middle;
}

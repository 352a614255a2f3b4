/** The 97.5th percentile of the standard normal distribution: two-sided 95 %. */
const Z = 1.959963984540054;

/**
 * The 95 % interval of a share, by Wilson's score (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927). Stays within 0 to 1 and is meaningful for 0 of n too.
 * `[0, 1]` when nothing was counted.
 */
export function wilsonInterval(hits: number, total: number): readonly [low: number, high: number] {
  if (total <= 0) return [0, 1];
  const share = hits / total;
  const weight = (Z * Z) / total;
  const middle = share + weight / 2;
  const spread = Z * Math.sqrt((share * (1 - share)) / total + weight / (4 * total));
  return [Math.max(0, (middle - spread) / (1 + weight)), Math.min(1, (middle + spread) / (1 + weight))];
}

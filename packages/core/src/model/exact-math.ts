/**
 * Logarithm and power from additions, multiplications and divisions alone. `Math.log` and `Math.pow` may differ in the last bit between
 * engines and versions; IEEE arithmetic may not, so a forest scores the same everywhere.
 *
 * @module
 */

/** The constant that the original AIWAF uses in c(n), with its ten digits. */
const EULER = 0.5772156649;

/** Natural logarithm of a number from 1 up, within two units of the last place. */
function naturalLog(value: number): number {
  let halvings = 0;
  let rest = value;
  while (rest > Math.SQRT2) {
    rest /= 2;
    halvings++;
  }
  const ratio = (rest - 1) / (rest + 1);
  const square = ratio * ratio;
  let sum = 0;
  for (let power = 25; power >= 1; power -= 2) sum = sum * square + 1 / power;
  return halvings * Math.LN2 + 2 * ratio * sum;
}

/** 1/n! for n up to 14: the series of e^x to its 14th power, enough for |x| up to 0.35. */
const SERIES: readonly number[] = Array.from({ length: 15 }, (_, order) => {
  let factorial = 1;
  for (let factor = 2; factor <= order; factor++) factorial *= factor;
  return 1 / factorial;
});

/** 2 to the power of minus `exponent`, for exponents from 0 up; 0 beyond 1,100. Within two units of the last place. */
export function halfPower(exponent: number): number {
  if (!(exponent < 1100)) return 0;
  let whole = Math.floor(exponent + 0.5);
  const rest = (whole - exponent) * Math.LN2;
  const square = rest * rest;
  // Even and odd powers apart: two short chains of additions instead of a long one.
  let even = SERIES[14]!;
  let odd = SERIES[13]!;
  for (let order = 12; order >= 2; order -= 2) {
    even = even * square + SERIES[order]!;
    odd = odd * square + SERIES[order - 1]!;
  }
  let power = even * square + 1 + odd * rest;
  for (; whole > 0; whole--) power /= 2;
  return power;
}

/** Sizes up to this are looked up: a tree has as many leaves as samples. */
const KNOWN_SIZES = 1024;
const known: number[] = [];

/**
 * c(n): the average path length of an unsuccessful search among `size` rows, 0 up to one row and 1 for two.
 * 2(ln(n−1) + 0.5772156649) − 2(n−1)/n, after Liu, Ting and Zhou, "Isolation Forest" (2008), equation 1.
 */
export function averagePathLength(size: number): number {
  if (size <= 1) return 0;
  if (size === 2) return 1;
  if (size > KNOWN_SIZES) return compute(size);
  let length = known[size];
  if (length === undefined) {
    if (known.length === 0)
      for (let index = 0; index <= KNOWN_SIZES; index++) known.push(index < 3 ? Math.max(0, index - 1) : compute(index));
    length = known[size]!;
  }
  return length;
}

const compute = (size: number): number => 2 * (naturalLog(size - 1) + EULER) - (2 * (size - 1)) / size;

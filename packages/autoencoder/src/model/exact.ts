/**
 * Logistic functions from additions, multiplications and divisions alone, looked up in tables. `Math.exp` and `Math.log1p` may differ in the last bit between
 * engines and versions; IEEE arithmetic may not, so a model scores the same everywhere.
 *
 * @module
 */

/** Beyond this the functions are their limits, but for less than 2e-7. */
const RANGE = 16;
const STEPS = 256;
const SIZE = RANGE * STEPS;

/** e^x for |x| below 1, by its series: to the last bits for |x| up to 1/256. */
function exponential(x: number): number {
  let sum = 1;
  for (let order = 8; order >= 1; order--) sum = 1 + (x / order) * sum;
  return sum;
}

/** ln(1 + u) for u from 0 to 1, by the series of the inverse hyperbolic tangent. */
function logarithm(u: number): number {
  const ratio = u / (2 + u);
  const square = ratio * ratio;
  let sum = 0;
  for (let power = 35; power >= 1; power -= 2) sum = sum * square + 1 / power;
  return 2 * ratio * sum;
}

/** ln(1 + e^-x) and 1 / (1 + e^x) at x = index / 256. */
const tables = ((): { readonly softplus: Float64Array; readonly logistic: Float64Array } => {
  const softplus = new Float64Array(SIZE + 2);
  const logistic = new Float64Array(SIZE + 2);
  const ratio = exponential(-1 / STEPS);
  let power = 1;
  for (let index = 0; index < SIZE + 2; index++) {
    softplus[index] = logarithm(power);
    logistic[index] = power / (1 + power);
    power *= ratio;
  }
  return { softplus, logistic };
})();

const { softplus: SOFTPLUS, logistic: LOGISTIC } = tables;

/** ln(1 + e^-x): what it costs, in nats, that an event of log-odds `x` happened. Within 2e-6. */
export function softplus(x: number): number {
  const size = x < 0 ? -x : x;
  if (!(size < RANGE)) return x < 0 ? size : 0;
  const place = size * STEPS;
  const index = place | 0;
  const low = SOFTPLUS[index]!;
  const value = low + (SOFTPLUS[index + 1]! - low) * (place - index);
  return x < 0 ? value + size : value;
}

/** 1 / (1 + e^x). Within 1e-6. */
export function logistic(x: number): number {
  const size = x < 0 ? -x : x;
  if (!(size < RANGE)) return x < 0 ? 1 : 0;
  const place = size * STEPS;
  const index = place | 0;
  const low = LOGISTIC[index]!;
  const value = low + (LOGISTIC[index + 1]! - low) * (place - index);
  return x < 0 ? 1 - value : value;
}

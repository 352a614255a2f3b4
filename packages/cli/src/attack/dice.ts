/** Reproducible choices: the same seed gives the same mutations on every machine. */
export interface Dice {
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  pick<T>(choices: readonly T[]): T;
  /** True once in `times`. */
  once(times: number): boolean;
}

/** Marsaglia's xorshift32 with the shifts 13, 17 and 5; a seed of 0 would stay 0, so it is moved. */
export function createDice(seed: number): Dice {
  let state = (seed | 0) ^ 0x9e3779b9 || 1;
  const below = (limit: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  // Seeds that lie next to each other begin alike.
  for (let warm = 0; warm < 8; warm++) below(2);
  return { below, pick: (choices) => choices[below(choices.length)]!, once: (times) => below(times) === 0 };
}

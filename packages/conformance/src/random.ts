/** Numbers that are the same for the same seed on every runtime. Not for secrets. */
export interface Random {
  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number;
  /** True once in `n` times. */
  oneIn(n: number): boolean;
  pick<T>(choices: readonly T[]): T;
}

/** A 32-bit xorshift (Marsaglia, 2003; shifts 13, 17, 5), its seed spread first so that neighbouring seeds give unlike sequences. */
export function createRandom(seed: number): Random {
  let state = Math.imul((seed ^ 0x5bf03635) | 0, 0x9e3779b1) | 0;
  if (state === 0) state = 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let i = 0; i < 8; i++) next();
  // The high bits: of a product with 2^-32, not of a remainder, which would cost a division.
  const below = (end: number): number => Math.floor(next() * 2 ** -32 * end);
  return { below, oneIn: (n) => below(n) === 0, pick: (choices) => choices[below(choices.length)]! };
}

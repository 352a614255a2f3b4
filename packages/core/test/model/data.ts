/** Numbers from 0 up to 1, the same on every run. */
export function shares(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** Rows around 0 on every axis, the sum of twelve uniform numbers each, as good as normal. */
export function cloud(rows: number, width: number, seed: number, spread = 1): number[][] {
  const next = shares(seed);
  const normal = (): number => {
    let sum = -6;
    for (let index = 0; index < 12; index++) sum += next();
    return sum * spread;
  };
  return Array.from({ length: rows }, () => Array.from({ length: width }, normal));
}

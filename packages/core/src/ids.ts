const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";
const BATCH = 512;

let pool: Uint32Array<ArrayBuffer> | undefined;
let next = BATCH;

/**
 * A new decision id: 8 characters of time in base 36, so that ids sort by age, and 12 random ones (62 bits), so that nobody can guess
 * another client's. Randomness is drawn in batches: one call a decision would cost more than the rest of the inspection.
 */
export function createId(now: number): string {
  if (pool === undefined || next + 2 > BATCH) {
    pool ??= new Uint32Array(BATCH);
    crypto.getRandomValues(pool);
    next = 0;
  }
  const first = pool[next++]!;
  const second = pool[next++]!;
  return timePrefix(now) + sixCharacters(first) + sixCharacters(second);
}

let prefixOf = -1;
let prefix = "";

function timePrefix(now: number): string {
  if (now !== prefixOf) {
    prefixOf = now;
    prefix = Math.max(0, Math.trunc(now) || 0)
      .toString(36)
      .padStart(8, "0")
      .slice(-8);
  }
  return prefix;
}

/** 31 bits of `value` as six base-36 digits (36^6 is just above 2^31), without the cost of `toString(36)` and padding. */
function sixCharacters(value: number): string {
  let rest = value >>> 1;
  let text = "";
  for (let digit = 0; digit < 6; digit++) {
    text += ALPHABET[rest % 36]!;
    rest = (rest / 36) | 0;
  }
  return text;
}

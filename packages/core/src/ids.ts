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
  // 36^6 is just above 2^31.
  return timePrefix(now) + digits(first >>> 1, 6) + digits(second >>> 1, 6);
}

const LOW_DIGITS = 4;
const LOW = 36 ** LOW_DIGITS;
let high = -1;
let highText = "";

/** Eight digits: the upper four change twice an hour and are kept, the lower four are written digit by digit. */
function timePrefix(now: number): string {
  const time = now >= 0 ? Math.trunc(now) : 0;
  const upper = Math.floor(time / LOW);
  if (upper !== high) {
    high = upper;
    highText = upper.toString(36).padStart(LOW_DIGITS, "0").slice(-LOW_DIGITS);
  }
  return highText + digits(time - upper * LOW, LOW_DIGITS);
}

/** The `count` lowest base-36 digits of a 31-bit number; `toString(36)` is several times slower. */
function digits(value: number, count: number): string {
  let rest = value;
  let text = "";
  for (let digit = 0; digit < count; digit++) {
    text = ALPHABET[rest % 36]! + text;
    rest = (rest / 36) | 0;
  }
  return text;
}

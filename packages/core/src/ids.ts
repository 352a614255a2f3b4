const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";
const BASE = ALPHABET.length ** 2;
/** 36^4 milliseconds are 28 minutes: the upper half of the time changes that often. */
const LOW = BASE ** 2;
const BATCH = 1536;

let pairs: readonly string[] = [];
let pool: Uint16Array<ArrayBuffer> | undefined;
let next = BATCH;
let high = -1;
let highText = "";

/**
 * A new decision id: 8 characters of time in base 36, so that ids sort by age, and 12 random ones (62 bits), so that nobody can guess another
 * client's. Written in pairs of digits from a table, with randomness drawn in batches: ids are made for every request.
 */
export function createId(now: number): string {
  if (pool === undefined || next + 6 > BATCH) refill();
  const from = next;
  next += 6;
  return timeText(now) + pair(from) + pair(from + 1) + pair(from + 2) + pair(from + 3) + pair(from + 4) + pair(from + 5);
}

/** 65,536 is no multiple of 1,296: the bias costs a thousandth of a bit. */
const pair = (index: number): string => pairs[pool![index]! % BASE]!;

function refill(): void {
  if (pool === undefined) {
    pairs = Array.from({ length: BASE }, (_, index) => ALPHABET[Math.floor(index / ALPHABET.length)]! + ALPHABET[index % ALPHABET.length]!);
    pool = new Uint16Array(BATCH);
  }
  crypto.getRandomValues(pool);
  next = 0;
}

function timeText(now: number): string {
  const time = now >= 0 ? Math.trunc(now) : 0;
  const upper = Math.floor(time / LOW);
  if (upper !== high) {
    high = upper;
    highText = upper.toString(36).padStart(4, "0").slice(-4);
  }
  const lower = time - upper * LOW;
  return highText + pairs[(lower / BASE) | 0]! + pairs[lower % BASE]!;
}

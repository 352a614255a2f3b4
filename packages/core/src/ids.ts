const BASE = 36;
/** 0-9, then a-z. */
const DIGITS = Uint8Array.from({ length: BASE }, (_, digit) => (digit < 10 ? 48 + digit : 87 + digit));
const SUFFIX_DIGITS = 12;
const BATCH = 64;

let random: Uint8Array<ArrayBuffer> | undefined;
let suffixes: string[] = [];
let timeOf = -1;
let timeText = "";

/**
 * A new decision id: 8 characters of time in base 36, so that ids sort by age, and 12 random ones (62 bits), so that nobody can guess another
 * client's. Random parts are made in batches: one at a time, between the rest of a request's work, each would cost several times as much.
 */
export function createId(now: number): string {
  if (suffixes.length === 0) suffixes = createSuffixes();
  if (now !== timeOf) {
    timeOf = now;
    timeText = Math.trunc(Math.max(0, now)).toString(BASE).padStart(8, "0").slice(-8);
  }
  return timeText + suffixes.pop()!;
}

function createSuffixes(): string[] {
  random ??= new Uint8Array(BATCH * SUFFIX_DIGITS);
  const bytes = crypto.getRandomValues(random);
  // 256 is no multiple of 36: the first four digits come up an eighth more often, which costs a hundredth of a bit a digit.
  return Array.from({ length: BATCH }, (_, index) =>
    String.fromCharCode(...bytes.subarray(index * SUFFIX_DIGITS, (index + 1) * SUFFIX_DIGITS).map((byte) => DIGITS[byte % BASE]!)),
  );
}

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";
const BATCH = 64;

const suffixes: string[] = [];
let middle = "";
let timeOf = -1;
let prefix = "";

/**
 * A new decision id: 8 characters of time in base 36, so that ids sort by age, and 12 that nobody can guess: 56 bits, and still 25 for somebody who has
 * seen the ids before and after, because 64 in a row share their first half.
 *
 * They are made in batches: between the rest of a request's work, with cold caches, each would cost several times as much.
 */
export function createId(now: number): string {
  const suffix = suffixes.pop();
  if (suffix === undefined) {
    addSuffixes();
    timeOf = -1;
    return createId(now);
  }
  if (now !== timeOf) {
    timeOf = now;
    prefix = Math.trunc(Math.max(0, now)).toString(36).padStart(8, "0").slice(-8) + middle;
  }
  return prefix + suffix;
}

function addSuffixes(): void {
  const bits = crypto.getRandomValues(new Int32Array(BATCH + 1));
  middle = sixDigits(bits[BATCH]!);
  // The lowest bits are a running number, so that no two of a batch are the same.
  for (let index = 0; index < BATCH; index++) suffixes.push(sixDigits((bits[index]! & -BATCH) | index));
}

/** The low 31 bits in base 36, lowest digit first: 36^6 is just above 2^31. By hand, because `toString(36)` takes twice as long (measured). */
function sixDigits(bits: number): string {
  let rest = bits & 0x7fffffff;
  let text = "";
  for (let digit = 0; digit < 6; digit++) {
    text += DIGITS[rest % 36]!;
    rest = (rest / 36) | 0;
  }
  return text;
}

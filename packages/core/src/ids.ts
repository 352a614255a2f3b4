const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";
/** Every pair of digits, in order. Joined from pieces that exist, an id costs one string; from its digits, six. */
const PAIRS: readonly string[] = [...DIGITS].flatMap((high) => [...DIGITS].map((low) => high + low));

let run = "";
let next = PAIRS.length;
let timeOf = -1;
let prefix = "";

/**
 * A new decision id: 8 characters of time in base 36, 10 that are random (51 bits), and 2 that count the 1,296 ids of a run, so that ids sort by age. Nobody
 * guesses one who has not seen another of its run. No two of a process are the same.
 *
 * Between the rest of a request's work, with cold caches, drawing a number for each would cost as much as two detectors.
 */
export function createId(now: number): string {
  if (next === PAIRS.length) {
    run = createRun();
    next = 0;
    timeOf = -1;
  }
  if (now !== timeOf) {
    timeOf = now;
    prefix = inBase36(Math.trunc(Math.max(0, now)), 8) + run;
  }
  return prefix + PAIRS[next++]!;
}

/** Ten random digits: 31 bits are six (36^6 is just above 2^31), the 20.7 of the other four are taken from 32. */
function createRun(): string {
  const [six, four] = crypto.getRandomValues(new Uint32Array(2));
  return inBase36(six! >>> 1, 6) + inBase36(four! % 36 ** 4, 4);
}

const inBase36 = (number: number, digits: number): string => number.toString(36).padStart(digits, "0").slice(-digits);

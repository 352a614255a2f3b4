const inBase36 = (number: number, digits: number): string => number.toString(36).padStart(digits, "0").slice(-digits);

/** Every pair of digits, in order. Joined from pieces that exist, an id costs one string; from its digits, six. */
const PAIRS: readonly string[] = Array.from({ length: 36 ** 2 }, (_, number) => inBase36(number, 2));

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

/** Ten random digits: 52 bits, of which 51.7 show. */
function createRun(): string {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return inBase36(high! * 2 ** 20 + (low! >>> 12), 10);
}

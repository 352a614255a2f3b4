import { hashText } from "./stores/keyed-hash.ts";

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";
const BATCH = 64;

let secret: Uint32Array | undefined;
let count = 0;
const hash = new Int32Array(2);
const suffixes: string[] = [];
let middle = "";
let timeOf = -1;
let prefix = "";

/**
 * A new decision id: 8 characters of time in base 36, so that ids sort by age, and 12 that nobody can guess: 56 bits, and still 25 for somebody who has
 * seen the ids before and after, because 64 in a row share their first half.
 *
 * The bits are a keyed hash of a running number under a secret of this process: as unpredictable as random numbers, which cost ten times as much.
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
    prefix = Math.trunc(Math.max(0, now)).toString(DIGITS.length).padStart(8, "0").slice(-8) + middle;
  }
  return prefix + suffix;
}

function addSuffixes(): void {
  secret ??= crypto.getRandomValues(new Uint32Array(2));
  nextHash();
  middle = sixDigits(hash[0]!);
  for (let index = 0; index < BATCH; index += 2) {
    nextHash();
    // The lowest bits are the running number, so that no two of a batch are the same.
    suffixes.push(sixDigits((hash[0]! & -BATCH) | index), sixDigits((hash[1]! & -BATCH) | (index + 1)));
  }
}

function nextHash(): void {
  count = (count + 1) >>> 0;
  hashText(String.fromCharCode(count & 0xffff, count >>> 16), secret![0]!, secret![1]!, hash);
}

/** The low 31 bits as six base-36 digits, lowest first: 36^6 is just above 2^31. */
function sixDigits(bits: number): string {
  let rest = bits & 0x7fffffff;
  let text = "";
  for (let digit = 0; digit < 6; digit++) {
    text += DIGITS[rest % 36]!;
    rest = (rest / 36) | 0;
  }
  return text;
}

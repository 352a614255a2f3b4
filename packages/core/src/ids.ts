import { hashText } from "./stores/keyed-hash.ts";

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";
const BATCH = 64;

let secret: Uint32Array | undefined;
let count = 0;
const hash = new Int32Array(2);
const suffixes: string[] = [];
let timeOf = -1;
let timeText = "";

/**
 * A new decision id: 8 characters of time in base 36, so that ids sort by age, and 12 that nobody can guess (62 bits).
 *
 * The latter are a keyed hash of a running number under a secret of this process: as unpredictable as random numbers, which cost ten times as much.
 * They are made in batches: between the rest of a request's work, with cold caches, each would cost several times as much.
 */
export function createId(now: number): string {
  if (suffixes.length === 0) addSuffixes();
  if (now !== timeOf) {
    timeOf = now;
    timeText = Math.trunc(Math.max(0, now)).toString(DIGITS.length).padStart(8, "0").slice(-8);
  }
  return timeText + suffixes.pop()!;
}

function addSuffixes(): void {
  secret ??= crypto.getRandomValues(new Uint32Array(2));
  for (let made = 0; made < BATCH; made++) {
    count = (count + 1) >>> 0;
    hashText(String.fromCharCode(count & 0xffff, count >>> 16), secret[0]!, secret[1]!, hash);
    suffixes.push(sixDigits(hash[0]! >>> 1) + sixDigits(hash[1]! >>> 1));
  }
}

/** 31 bits as six base-36 digits, lowest first: 36^6 is just above 2^31. */
function sixDigits(value: number): string {
  let rest = value;
  let text = "";
  for (let digit = 0; digit < 6; digit++) {
    text += DIGITS[rest % 36]!;
    rest = (rest / 36) | 0;
  }
  return text;
}

import { hashText } from "../stores/keyed-hash.ts";

/** The last hash: low half at 0, never 0 itself so that 0 can mean "free"; high half at 1. Read it before the next call. */
export const hashed = new Int32Array(2);

let secret: Uint32Array | undefined;
/** The last two texts and the hash of the one before: a request's client and path are asked about in turns, by one table after the other. */
let lastText: string | undefined;
let otherText: string | undefined;
let otherLow = 0;
let otherHigh = 0;

/**
 * From now on the same texts have the same hashes in every process, so that the same log trains the same model. For tools alone: in a server, whoever knows
 * the hashes could make clients share a place.
 */
export function hashReproducibly(): void {
  secret = Uint32Array.of(0x61697761, 0x66747261);
  lastText = undefined;
  otherText = undefined;
}

/** Writes the 64-bit hash of `text`, under a secret of this process, into `hashed`. The last two texts cost a comparison. */
export function hashOf(text: string): void {
  if (text === lastText) return;
  const low = hashed[0]!;
  const high = hashed[1]!;
  if (text === otherText) {
    hashed[0] = otherLow;
    hashed[1] = otherHigh;
  } else {
    secret ??= globalThis.crypto.getRandomValues(new Uint32Array(2));
    hashText(text, secret[0]!, secret[1]!, hashed);
    if (hashed[0] === 0) hashed[0] = 1;
  }
  otherText = lastText;
  otherLow = low;
  otherHigh = high;
  lastText = text;
}

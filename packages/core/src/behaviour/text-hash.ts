import { drawKey, drawKnownKeys, hashText } from "../stores/keyed-hash.ts";

/** The last hash: low half at 0, never 0 itself so that 0 can mean "free"; high half at 1. Read it before the next call. */
export const hashed = new Int32Array(2);

let secret: Uint32Array | undefined;
/** The last two texts and their hashes: a request's client and path are asked about in turns, by one table after the other. Neither is moved when it is met again. */
let oneText: string | undefined;
let oneLow = 0;
let oneHigh = 0;
let otherText: string | undefined;
let otherLow = 0;
let otherHigh = 0;
/** Whether the one was asked about after the other: then the other makes room. */
let isOneNewer = false;

/**
 * From now on the same texts have the same hashes in every process, counters of memory stores among them, so that the same log trains the same model and
 * is replayed alike. For tools alone: in a server, whoever knows the hashes could make clients share a place.
 */
export function hashReproducibly(): void {
  secret = drawKnownKeys();
  oneText = undefined;
  otherText = undefined;
}

/** Writes the 64-bit hash of `text`, under a secret of this process, into `hashed`. The last two texts cost a comparison. */
export function hashOf(text: string): void {
  if (text === oneText) {
    isOneNewer = true;
    hashed[0] = oneLow;
    hashed[1] = oneHigh;
  } else if (text === otherText) {
    isOneNewer = false;
    hashed[0] = otherLow;
    hashed[1] = otherHigh;
  } else {
    hashAnew(text);
  }
}

function hashAnew(text: string): void {
  secret ??= drawKey();
  hashText(text, secret[0]!, secret[1]!, hashed);
  if (hashed[0] === 0) hashed[0] = 1;
  isOneNewer = !isOneNewer;
  if (isOneNewer) {
    oneText = text;
    oneLow = hashed[0]!;
    oneHigh = hashed[1]!;
  } else {
    otherText = text;
    otherLow = hashed[0]!;
    otherHigh = hashed[1]!;
  }
}

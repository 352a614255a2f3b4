import { hashText } from "../stores/keyed-hash.ts";

/** The last hash: low half at 0, never 0 itself so that 0 can mean "free"; high half at 1. Read it before the next call. */
export const hashed = new Int32Array(2);

let secret: Uint32Array | undefined;
let lastText: string | undefined;

/**
 * Writes the 64-bit hash of `text`, under a secret of this process, into `hashed`. Several tables ask for the same client or path in a row: the
 * second one gets the answer for a comparison.
 */
export function hashOf(text: string): void {
  if (text === lastText) return;
  secret ??= globalThis.crypto.getRandomValues(new Uint32Array(2));
  hashText(text, secret[0]!, secret[1]!, hashed);
  if (hashed[0] === 0) hashed[0] = 1;
  lastText = text;
}

/**
 * Which detectors have nothing to learn from the outcome of the request that was inspected last.
 *
 * One note for all of them, so that a request leaves one reference behind and each outcome is asked about in one place.
 *
 * @module
 */
import type { Decision, WafRequest } from "../types.ts";

/** One detector's part of the note. */
export interface Quiet {
  /** Notes that nothing can be learned from how this request is answered, unless something is found in it. */
  note(request: WafRequest): void;
  /** True while the note stands: until another request is noted. */
  holds(request: WafRequest): boolean;
  /** For a detector's `wantsOutcome`: false only for what is quiet and in which nothing was found. */
  readonly wantsOutcome: (decision: Decision) => boolean;
}

/** Detectors that look at one request are far fewer, so that no two of them share a bit. */
const BITS = 30;
let made = 0;

let last: WafRequest | undefined;
let bits = 0;

/** Makes one detector's part. */
export function createQuiet(): Quiet {
  const bit = 1 << (made++ % BITS);
  return {
    note(request) {
      if (request !== last) {
        last = request;
        bits = 0;
      }
      bits |= bit;
    },
    holds: (request) => request === last && (bits & bit) !== 0,
    wantsOutcome: ({ request, action, findings }) => request !== last || (bits & bit) === 0 || action === "block" || findings.length > 0,
  };
}

/**
 * Waiting, never longer than a deadline: for a body's beginning, and for detectors that have to ask somebody.
 *
 * @module
 */
import type { Body, Failure, Findings } from "./types.ts";

/** Grace for a peek to hand over what it has once it was told to stop. */
const ABORT_GRACE_MS = 50;

/** Waits for a peek; at the deadline tells it to stop and takes what it has. Rejects only as the peek does. */
export function peek(
  body: PromiseLike<Body | undefined>,
  abort: AbortController,
  deadlineMs: number,
): Promise<{ value: Body | undefined; late: boolean }> {
  return new Promise((resolve, reject) => {
    let late = false;
    let timer = setTimeout(() => {
      late = true;
      timer = setTimeout(() => resolve({ value: undefined, late }), ABORT_GRACE_MS);
      abort.abort();
    }, deadlineMs);
    body.then(
      (value) => {
        clearTimeout(timer);
        resolve({ value, late });
      },
      (error) => {
        clearTimeout(timer);
        if (late) resolve({ value: undefined, late });
        else reject(error);
      },
    );
  });
}

/** What a detector has come to. */
export type Slot = { readonly found: Findings } | { readonly error: unknown; readonly kind: Failure["kind"] } | undefined;

/** Waits for all, or for the deadline. Fills the slots; what comes later is dropped. Never rejects. */
export function settle(
  pending: readonly { slot: number; result: PromiseLike<Findings> }[],
  slots: Slot[],
  deadlineMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    let open = pending.length;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      for (const { slot } of pending) slots[slot] ??= { error: new Error(`no answer within ${deadlineMs} ms`), kind: "deadline" };
      resolve();
    }, deadlineMs);
    const arrive = (slot: number, value: Slot): void => {
      if (late) return;
      slots[slot] = value;
      if (--open > 0) return;
      clearTimeout(timer);
      resolve();
    };
    for (const { slot, result } of pending) {
      try {
        result.then(
          (found) => arrive(slot, { found }),
          (error) => arrive(slot, { error, kind: "error" }),
        );
      } catch (error) {
        arrive(slot, { error, kind: "error" });
      }
    }
  });
}

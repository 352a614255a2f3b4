import type { Awaitable } from "./types.ts";

/** True for a promise of any make. */
export function isThenable<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === "function";
}

/** `then` without the promise: calls `next` in the same tick when `value` is already there. Errors of `value` reach the caller. */
export function chain<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return isThenable(value) ? value.then(next) : next(value);
}

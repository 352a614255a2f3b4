import type { Store } from "@aiwaf/core";

/**
 * The same store, every call answered by a promise: what a synchronous store becomes behind a network. The call itself runs at once, so
 * calls keep their order; a throw becomes a rejection.
 *
 * @param delayMs - Milliseconds until an answer arrives. Default: none, the answer comes a microtask later.
 * @example
 * const store = behindPromises(memoryStore());
 */
export function behindPromises(store: Store, delayMs?: number): Store {
  const answer = async <T>(run: () => T | PromiseLike<T>): Promise<T> => {
    const result = await run();
    if (delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, delayMs));
    return result;
  };
  const { incrementWindow } = store;
  return {
    name: `${store.name} behind promises`,
    increment: (key, by, ttlMs, now) => answer(() => store.increment(key, by, ttlMs, now)),
    ...(incrementWindow !== undefined && {
      incrementWindow: (key, by, windowMs, now) => answer(() => incrementWindow.call(store, key, by, windowMs, now)),
    }),
    get: (key, now) => answer(() => store.get(key, now)),
    set: (key, value, ttlMs, now) => answer(() => store.set(key, value, ttlMs, now)),
    delete: (key) => answer(() => store.delete(key)),
    list: (prefix, limit, now) => answer(() => store.list(prefix, limit, now)),
    close: () => answer(() => store.close?.()),
  };
}

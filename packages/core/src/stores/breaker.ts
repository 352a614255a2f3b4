/** Whether a store that may be away is worth asking. Knows no timer: it looks at the clock when it is asked. Times are `performance.now()`. */
export interface Breaker {
  /** True while calls shall not go out. Notices calls that have been under way for too long. */
  isOpen(at: number): boolean;
  /** True once a pause: one call may try whether the store is back, or whether it now takes what it did not. */
  mayTry(at: number): boolean;
  /** Returns what ends the call: with its error, or with nothing. Only the first ending counts. */
  start(at: number): (error?: unknown) => void;
  /** The store is back: calls go out again. */
  close(): void;
}

export interface BreakerSettings {
  /** So many failures in a row open it. */
  readonly failures: number;
  /** One call under way for longer opens it. */
  readonly slowMs: number;
  /** Between two tries. */
  readonly pauseMs: number;
  readonly onOpen: (reason: string) => void;
  readonly onClose: () => void;
}

/** Makes a closed breaker. */
export function createBreaker({ failures, slowMs, pauseMs, onOpen, onClose }: BreakerSettings): Breaker {
  let inARow = 0;
  let isOpen = false;
  let triedAt = 0;
  /** When each call under way began; a set keeps its order, so the first is the oldest. */
  let underWay = new Set<{ readonly since: number }>();

  const open = (at: number, reason: string): void => {
    isOpen = true;
    triedAt = at;
    // What is still under way has had its say, and must not open the breaker again after it closed.
    underWay = new Set();
    onOpen(reason);
  };

  return {
    isOpen(at) {
      if (isOpen) return true;
      const [oldest] = underWay;
      if (oldest !== undefined && at - oldest.since > slowMs) open(at, `no answer within ${slowMs} ms`);
      return isOpen;
    },
    mayTry(at) {
      if (at - triedAt < pauseMs) return false;
      triedAt = at;
      return true;
    },
    start(at) {
      const call = { since: at };
      const calls = underWay.add(call);
      return (error) => {
        if (!calls.delete(call) || calls !== underWay) return;
        inARow = error === undefined ? 0 : inARow + 1;
        if (inARow >= failures) open(performance.now(), error instanceof Error ? error.message : String(error));
      };
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      inARow = 0;
      onClose();
    },
  };
}

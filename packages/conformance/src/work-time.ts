import type { Detector } from "@aiwaf/core";

/** A detector that says how long it has worked. */
export interface Stopwatch {
  readonly detector: Detector;
  /** Milliseconds of `inspect` since the last reset; of a detector that waits, until its answer. */
  elapsedMs(): number;
  reset(): void;
}

/** Wraps a detector so that its own work is timed, apart from the engine's. */
export function createStopwatch(detector: Detector): Stopwatch {
  let elapsedMs = 0;
  const { name, phase, rules, defaults } = detector;
  return {
    detector: {
      name,
      phase,
      rules,
      ...(defaults === undefined ? {} : { defaults }),
      inspect(request, services) {
        const start = performance.now();
        const stop = <T>(answer: T): T => {
          elapsedMs += performance.now() - start;
          return answer;
        };
        const answer = detector.inspect(request, services);
        return answer !== undefined && "then" in answer ? answer.then(stop) : stop(answer);
      },
    },
    elapsedMs: () => elapsedMs,
    reset() {
      elapsedMs = 0;
    },
  };
}

/** Each size is 16 times the one before; the rest is room for caches and collectors. Quadratic work takes 256 times as long. */
const MAX_RATIO = 40;
/** Slower than this there is no second try: no busy machine makes honest work look so, and each try would cost as much again. */
const HOPELESS_RATIO = 120;
const HOPELESS_MS = 1_000;
/** Below this nothing can be told from another process's turn, and nobody is harmed: 24 ns a byte at 1 MiB. */
const NEGLIGIBLE_MS = 25;
const ATTEMPTS = 6;

/**
 * Says why work is not linear in its input's size, or `undefined` when it is. Goes from small sizes to large ones, so that what explodes does so
 * while it is small, and tries again before it complains, because a busy machine looks like slow code.
 *
 * @param timeMs - Does the work for an input of so many bytes and says how long it took.
 * @param sizes - In bytes, each 16 times the one before.
 */
export async function nonlinearity(timeMs: (bytes: number) => Promise<number>, sizes: readonly number[]): Promise<string | undefined> {
  for (let i = 1; i < sizes.length; i++) {
    const [small, large] = [sizes[i - 1]!, sizes[i]!];
    // The shortest time seen is the nearest to the work alone.
    let smallMs = Infinity;
    let largeMs = Infinity;
    for (let attempt = 1; ; attempt++) {
      smallMs = Math.min(smallMs, await timeMs(small), await timeMs(small));
      largeMs = Math.min(largeMs, await timeMs(large));
      const ratio = largeMs / smallMs;
      if (largeMs < NEGLIGIBLE_MS || ratio <= MAX_RATIO) break;
      if (attempt === ATTEMPTS || (ratio > HOPELESS_RATIO && largeMs > HOPELESS_MS))
        return `${large} bytes take ${largeMs.toFixed(1)} ms, ${ratio.toFixed(0)} times as long as ${small} bytes (${smallMs.toFixed(2)} ms)`;
    }
  }
  return undefined;
}

import type { Detector } from "@aiwaf/core";

/** What one piece of work took, in milliseconds. */
export interface WorkTime {
  /** By the clock: never less than the work alone, more when others had their turn meanwhile. Fine to a microsecond. */
  readonly clockMs: number;
  /** Of the processor, for this thread: others' turns do not count. Coarse: some systems only count whole ticks of 4 to 10 ms. */
  readonly processorMs: number;
}

/** A detector that says how long it has worked. */
export interface Stopwatch {
  readonly detector: Detector;
  /** Of `inspect` since the last reset; of a detector that waits, until its answer. */
  elapsed(): WorkTime;
  reset(): void;
}

/** Not every runtime tells threads apart; a process that does nothing else is as good. */
const processorTime = (): NodeJS.CpuUsage => process.threadCpuUsage?.() ?? process.cpuUsage();

/** Wraps a detector so that its own work is timed, apart from the engine's. */
export function createStopwatch(detector: Detector): Stopwatch {
  let clockMs = 0;
  let processorMs = 0;
  const { name, phase, rules, defaults } = detector;
  return {
    detector: {
      name,
      phase,
      rules,
      ...(defaults === undefined ? {} : { defaults }),
      inspect(request, services) {
        const before = processorTime();
        const start = performance.now();
        const stop = <T>(answer: T): T => {
          clockMs += performance.now() - start;
          const { user, system } = processorTime();
          processorMs += (user + system - before.user - before.system) / 1_000;
          return answer;
        };
        const answer = detector.inspect(request, services);
        return answer !== undefined && "then" in answer ? answer.then(stop) : stop(answer);
      },
    },
    elapsed: () => ({ clockMs, processorMs }),
    reset() {
      clockMs = 0;
      processorMs = 0;
    },
  };
}

/** Each size is 16 times the one before; the rest is room for caches and collectors. Quadratic work takes 256 times as long. */
const MAX_RATIO = 40;
/** Slower than this there is no second try: honest work never looks so, and each try would cost as much again. */
const HOPELESS_RATIO = 120;
const HOPELESS_MS = 1_000;
/**
 * Below this nobody is harmed, and a coarse count of the processor's time says little: 190 ns a byte at 1 MiB. Work that grows with the
 * square takes seconds there, or minutes.
 */
const NEGLIGIBLE_MS = 200;
const ATTEMPTS = 6;

/**
 * Says why work is not linear in its input's size, or `undefined` when it is. Goes from small sizes to large ones, so that what explodes does so
 * while it is small, and tries again before it complains. A busy machine cannot look like slow code: the large work is measured in processor
 * time, the small one, for which that is too coarse, by the clock, which a busy machine only makes larger.
 *
 * @param time - Does the work for an input of so many bytes, each time a new one that no cache has seen, and says how long it took.
 * @param sizes - In bytes, each 16 times the one before.
 */
export async function nonlinearity(time: (bytes: number) => Promise<WorkTime>, sizes: readonly number[]): Promise<string | undefined> {
  for (let i = 1; i < sizes.length; i++) {
    const [small, large] = [sizes[i - 1]!, sizes[i]!];
    // The shortest time seen is the nearest to the work alone.
    let smallMs = Infinity;
    let largeMs = Infinity;
    for (let attempt = 1; ; attempt++) {
      for (let run = 0; run < 2; run++) smallMs = Math.min(smallMs, (await time(small)).clockMs);
      largeMs = Math.min(largeMs, (await time(large)).processorMs);
      const ratio = largeMs / smallMs;
      if (largeMs < NEGLIGIBLE_MS || ratio <= MAX_RATIO) break;
      if (attempt === ATTEMPTS || (ratio > HOPELESS_RATIO && largeMs > HOPELESS_MS))
        return `${large} bytes take ${largeMs.toFixed(1)} ms, ${ratio.toFixed(0)} times as long as ${small} bytes (${smallMs.toFixed(2)} ms)`;
    }
  }
  return undefined;
}

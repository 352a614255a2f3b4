/** One printed line: `median` and `p99` in `unit`; `ratio` is median over the reference's median in the same run. */
export interface Line {
  readonly bench: string;
  readonly median: number;
  readonly p99: number;
  /** Of processor time: its least round, and the median of the same rounds by the clock. */
  readonly min?: number;
  readonly wall?: number;
  /** Where single calls differ in kind: their mean, and the mean divided by the bytes of what they were given. */
  readonly mean?: number;
  readonly nsPerByte?: number;
  /** Of the dearest hostile input: how many times honest text of the same length it costs, and what it is made of. */
  readonly timesHonest?: number;
  readonly input?: string;
  readonly unit: string;
  /** What the ratio is against, with its own median. */
  readonly reference: string;
  readonly ratio: number;
  readonly runs: number;
}

export interface Subject {
  readonly name: string;
  /** Makes what `run` is given, outside of the time that is measured; where single calls are timed. */
  prepare?(index: number): unknown;
  /** Does the thing once; `index` counts up from 0 and picks the input. */
  run(index: number, prepared?: unknown): unknown;
}

/** Keeps results alive, so that no loop is optimised away. */
let sink: unknown;
export const kept = (): unknown => sink;

const now = (): number => Number(process.hrtime.bigint());
const quantile = (sorted: Float64Array, share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;

/** Median, mean and 99th percentile of one call, in nanoseconds, over single calls; the clock's own cost is in them. */
export function timeCalls(
  subject: Subject,
  count: number,
  from = 0,
): { readonly median: number; readonly mean: number; readonly p99: number } {
  const samples = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const prepared = subject.prepare?.(from + index);
    const start = process.hrtime.bigint();
    sink = subject.run(from + index, prepared);
    samples[index] = Number(process.hrtime.bigint() - start);
  }
  samples.sort();
  return { median: quantile(samples, 0.5), mean: samples.reduce((sum, sample) => sum + sample, 0) / count, p99: quantile(samples, 0.99) };
}

/** Nanoseconds a call, over a batch. */
export function timeBatch(subject: Subject, count: number, from = 0): number {
  const start = now();
  for (let index = 0; index < count; index++) sink = subject.run(from + index);
  return (now() - start) / count;
}

/** Processor time of a call in nanoseconds, over a batch: what other programs take does not count. For calls of many microseconds. */
export function timeProcessor(subject: Subject, count: number, from = 0): number {
  const start = process.cpuUsage();
  for (let index = 0; index < count; index++) sink = subject.run(from + index);
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1000) / count;
}

/**
 * Measures a subject against a reference in alternating rounds of one process, because these are shared, noisy machines: medians of rounds,
 * and their ratio. `p99` is of single calls.
 */
export function compare(bench: string, subject: Subject, reference: Subject, { rounds = 15, batch = 20_000 } = {}): Line {
  for (const warm of [subject, reference, subject]) timeBatch(warm, batch);
  const clock = timeCalls({ name: "clock", run: () => 0 }, 20_000).median;
  const own = new Float64Array(rounds);
  const other = new Float64Array(rounds);
  const tails = new Float64Array(rounds);
  for (let round = 0; round < rounds; round++) {
    other[round] = timeBatch(reference, batch, round * batch);
    own[round] = timeBatch(subject, batch, round * batch);
    tails[round] = Math.max(0, timeCalls(subject, batch, round * batch).p99 - clock);
  }
  for (const samples of [own, other, tails]) samples.sort();
  const [median, referenceMedian] = [quantile(own, 0.5), quantile(other, 0.5)];
  return {
    bench,
    median: round3(median / 1000),
    p99: round3(quantile(tails, 0.5) / 1000),
    unit: "µs",
    reference: `${reference.name} (${round3(referenceMedian / 1000)} µs)`,
    ratio: round3(median / referenceMedian),
    runs: rounds * batch,
  };
}

export const round3 = (value: number): number => Math.round(value * 1000) / 1000;

/** Work of a known kind that inspections are held against: 64 requests' targets and agents hashed byte by byte (FNV-1a, about 130 bytes). */
export function referenceLoop(inputs: readonly string[]): Subject {
  return {
    name: "FNV-1a over target and agent",
    run(index) {
      const text = inputs[index % inputs.length]!;
      let hash = 0x811c9dc5;
      for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
      return hash;
    },
  };
}

export const print = (line: Line): void => console.log(JSON.stringify(line));

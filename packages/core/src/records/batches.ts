import type { DecisionRecord, RecordOptions } from "../record.ts";
import { recordOf } from "../record.ts";
import type { Awaitable, Listener } from "../types.ts";
import { type DecisionNote, isNote, noteOf, recordOfNote } from "./note.ts";

/** How many records wait, and for how long. */
export interface BatchSettings {
  /** Records sent at once at most. */
  readonly batchRecords: number;
  /** How long records wait for company, in milliseconds. */
  readonly flushMs: number;
  /** Records that wait at most; beyond that the oldest are dropped and counted. */
  readonly maxWaiting: number;
  readonly only: "all" | "notable";
  readonly record?: RecordOptions | undefined;
  /**
   * Takes records away. Returns how many of them it refused for good; throws or rejects when they shall be tried again.
   */
  readonly send: (records: readonly DecisionRecord[]) => Awaitable<number>;
}

/** Where records go in batches: a request never waits for it, and nothing it does can fail one. */
export interface RecordWriter {
  /** Give it to `waf.subscribe`. Never throws. */
  readonly listener: Listener;
  /** Adds a record made elsewhere. */
  write(record: DecisionRecord): void;
  /** Sends what waits now. Resolves when that was tried once; never rejects. */
  flush(): Promise<void>;
  /** Flushes and stops. Records that come later are dropped. */
  close(): Promise<void>;
  /** Records that wait. */
  readonly waiting: number;
  /** Records that were dropped because too many waited, because they were refused or because the writer is closed; and how often sending failed. */
  readonly lost: { readonly records: number; readonly failures: number };
  /** Why sending failed last; `undefined` while all is well. */
  readonly problem: string | undefined;
}

/** After failures in a row the next try comes later: twice as late each time, up to so many times `flushMs`. */
const MAX_BACKOFF = 64;
/** Notes hold what was sent as it was sent. */
const NOTE_MOST_MS = 2_000;

/** Makes a writer. No timer runs while nothing waits, and none keeps the process alive. */
export function createRecordWriter({ batchRecords, flushMs, maxWaiting, only, record, send }: BatchSettings): RecordWriter {
  let waiting: (DecisionRecord | DecisionNote)[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let underWay: Promise<boolean> | undefined;
  let failuresInARow = 0;
  let isClosed = false;
  let problem: string | undefined;
  const lost = { records: 0, failures: 0 };

  const schedule = (): void => {
    if (timer !== undefined || waiting.length === 0 || isClosed) return;
    timer = setTimeout(() => void sendOne(), flushMs * Math.min(MAX_BACKOFF, 2 ** failuresInARow));
    (timer as { unref?(): void }).unref?.();
  };

  /** Sends one batch; true when it was taken. One at a time, so that a slow receiver costs one connection. */
  const sendOne = (): Promise<boolean> => {
    clearTimeout(timer);
    timer = undefined;
    underWay ??= trySend().then((taken) => {
      underWay = undefined;
      schedule();
      return taken;
    });
    return underWay;
  };

  const trySend = async (): Promise<boolean> => {
    if (waiting.length === 0) return true;
    const batch = waiting.slice(0, batchRecords).map((one) => (isNote(one) ? recordOfNote(one, record) : one));
    waiting = waiting.slice(batch.length);
    try {
      lost.records += await send(batch);
      failuresInARow = 0;
      problem = undefined;
      return true;
    } catch (error) {
      failuresInARow += 1;
      lost.failures += 1;
      problem = String(error instanceof Error ? error.message : error).slice(0, 200);
      waiting = [...batch, ...waiting];
      trim();
      return false;
    }
  };

  const trim = (): void => {
    const over = waiting.length - maxWaiting;
    if (over <= 0) return;
    waiting.splice(0, over);
    lost.records += over;
  };

  const write = (one: DecisionRecord | DecisionNote): void => {
    if (isClosed) {
      lost.records += 1;
      return;
    }
    waiting.push(one);
    trim();
    if (waiting.length >= batchRecords && failuresInARow === 0 && underWay === undefined) void sendOne();
    else schedule();
  };

  const flush = async (): Promise<void> => {
    if (underWay !== undefined) await underWay;
    while (waiting.length > 0 && (await sendOne()));
  };

  return {
    write,
    flush,
    listener(decision, outcome) {
      if (only === "notable" && decision.action === "allow" && decision.findings.length === 0 && decision.failures.length === 0) return;
      // What waits for long, or for a receiver that is away, waits as a record.
      const note = flushMs <= NOTE_MOST_MS && failuresInARow === 0 ? noteOf(decision, outcome) : undefined;
      write(note ?? recordOf(decision, outcome, record));
    },
    async close() {
      if (isClosed) return;
      await flush();
      isClosed = true;
      clearTimeout(timer);
      lost.records += waiting.length;
      waiting = [];
    },
    get waiting() {
      return waiting.length;
    },
    lost,
    get problem() {
      return problem;
    },
  };
}

/**
 * Records as files that turn over by size and age.
 *
 * @module
 */
import { closeSync, fstatSync, fsyncSync, openSync, readdirSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { WafError } from "../errors.ts";
import { any, integer, isRecord, type OptionTable, oneOf, readOptions } from "../options.ts";
import { type DecisionRecord, type RecordOptions, recordOf } from "../record.ts";
import type { Listener } from "../types.ts";
import { csvHeader, csvLine } from "./csv.ts";
import { type DecisionNote, isNote, noteOf, recordOfNote } from "./note.ts";

/** What `recordFile` takes beside the path. */
export interface RecordFileOptions {
  /** `"jsonl"`: one JSON record a line, which `aiwaf replay` and training read; `"csv"`: for spreadsheets. Default `"jsonl"`. */
  readonly format?: "jsonl" | "csv";
  /** Which decisions are written: all, or those with a finding, a block or a failure. Default `"all"`. */
  readonly only?: "all" | "notable";
  /** What a record keeps: `recordOf`'s options. Default: addresses, and the values of harmless header fields. */
  readonly record?: RecordOptions;
  /** A file that would grow beyond this many bytes turns over, 65,536 to 10,737,418,240. Default 67,108,864. */
  readonly maxBytes?: number;
  /** A file older than this turns over, in milliseconds, 60,000 to 2,678,400,000. Default 86,400,000. */
  readonly maxAgeMs?: number;
  /** Turned-over files that are kept, `path.1` the newest, 0 to 1,000. Default 7. */
  readonly keep?: number;
  /** Bytes that wait at most for the next write, which otherwise comes every fifth of a second, 65,536 to 67,108,864. Default 1,048,576. */
  readonly bufferBytes?: number;
}

/** How each option is checked, and what holds without it. */
export const RECORD_FILE_OPTIONS = {
  format: oneOf<"jsonl" | "csv", "jsonl">("jsonl", ["jsonl", "csv"]),
  only: oneOf<"all" | "notable", "all">("all", ["all", "notable"]),
  record: any<RecordOptions>(undefined, "an object with headers or client", isRecord),
  maxBytes: integer(67_108_864, 65_536, 10_737_418_240),
  maxAgeMs: integer(86_400_000, 60_000, 2_678_400_000),
  keep: integer(7, 0, 1_000),
  bufferBytes: integer(1_048_576, 65_536, 67_108_864),
} as const satisfies OptionTable;

/** A file that records decisions. */
export interface RecordFile {
  /** Give it to `waf.subscribe`. Never throws; the file is written a moment later, many records at once. */
  readonly listener: Listener;
  /** Adds a record made elsewhere. */
  write(record: DecisionRecord): void;
  /** Writes what waits and puts it on the disk. */
  flush(): void;
  /** Flushes and closes. Records that come later are dropped. */
  close(): void;
  /** Records that were dropped, because the disk was full or away or the file closed, and how often writing failed. */
  readonly lost: { readonly records: number; readonly failures: number };
}

/** How long records wait for company. */
const FLUSH_MS = 200;

/**
 * Opens a file for records and adds to it. It turns over by size and age: `path` becomes `path.1`, `path.1` becomes `path.2`. One process, one file:
 * two that write the same one would turn it over under each other. The file is readable by its owner alone.
 *
 * @throws WafError `AIWAF_RECORD_FILE` when the file cannot be opened.
 * @example
 * const file = recordFile("logs/decisions.jsonl", { only: "notable" });
 * waf.subscribe(file.listener);
 */
export function recordFile(path: string, options?: RecordFileOptions): RecordFile {
  const { format, only, record: kept, maxBytes, maxAgeMs, keep, bufferBytes } = readOptions("recordFile", RECORD_FILE_OPTIONS, options);
  const encode = format === "csv" ? csvLine : (record: DecisionRecord): string => `${JSON.stringify(record)}\n`;
  let file: OpenFile | undefined = open(path, format);
  let waiting: (Buffer | DecisionNote)[] = [];
  let waitingBytes = 0;
  let waitingRecords = 0;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const lost = { records: 0, failures: 0 };

  const turnOver = (): void => {
    if (file !== undefined) closeSync(file.descriptor);
    file = undefined;
    shift(path, keep);
  };

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waitingBytes === 0) return;
    const bytes = Buffer.concat(waiting.map((one) => (isNote(one) ? Buffer.from(encode(recordOfNote(one, kept))) : one)));
    const records = waitingRecords;
    waiting = [];
    waitingBytes = 0;
    waitingRecords = 0;
    try {
      if (
        file !== undefined &&
        file.bytes > file.headBytes &&
        (file.bytes + bytes.length > maxBytes || Date.now() - file.openedAt >= maxAgeMs)
      )
        turnOver();
      file ??= open(path, format);
      // A line that was cut short by a full disk would swallow the next one.
      const whole = file.isTorn ? Buffer.concat([Buffer.from("\n"), bytes]) : bytes;
      file.isTorn = true;
      writeAll(file.descriptor, whole);
      file.isTorn = false;
      file.bytes += whole.length;
    } catch {
      lost.records += records;
      lost.failures += 1;
    }
  };

  const write = (one: DecisionRecord | DecisionNote): void => {
    if (isClosed) {
      lost.records += 1;
      return;
    }
    const line = isNote(one) ? one : Buffer.from(encode(one));
    const bytes = isNote(line) ? line.bytes : line.length;
    if (waitingBytes + bytes > bufferBytes) flush();
    waiting.push(line);
    waitingBytes += bytes;
    waitingRecords += 1;
    // Does not keep the process alive: what still waits at its end is written by `close`.
    timer ??= setTimeout(flush, FLUSH_MS).unref();
  };

  return {
    write,
    listener(decision, outcome) {
      if (only === "notable" && decision.action === "allow" && decision.findings.length === 0 && decision.failures.length === 0) return;
      write(noteOf(decision, outcome) ?? recordOf(decision, outcome, kept));
    },
    flush() {
      flush();
      try {
        if (file !== undefined) fsyncSync(file.descriptor);
      } catch {
        lost.failures += 1;
      }
    },
    close() {
      if (isClosed) return;
      this.flush();
      isClosed = true;
      if (file !== undefined) closeSync(file.descriptor);
      file = undefined;
    },
    lost,
  };
}

interface OpenFile {
  readonly descriptor: number;
  readonly openedAt: number;
  readonly headBytes: number;
  bytes: number;
  isTorn: boolean;
}

const HEADS = { csv: csvHeader(), jsonl: "" } as const;

function open(path: string, format: "jsonl" | "csv"): OpenFile {
  const head = HEADS[format];
  try {
    const descriptor = openSync(path, "a+", 0o600);
    const { size, birthtimeMs } = fstatSync(descriptor);
    if (size === 0 && head !== "") writeAll(descriptor, Buffer.from(head));
    return {
      descriptor,
      // Some file systems know no birth; then the age counts from the start of this process.
      openedAt: size > 0 && birthtimeMs > 0 ? birthtimeMs : Date.now(),
      headBytes: head.length,
      bytes: Math.max(size, head.length),
      isTorn: size > 0 && !endsWithNewline(descriptor, size),
    };
  } catch (error) {
    throw new WafError("AIWAF_RECORD_FILE", `Records cannot be written to ${JSON.stringify(path)}: ${(error as Error).message}.`);
  }
}

function endsWithNewline(descriptor: number, size: number): boolean {
  const last = Buffer.alloc(1);
  readSync(descriptor, last, 0, 1, size - 1);
  return last[0] === 0x0a;
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
}

/** Makes room for `path.1`, and removes what is beyond `keep`, also from a time when more were kept. */
function shift(path: string, keep: number): void {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  const numbers = readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && /^\d{1,6}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((left, right) => right - left);
  for (const number of numbers) {
    const old = join(folder, `${prefix}${number}`);
    if (number >= keep) rmSync(old, { force: true });
    else renameSync(old, join(folder, `${prefix}${number + 1}`));
  }
  if (keep === 0) rmSync(path, { force: true });
  else renameSync(path, join(folder, `${prefix}1`));
}

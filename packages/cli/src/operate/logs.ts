/**
 * `aiwaf logs`: kept decisions one a line, and as they come.
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { escapeControls } from "../json-text.ts";
import { createSplitter } from "../lines.ts";
import { COLUMNS, type Io, painter, printable, widthOf } from "../terminal.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { readCount } from "./counts.ts";
import { logsClear, logsStatus } from "./log-files.ts";
import type { KeptRecord } from "./record-counts.ts";
import { isTable, lastOfTable } from "./record-table.ts";
import { parseKept, readRecords } from "./records.ts";
import { readMoment } from "./times.ts";

/** The flags of `aiwaf logs`. */
export interface LogsFlags {
  readonly follow?: boolean;
  readonly limit?: string;
  readonly since?: string;
  readonly rule?: string;
  readonly client?: string;
  readonly blocked?: boolean;
  readonly json?: boolean;
  readonly status?: boolean;
  readonly clear?: boolean;
  readonly confirm?: boolean;
}

/** How often a followed file is looked at. */
const POLL_MS = 200;

/**
 * Shows the last records that fit the flags; with `--follow` those that come, until the signal ends it.
 *
 * @returns the exit code, 0.
 */
export async function logs(files: readonly string[], flags: LogsFlags, io: Io, signal = interrupted()): Promise<number> {
  if (flags.status === true && flags.clear === true) throw new UsageError("--status or --clear, not both");
  if (flags.confirm === true && flags.clear !== true) throw new UsageError("--confirm belongs to --clear");
  if (flags.status === true) return logsStatus(files, flags.json === true, io);
  if (flags.clear === true) return logsClear(files, flags, io);
  if (files.length === 0) throw new UsageError("which files? name those that your firewall writes: aiwaf logs requests.jsonl");
  const limit = readCount("--limit", flags.limit ?? "50", 1_000_000);
  const since = flags.since === undefined ? Number.NEGATIVE_INFINITY : readMoment("--since", flags.since, Date.now());
  if (flags.follow === true && files.length !== 1) throw new UsageError("--follow follows one file; name the one that is being written");
  const fits = (record: KeptRecord): boolean =>
    (!flags.blocked || record.action === "block" || record.wouldBlock !== undefined) &&
    (flags.rule === undefined || record.rule === flags.rule || record.wouldBlock?.rule === flags.rule) &&
    (flags.client === undefined || record.client === flags.client) &&
    !(typeof record.at === "number" && record.at < since);
  const show = (record: KeptRecord): string =>
    flags.json === true ? `${escapeControls(JSON.stringify(record))}\n` : `${lineOf(record, io)}\n`;
  const path = files[0]!;
  const shown = async (last: readonly KeptRecord[]): Promise<void> => io.out.write(last.map(show).join(""));
  const take = async (record: KeptRecord): Promise<void> => io.out.write(show(record));
  if (flags.follow === true && isTable(path)) {
    await readable(path, () => lastOfTable(path, { fits, limit }, shown, { signal, take }));
    return 0;
  }
  // What is written while the end is still being read must be neither lost nor shown twice: following starts where this began to count.
  const start = flags.follow === true ? sizeOf(path) : 0;
  const last: KeptRecord[] = [];
  for (const file of files) await lastOf(file, { fits, limit }, last);
  await shown(last.slice(-limit));
  if (flags.follow === true)
    await follow(path, start, signal, async (record) => {
      if (fits(record)) await take(record);
    });
  return 0;
}

/** Adds the last records of a file that fit to `last`, in the order they were received. */
async function lastOf(
  path: string,
  chosen: { fits(record: KeptRecord): boolean; readonly limit: number },
  last: KeptRecord[],
): Promise<void> {
  if (isTable(path)) return readable(path, () => lastOfTable(path, chosen, async (records) => void last.push(...records)));
  await readRecords([path], (record) => {
    if (!chosen.fits(record)) return;
    last.push(record);
    if (last.length > chosen.limit * 2) last.splice(0, last.length - chosen.limit);
  });
}

async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new UsageError(`${path}: ${messageOf(error)}`);
  }
}

function interrupted(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  process.once("SIGTERM", () => controller.abort());
  return controller.signal;
}

function sizeOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new UsageError(`${path}: there is no such file`);
  if (/\.(?:gz|zst)$/.test(path)) throw new UsageError(`${path}: is compressed; --follow follows the file that is being written`);
  return stats.size;
}

const CHUNK_BYTES = 256 * 1024;

/** Reads what is added to a file, through its turning over: when another file has its name, that one is read from its start. */
async function follow(path: string, from: number, signal: AbortSignal, take: (record: KeptRecord) => Promise<void>): Promise<void> {
  let file = openSync(path, "r");
  let at = from;
  let splitter = createSplitter("utf8");
  const chunk = Buffer.alloc(CHUNK_BYTES);
  const drain = async (): Promise<void> => {
    for (
      let bytes = readSync(file, chunk, 0, CHUNK_BYTES, at);
      bytes > 0 && !signal.aborted;
      bytes = readSync(file, chunk, 0, CHUNK_BYTES, at)
    ) {
      at += bytes;
      for (const { text } of splitter.push(Buffer.from(chunk.subarray(0, bytes)))) {
        const record = parseKept(text);
        if (record !== undefined) await take(record);
      }
    }
  };
  try {
    while (!signal.aborted) {
      await drain();
      const named = statSync(path, { throwIfNoEntry: false });
      const open = fstatSync(file);
      if (named !== undefined && (named.ino !== open.ino || named.size < at)) {
        await drain();
        closeSync(file);
        file = openSync(path, "r");
        at = 0;
        splitter = createSplitter("utf8");
      } else await pause(POLL_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    closeSync(file);
  }
}

const CLIENT_COLUMNS = 16;
const RULE_COLUMNS = 24;
/** What is left for the request, and at its right for the rule. */
const REST_COLUMNS = COLUMNS - 8 - 1 - 5 - 1 - 3 - 1 - CLIENT_COLUMNS - 1;

/** One decision on one line of the terminal: when, what, who, what was asked for, and flush right the rule that decided. */
function lineOf(record: KeptRecord, { out }: Io): string {
  const paint = painter(out);
  const time =
    typeof record.at === "number" && Math.abs(record.at) < 8.64e15 ? new Date(record.at).toISOString().slice(11, 19) : "--:--:--";
  const isBlocked = record.action === "block";
  const would = isBlocked ? undefined : record.wouldBlock;
  const verdict = isBlocked ? paint("red", "block") : would === undefined ? paint("green", "allow") : paint("yellow", "would");
  const status = typeof record.status === "number" ? String(record.status).padStart(3) : "   ";
  const rule = printable(text(isBlocked ? record.rule : would?.rule), RULE_COLUMNS);
  const asked = REST_COLUMNS - (rule === "" ? 0 : widthOf(rule) + 1);
  const request = fit(`${text(record.method)} ${text(record.url)}`, asked, true);
  const head = `${time} ${verdict} ${status} ${fit(text(record.client), CLIENT_COLUMNS)}`;
  return rule === "" ? `${head} ${request}`.trimEnd() : `${head} ${request} ${paint("bold", rule)}`;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function fit(value: string, columns: number, isBytes = false): string {
  const shown = printable(value, columns, isBytes);
  return shown + " ".repeat(Math.max(0, columns - widthOf(shown)));
}

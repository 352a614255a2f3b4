/**
 * Records that the firewall keeps in a SQLite file.
 *
 * @module
 */
import { closeSync, openSync, readSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { type RecordFilter, type RecordTable, recordTable } from "@aiwaf/core/records/sqlite";
import type { KeptRecord } from "./record-counts.ts";

const MAGIC = "SQLite format 3\0";

/** True for a SQLite file, told by its first bytes. Never throws. */
export function isTable(path: string): boolean {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const head = Buffer.alloc(MAGIC.length);
    return readSync(file, head, 0, MAGIC.length, 0) === MAGIC.length && head.toString("latin1") === MAGIC;
  } catch {
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const PAGE_RECORDS = 1_000;

/** The records of a table, newest first, a page in memory at a time. @throws for a file that is no table of records. */
export function* tableRecords(path: string, filter: RecordFilter = {}): Generator<KeptRecord> {
  const table = recordTable(path);
  try {
    yield* found(table, filter);
  } finally {
    void table.close();
  }
}

function* found(table: RecordTable, filter: RecordFilter): Generator<KeptRecord> {
  let before: string | undefined;
  do {
    const { records, next } = table.find(filter, PAGE_RECORDS, before);
    yield* records;
    before = next;
  } while (before !== undefined);
}

/** How often a followed table is asked. */
const POLL_MS = 200;
/** Processes write in batches and in no common order: a record may come this much later than one that was received after it. */
const LATE_MS = 10_000;

/** Which records are shown, and how many of those that are there already. */
interface Chosen {
  readonly fits: (record: KeptRecord) => boolean;
  readonly limit: number;
}

/**
 * The last records of a table that fit, in the order they were received; with a `signal`, `take` is then handed each one that is added, until it
 * aborts. None is lost or told twice in between.
 *
 * @throws for a file that is no table of records.
 */
export async function lastOfTable(
  path: string,
  { fits, limit }: Chosen,
  shown: (last: readonly KeptRecord[]) => Promise<void>,
  follow?: { readonly signal: AbortSignal; readonly take: (record: KeptRecord) => Promise<void> },
): Promise<void> {
  const table = recordTable(path);
  try {
    const last: KeptRecord[] = [];
    // A clock that was ahead must not hide what comes now.
    let newest = 0;
    const since = (): number => Math.min(newest, Date.now()) - LATE_MS;
    let known = new Map<unknown, number>();
    for (const record of found(table, {})) {
      const at = Number(record.at);
      newest = Math.max(newest, at);
      if (last.length < limit && fits(record)) last.push(record);
      if (at >= since()) known.set(record.id, at);
      else if (last.length >= limit) break;
    }
    await shown(last.reverse());
    while (follow !== undefined && !follow.signal.aborted) {
      for (const record of [...found(table, { from: since() })].reverse()) {
        if (known.has(record.id)) continue;
        known.set(record.id, Number(record.at));
        newest = Math.max(newest, Number(record.at));
        if (fits(record)) await follow.take(record);
      }
      known = new Map([...known].filter(([, at]) => at >= since()));
      await pause(POLL_MS, undefined, { signal: follow.signal }).catch(() => {});
    }
  } finally {
    await table.close();
  }
}

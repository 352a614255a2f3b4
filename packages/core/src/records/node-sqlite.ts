/**
 * Records in a SQLite file: found again by time, client, rule and action, and kept for as long as you say.
 *
 * @module
 */
import { closeSync, openSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { WafError } from "../errors.ts";
import { any, integer, isRecord, type OptionTable, oneOf, readOptions } from "../options.ts";
import type { DecisionRecord, RecordOptions } from "../record.ts";
import { createRecordWriter, type RecordWriter } from "./batches.ts";

/** What `recordTable` takes beside the path. */
export interface RecordTableOptions {
  /** Which decisions are kept: all, or those with a finding, a block or a failure. Default `"all"`. */
  readonly only?: "all" | "notable";
  /** What records may keep beyond the default. */
  readonly record?: RecordOptions;
  /** Older records are deleted, in milliseconds, 60,000 to 31,536,000,000. Default 2,592,000,000: 30 days. */
  readonly keepMs?: number;
  /** Records at most, 1,000 to 1,000,000,000; the oldest go. Default 10,000,000. */
  readonly maxRecords?: number;
  /** Bytes of the file at most, 1 MiB to 1 TiB; the oldest records go. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Records written at once, 1 to 10,000: a batch of 500 holds the thread for a few milliseconds. Default 500. */
  readonly batchRecords?: number;
  /** How long records wait for company, in milliseconds, 10 to 60,000. Default 200. */
  readonly flushMs?: number;
  /** Records that wait while the disk is full or the file locked, 100 to 1,000,000; beyond that the oldest are dropped and counted. Default 10,000. */
  readonly maxWaiting?: number;
}

/** How each option is checked, and what holds without it. */
export const RECORD_TABLE_OPTIONS = {
  only: oneOf<"all" | "notable", "all">("all", ["all", "notable"]),
  record: any<RecordOptions>(undefined, "an object of options", isRecord),
  keepMs: integer(2_592_000_000, 60_000, 31_536_000_000),
  maxRecords: integer(10_000_000, 1_000, 1_000_000_000),
  maxBytes: integer(1_073_741_824, 1_048_576, 1_099_511_627_776),
  batchRecords: integer(500, 1, 10_000),
  flushMs: integer(200, 10, 60_000),
  maxWaiting: integer(10_000, 100, 1_000_000),
} as const satisfies OptionTable;

/** Which records; a record must fit every field that is given. */
export interface RecordFilter {
  /** At or after this time, in milliseconds since the epoch. */
  readonly from?: number;
  /** Before this time. */
  readonly to?: number;
  readonly client?: string;
  /** The rule that blocked, or would have. */
  readonly rule?: string;
  readonly action?: "allow" | "block";
  /** Only what was blocked, or would have been. */
  readonly stopped?: true;
  readonly country?: string;
  /** The pattern of the route. */
  readonly route?: string;
  /** The beginning of the target. Reads each record: give times, too. So do the two below. */
  readonly path?: string;
  readonly asn?: number;
  readonly deployment?: string;
}

/** One page of records, newest first. */
export interface RecordPage {
  readonly records: readonly DecisionRecord[];
  /** Give it as `before` for the next page; absent on the last. */
  readonly next?: string;
}

/** How many records fell into a stretch of time. */
export interface RecordCount {
  /** When the stretch begins, in milliseconds since the epoch. */
  readonly at: number;
  readonly allowed: number;
  readonly blocked: number;
  /** Of the allowed: those that enforcement would have blocked. */
  readonly wouldBlock: number;
  /** Blocks that asked for a ban. Records that were written before bans were noted do not say. */
  readonly bans: number;
}

/** What `sample` tells of a record. */
export interface RecordSample {
  readonly at: number;
  readonly score: number;
  readonly durationMs?: number;
  readonly deployment?: string;
}

/** How often a rule stopped a client. */
export interface RecordStops {
  readonly client: string;
  readonly rule: string;
  readonly blocked: number;
  readonly wouldBlock: number;
}

/** Records that can be asked about. Reading may run beside other processes that write the same file. */
export interface RecordTable extends RecordWriter {
  /** Records that fit, newest first; at most `limit`, 1 to 1,000, by default 100. */
  find(filter?: RecordFilter, limit?: number, before?: string): RecordPage;
  /** What happened over time: one count for each `stepMs`, only of stretches with records; at most 1,000 of them. */
  count(filter: RecordFilter & { readonly from: number; readonly to: number }, stepMs: number): readonly RecordCount[];
  /**
   * The rules, clients, routes, countries, networks or paths with the most blocked records, or stopped ones if the filter says so; at most `limit`, 1 to 100. Of
   * paths the route where it is known, else what stands before the query, at most 120 characters.
   */
  top(
    by: "rule" | "client" | "route" | "country" | "asn" | "path",
    filter?: RecordFilter,
    limit?: number,
  ): readonly { readonly name: string; readonly count: number }[];
  /** Which rules stopped which clients, the most frequent first; at most `limit`, 1 to 1,000. */
  stops(filter: RecordFilter, limit: number): readonly RecordStops[];
  /** About one of `every` records, oldest first; at most 10,000. For percentiles, which need no more. */
  sample(filter: RecordFilter, every: number): readonly RecordSample[];
}

/** "AIWR": in the file's header, so that no other program's database is ever taken for records. */
const APPLICATION_ID = 0x41495752;
const SCHEMA = `
  CREATE TABLE record (
    seq INTEGER PRIMARY KEY, at REAL NOT NULL, client TEXT NOT NULL, action TEXT NOT NULL, rule TEXT, route TEXT, country TEXT, record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX record_at ON record (at, seq);
  CREATE INDEX record_client ON record (client, at);
  CREATE INDEX record_rule ON record (rule, at) WHERE rule IS NOT NULL;
  CREATE INDEX record_blocked ON record (at, seq) WHERE action = 'block';
  PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1;`;

/** Deleted with a batch at most, beside what a batch adds: retention never holds the thread for long. */
const DELETED_AT_ONCE = 2_000;
const MAX_COUNTS = 1_000;
const BUSY_MS = 20;

/**
 * Opens a SQLite file for records, or makes it, for this user alone. Records are written a moment later, many in one transaction; what cannot be
 * written waits and is tried again, up to `maxWaiting`. Several processes may write the same file.
 *
 * @throws WafError `AIWAF_RECORD_FILE` when the file cannot be used, and for an option that is unknown or out of range.
 * @example
 * const records = recordTable("records.db", { keepMs: 7 * 86_400_000 });
 * waf.subscribe(records.listener);
 */
export function recordTable(path: string, options?: RecordTableOptions): RecordTable {
  const { keepMs, maxRecords, maxBytes, ...settings } = readOptions("recordTable", RECORD_TABLE_OPTIONS, options);
  const database = open(path);
  const keep = createKeeper(database, keepMs, maxRecords, maxBytes);
  const adding = database.prepare(
    "INSERT INTO record (at, client, action, rule, route, country, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
  );
  const writer = createRecordWriter({
    ...settings,
    send(records) {
      database.exec("BEGIN IMMEDIATE");
      try {
        for (const one of records) {
          const rule = one.rule ?? one.wouldBlock?.rule ?? null;
          adding.run(one.at, one.client, one.action, rule, one.route ?? null, one.country ?? null, JSON.stringify(one));
        }
        // Not the clock alone: a log of last year that is read in keeps what was young then. Nor the record alone: one from the future would end all others.
        keep(Math.min(records.at(-1)?.at ?? 0, Date.now()));
        database.exec("COMMIT");
        return 0;
      } catch (error) {
        if (database.isTransaction) database.exec("ROLLBACK");
        throw error;
      }
    },
  });
  return {
    ...createQueries(database),
    write: writer.write,
    listener: writer.listener,
    flush: writer.flush,
    async close() {
      await writer.close();
      if (database.isOpen) database.close();
    },
    get waiting() {
      return writer.waiting;
    },
    lost: writer.lost,
    get problem() {
      return writer.problem;
    },
  };
}

function open(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    try {
      closeSync(openSync(path, "wx", 0o600));
    } catch {
      // It is there already and keeps its mode, or cannot be made: then SQLite says so next.
    }
    database = new DatabaseSync(path, { timeout: BUSY_MS });
    // A crafted file may define triggers: none of its SQL gets to call functions with side effects.
    database.exec("PRAGMA trusted_schema = OFF; PRAGMA busy_timeout = 2000; BEGIN IMMEDIATE");
    const application = Number(database.prepare("PRAGMA application_id").get()?.["application_id"]);
    const tables = Number(database.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"]);
    if (tables === 0) database.exec(SCHEMA);
    else if (application !== APPLICATION_ID) throw new Error("it is a database of another program");
    database.exec("COMMIT");
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = ${BUSY_MS}`);
    return database;
  } catch (error) {
    database?.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new WafError("AIWAF_RECORD_FILE", `Records cannot use ${JSON.stringify(path)}: ${reason}.`);
  }
}

/** Deletes what is too old or too much, within the transaction that adds. */
function createKeeper(database: DatabaseSync, keepMs: number, maxRecords: number, maxBytes: number): (now: number) => void {
  const pageBytes = Number(database.prepare("PRAGMA page_size").get()?.["page_size"]);
  const used = database.prepare(
    "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count) AS pages, (SELECT max(seq) - min(seq) + 1 FROM record) AS records",
  );
  const deleteOld = database.prepare(
    `DELETE FROM record WHERE seq IN (SELECT seq FROM record WHERE at < ?1 ORDER BY at, seq LIMIT ${DELETED_AT_ONCE})`,
  );
  const deleteOldest = database.prepare("DELETE FROM record WHERE seq IN (SELECT seq FROM record ORDER BY seq LIMIT ?1)");
  return (now) => {
    deleteOld.run(now - keepMs);
    const { pages, records } = used.get() as { pages: number; records: number | null };
    const tooMany = (records ?? 0) - maxRecords;
    if (tooMany > 0) deleteOldest.run(Math.min(DELETED_AT_ONCE, tooMany));
    const overShare = 1 - maxBytes / (pages * pageBytes);
    // Some more than that share, because the oldest may have been smaller.
    if (overShare > 0) deleteOldest.run(Math.min(DELETED_AT_ONCE, Math.ceil((records ?? 0) * overShare * 1.25)));
  };
}

/** What a filter is in SQL. Its values only ever travel as parameters. */
function where({ from, to, client, rule, action, stopped, country, route, path, asn, deployment }: RecordFilter): {
  readonly sql: string;
  readonly values: (string | number)[];
} {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  const add = (sql: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    parts.push(sql);
    values.push(value);
  };
  add("at >= ?", from);
  add("at < ?", to);
  add("client = ?", client);
  add("rule = ?", rule);
  // Written out, so that the index of blocked records can serve it.
  if (action !== undefined) parts.push(action === "block" ? "action = 'block'" : "action = 'allow'");
  if (stopped === true) parts.push("rule IS NOT NULL");
  add("country = ?", country);
  add("route = ?", route);
  if (path !== undefined) {
    parts.push("substr(json_extract(record, '$.url'), 1, length(?)) = ?");
    values.push(path, path);
  }
  add("json_extract(record, '$.asn') = ?", asn);
  add("json_extract(record, '$.deployment') = ?", deployment);
  return { sql: parts.length === 0 ? "1" : parts.join(" AND "), values };
}

const COLUMNS = {
  rule: "rule",
  client: "client",
  route: "route",
  country: "country",
  asn: "json_extract(record, '$.asn')",
  path: "coalesce(route, substr(json_extract(record, '$.url'), 1, min(120, instr(json_extract(record, '$.url') || '?', '?') - 1)))",
} as const;
const MAX_SAMPLE = 10_000;

function createQueries(database: DatabaseSync): Pick<RecordTable, "find" | "count" | "top" | "stops" | "sample"> {
  // A handful of shapes: what is asked for decides the shape, not what it is.
  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  const bounded = (limit: number, most: number): number => Math.min(most, Math.max(1, Math.floor(limit))) || 1;
  return {
    find(filter = {}, limit = 100, before) {
      const { sql, values } = where(filter);
      const [at, seq] = /^\d+(?:\.\d+)?_\d+$/.test(before ?? "") ? before!.split("_").map(Number) : [];
      const cursor = at === undefined ? "" : " AND (at, seq) < (?, ?)";
      const count = bounded(limit, 1_000);
      const rows = prepared(`SELECT at, seq, record FROM record WHERE ${sql}${cursor} ORDER BY at DESC, seq DESC LIMIT ?`).all(
        ...values,
        ...(at === undefined ? [] : [at, seq!]),
        count,
      ) as { at: number; seq: number; record: string }[];
      const last = rows.at(-1);
      const records = rows.map(({ record }) => JSON.parse(record) as DecisionRecord);
      return { records, ...(last !== undefined && rows.length === count && { next: `${last.at}_${last.seq}` }) };
    },
    count(filter, stepMs) {
      const { sql, values } = where(filter);
      const step = Math.max(1, stepMs, (filter.to - filter.from) / MAX_COUNTS) || 1;
      return prepared(
        `SELECT floor((at - ?) / ?) AS step, sum(action = 'allow') AS allowed, sum(action = 'block') AS blocked,
           sum(action = 'allow' AND rule IS NOT NULL) AS would_block, sum(CASE WHEN action = 'block' THEN instr(record, '"banMs":') > 0 END) AS bans
         FROM record WHERE ${sql} GROUP BY 1 ORDER BY 1 LIMIT ${MAX_COUNTS + 1}`,
      )
        .all(filter.from, step, ...values)
        .map((row) => ({
          at: filter.from + Number(row["step"]) * step,
          allowed: Number(row["allowed"]),
          blocked: Number(row["blocked"]),
          wouldBlock: Number(row["would_block"]),
          bans: Number(row["bans"] ?? 0),
        }));
    },
    top(by, filter = {}, limit = 10) {
      const column = COLUMNS[by];
      const { sql, values } = where(filter.stopped === true ? filter : { ...filter, action: "block" });
      return prepared(
        `SELECT ${column} AS name, count(*) AS count FROM record WHERE ${sql} AND ${column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?`,
      )
        .all(...values, bounded(limit, 100))
        .map((row) => ({ name: String(row["name"]), count: Number(row["count"]) }));
    },
    stops(filter, limit) {
      const { sql, values } = where({ ...filter, stopped: true });
      return prepared(
        `SELECT client, rule, sum(action = 'block') AS blocked, sum(action = 'allow') AS would_block
         FROM record WHERE ${sql} GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2 LIMIT ?`,
      )
        .all(...values, bounded(limit, 1_000))
        .map((row) => ({
          client: String(row["client"]),
          rule: String(row["rule"]),
          blocked: Number(row["blocked"]),
          wouldBlock: Number(row["would_block"]),
        }));
    },
    sample(filter, every) {
      const { sql, values } = where(filter);
      return prepared(
        `SELECT at, json_extract(record, '$.score') AS score, json_extract(record, '$.durationMs') AS duration, json_extract(record, '$.deployment') AS deployment
         FROM record WHERE seq % ? = 0 AND ${sql} ORDER BY at LIMIT ${MAX_SAMPLE}`,
      )
        .all(Math.max(1, Math.floor(every)) || 1, ...values)
        .map((row) => ({
          at: Number(row["at"]),
          score: Number(row["score"]),
          ...(typeof row["duration"] === "number" && { durationMs: row["duration"] }),
          ...(typeof row["deployment"] === "string" && { deployment: row["deployment"] }),
        }));
    },
  };
}

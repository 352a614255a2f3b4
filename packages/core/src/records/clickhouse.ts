/**
 * Records in ClickHouse, over its HTTP interface.
 *
 * @module
 */
import { any, integer, invalid, isRecord, isText, type OptionTable, oneOf, readOptions } from "../options.ts";
import type { DecisionRecord, RecordOptions } from "../record.ts";
import { createRecordWriter, type RecordWriter } from "./batches.ts";
import { isHttpAddress, post } from "./http.ts";

/** What `clickhouseRecords` takes. */
export interface ClickhouseRecordsOptions {
  /** Where the server answers, for example `http://127.0.0.1:8123`. */
  readonly url: string;
  /** The table, `table` or `database.table`, made with `clickhouseTable`. Default `aiwaf_records`. */
  readonly table?: string;
  /** Default: the server's default user. */
  readonly user?: string;
  /** Sent as a request field, never in the address. Default: none. */
  readonly password?: string;
  /** Which decisions are kept: all, or those with a finding, a block or a failure. Default `"all"`. */
  readonly only?: "all" | "notable";
  /** What records may keep beyond the default. */
  readonly record?: RecordOptions;
  /** Records sent at once, 1 to 100,000. Default 5,000. */
  readonly batchRecords?: number;
  /** How long records wait for company, in milliseconds, 10 to 600,000. Default 1,000. */
  readonly flushMs?: number;
  /** Records that wait while the server is away, 100 to 1,000,000; beyond that the oldest are dropped and counted. Default 50,000. */
  readonly maxWaiting?: number;
  /** How long a batch may take, in milliseconds, 100 to 600,000. Default 10,000. */
  readonly timeoutMs?: number;
}

const TABLE = /^[A-Za-z_]\w{0,99}(?:\.[A-Za-z_]\w{0,99})?$/;
const ADDRESS = "an http or https address";

/** How each option is checked, and what holds without it. */
export const CLICKHOUSE_RECORDS_OPTIONS = {
  url: any<string>(undefined, ADDRESS, isHttpAddress),
  table: any<string, "aiwaf_records">(
    "aiwaf_records",
    "a name, or two with a dot between them",
    (value) => isText(value) && TABLE.test(value),
  ),
  user: any<string>(undefined, "a name", isText),
  password: any<string>(undefined, "a password", isText),
  only: oneOf<"all" | "notable", "all">("all", ["all", "notable"]),
  record: any<RecordOptions>(undefined, "an object of options", isRecord),
  batchRecords: integer(5_000, 1, 100_000),
  flushMs: integer(1_000, 10, 600_000),
  maxWaiting: integer(50_000, 100, 1_000_000),
  timeoutMs: integer(10_000, 100, 600_000),
} as const satisfies OptionTable;

/** The statement that makes the table: by time, kept for so many days. */
export const clickhouseTable = (table: string, keepDays: number): string => `CREATE TABLE IF NOT EXISTS ${checked(table)} (
  at DateTime64(3, 'UTC'),
  id String,
  client String,
  action LowCardinality(String),
  mode LowCardinality(String),
  status UInt16,
  rule LowCardinality(String),
  method LowCardinality(String),
  url String,
  route LowCardinality(String),
  country LowCardinality(String),
  asn UInt32,
  score Float64,
  duration_ms Float64,
  record String CODEC(ZSTD(3)),
  INDEX client_index client TYPE bloom_filter GRANULARITY 4
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (at, id)
TTL toDateTime(at) + INTERVAL ${Math.max(1, Math.floor(keepDays)) || 30} DAY`;

function checked(table: string): string {
  if (!TABLE.test(table)) throw invalid("clickhouseTable.table", table, CLICKHOUSE_RECORDS_OPTIONS.table.allowed);
  return table;
}

/** Largest time that a `Date` holds; a clock of the user's own may say anything. */
const MAX_TIME = 8.64e15;

/** As ClickHouse reads a time in UTC. */
const timeOf = (at: number): string => new Date(Math.min(MAX_TIME, Math.max(0, at)) || 0).toISOString().slice(0, 23).replace("T", " ");

const toRow = (record: DecisionRecord): string =>
  JSON.stringify({
    at: timeOf(record.at),
    id: record.id,
    client: record.client,
    action: record.action,
    mode: record.mode,
    status: record.status ?? 0,
    rule: record.rule ?? record.wouldBlock?.rule ?? "",
    method: record.method,
    url: record.url,
    route: record.route ?? "",
    country: record.country ?? "",
    asn: record.asn ?? 0,
    score: record.score,
    duration_ms: record.durationMs ?? 0,
    record: JSON.stringify(record),
  });

/**
 * Sends records to ClickHouse in batches, one JSON row each (`JSONEachRow`), the whole record in the last column. While the server is away or busy
 * they wait, up to `maxWaiting`; what it refuses is dropped and counted. A batch whose answer is lost is sent again, so rows can be there twice:
 * count by `id`.
 *
 * @throws WafError for an option that is unknown or out of range.
 * @example
 * const records = clickhouseRecords({ url: "http://127.0.0.1:8123", table: "shop.aiwaf_records" });
 * waf.subscribe(records.listener);
 */
export function clickhouseRecords(options: ClickhouseRecordsOptions): RecordWriter {
  const { url, table, user, password, timeoutMs, ...rest } = readOptions("clickhouseRecords", CLICKHOUSE_RECORDS_OPTIONS, options);
  if (url === undefined) throw invalid("clickhouseRecords.url", url, ADDRESS);
  const target = new URL(url);
  target.searchParams.set("query", `INSERT INTO ${table} FORMAT JSONEachRow`);
  // A field that an older table lacks must not refuse the rest.
  target.searchParams.set("input_format_skip_unknown_fields", "1");
  const headers = {
    "content-type": "application/x-ndjson",
    ...(user !== undefined && { "x-clickhouse-user": user }),
    ...(password !== undefined && { "x-clickhouse-key": password }),
  };
  return createRecordWriter({
    ...rest,
    async send(records) {
      const { status, text } = await post(target.href, headers, `${records.map(toRow).join("\n")}\n`, timeoutMs);
      if (status === 200) return 0;
      // Wrong password, missing table: mended by people, so nothing is thrown away yet.
      if (status === 401 || status === 403 || status === 404) throw new Error(`${status} ${text.slice(0, 150)}`);
      return records.length;
    },
  });
}

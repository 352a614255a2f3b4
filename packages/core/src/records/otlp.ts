/**
 * Records to any OpenTelemetry collector, as logs over OTLP/HTTP in JSON.
 *
 * @module
 */
import { any, integer, invalid, isRecord, isText, type OptionTable, oneOf, readOptions } from "../options.ts";
import type { DecisionRecord, RecordOptions } from "../record.ts";
import { createRecordWriter, type RecordWriter } from "./batches.ts";
import { isHttpAddress, post } from "./http.ts";

/** What `otlpRecords` takes. */
export interface OtlpRecordsOptions {
  /** Where the collector takes logs, with the path, for example `http://127.0.0.1:4318/v1/logs`. */
  readonly url: string;
  /** More request fields, for example for a token. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** `service.name` of the resource. Default `aiwaf`. */
  readonly service?: string;
  /** Which decisions are sent: all, or those with a finding, a block or a failure. Default `"all"`. */
  readonly only?: "all" | "notable";
  /** What records may keep beyond the default. */
  readonly record?: RecordOptions;
  /** Records sent at once, 1 to 10,000. Default 512. */
  readonly batchRecords?: number;
  /** How long records wait for company, in milliseconds, 10 to 600,000. Default 1,000. */
  readonly flushMs?: number;
  /** Records that wait while the collector is away, 100 to 1,000,000; beyond that the oldest are dropped and counted. Default 10,000. */
  readonly maxWaiting?: number;
  /** How long a batch may take, in milliseconds, 100 to 600,000. Default 10,000. */
  readonly timeoutMs?: number;
}

const ADDRESS = "an http or https address";

/** How each option is checked, and what holds without it. */
export const OTLP_RECORDS_OPTIONS = {
  url: any<string>(undefined, ADDRESS, isHttpAddress),
  headers: any<Readonly<Record<string, string>>, Readonly<Record<string, string>>>(
    {},
    "an object of names and texts",
    (value) => isRecord(value) && Object.values(value).every((text) => typeof text === "string"),
  ),
  service: any<string, "aiwaf">("aiwaf", "a name", isText),
  only: oneOf<"all" | "notable", "all">("all", ["all", "notable"]),
  record: any<RecordOptions>(undefined, "an object of options", isRecord),
  batchRecords: integer(512, 1, 10_000),
  flushMs: integer(1_000, 10, 600_000),
  maxWaiting: integer(10_000, 100, 1_000_000),
  timeoutMs: integer(10_000, 100, 600_000),
} as const satisfies OptionTable;

type Attribute = { readonly key: string; readonly value: Readonly<Record<string, unknown>> };

/** 64-bit numbers are text in OTLP's JSON. */
const attribute = (key: string, value: string | number | undefined): readonly Attribute[] =>
  value === undefined
    ? []
    : [
        {
          key,
          value:
            typeof value === "string"
              ? { stringValue: value }
              : Number.isSafeInteger(value)
                ? { intValue: `${value}` }
                : { doubleValue: value },
        },
      ];

/** INFO, or WARN for a block, of the log data model's severities. */
const [INFO, WARN] = [9, 13];

function toLog(record: DecisionRecord): unknown {
  const isBlocked = record.action === "block";
  return {
    timeUnixNano: `${Math.round(record.at)}000000`,
    severityNumber: isBlocked ? WARN : INFO,
    severityText: isBlocked ? "WARN" : "INFO",
    eventName: "aiwaf.decision",
    body: { stringValue: JSON.stringify(record) },
    attributes: [
      ...attribute("aiwaf.id", record.id),
      ...attribute("aiwaf.action", record.action),
      ...attribute("aiwaf.mode", record.mode),
      ...attribute("aiwaf.rule", record.rule ?? record.wouldBlock?.rule),
      ...attribute("aiwaf.score", record.score),
      // Names of the semantic conventions for HTTP and clients.
      ...attribute("client.address", record.client === "" ? undefined : record.client),
      ...attribute("http.request.method", record.method),
      ...attribute("http.route", record.route),
      ...attribute("http.response.status_code", record.status),
      ...attribute("url.original", record.url),
      ...attribute("user_agent.original", record.headers["user-agent"]),
      ...attribute("geo.country.iso_code", record.country),
    ],
  };
}

/** How many the collector refused of a batch that it took (`partialSuccess`). */
function rejectedOf(text: string): number {
  try {
    const { partialSuccess } = JSON.parse(text) as { readonly partialSuccess?: { readonly rejectedLogRecords?: unknown } };
    const rejected = Number(partialSuccess?.rejectedLogRecords ?? 0);
    return Number.isFinite(rejected) ? Math.max(0, rejected) : 0;
  } catch {
    return 0;
  }
}

/**
 * Sends records to an OpenTelemetry collector in batches, each as a log record with the usual attributes and the whole record as its body. While the
 * collector is away or busy they wait, up to `maxWaiting`; what it refuses is dropped and counted, as the protocol wants it.
 *
 * @throws WafError for an option that is unknown or out of range.
 * @example
 * const records = otlpRecords({ url: "http://127.0.0.1:4318/v1/logs", service: "shop" });
 * waf.subscribe(records.listener);
 */
export function otlpRecords(options: OtlpRecordsOptions): RecordWriter {
  const { url, headers, service, timeoutMs, ...rest } = readOptions("otlpRecords", OTLP_RECORDS_OPTIONS, options);
  if (url === undefined) throw invalid("otlpRecords.url", url, ADDRESS);
  const resource = { attributes: attribute("service.name", service) };
  const scope = { name: "aiwaf" };
  return createRecordWriter({
    ...rest,
    async send(records) {
      const body = JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: records.map(toLog) }] }] });
      const { status, text } = await post(url, { ...headers, "content-type": "application/json" }, body, timeoutMs);
      if (status === 401 || status === 403 || status === 404) throw new Error(`${status} ${text.slice(0, 150)}`);
      return status >= 200 && status < 300 ? Math.min(records.length, rejectedOf(text)) : records.length;
    },
  });
}

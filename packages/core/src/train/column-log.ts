/**
 * Access logs in columns whose order the log itself tells: W3C extended logs of IIS, CloudFront's standard logs, and CSV files with a head.
 *
 * @module
 */
import {
  addressBook,
  durationOf,
  type LineParser,
  type LoggedRequest,
  type LogProblem,
  presentOr,
  requestOf,
  statusOf,
} from "./logged-request.ts";
import { readTimestamp } from "./timestamps.ts";

/** A parser of lines that learns the order of its columns on the way. */
export interface ColumnParser {
  /** True for a line that names columns, which are used from then on. */
  learns(line: string): boolean;
  readonly read: LineParser;
}

const COLUMNS_MAX = 200;

/** CloudFront's order when a file's head was rotated away or cut off. */
const CLOUDFRONT =
  "date time x-edge-location sc-bytes c-ip cs-method cs(host) cs-uri-stem sc-status cs(referer) cs(user-agent) cs-uri-query cs(cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version".split(
    " ",
  );

/** W3C extended logs. IIS writes blanks between columns, `+` for a blank and milliseconds; CloudFront tabs, percent-encoding and seconds. */
export function w3cParser(): ColumnParser {
  const addressFor = addressBook();
  let columns: readonly string[] | undefined;
  return {
    learns(line) {
      if (!line.startsWith("#")) return false;
      if (/^#fields:/i.test(line))
        columns = line
          .slice(8, 8_200)
          .trim()
          .toLowerCase()
          .split(/[ \t]+/)
          .slice(0, COLUMNS_MAX);
      return true;
    },
    read(line) {
      const isTabbed = line.includes("\t");
      const values = line.split(isTabbed ? "\t" : " ", COLUMNS_MAX);
      const order = columns ?? (isTabbed && values.length >= 12 ? CLOUDFRONT : undefined);
      if (order === undefined || values.length < Math.min(order.length, 12)) return "unparsed";
      const column = (name: string): string | undefined => {
        const at = order.indexOf(name);
        return at < 0 || values[at] === "-" ? undefined : values[at];
      };
      const at = readTimestamp(`${column("date") ?? ""}T${column("time") ?? ""}Z`);
      if (at === undefined) return "unparsed";
      const path = column("cs-uri-stem") ?? column("cs-uri");
      const query = column("cs-uri-query");
      const parts = requestOf(
        column("cs-method"),
        query === undefined ? path : `${path}?${query}`,
        column("cs-protocol-version") ?? column("cs-version"),
      );
      if (parts === undefined || path === undefined) return "no-request";
      const text = (name: string): string | undefined => decodeColumn(column(name), isTabbed);
      return {
        ...parts,
        // IIS writes the decoded path: a blank in it is a `+`, which a path keeps, so nothing is undone there.
        client: addressFor(column("c-ip") ?? ""),
        at,
        status: statusOf(column("sc-status")),
        durationMs: durationOf(column("time-taken"), isTabbed ? 1000 : 1),
        referer: text("cs(referer)"),
        userAgent: text("cs(user-agent)") ?? (order.includes("cs(user-agent)") ? "" : undefined),
        fields: undefined,
      };
    },
  };
}

/** CloudFront encodes what it logs, some fields twice; IIS writes blanks as `+`. Bytes stay bytes. */
function decodeColumn(text: string | undefined, isTabbed: boolean): string | undefined {
  if (text === undefined) return undefined;
  if (!isTabbed) return text.replaceAll("+", " ");
  const once = decodeBytes(text);
  return /%(?:20|25|22)/.test(once) ? decodeBytes(once) : once;
}

const decodeBytes = (text: string): string =>
  text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Names that the CSV logs of AIWAF's versions have for the same thing. */
const CSV_NAMES = {
  at: ["timestamp", "at", "created_at"],
  client: ["ip", "ip_address", "client"],
  method: ["method"],
  target: ["path", "url"],
  query: ["query_string"],
  version: ["protocol"],
  status: ["status_code", "status"],
  milliseconds: ["response_time_ms", "durationms", "responsetime"],
  seconds: ["response_time"],
  referer: ["referer"],
  agent: ["user_agent", "useragent"],
  blocked: ["blocked", "action"],
} as const;

/** CSV with a line of names first (RFC 4180, one record a line). */
export function csvParser(): ColumnParser {
  const addressFor = addressBook();
  let columns: readonly string[] | undefined;
  return {
    learns(line) {
      const names = line.length > 2_000 || !line.includes(",") ? [] : readCsv(line.toLowerCase()).map((name) => name.trim());
      if (!names.includes("method") || !CSV_NAMES.at.some((name) => names.includes(name))) return false;
      columns = names;
      return true;
    },
    read(line): LoggedRequest | LogProblem {
      if (columns === undefined) return "unparsed";
      const order = columns;
      const values = readCsv(line);
      const column = (what: keyof typeof CSV_NAMES): string | undefined => {
        const at = order.findIndex((name) => (CSV_NAMES[what] as readonly string[]).includes(name));
        return at < 0 || values[at] === "" ? undefined : values[at];
      };
      const time = column("at") ?? "";
      const at = /^\d{9,13}(?:\.\d{1,9})?$/.test(time)
        ? Math.round(Number(time) * (time.length > 11 && !time.includes(".") ? 1 : 1000))
        : readTimestamp(time);
      if (at === undefined || values.length < order.length) return "unparsed";
      const query = column("query");
      const target = column("target");
      const parts = requestOf(column("method"), query === undefined ? target : `${target}?${query}`, column("version"));
      if (parts === undefined) return "no-request";
      return {
        ...parts,
        client: addressFor(column("client") ?? ""),
        at,
        status: statusOf(column("status")),
        durationMs: durationOf(column("milliseconds"), 1) || durationOf(column("seconds"), 1000),
        referer: presentOr(column("referer"), undefined),
        userAgent: presentOr(column("agent"), ""),
        fields: undefined,
        ...(/^(?:1|true|yes|block|blocked)$/i.test(column("blocked") ?? "") && { isBlocked: true as const }),
      };
    },
  };
}

/** The values of one CSV record. An apostrophe that keeps a spreadsheet from running a formula is taken off. */
function readCsv(line: string): string[] {
  const values: string[] = [];
  let at = 0;
  while (at <= line.length && values.length < COLUMNS_MAX) {
    let value: string;
    if (line[at] === '"') {
      let end = line.indexOf('"', at + 1);
      while (end >= 0 && line[end + 1] === '"') end = line.indexOf('"', end + 2);
      const stop = end < 0 ? line.length : end;
      value = line.slice(at + 1, stop).replaceAll('""', '"');
      at = stop + 2;
    } else {
      const comma = line.indexOf(",", at);
      const stop = comma < 0 ? line.length : comma;
      value = line.slice(at, stop);
      at = stop + 1;
    }
    values.push(/^'[=+\-@\t\r]/.test(value) ? value.slice(1) : value);
  }
  return values;
}

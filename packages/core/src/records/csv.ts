import type { DecisionRecord } from "../record.ts";

/** The columns of a CSV file of records, in order. */
export const CSV_COLUMNS = [
  "at",
  "id",
  "client",
  "country",
  "asn",
  "method",
  "url",
  "route",
  "action",
  "mode",
  "status",
  "rule",
  "would_block",
  "score",
  "findings",
  "failures",
  "duration_ms",
  "user_agent",
  "referer",
] as const;

/** The first line of a CSV file of records. */
export const csvHeader = (): string => `${CSV_COLUMNS.join(",")}\r\n`;

/** One record as a line of CSV (RFC 4180), ended by CRLF. The time is ISO 8601 in UTC. No cell can become a formula in a spreadsheet. */
export function csvLine(record: DecisionRecord): string {
  const cells: Readonly<Record<(typeof CSV_COLUMNS)[number], string | number | undefined>> = {
    at: timeOf(record.at),
    id: record.id,
    client: record.client,
    country: record.country,
    asn: record.asn,
    method: record.method,
    url: record.url,
    route: record.route,
    action: record.action,
    mode: record.mode,
    status: record.status,
    rule: record.rule,
    would_block: record.wouldBlock?.rule,
    score: record.score,
    findings: record.findings.map(({ rule, score }) => `${rule}:${score}`).join(" "),
    failures: record.failures.map(({ detector, kind }) => `${detector}:${kind}`).join(" "),
    duration_ms: record.durationMs,
    user_agent: record.headers["user-agent"],
    referer: record.headers["referer"],
  };
  return `${CSV_COLUMNS.map((name) => cell(cells[name])).join(",")}\r\n`;
}

const timeOf = (at: number): string => {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
};

/**
 * What a spreadsheet takes for the beginning of a formula. Some look behind blanks, some behind a separator of another language, and some take a
 * full-width sign for its plain one.
 */
const FORMULA = /^[\s\u0000-\u001f\u00a0\ufeff'"]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;

/** A quote before what could be a formula makes it text; every text is in double quotes, so that no separator of any language ends it. */
function cell(value: string | number | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  const plain = value.replace(/[\r\n\u0000]+/g, " ");
  const safe = FORMULA.test(plain) || /[;\t]\s*[=+\-@]/.test(plain) ? `'${plain}` : plain;
  return /^[\w./:-]*$/.test(safe) ? safe : `"${safe.replaceAll('"', '""')}"`;
}

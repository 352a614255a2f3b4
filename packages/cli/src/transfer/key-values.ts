import type { Row } from "./csv.ts";
import { addRow, type Found, timeOf } from "./tables.ts";

const BLOCK = { list: "block", name: ["ip"] } as const;
const EXEMPT = { list: "exempt", name: ["ip"] } as const;

/**
 * A key of the FastAPI implementation's store: `blocked:<address>` and `exemptions`. Others are counters and logs, which end by themselves or are not
 * kept.
 */
export function addKeyValue(found: Found, key: string, value: unknown, expiresAt: unknown): void {
  const fields = (typeof value === "object" && value !== null ? value : {}) as Row;
  if (key.startsWith("blocked:")) {
    const since = timeOf(fields["blocked_at"]);
    const seconds = Number(fields["duration"]);
    const ends = fields["permanent"] === true ? undefined : since !== undefined && seconds > 0 ? since + seconds * 1_000 : expiresAt;
    addRow(found, BLOCK, { ip: fields["ip"] ?? key.slice("blocked:".length), reason: fields["reason"], blocked_at: since, until: ends });
  } else if (key === "exemptions") {
    for (const ip of listOf(fields["ips"])) addRow(found, EXEMPT, { ip });
    for (const pattern of listOf(fields["patterns"])) addRow(found, EXEMPT, { ip: rangeOf(String(pattern)) });
  }
}

const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : typeof value === "object" && value !== null ? Object.keys(value) : [];

/** `192.168.*.*` as a range; what is no such pattern stays as it is. */
function rangeOf(pattern: string): string {
  const parts = pattern.split(".");
  const fixed = parts.indexOf("*") < 0 ? parts.length : parts.indexOf("*");
  if (parts.length !== 4 || fixed === 0 || parts.slice(fixed).some((part) => part !== "*")) return pattern;
  return `${parts.map((part) => (part === "*" ? "0" : part)).join(".")}/${fixed * 8}`;
}

/**
 * Which decisions are asked for, by whoever watches, looks back, or counts.
 *
 * @module
 */
import type { DecisionRecord } from "@aiwaf/core/records";

/** Which decisions are asked for. What is absent does not restrict. */
export interface EventFilter {
  /** `would-block` is an allowed request that enforcement would have blocked. */
  readonly action?: "allow" | "block" | "would-block";
  /** A rule, or a detector for all its rules: of the block, or of any finding. */
  readonly rule?: string;
  readonly client?: string;
  /** The beginning of the target. */
  readonly path?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  /** A status, or its first digit: `403`, `4`. */
  readonly status?: string;
  readonly deployment?: string;
  readonly route?: string;
  /** Number of an autonomous system. */
  readonly asn?: number;
  /** Milliseconds since the epoch, included. */
  readonly since?: number;
  /** Milliseconds since the epoch, not included. */
  readonly until?: number;
}

/** Whether a record is among those that are asked for. */
export function matches(record: DecisionRecord, filter: EventFilter): boolean {
  const { action, rule, client, path, country, status, deployment, route, asn, since, until } = filter;
  const isAction = action === undefined || (action === "would-block" ? record.wouldBlock !== undefined : record.action === action);
  return (
    isAction &&
    (rule === undefined ||
      isOf(record.rule, rule) ||
      isOf(record.wouldBlock?.rule, rule) ||
      record.findings.some((one) => isOf(one.rule, rule))) &&
    (client === undefined || record.client === client) &&
    (path === undefined || record.url.startsWith(path)) &&
    (country === undefined || record.country === country) &&
    (status === undefined || String(record.status ?? "").startsWith(status)) &&
    (deployment === undefined || record.deployment === deployment) &&
    (route === undefined || record.route === route) &&
    (asn === undefined || record.asn === asn) &&
    (since === undefined || record.at >= since) &&
    (until === undefined || record.at < until)
  );
}

const isOf = (rule: string | undefined, wanted: string): boolean =>
  rule !== undefined && (rule === wanted || (rule.startsWith(wanted) && rule[wanted.length] === "/"));

const ACTIONS = ["allow", "block", "would-block"];
const TEXT_LIMIT = 2_048;

/**
 * The filter that a query asks for. Times are milliseconds since the epoch or ISO 8601, and called `from` and `to`, or `since` and `until`.
 *
 * @returns what is wrong with it, as text.
 */
export function readFilter(query: URLSearchParams): EventFilter | string {
  const text = (name: string): string | undefined => query.get(name) || undefined;
  for (const [name, value] of query) if (value.length > TEXT_LIMIT) return `${name.slice(0, 40)} is too long`;
  const action = text("action");
  const status = text("status");
  if (action !== undefined && !ACTIONS.includes(action)) return `action must be one of ${ACTIONS.join(", ")}`;
  if (status !== undefined && !/^\d{1,3}$/.test(status)) return "status must be a status such as 403, or its first digit";
  const asn = text("asn");
  if (asn !== undefined && !/^\d{1,10}$/.test(asn)) return "asn must be the number of a network";
  const times = { since: timeOf(text("since") ?? text("from")), until: timeOf(text("until") ?? text("to")) };
  if (Number.isNaN(times.since) || Number.isNaN(times.until))
    return "times must be such as 2026-01-31T12:00:00Z, or milliseconds since the epoch";
  const given = {
    action,
    rule: text("rule"),
    client: text("client"),
    path: text("path"),
    country: text("country")?.toUpperCase(),
    status,
    deployment: text("deployment"),
    route: text("route"),
    asn: asn === undefined ? undefined : Number(asn),
    ...times,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as EventFilter;
}

const timeOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);

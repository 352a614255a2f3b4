/**
 * From outcomes to figures: what was blocked, refused, exploited, and how long it took.
 *
 * @module
 */
import type { DecisionEvent } from "../types.ts";
import type { Outcome } from "./drive.ts";
import { mean, quantile } from "./statistics.ts";

/** What became of one request at one target. */
export type Verdict = "answered" | "blocked" | "refused" | "error";

/** Counts of one kind of request at one target. Field names are part of the result files' contract. */
export interface TypeReport {
  /** Class of the records, or the case's name in the upstream suite. */
  readonly attack_type: string;
  /** Without looks. */
  readonly requests_sent: number;
  /** Requests that only looked whether the attack before them left anything. In no other count than `observable`, `exploited` and the times. */
  readonly looks: number;
  readonly status_counts: Readonly<Record<string, number>>;
  /** Answered 403, 405, 409 or 429 where the unprotected shop answers something else, or carrying a decision's id. */
  readonly blocked: number;
  /** Turned away by the HTTP server itself, before the shop or a firewall saw them. In no percentage. */
  readonly refused: number;
  /** No answer at all. */
  readonly errors: number;
  /** Of the requests that reached the application, in percent. */
  readonly blocked_pct: number;
  /** Requests whose effect would show in the response. */
  readonly observable: number;
  /** Requests whose effect was seen in the response. */
  readonly exploited: number;
  readonly scenarios: number;
  /** Scenarios whose last request, looks apart, was blocked. */
  readonly scenarios_stopped: number;
  readonly avg_response_time_ms: number;
}

/** The file `results_<target>_<normal|attacks>_<runId>.json`. */
export interface TargetReport {
  readonly target: string;
  readonly baseUrl: string;
  readonly runId: string;
  readonly mode: "normal" | "attacks";
  /** Where the clients' addresses came from: `own` for normal traffic. */
  readonly addresses: "own" | "rotating" | "single";
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly total_requests: number;
  readonly total_looks: number;
  readonly total_blocked: number;
  readonly total_refused: number;
  readonly total_errors: number;
  /** Requests that were not blocked and yet answered with another status than the unprotected shop's. */
  readonly total_changed: number;
  readonly blocked_pct: number;
  readonly observable: number;
  readonly exploited: number;
  readonly scenarios: number;
  readonly scenarios_stopped: number;
  readonly avg_response_time_ms: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  /** Blocked requests by the rule that decided. */
  readonly blocked_by_rule: Readonly<Record<string, number>>;
  /** One entry for each class. */
  readonly attacks: readonly TypeReport[];
  /** The same by the names of the upstream attack suite, where records have one. */
  readonly suite: readonly TypeReport[];
  /**
   * The first requests that went the wrong way, to find out why: in normal traffic those that did not get what the unprotected shop answers,
   * in attacks on a protected shop those that were let through.
   */
  readonly surprises: readonly Surprise[];
}

/** One request that went the wrong way. */
export interface Surprise {
  readonly id: string;
  readonly class: string;
  readonly request: string;
  /** The attack's effect was seen in the answer. */
  readonly exploited: boolean;
  readonly status: number;
  readonly direct_status: number;
  readonly rule?: string;
  readonly error?: string;
}

export interface ReportInput {
  readonly target: string;
  readonly baseUrl: string;
  readonly runId: string;
  readonly mode: TargetReport["mode"];
  readonly addresses: TargetReport["addresses"];
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly outcomes: readonly Outcome[];
  /** Outcomes of the same records, in the same order, at the unprotected shop. */
  readonly direct: readonly Outcome[];
  /** The target's own account of its blocks. */
  readonly decisions: readonly DecisionEvent[];
}

/** Statuses that a firewall answers instead of the application. */
const blockStatuses = new Set([403, 405, 409, 429]);
const surpriseLimit = 1_000;

/**
 * Judges one outcome. A status of {@link blockStatuses} is a block unless the unprotected shop gives that very request the same one;
 * an answer with a decision's id is a block whatever its status.
 */
export function judge(outcome: Outcome, direct: Outcome): Verdict {
  if (outcome.status === 0) return "error";
  if (outcome.decisionId !== undefined && outcome.status >= 400) return "blocked";
  if (outcome.refused) return "refused";
  return blockStatuses.has(outcome.status) && outcome.status !== direct.status ? "blocked" : "answered";
}

interface Judged {
  readonly outcome: Outcome;
  readonly direct: Outcome;
  readonly verdict: Verdict;
}

/** Everything that is known about one target in one mode. */
export function createReport(input: ReportInput): TargetReport {
  const judged = input.outcomes.map((outcome, index): Judged => {
    const direct = input.direct[index]!;
    return { outcome, direct, verdict: judge(outcome, direct) };
  });
  const rules = new Map(input.decisions.map((decision) => [decision.id, decision.rule]));
  const ruleOf = (outcome: Outcome): string => rules.get(outcome.decisionId ?? "") ?? "(no rule told)";
  const blockedByRule: Record<string, number> = {};
  for (const { outcome, verdict } of judged.filter(isAttempt)) {
    if (verdict === "blocked") blockedByRule[ruleOf(outcome)] = (blockedByRule[ruleOf(outcome)] ?? 0) + 1;
  }
  const total = summarize("all", judged);
  const times = judged.filter(({ verdict }) => verdict !== "error").map(({ outcome }) => outcome.durationMs);
  const changed = judged.filter(({ outcome, direct, verdict }) => verdict === "answered" && outcome.status !== direct.status);
  const isReference = input.outcomes === input.direct;
  const surprising =
    input.mode === "normal"
      ? judged.filter(({ outcome, direct, verdict }) => verdict !== "answered" || outcome.status !== direct.status)
      : judged.filter((each) => each.verdict === "answered" && !isReference && (isAttempt(each) || each.outcome.exploited));
  return {
    target: input.target,
    baseUrl: input.baseUrl,
    runId: input.runId,
    mode: input.mode,
    addresses: input.addresses,
    startedAt: input.startedAt.toISOString(),
    finishedAt: input.finishedAt.toISOString(),
    total_requests: total.requests_sent,
    total_looks: total.looks,
    total_blocked: total.blocked,
    total_refused: total.refused,
    total_errors: total.errors,
    total_changed: changed.length,
    blocked_pct: total.blocked_pct,
    observable: total.observable,
    exploited: total.exploited,
    scenarios: total.scenarios,
    scenarios_stopped: total.scenarios_stopped,
    avg_response_time_ms: total.avg_response_time_ms,
    p50_ms: round(quantile(times, 0.5) ?? 0),
    p95_ms: round(quantile(times, 0.95) ?? 0),
    p99_ms: round(quantile(times, 0.99) ?? 0),
    blocked_by_rule: Object.fromEntries(Object.entries(blockedByRule).sort(([, one], [, other]) => other - one)),
    attacks: groupBy(judged, ({ outcome }) => outcome.record.class),
    suite: groupBy(judged, ({ outcome }) => outcome.record.suite_test),
    surprises: surprising.slice(0, surpriseLimit).map((each) => toSurprise(each, ruleOf)),
  };
}

function groupBy(judged: readonly Judged[], nameOf: (each: Judged) => string | undefined): TypeReport[] {
  const groups = new Map<string, Judged[]>();
  for (const each of judged) {
    const name = nameOf(each);
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [each]);
    else group.push(each);
  }
  return [...groups].sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, group]) => summarize(name, group));
}

/** False for a look, which tells of the request before it and is none to block. */
const isAttempt = ({ outcome }: Judged): boolean => outcome.record.look === undefined;

function summarize(name: string, judged: readonly Judged[]): TypeReport {
  const attempts = judged.filter(isAttempt);
  const count = (verdict: Verdict): number => attempts.filter((each) => each.verdict === verdict).length;
  const statusCounts: Record<string, number> = {};
  for (const { outcome } of attempts) statusCounts[outcome.status] = (statusCounts[outcome.status] ?? 0) + 1;
  // The last record of each scenario wins.
  const lastVerdicts = new Map(attempts.map(({ outcome, verdict }) => [outcome.unit, verdict]));
  const stopped = [...lastVerdicts.values()].filter((verdict) => verdict === "blocked").length;
  const [blocked, refused] = [count("blocked"), count("refused")];
  return {
    attack_type: name,
    requests_sent: attempts.length,
    looks: judged.length - attempts.length,
    status_counts: statusCounts,
    blocked,
    refused,
    errors: count("error"),
    blocked_pct: percentOf(blocked, attempts.length - refused),
    observable: judged.filter(({ outcome }) => outcome.record.oracle !== undefined).length,
    exploited: judged.filter(({ outcome }) => outcome.exploited).length,
    scenarios: lastVerdicts.size,
    scenarios_stopped: stopped,
    avg_response_time_ms: round(mean(judged.filter(({ verdict }) => verdict !== "error").map(({ outcome }) => outcome.durationMs))),
  };
}

function toSurprise({ outcome, direct, verdict }: Judged, ruleOf: (outcome: Outcome) => string): Surprise {
  return {
    id: outcome.record.id,
    class: outcome.record.class,
    exploited: outcome.exploited,
    request: `${outcome.record.method} ${outcome.record.url}`.slice(0, 200),
    status: outcome.status,
    direct_status: direct.status,
    ...(verdict === "blocked" ? { rule: ruleOf(outcome) } : {}),
    ...(outcome.error === undefined ? {} : { error: outcome.error }),
  };
}

/** A share in percent with three decimals; 0 of 0 is 0. */
export function percentOf(part: number, whole: number): number {
  return whole <= 0 ? 0 : round((100 * part) / whole);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/**
 * What an exception would have done to the last day: its records are held against it once more.
 *
 * @module
 */

import type { RuleId } from "@aiwaf/core";
import { banKey, clientKeyOf } from "@aiwaf/core/lists";
import { exceptionMatcher } from "@aiwaf/core/switches";
import type { DecisionRecord, ExceptionDraft, Preview, PreviewClient } from "./api.ts";
import type { Context } from "./context.ts";
import { wrongInput } from "./problem.ts";

const DAY_MS = 86_400_000;
const LOOKED_AT_MAX = 20_000;
const PAGE = 250;
const CLIENTS_MAX = 50;
const SAMPLES_MAX = 20;
const DEFAULT_THRESHOLD = 100;
/** Half of what blocks: no honest request of the tests leaves so much beside one wrong rule. */
const SUSPICIOUS_SHARE = 0.5;
const PATHS_TRIED = 5;

/** Replays the last day's decisions with the exception; reads a page at a time and lets requests go on in between. */
export async function previewOf(context: Context, draft: ExceptionDraft, decision: string | undefined, now: number): Promise<Preview> {
  const isMatch = exceptionMatcher({ ...draft, rule: draft.rule as RuleId });
  if (isMatch === undefined) throw wrongInput("path is no pattern.");
  const from = now - DAY_MS;
  const { stopped, truncated, blocked } = await stoppedBy(context, draft.rule, from, now);
  const passing = stopped.filter((record) => wouldPass(record, isMatch));
  const made = decision === undefined ? undefined : (stopped.find(({ id }) => id === decision) ?? context.events.find(decision));
  const clients = await judge(context, draft, passing, from, now);
  const hostileClients = clients.filter(({ hostile }) => hostile).length;
  return {
    from,
    to: now,
    replayed: stopped.length,
    truncated,
    blocked,
    wouldPass: passing.length,
    clients: clients.slice(0, CLIENTS_MAX),
    hostileClients,
    samples: passing.slice(0, SAMPLES_MAX),
    ...(made !== undefined && { letsDecisionPass: wouldPass(made, isMatch) }),
    warnings: [
      ...(hostileClients > 0 ? [`${hostileClients} of ${clients.length} clients that would pass look hostile.`] : []),
      ...(draft.parameter === undefined ? ["It holds for every parameter of the path; an exception for one parameter is narrower."] : []),
      ...(/\*\*/.test(draft.path) ? ["It holds for everything below the path."] : []),
      ...(context.records === undefined
        ? ["Only the decisions that this process still keeps were replayed: there is no record store."]
        : []),
      ...(truncated ? [`There were more than ${LOOKED_AT_MAX} decisions to replay; the newest were.`] : []),
    ],
  };
}

/** Whether a stopped request would pass with what the exception leaves out. What inspection did not look at after its block is not known. */
export function wouldPass(record: DecisionRecord, isMatch: NonNullable<ReturnType<typeof exceptionMatcher>>): boolean {
  const decided = record.rule ?? record.wouldBlock?.rule;
  if (decided === undefined) return true;
  const left = record.findings.filter((finding) => !isMatch(record.url, finding));
  if (left.length === record.findings.length) return false;
  const score = left.reduce((sum, finding) => sum + finding.score, 0);
  return score < (record.threshold ?? DEFAULT_THRESHOLD) && !left.some(({ rule }) => rule === decided);
}

/** The requests that the rule stopped, alone or with others. */
async function stoppedBy(
  { events, records, tallies }: Context,
  rule: string,
  from: number,
  now: number,
): Promise<{ readonly stopped: readonly DecisionRecord[]; readonly truncated: boolean; readonly blocked: number }> {
  if (records === undefined) {
    const kept = events.history({ since: from }, LOOKED_AT_MAX).filter(isStopped);
    return { stopped: kept.filter((record) => isBehind(record, rule)), truncated: false, blocked: kept.length };
  }
  const stopped: DecisionRecord[] = [];
  let truncated = false;
  for (const decided of [rule, "score/threshold"]) {
    let before: string | undefined;
    do {
      const page = records.find({ rule: decided, from, to: now + 1 }, PAGE, before);
      stopped.push(...page.records.filter((record) => isBehind(record, rule)));
      before = page.next;
      await new Promise(setImmediate);
      truncated ||= stopped.length >= LOOKED_AT_MAX && before !== undefined;
    } while (before !== undefined && stopped.length < LOOKED_AT_MAX);
  }
  const [figures] = tallies.figures(from, now - from + 60_000, 1);
  return { stopped, truncated, blocked: Math.max(stopped.length, (figures?.blocked ?? 0) + (figures?.wouldBlock ?? 0)) };
}

const isStopped = ({ action, wouldBlock }: DecisionRecord): boolean => action === "block" || wouldBlock !== undefined;

const isBehind = (record: DecisionRecord, rule: string): boolean => record.findings.some((finding) => finding.rule === rule);

/** Each client whose requests would pass, and why it looks hostile; those that do first. */
async function judge(
  { store, events, records }: Context,
  { rule }: ExceptionDraft,
  passing: readonly DecisionRecord[],
  from: number,
  now: number,
): Promise<readonly PreviewClient[]> {
  const byClient = new Map<string, DecisionRecord[]>();
  for (const record of passing) {
    const own = byClient.get(record.client);
    if (own === undefined) byClient.set(record.client, [record]);
    else own.push(record);
  }
  const judged: PreviewClient[] = [];
  for (const [client, requests] of [...byClient].sort(([, one], [, other]) => other.length - one.length)) {
    // The rest is counted and not judged: a flood of clients must not make a flood of questions.
    const isAsked = client !== "" && judged.length < 4 * CLIENTS_MAX;
    const blocks = !isAsked
      ? []
      : records === undefined
        ? events.history({ client, since: from }, 200).filter(isStopped)
        : records.find({ client, action: "block", from }, 100).records;
    const others = blocks.filter((record) => ![rule, "score/threshold"].includes(record.rule ?? record.wouldBlock?.rule ?? rule));
    const rules = [...new Set(others.map((record) => (record.rule ?? record.wouldBlock?.rule) as string))];
    const key = isAsked ? clientKeyOf(client) : undefined;
    const bannedBy = key === undefined ? undefined : ruleOfBan(await store.get(banKey(key), now));
    const rest = requests.some(
      ({ findings, threshold = DEFAULT_THRESHOLD }) =>
        findings.reduce((sum, finding) => (finding.rule === rule ? sum : sum + finding.score), 0) >= threshold * SUSPICIOUS_SHARE,
    );
    const paths = new Set(requests.map(({ url }) => url.replace(/\?.*$/s, ""))).size;
    const reasons = [
      ...(rules.length > 0 ? [`Also blocked by ${rules.slice(0, 5).join(", ")}.`] : []),
      ...(bannedBy !== undefined && bannedBy !== rule ? [`Banned by ${bannedBy}.`] : []),
      ...(rest ? ["Its requests have more in them that other rules hold against it."] : []),
      ...(paths >= PATHS_TRIED ? [`Tried it at ${paths} paths.`] : []),
    ];
    const country = requests.find((record) => record.country !== undefined)?.country;
    judged.push({
      client,
      wouldPass: requests.length,
      otherBlocks: others.length,
      hostile: reasons.length > 0,
      reasons,
      ...(country !== undefined && { country }),
    });
    if (judged.length % 10 === 0) await new Promise(setImmediate);
  }
  return judged.sort((one, other) => Number(other.hostile) - Number(one.hostile) || other.wouldPass - one.wouldPass);
}

function ruleOfBan(stored: string | undefined): string | undefined {
  if (stored === undefined) return undefined;
  try {
    const { rule } = JSON.parse(stored) as { readonly rule?: unknown };
    return typeof rule === "string" ? rule.slice(0, 100) : "an entry that cannot be read";
  } catch {
    return "an entry that cannot be read";
  }
}

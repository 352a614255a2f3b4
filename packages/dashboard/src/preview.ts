/**
 * What an exception would have done to the last day: its decisions are held against it once more.
 *
 * @module
 */
import type { RuleId } from "@aiwaf/core";
import { exceptionMatcher } from "@aiwaf/core/switches";
import type { DecisionRecord, ExceptionDraft, Preview } from "./api.ts";
import type { Context } from "./context.ts";
import { isStopped } from "./evidence.ts";
import { judgeClients } from "./preview-clients.ts";
import { wrongInput } from "./problem.ts";
import { type LeftOut, replay } from "./replay.ts";

const DAY_MS = 86_400_000;
const LOOKED_AT_MAX = 20_000;
const PAGE = 250;
const CLIENTS_MAX = 50;
const SAMPLES_MAX = 20;
const DEFAULT_THRESHOLD = 100;
/** Inspected once more at most; what lies beyond is told from records alone. */
const REPLAYED_MAX = 5_000;
/** An inspection takes some 50 µs; the site's requests go on after so many. */
const AT_ONCE = 40;

/** Whether an exception would hold for what a rule found in a request of that target. */
export type Matcher = NonNullable<ReturnType<typeof exceptionMatcher>>;

/** Holds the last day's decisions against the exception; reads a page at a time and lets requests go on in between. */
export async function previewOf(
  context: Context,
  drafts: readonly ExceptionDraft[],
  decision: string | undefined,
  now: number,
): Promise<Preview> {
  const isMatch = matcherOf(drafts);
  const rules: ReadonlySet<string> = new Set(drafts.map(({ rule }) => rule));
  const from = now - DAY_MS;
  const { stopped, truncated } = await stoppedBy(context, rules, from, now);
  const here = stopped.filter((record) => record.findings.some((finding) => isMatch(record.url, finding)));
  const { passing, unseen } = await passingOf(here, isMatch);
  const passes = new Set(passing.map(({ id }) => id));
  const made = decision === undefined ? undefined : (stopped.find(({ id }) => id === decision) ?? context.events.find(decision));
  const letsDecisionPass = made === undefined ? undefined : passes.has(made.id) || (await passingOf([made], isMatch)).passing.length > 0;
  const { clients, afterBan } = await judgeClients(context, rules, { stopped, passing }, from, now);
  const hostile = clients.filter((client) => client.hostile);
  return {
    from,
    to: now,
    replayed: stopped.length,
    truncated,
    wouldPass: passing.length + afterBan,
    afterBan,
    stillStopped: here.length - passing.length,
    attacks: hostile.reduce((sum, client) => sum + client.wouldPass, 0),
    clients: clients.slice(0, CLIENTS_MAX),
    hostileClients: hostile.length,
    samples: passing.slice(0, SAMPLES_MAX),
    ...(letsDecisionPass !== undefined && { letsDecisionPass }),
    warnings: [
      ...(drafts.some(({ parameter }) => parameter === undefined)
        ? ["It holds for every parameter of the path; an exception for one parameter is narrower."]
        : []),
      ...(drafts.some(({ path }) => path.includes("**")) ? ["It holds for everything below the path."] : []),
      ...(context.records === undefined
        ? ["Only the decisions that this process still keeps were replayed: there is no record store."]
        : []),
      ...(truncated ? [`There were more than ${LOOKED_AT_MAX} decisions to replay; the newest were.`] : []),
      ...(unseen === 0
        ? []
        : [`Of ${unseen} not all is kept that was sent, as of bodies and cookies: other rules may stop some of them all the same.`]),
    ],
  };
}

interface Passing {
  readonly passing: readonly DecisionRecord[];
  /** Of them: those that could not be inspected whole once more, because not all of them is kept, or because there were too many. */
  readonly unseen: number;
}

/**
 * What of these would pass. The record tells what was found; where it says that nothing else was, the request is inspected once more without the rule,
 * because inspection had stopped at enough.
 */
async function passingOf(here: readonly DecisionRecord[], isMatch: Matcher): Promise<Passing> {
  const byRecord = here.filter((record) => wouldPass(record, isMatch));
  if (byRecord.length === 0) return { passing: byRecord, unseen: 0 };
  const found = await replay();
  const passing: DecisionRecord[] = [];
  let unseen = 0;
  for (const [index, record] of byRecord.entries()) {
    const leftOut: LeftOut = (rule, where) => isMatch(record.url, { rule, ...(where !== undefined && { where }) });
    const left = index < REPLAYED_MAX ? found(record, leftOut) : undefined;
    // What stands in a body is found only once nothing stops the request before.
    if (left === undefined || hasBody(record)) unseen++;
    if (left === undefined || left.reduce((sum, { score }) => sum + score, 0) < (record.threshold ?? DEFAULT_THRESHOLD))
      passing.push(record);
    if (index % AT_ONCE === AT_ONCE - 1) await new Promise(setImmediate);
  }
  return { passing, unseen };
}

const hasBody = ({ method, headers }: DecisionRecord): boolean =>
  !/^(?:GET|HEAD|OPTIONS|DELETE)$/.test(method) || Number(headers["content-length"] ?? 0) > 0 || headers["transfer-encoding"] !== undefined;

/** Whether any of the exceptions would hold. */
function matcherOf(drafts: readonly ExceptionDraft[]): Matcher {
  const matchers = drafts.map((draft) => {
    const matcher = exceptionMatcher({ ...draft, rule: draft.rule as RuleId });
    if (matcher === undefined) throw wrongInput("path is no pattern.");
    return matcher;
  });
  return (target, finding) => matchers.some((holds) => holds(target, finding));
}

/** Whether a stopped request would pass with what the exception leaves out, as far as its record tells. */
function wouldPass(record: DecisionRecord, isMatch: Matcher): boolean {
  const decided = record.rule ?? record.wouldBlock?.rule;
  if (decided === undefined) return true;
  const gone = record.findings.filter((finding) => isMatch(record.url, finding));
  if (gone.length === 0) return false;
  // The record's own score counts findings that it has no room for.
  const score = record.score - gone.reduce((sum, finding) => sum + finding.score, 0);
  const isDecisionGone = decided === "score/threshold" || !record.findings.some((one) => one.rule === decided && !gone.includes(one));
  return score < (record.threshold ?? DEFAULT_THRESHOLD) && isDecisionGone;
}

/** The requests that these rules stopped, alone or with others. */
async function stoppedBy(
  { events, records }: Context,
  rules: ReadonlySet<string>,
  from: number,
  now: number,
): Promise<{ readonly stopped: readonly DecisionRecord[]; readonly truncated: boolean }> {
  // Records are written a moment later: what was decided just now stands here alone.
  const latest = events.history({ since: from }, LOOKED_AT_MAX).filter((record) => isStopped(record) && isBehind(record, rules));
  if (records === undefined) return { stopped: latest, truncated: false };
  const stopped = new Map(latest.map((record) => [record.id, record]));
  let truncated = false;
  for (const decided of [...rules, "score/threshold"]) {
    let before: string | undefined;
    do {
      const page = records.find({ rule: decided, from, to: now + 1 }, PAGE, before);
      for (const record of page.records) if (isBehind(record, rules)) stopped.set(record.id, record);
      before = page.next;
      await new Promise(setImmediate);
      truncated ||= stopped.size >= LOOKED_AT_MAX && before !== undefined;
    } while (before !== undefined && stopped.size < LOOKED_AT_MAX);
  }
  return { stopped: [...stopped.values()].sort((one, other) => other.at - one.at), truncated };
}

const isBehind = (record: DecisionRecord, rules: ReadonlySet<string>): boolean => record.findings.some(({ rule }) => rules.has(rule));

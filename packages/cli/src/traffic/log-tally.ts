/**
 * What the replay of a log adds up by client: who would have been blocked, by what, and who of them looks honest. Memory does not grow with the log.
 *
 * @module
 */
import type { Verdict } from "@aiwaf/core";
import { redactTarget, withoutRules } from "@aiwaf/core/records";
import type { Measured } from "../replay-engine.ts";
import type { ReplayItem } from "../replay-source.ts";
import { patternOf, type Suggestion } from "./suggestions.ts";
import { createTimeline, type Timeline } from "./timeline.ts";

/** One client of the log. */
interface Client {
  requests: number;
  /** Answered 2xx or 3xx by the application. */
  answered: number;
  answeredBefore: number;
  answeredAfter: number;
  blocked: number;
  /** Last request that passed: where a ban came from. */
  lastTarget: string;
  /** What banned the client, and where. */
  cause: { readonly rule: string; readonly target: string } | undefined;
}

/** Blocks of one rule. */
export interface RuleCount {
  readonly rule: string;
  requests: number;
  /** Of them answered 2xx or 3xx. */
  answered: number;
  readonly clients: Set<string>;
}

/** Blocks that look wrong: of clients that the application answered before and after. */
export interface LikelyMistake {
  readonly rule: string;
  readonly pattern: string | undefined;
  readonly suggestion: Suggestion | undefined;
  requests: number;
  readonly clients: Set<string>;
  /** 2xx and 3xx of these clients outside of what was blocked, the most of one client. */
  standing: number;
  readonly example: {
    readonly id: string;
    readonly method: string;
    readonly target: string;
    readonly client: string;
    readonly status: number;
  };
}

/** Everything a log's replay adds up. */
export interface LogTally {
  requests: number;
  blocked: number;
  answered: number;
  answeredBlocked: number;
  /** Requests of clients with a block, after the twentieth of each client; and how many of them were blocked. */
  lateOfBlocked: { requests: number; blocked: number };
  readonly rules: Map<string, RuleCount>;
  readonly mistakes: Map<string, LikelyMistake>;
  readonly timeline: Timeline;
  clients: number;
  blockedClients: number;
  /** Blocked clients that were answered before their first block. */
  knownClients: number;
  readonly add: (item: ReplayItem, measured: Measured) => void;
  /** Called once at the end. */
  readonly close: () => void;
}

const CLIENTS_MAX = 200_000;
const RULES_MAX = 300;
const MISTAKES_MAX = 2_000;
const NAMES_MAX = 1_000;
const EARLY = 20;
/** More is read than shown, so that no cut can part a secret from its name. */
const READ_LIMIT = 4_096;
/** Answers that make a client look honest. */
const STANDING = 3;

const isGood = (status: number | undefined): status is number => status !== undefined && status >= 200 && status < 400;

/** A tally of nothing. */
export function createLogTally(): LogTally {
  const clients = new Map<string, Client & { late: number; lateBlocked: number }>();
  const tally: LogTally = {
    requests: 0,
    blocked: 0,
    answered: 0,
    answeredBlocked: 0,
    lateOfBlocked: { requests: 0, blocked: 0 },
    rules: new Map(),
    mistakes: new Map(),
    timeline: createTimeline(),
    clients: 0,
    blockedClients: 0,
    knownClients: 0,
    add(item, { decision, verdict }) {
      const name = decision.request.client.key;
      const status = item.outcome?.status;
      const good = isGood(status);
      const client = clientOf(name);
      tally.requests++;
      client.requests++;
      tally.timeline.add(item.at, verdict !== undefined);
      if (good) {
        tally.answered++;
        client.answered++;
      }
      if (client.requests > EARLY) client.late++;
      if (verdict === undefined) {
        if (good) client.blocked === 0 ? client.answeredBefore++ : client.answeredAfter++;
        client.lastTarget = item.raw.target.slice(0, 300);
        return;
      }
      tally.blocked++;
      if (client.requests > EARLY) client.lateBlocked++;
      const note = decision.findings.find(({ rule }) => rule === "blocklist/banned")?.note;
      if (note !== undefined) client.cause ??= { rule: note.replace(/^banned by /, ""), target: client.lastTarget };
      client.blocked++;
      const rule = tally.rules.get(verdict.rule) ?? (tally.rules.size < RULES_MAX ? newRule(verdict.rule) : undefined);
      if (rule !== undefined) {
        tally.rules.set(verdict.rule, rule);
        rule.requests++;
        if (good) rule.answered++;
        if (rule.clients.size < NAMES_MAX) rule.clients.add(name);
      }
      if (!good) return;
      tally.answeredBlocked++;
      noteMistake(item, verdict, decision, client, name, status);
    },
    close() {
      for (const client of clients.values()) {
        tally.clients++;
        if (client.blocked === 0) continue;
        tally.blockedClients++;
        if (client.answeredBefore > 0) tally.knownClients++;
        tally.lateOfBlocked.requests += client.late;
        tally.lateOfBlocked.blocked += client.lateBlocked;
      }
      for (const mistake of tally.mistakes.values()) {
        for (const name of mistake.clients) {
          const { answeredBefore = 0, answeredAfter = 0 } = clients.get(name) ?? {};
          const standing = answeredBefore + answeredAfter;
          if (standing >= STANDING) mistake.standing = Math.max(mistake.standing, standing);
        }
      }
      for (const [key, { standing }] of tally.mistakes) if (standing === 0) tally.mistakes.delete(key);
    },
  };

  const clientOf = (name: string): Client & { late: number; lateBlocked: number } => {
    let client = clients.get(name);
    if (client === undefined) {
      // Beyond this many, further clients are one: sums stay right, and only names are lost.
      const key = clients.size < CLIENTS_MAX ? name : "";
      client = clients.get(key) ?? {
        requests: 0,
        answered: 0,
        answeredBefore: 0,
        answeredAfter: 0,
        blocked: 0,
        lastTarget: "",
        cause: undefined,
        late: 0,
        lateBlocked: 0,
      };
      clients.set(key, client);
    }
    return client;
  };

  const noteMistake = (
    item: ReplayItem,
    verdict: Verdict,
    decision: Measured["decision"],
    client: Client,
    name: string,
    status: number,
  ): void => {
    const cause = verdict.rule === "blocklist/banned" ? client.cause : undefined;
    const target = redactTarget(item.raw.target.slice(0, READ_LIMIT));
    const pattern = patternOf(cause === undefined ? target : redactTarget(cause.target));
    const rule = cause?.rule ?? verdict.rule;
    const key = `${rule} ${pattern ?? ""}`;
    let mistake = tally.mistakes.get(key);
    if (mistake === undefined) {
      if (tally.mistakes.size >= MISTAKES_MAX) return;
      // A ban comes from what a detector adds up, so the detector is what has to look away; a sum comes from all who added to it.
      const { rules } = withoutRules({ rule, findings: decision.findings, threshold: decision.request.policy.threshold });
      const skip = cause !== undefined ? [rule.split("/")[0]!] : rules.length > 0 ? rules : [rule];
      mistake = {
        rule,
        pattern,
        suggestion: pattern === undefined ? undefined : { pattern, skip },
        requests: 0,
        clients: new Set(),
        standing: 0,
        example: { id: item.id, method: item.raw.method, target: target.slice(0, 300), client: name, status },
      };
      tally.mistakes.set(key, mistake);
    }
    mistake.requests++;
    if (mistake.clients.size < NAMES_MAX) mistake.clients.add(name);
  };
  return tally;
}

const newRule = (rule: string): RuleCount => ({ rule, requests: 0, answered: 0, clients: new Set() });

/** Most answered clients first: whoever was served before and after was most likely wronged. */
export const likelyMistakes = ({ mistakes }: LogTally): readonly LikelyMistake[] =>
  [...mistakes.values()].sort((left, right) => right.standing - left.standing || right.requests - left.requests);

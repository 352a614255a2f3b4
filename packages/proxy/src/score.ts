/**
 * Scores of requests that somebody sends as text: what the firewall would decide, and why. Bans nobody and counts nothing.
 *
 * @module
 */
import { type Awaitable, createWaf, type Decision, type Finding, isThenable } from "@aiwaf/core";
import { type RecommendedOptions, recommended } from "@aiwaf/core/recommended";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { toScoredRequest } from "./scored-request.ts";

/** One rule that was found to apply. */
export interface ScoredRule {
  readonly rule_id: string;
  readonly description: string;
  /** 0 to 10. */
  readonly severity: number;
  /** Where it was seen: `query:q`, `body:$.name`. */
  readonly where: string | null;
  /** What was seen there, as it was sent. */
  readonly match: string | null;
  /** UTF-16 units from the beginning of the value. */
  readonly start: number | null;
  readonly end: number | null;
}

/** What became of one text. */
export interface Score {
  /** Sum of the findings' scores. */
  readonly score: number;
  readonly rules: readonly ScoredRule[];
  /** Whether it is unlike what is usual, by the trained model or the fixed rules in its place. */
  readonly anomaly: boolean;
  /** The score from which requests are blocked. */
  readonly threshold: number;
  /** `block`: enforcement would answer it. `alert`: something weighs at least 6 of 10, or it is an anomaly. */
  readonly action: "allow" | "alert" | "block";
}

/** Scores texts. */
export interface Scorer {
  /** In the same tick unless a detector has to wait. Never throws and never rejects. */
  score(raw: string): Awaitable<Score>;
  close(): Promise<void>;
}

/** What looks at one request alone, and not at its client's earlier ones, has a say. */
const OF_CLIENTS = { rateLimit: false, waves: false, breaker: false, blocklist: false, loginLimit: false } as const;

/**
 * Scores requests given as text with the recommended firewall, each by itself: no client is counted, nothing is banned.
 *
 * @throws WafError when an option is wrong.
 */
export function createScorer(options: RecommendedOptions = {}): Scorer {
  const { client: _, ...rest } = options;
  const waf = createWaf(recommended({ ...rest, ...OF_CLIENTS, mode: "enforce", store: memoryStore() }));
  return {
    score(raw) {
      const decision = waf.inspect(toScoredRequest(raw));
      return isThenable(decision) ? decision.then(scoreOf) : scoreOf(decision);
    },
    close: () => waf.close(),
  };
}

function scoreOf(decision: Decision): Score {
  const { findings, request, score } = decision;
  const rules = findings.map(ruleOf);
  const anomaly = findings.some(({ rule }) => rule.startsWith("anomaly/"));
  const isAlert = anomaly || rules.some(({ severity }) => severity >= 6);
  return {
    score,
    rules,
    anomaly,
    threshold: request.policy.threshold,
    action: decision.action === "block" ? "block" : isAlert ? "alert" : "allow",
  };
}

const ruleOf = ({ rule, score, where, match, note, block }: Finding): ScoredRule => ({
  rule_id: rule,
  description: note ?? rule.replace(/[/-]/g, " "),
  severity: block === undefined ? Math.min(10, Math.max(0, Math.round(score / 10))) : 10,
  where: where ?? null,
  match: match?.text ?? null,
  start: match?.start ?? null,
  end: match?.end ?? null,
});

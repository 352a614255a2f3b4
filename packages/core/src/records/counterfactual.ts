/**
 * What would have had to be different for a request to pass, told from its record alone.
 *
 * @module
 */
/** The smallest change that lets a recorded request pass. */
export interface Without {
  /** The rules that would have to be left out; empty when it passed, or when no rule about this request alone stopped it. */
  readonly rules: readonly string[];
  /** The score of what is left. */
  readonly score: number;
}

/** What it takes of a record. */
export interface Decided {
  readonly rule?: string;
  readonly wouldBlock?: { readonly rule: string };
  readonly findings: readonly { readonly rule: string; readonly score: number }[];
  readonly threshold?: number;
}

const DEFAULT_THRESHOLD = 100;
/** They judge the client, or what failed: nothing in this request is behind them. */
const ABOUT_CLIENTS = /^(?:blocklist|rate-limit|geo|engine|body)\//;

/**
 * The fewest rules without which a recorded request would have passed: the one that blocked, and then the highest scores until the rest is below the
 * threshold. What inspection would have found after the block it stopped at is not in a record.
 */
export function withoutRules({ rule, wouldBlock, findings, threshold = DEFAULT_THRESHOLD }: Decided): Without {
  const decided = rule ?? wouldBlock?.rule;
  const all = findings.reduce((sum, { score }) => sum + score, 0);
  if (decided === undefined || ABOUT_CLIENTS.test(decided)) return { rules: [], score: all };
  const rules = new Set<string>();
  let score = all;
  const leaveOut = (one: string): void => {
    rules.add(one);
    score = findings.reduce((sum, finding) => (rules.has(finding.rule) ? sum : sum + finding.score), 0);
  };
  if (decided !== "score/threshold") leaveOut(decided);
  for (const finding of [...findings].sort((first, second) => second.score - first.score)) {
    if (score < threshold) break;
    leaveOut(finding.rule);
  }
  return { rules: [...rules], score };
}

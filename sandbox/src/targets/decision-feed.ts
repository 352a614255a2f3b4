import type { Decision, Waf } from "@aiwaf/core";
import type { DecisionEvent } from "../types.ts";

/** Blocks on their way to the runner. */
export interface DecisionFeed {
  /** Hands over what has gathered. */
  flush(): void;
  /** Stops listening. What has gathered is still handed over by `flush`. */
  end(): void;
}

const batchSize = 500;
const waitingLimit = 20_000;
const intervalMs = 200;

/**
 * Gathers a firewall's blocks and hands them over in batches, so that reporting costs the measured process little: at most every 200 ms or
 * 500 blocks. At most 20,000 wait at a time; what comes beyond is counted as lost.
 */
export function createDecisionFeed(waf: Waf, send: (events: readonly DecisionEvent[], lost: number) => void): DecisionFeed {
  let waiting: DecisionEvent[] = [];
  let lost = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0 && lost === 0) return;
    send(waiting, lost);
    waiting = [];
    lost = 0;
  };
  const unsubscribe = waf.subscribe((decision) => {
    const event = toEvent(decision);
    if (event === undefined) return;
    if (waiting.length >= waitingLimit) lost += 1;
    else waiting.push(event);
    if (waiting.length >= batchSize) flush();
    else timer ??= setTimeout(flush, intervalMs);
  });
  return { flush, end: unsubscribe };
}

function toEvent(decision: Decision): DecisionEvent | undefined {
  const verdict = decision.action === "block" ? decision : decision.wouldBlock;
  if (verdict === undefined) return undefined;
  return {
    id: decision.id,
    action: decision.action === "block" ? "block" : "would-block",
    status: verdict.status,
    rule: verdict.rule,
    score: decision.score,
    rules: [...new Set(decision.findings.map((finding) => finding.rule))].slice(0, 16),
  };
}

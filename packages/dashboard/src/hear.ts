import type { Decision, Outcome, Waf } from "@aiwaf/core";

/** At most so many wait: their requests are still young then. */
const HEARD_AT_ONCE = 64;

/**
 * Subscribes to a firewall's decisions, and has them kept at the end of each turn of the event loop: one by one, each would find the caches full of what
 * requests run through.
 *
 * @param keep - Called for each decision in order. What it throws is told to the log.
 * @returns `keepHeard`, which has kept what was heard so far, for whoever is about to read; and `leave`, which ends the subscription after the same.
 */
export function hear(
  waf: Waf,
  keep: (decision: Decision, outcome: Outcome | undefined) => void,
): { readonly keepHeard: () => void; readonly leave: () => void } {
  let heard: Decision[] = [];
  let outcomes: (Outcome | undefined)[] = [];
  let isTurnAwaited = false;
  const keepHeard = (): void => {
    const [decisions, ends] = [heard, outcomes];
    [heard, outcomes] = [[], []];
    for (let at = 0; at < decisions.length; at++) {
      try {
        keep(decisions[at]!, ends[at]);
      } catch (error) {
        // Nobody is left above the end of a turn: thrown on, this would end the server.
        waf.services.log.error("A decision could not be kept", { error: String(error).slice(0, 200) });
      }
    }
  };
  const endTurn = (): void => {
    isTurnAwaited = false;
    keepHeard();
  };
  const unsubscribe = waf.subscribe((decision, outcome) => {
    outcomes.push(outcome);
    if (heard.push(decision) >= HEARD_AT_ONCE) keepHeard();
    if (isTurnAwaited) return;
    isTurnAwaited = true;
    setImmediate(endTurn);
  });
  return {
    keepHeard,
    leave() {
      unsubscribe();
      keepHeard();
    },
  };
}

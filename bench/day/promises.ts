/** What the day must show. */

import type { DayReport } from "./run.ts";
import { NEW_PAGES } from "./shop.ts";

const MAX_HONEST_SHARE = 0.0001;
const MAX_HONEST_BAN_MS = 300_000;
const MAX_SCANNER_REQUESTS = 12;
const MAX_ENUMERATION_MISSES = 15;

/** Every promise that this day broke; empty when all is well. */
export function broken({
  kinds,
  honestBlocked,
  honestRequests,
  longestHonestBanMs,
  learnedWords,
  honestScoredByWords,
  suspended,
}: DayReport): string[] {
  const complaints: string[] = [];
  const check = (holds: boolean, complaint: string): void => {
    if (!holds) complaints.push(complaint);
  };
  check(honestBlocked <= honestRequests * MAX_HONEST_SHARE, `${honestBlocked} of ${honestRequests} honest requests were blocked`);
  check(longestHonestBanMs <= MAX_HONEST_BAN_MS, `an honest client was banned for ${longestHonestBanMs / 1000} s`);
  for (const { kind, reached, reachedBeforeStop, missesBeforeStop } of kinds) {
    if (kind.startsWith("scanner: ") && kind !== "scanner: polite")
      check(
        reachedBeforeStop <= MAX_SCANNER_REQUESTS,
        `${kind}: ${reachedBeforeStop} requests passed at the median before the first block`,
      );
    if (kind.startsWith("enumeration: "))
      check(
        missesBeforeStop <= MAX_ENUMERATION_MISSES,
        `${kind}: ${missesBeforeStop} ids could be tried at the median, ${reached} requests in all`,
      );
  }
  // Whoever attacks from as many networks as learning asks for can teach the words of a page that does not exist yet: to no effect, and until its first
  // good answer.
  check(honestScoredByWords === 0, `${honestScoredByWords} honest requests were scored for learned words`);
  const poisoned = learnedWords.filter((word) => NEW_PAGES.some((path) => path.includes(word)));
  check(poisoned.length === 0, `poisoned words outlived their pages' first answers: ${poisoned.join(", ")}`);
  check(suspended.length === 0, `the breaker suspended ${suspended.join(", ")}`);
  return complaints;
}

/**
 * Whether a model still knows its site: what share of usual requests it calls odd.
 *
 * @module
 */

/** How much more is odd than was, in percent with one decimal. */
export interface Drifted {
  readonly now: string;
  readonly trained: string;
}

/** Watches one model. */
export interface Drift {
  readonly modelId: string;
  /** Takes one usual request; says how far the model is off when there is reason to. */
  note(isOdd: boolean): Drifted | undefined;
}

/** Sampled requests that are judged together. */
const ROUND = 1_000;
/** A model is called out of date when it flags so many times what it flagged of held-out requests, and at least one in twenty. */
const TIMES = 5;
const LEAST_SHARE = 0.05;

export function createDrift(modelId: string, { requests, flagged }: { readonly requests: number; readonly flagged: number }): Drift {
  const usual = requests === 0 ? 0 : flagged / requests;
  const most = Math.max(LEAST_SHARE, usual * TIMES);
  let seen = 0;
  let odd = 0;
  return {
    modelId,
    note(isOdd) {
      seen++;
      if (isOdd) odd++;
      if (seen < ROUND) return undefined;
      const share = odd / seen;
      [seen, odd] = [0, 0];
      if (share <= most) return undefined;
      return { now: percent(share), trained: percent(usual) };
    },
  };
}

const percent = (share: number): string => (share * 100).toFixed(1);

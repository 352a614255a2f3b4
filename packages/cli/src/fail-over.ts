import type { Count } from "./tally.ts";
import { UsageError } from "./usage-error.ts";

/**
 * The largest accepted share that a flag names: a fraction from 0 to 1 (`0.0005`), or per cent with the sign (`0.05%`).
 *
 * @throws UsageError for anything else; a number above 1 without a sign is asked about rather than guessed.
 */
export function readShare(text: string, flag = "--fail-over-fpr"): number {
  const [, digits, sign] = /^(\d{1,9}(?:\.\d{1,12})?|\.\d{1,12}|\d(?:\.\d{1,12})?e-\d{1,2})(%?)$/i.exec(text.trim()) ?? [];
  const value = Number(digits) / (sign === "%" ? 100 : 1);
  if (digits !== undefined && value <= 1) return value;
  const hint = digits !== undefined && sign === "" && value <= 100 ? `; for per cent write ${text.trim()}%` : "";
  throw new UsageError(
    `${flag} ${JSON.stringify(text.slice(0, 40))}: must be a fraction from 0 to 1, or a percentage such as 0.05%${hint}`,
  );
}

/** What the gate says. */
export interface Gate {
  readonly isPassed: boolean;
  /** One sentence. */
  readonly text: string;
}

/** Holds the benign records against `share`. Without any there is nothing to hold, and the gate does not pass. */
export function gateOf({ requests, blocked }: Count, share: number): Gate {
  if (requests === 0) return { isPassed: false, text: "Gate failed: no record is labelled benign, so there is nothing to measure." };
  const isPassed = blocked / requests <= share;
  const found = `${blocked} of ${requests} benign records blocked (${percent(blocked / requests)}), at most ${percent(share)} allowed`;
  return { isPassed, text: `Gate ${isPassed ? "passed" : "failed"}: ${found}.` };
}

/** A share as per cent, with as many digits as it takes to tell it from 0. */
export function percent(share: number): string {
  const value = share * 100;
  const digits = value === 0 || value >= 0.01 ? 2 : 4;
  return `${value.toFixed(digits)} %`;
}

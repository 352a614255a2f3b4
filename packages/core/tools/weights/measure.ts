/**
 * What a table adds to the rules on samples.
 *
 * @module
 */
import { evidenceOf, SHARE_MIN, shareOf, type TokenTable } from "../../src/content/score.ts";
import type { Reading, Sample } from "./readings.ts";

/** The evidence of a reading's strongest block. */
export function evidenceOfReading({ blocks }: Reading, table: TokenTable): number {
  let most = -Infinity;
  for (const { singles, pairs, distinct } of blocks) {
    const evidence = evidenceOf({ count: singles.length, distinct, singles, pairs }, table);
    if (evidence > most) most = evidence;
  }
  return most;
}

/** The score of a reading by rules and table, added up as inspection does: the strongest in full, the rest by half. */
export function totalOf(reading: Reading, table: TokenTable): number {
  const share = shareOf(evidenceOfReading(reading, table));
  if (share < SHARE_MIN) return (reading.top + reading.sum) / 2;
  const top = Math.max(reading.top, share);
  return top + (reading.sum + share - top) / 2;
}

/** Whether a sample is blocked by the rules, or with the table's help. */
export function isBlocked(sample: Sample, table: TokenTable | undefined, sensitivity = 1): boolean {
  if (sample.ruleScore >= 100) return true;
  return table !== undefined && sample.readings.some((reading) => totalOf(reading, table) * sensitivity >= 100);
}

/**
 * The shipped table of the score, ready for use.
 *
 * @module
 */
import "./order.ts";
import { explainTokens, readTable, tokenOpinion } from "./score.ts";
import { STORED_TABLE } from "./score-table.ts";

const TABLE = readTable(STORED_TABLE);

/** What the shipped table thinks of a reading; see `Setting.opinion`. */
export const opinion = tokenOpinion(TABLE);

/** Why the shipped table thinks so: a note of at most 120 characters, safe to log. */
export function explainOpinion(matched: string): string {
  return explainTokens(matched, TABLE);
}

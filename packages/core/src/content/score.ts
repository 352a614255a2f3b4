/**
 * A second opinion on each reading of a value: a sparse linear model over tokens and pairs of neighbouring tokens, learned from labelled
 * requests by tools/weights. It joins its score to the rules' own; alone it blocks only when it is very sure.
 *
 * @module
 */
import type { Hits, RuleTable } from "./hits.ts";
import { type Block, eachBlock, FEATURES, tokenName } from "./score-tokens.ts";
import { skipWord } from "./text.ts";

export const SCORE_RULES: RuleTable = {
  /**
   * Words and marks that stand together as they do in attacks, although no rule knows this one. Learned from labelled requests, so there is no
   * list to read: the note names what weighed most, and the score is its share of the decision, 45 to 100. Alone it blocks at 100 only.
   *
   * Passes whatever looks as much like honest text, such as a search for a statement in quotes. Passwords, uploaded files and fields named for
   * statements or pages are not judged, and of a value longer than 2,048 characters only the first and the last 1,024.
   *
   * Exempt the parameter from the rule that was wrong there as well: this one then counts no more than that rule does.
   */
  "score/tokens": [5, "Words together as in attacks"],
};

/** A learned table as it is stored. */
export interface StoredTable {
  /** One character a weight, `A` for 0, up to {@link LEVELS} characters before or after it. */
  readonly text: string;
  /** What one level is worth. */
  readonly step: number;
  /** What a block of nothing known is worth; below 0: rather honest. */
  readonly bias: number;
}

/** Weights are whole numbers from -LEVELS to LEVELS. */
export const LEVELS = 8;
const ZERO = 65;

/** A table ready for use. */
export interface TokenTable {
  readonly weights: Int8Array;
  readonly step: number;
  readonly bias: number;
}

/** Reads a stored table. Characters that are none of its alphabet count as 0. */
export function readTable({ text, step, bias }: StoredTable): TokenTable {
  const weights = new Int8Array(FEATURES);
  for (let feature = 1; feature < FEATURES; feature++) {
    const level = text.charCodeAt(feature) - ZERO;
    if (level >= -LEVELS && level <= LEVELS) weights[feature] = level;
  }
  return { weights, step, bias };
}

/** Writes weights as {@link readTable} reads them. */
export function tableText(weights: Int8Array): string {
  return Array.from(weights, (level) => String.fromCharCode(ZERO + level)).join("");
}

/** Features of an ordinary short value; {@link damping} is 1 there. */
const ORDINARY = 10;
const PRIOR = 8;

/** What a block's sum is divided by: with the root of its features, a long block needs more evidence than a short one, but not in proportion. */
export function damping(distinct: number): number {
  return Math.sqrt((distinct + PRIOR) / (ORDINARY + PRIOR));
}

/** Evidence, in units of the logarithm of odds, where the share begins and where it is 100. Held-out honest texts decide: see RATIONALE. */
export const SILENT = 1;
export const CERTAIN = 6;
/** Smaller shares do not count: with them, rules that stopped short of honest text by a little would block it. */
export const SHARE_MIN = 45;
/** With this much from rules no preset needs another opinion. */
const SETTLED = 125;

/** The score a block's evidence is worth: 0 to 100, never falling as evidence grows. */
export function shareOf(evidence: number): number {
  const share = Math.round((100 * (evidence - SILENT)) / (CERTAIN - SILENT));
  return share > 0 ? Math.min(100, share) : 0;
}

/** The evidence of one block: above 0, attacks are likelier than honest text. */
export function evidenceOf(block: Pick<Block, "count" | "distinct" | "singles" | "pairs">, { weights, step, bias }: TokenTable): number {
  let sum = 0;
  for (let index = 0; index < block.count; index++) sum += weights[block.singles[index]!]! + weights[block.pairs[index]!]!;
  return (sum * step) / damping(block.distinct) + bias;
}

/** The opinion on one reading, which joins its score to what the lexers found. */
export function tokenOpinion(table: TokenTable): (lower: string, hits: Hits) => void {
  let evidence = 0;
  let start = 0;
  let last = 0;
  const visit = (block: Block): void => {
    const own = evidenceOf(block, table);
    if (own <= evidence) return;
    evidence = own;
    // The run of tokens that speaks for an attack is what a finding underlines.
    let run = 0;
    let best = 0;
    let from = 0;
    for (let index = 0; index < block.count; index++) {
      run += table.weights[block.singles[index]!]! + table.weights[block.pairs[index]!]!;
      if (run <= 0) {
        run = 0;
        from = index + 1;
      } else if (run > best) {
        best = run;
        start = block.starts[from]!;
        last = block.starts[index]!;
      }
    }
  };
  return (lower, hits) => {
    if (hits.total >= SETTLED) return;
    // Only evidence that is worth a score is kept: the start of the run is not looked for otherwise.
    evidence = SILENT;
    eachBlock(lower, visit);
    const share = shareOf(evidence);
    if (share >= SHARE_MIN) hits.add("score/tokens", share, start, Math.min(lower.length, Math.max(last + 1, skipWord(lower, last))));
  };
}

/** Words and marks a note names at most. */
const NAMED_MAX = 3;

/**
 * What weighed most in a matched text, for a finding's note: at most 120 characters. Only marks and words of the vocabulary are named, so nothing
 * that a client made up is shown.
 */
export function explainTokens(text: string, { weights, step }: TokenTable): string {
  const lower = text.toLowerCase();
  const found: { readonly name: string; readonly weight: number }[] = [];
  eachBlock(lower, (block) => {
    for (let index = 0; index < block.count; index++) {
      const name = tokenName(lower, block.starts[index]!);
      const alone = weights[block.singles[index]!]!;
      const paired = weights[block.pairs[index]!]!;
      if (alone > 0 && name !== "…") found.push({ name, weight: alone });
      if (paired > 0 && index > 0) found.push({ name: `${tokenName(lower, block.starts[index - 1]!)} ${name}`, weight: paired });
    }
  });
  found.sort((one, other) => other.weight - one.weight);
  const named = found.slice(0, NAMED_MAX).map(({ name, weight }) => `${name} +${(weight * step).toFixed(1)}`);
  return named.length === 0 ? "Words and marks as in attacks" : `Together as in attacks: ${named.join(", ")}`;
}

/**
 * A tokenizer as JSON, for a folder of its own as S4 keeps one.
 *
 * @module
 */
import { fields, refuse, tooMany } from "@aiwaf/core/models";
import { readMerges } from "../model/model-text.ts";
import type { Merge } from "./tokenizer.ts";
import { FIRST_MERGE, VOCABULARY_MAX } from "./vocabulary.ts";

const FORMAT = "aiwaf-tokenizer";
const VERSION = 1;
const TEXT_MAX = 1_000_000;

/** The tokenizer's text: its merges, in the order they were learned. */
export const writeTokenizer = (merges: readonly Merge[]): string =>
  `${JSON.stringify({ format: FORMAT, version: VERSION, size: FIRST_MERGE + merges.length, merges })}\n`;

/**
 * Reads a tokenizer. The text is data from anywhere: every merge must join tokens that were there before it.
 *
 * @throws WafError saying what is wrong with it.
 */
export function readTokenizer(text: string): readonly Merge[] {
  if (text.length > TEXT_MAX) throw tooMany("characters of tokenizer", text.length, TEXT_MAX);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse("The tokenizer", "is not JSON");
  }
  const file = fields("The tokenizer", value);
  if (file.value("format") !== FORMAT || file.value("version") !== VERSION) throw refuse("The tokenizer", "is not a file of this program");
  const merges = file.list("merges", VOCABULARY_MAX - FIRST_MERGE);
  if (!merges.every((pair) => Array.isArray(pair) && pair.length === 2)) throw refuse("merges", "are no pairs");
  return readMerges(merges.flat());
}

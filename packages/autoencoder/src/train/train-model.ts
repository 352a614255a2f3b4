/**
 * From lines to a model: merges, weights, and what lines cost that it never saw.
 *
 * @module
 */
import { any, integer, type OptionTable, readOptions } from "@aiwaf/core/detectors";
import type { TrainedOn } from "@aiwaf/core/models";
import type { AutoencoderContents, SurpriseLevels } from "../model/model-text.ts";
import { createReader } from "../model/reader.ts";
import { createTokenizer, type Merge } from "../tokenizer/tokenizer.ts";
import { createTokenizerTrainer } from "../tokenizer/train.ts";
import { FIRST_MERGE } from "../tokenizer/vocabulary.ts";
import { fit, type TokenLines } from "./fit.ts";
import { findPlanted, type Planted } from "./planted.ts";

/** What training takes. */
export interface AutoencoderTrainingOptions {
  /** Tokens of the vocabulary, 280 to 8,192. Small ones spell rare words, which makes them dearer. Default 512. */
  readonly vocabulary?: number;
  /** Numbers of the hidden layer, 1 to 64. Default 16. */
  readonly hidden?: number;
  /** Passes over the lines, 1 to 100. Default 4. */
  readonly epochs?: number;
  /** The same lines, options and seed give the same model. Default 42. */
  readonly seed?: number;
  /** Share of held-out lines above the threshold, above 0 to 0.5; by default one in a hundred. */
  readonly contamination?: number;
  /** Tokens of a line that are read, 64 to 8,192. Default 1,024. */
  readonly maxTokens?: number;
  /** Told after each pass what a token costs on average, in nats. */
  readonly onEpoch?: (epoch: number, cost: number) => void;
}

const isShare = (value: unknown): boolean => typeof value === "number" && value > 0 && value <= 0.5;

export const AUTOENCODER_TRAINING_OPTIONS = {
  vocabulary: integer(512, 280, 8_192),
  hidden: integer(16, 1, 64),
  epochs: integer(4, 1, 100),
  seed: integer(42, 0, 2 ** 31 - 1),
  contamination: any<number, number>(0.01, "a number above 0 and at most 0.5", isShare),
  maxTokens: integer(1_024, 64, 8_192),
  onEpoch: any<(epoch: number, cost: number) => void>(undefined, "a function", (value) => typeof value === "function"),
} as const satisfies OptionTable;

const FIELD_COUNT = 512;

/** Learns the merges of lines. */
export function learnMerges(lines: Iterable<string>, vocabulary: number): readonly Merge[] {
  const trainer = createTokenizerTrainer();
  for (const line of lines) trainer.add(line);
  return trainer.finish(vocabulary);
}

/** A model without the facts that only its caller knows. */
export interface TrainedParts extends Omit<AutoencoderContents, "createdAt" | "trainedOn"> {
  /** Attacks that were planted in held-out lines, and how many of them it calls odd. */
  readonly planted: Planted;
}

/**
 * Trains a model.
 *
 * @param lines - Normalised lines to learn from.
 * @param heldOut - Lines that are kept from it: one half sets the threshold, the other is held against it.
 * @param merges - A tokenizer's merges; learned from the lines by default.
 */
export function trainParts(
  lines: readonly string[],
  heldOut: readonly string[],
  options: AutoencoderTrainingOptions = {},
  merges?: readonly Merge[],
): TrainedParts {
  const { vocabulary, hidden, epochs, seed, contamination, maxTokens, onEpoch } = readOptions(
    "train",
    AUTOENCODER_TRAINING_OPTIONS,
    options,
  );
  const joined = merges ?? learnMerges(lines, vocabulary);
  const { cutLines, ...tokenLines } = encodeLines(lines, joined, maxTokens);
  const size = FIRST_MERGE + joined.length;
  const counts = new Array<number>(size).fill(0);
  for (const id of tokenLines.ids) counts[id]!++;
  const weights = fit(tokenLines, {
    vocabulary: size,
    hidden,
    fieldCount: FIELD_COUNT,
    epochs,
    seed,
    ...(onEpoch !== undefined && { onEpoch }),
  });
  const { read } = createReader("", { merges: joined, weights, counts, cutLines, thresholds: { request: 1 } }, maxTokens);
  const half = (rest: number): number[] => heldOut.filter((_, index) => index % 2 === rest).map((line) => read(line).nats);
  const thresholds = levelsOf(half(0), contamination);
  const checked = half(1);
  return {
    merges: joined,
    weights,
    counts,
    cutLines,
    thresholds,
    holdout: { requests: checked.length, flagged: checked.filter((nats) => nats > thresholds.request).length },
    planted: findPlanted(heldOut, createReader("", { merges: joined, weights, counts, cutLines, thresholds }, maxTokens)),
  };
}

/** What a share of costs lies above, as the threshold, and S4's three figures. */
export function levelsOf(costs: readonly number[], contamination: number): SurpriseLevels {
  const sorted = Float64Array.from(costs).sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { request: Math.max(LEAST_NATS, at(1 - contamination)), p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** A site whose requests are all alike must not make small differences odd: five tokens, each half as likely as not. */
const LEAST_NATS = 3.5;

function encodeLines(lines: readonly string[], merges: readonly Merge[], limit: number): TokenLines & { readonly cutLines: number } {
  const { encode } = createTokenizer(merges, limit);
  const starts = new Uint32Array(lines.length + 1);
  let ids = new Uint16Array(Math.max(1_024, lines.length * 24));
  let used = 0;
  let cutLines = 0;
  for (const [index, line] of lines.entries()) {
    const tokens = encode(line);
    if (!tokens.isWhole) cutLines++;
    if (used + tokens.count > ids.length) {
      const larger = new Uint16Array(Math.max(ids.length * 2, used + tokens.count));
      larger.set(ids);
      ids = larger;
    }
    ids.set(tokens.ids.subarray(0, tokens.count), used);
    used += tokens.count;
    starts[index + 1] = used;
  }
  return { ids: ids.subarray(0, used), starts, cutLines };
}

/** Facts about the training data, for a model's file. */
export const originOf = (lines: number, source: string, from = 0, to = 0): TrainedOn => ({ lines, from, to, source: source.slice(0, 300) });

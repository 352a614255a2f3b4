/**
 * What is compared: something that learns from lines of tokens and says what each token of another line costs.
 *
 * @module
 */
import type { TokenLines } from "../../src/train/fit.ts";

/** A fitted candidate. */
export interface Candidate {
  readonly parameters: number;
  /** Writes what each token costs, in nats, and returns how many it read. */
  read(ids: ArrayLike<number>, count: number, costs: Float64Array): number;
}

/** Fits a candidate of a kind. */
export type CandidateFactory = (lines: TokenLines, vocabulary: number) => Candidate;

export const FIELD_COUNT = 512;

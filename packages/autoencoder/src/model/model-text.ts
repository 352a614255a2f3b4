/**
 * The model file: AIWAF's common envelope with its hash, and in it the merges and the weights. What it holds is data from anywhere: every number is checked
 * before a table is made of it, and nothing in it is ever run.
 *
 * @module
 */
import { type Fields, fields, readOrigin, refuse, sealModel, type TrainedOn, tooMany, unsealModel } from "@aiwaf/core/models";
import type { Merge } from "../tokenizer/tokenizer.ts";
import { FIRST_BYTE, FIRST_MERGE, VOCABULARY_MAX } from "../tokenizer/vocabulary.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { createCodeTree } from "./code-tree.ts";
import { PLACES, type Weights } from "./network.ts";
import { createReader, type RequestReader } from "./reader.ts";

const KIND = "autoencoder";
/** Numbers in all tables together: what a hostile file can make a server hold. */
const PARAMETERS_MAX = 1_000_000;
const HIDDEN_MAX = 64;
const FIELDS_MAX = 4_096;

/** What normal requests that the model never saw cost, in nats. */
export interface SurpriseLevels {
  /** Above it a request is odd. */
  readonly request: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What a model file holds, without its hash. */
export interface AutoencoderContents {
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly trainedOn: TrainedOn;
  readonly thresholds: SurpriseLevels;
  /** Requests held out beside those that set the threshold, and how many of them it flags. */
  readonly holdout: { readonly requests: number; readonly flagged: number };
  readonly merges: readonly Merge[];
  readonly weights: Weights;
  /** How often each token stood in training: the code tree is made of it. */
  readonly counts: readonly number[];
  /** Lines of the training that were too long to be read to their end. Where there were none, such a request is odd. */
  readonly cutLines: number;
}

/** A checked model, ready to read requests. */
export interface TrainedAutoencoder extends AutoencoderContents, RequestReader {
  /** `autoencoder/1:` and the first half of the hash. */
  readonly id: string;
  readonly sha256: string;
}

/** The file's text and the hash it ends with. Loads WebCrypto, hence a promise. */
export function writeAutoencoder(contents: AutoencoderContents): Promise<{ readonly text: string; readonly sha256: string }> {
  const { createdAt, trainedOn, thresholds, holdout, merges, weights, counts, cutLines } = contents;
  const { hidden, fieldCount, nodeScale, biasScale, context, nodes, biases } = weights;
  return sealModel(KIND, {
    features: FEATURES,
    createdAt: new Date(createdAt).toISOString(),
    trainedOn,
    thresholds,
    holdout,
    state: {
      hidden,
      fieldCount,
      merges: merges.flat(),
      counts,
      cutLines,
      nodeScale,
      biasScale,
      context: toBase64(context),
      fields: toBase64(weights.fields),
      nodes: toBase64(nodes),
      biases: toBase64(biases),
    },
  });
}

/** The vector of the model is the numbers of a line's tokens, however many. */
export const FEATURES = ["tokens"] as const;

/**
 * Reads a model from its text: its size, hash, depth and every field are checked.
 *
 * @param limit - Tokens of a request that are read, 64 to 8,192. Default 1,024.
 * @throws (rejects with) WafError saying what is wrong with it.
 */
export async function readAutoencoder(text: string, limit = 1_024): Promise<TrainedAutoencoder> {
  const { value, sha256, id } = await unsealModel(KIND, text);
  const file = fields("The model", value);
  const features = file.list("features", FEATURES.length);
  if (features.length !== 1 || features[0] !== FEATURES[0]) throw refuse("features", "are not those of this version");
  const contents: AutoencoderContents = {
    ...readOrigin(file),
    thresholds: readLevels(fields("thresholds", file.value("thresholds"))),
    ...readState(fields("state", file.value("state"))),
  };
  return { ...contents, id, sha256, ...createReader(id, contents, limit) };
}

function readLevels(levels: Fields): SurpriseLevels {
  const level = (name: string): number => {
    const nats = levels.finite(name);
    if (!(nats >= 0 && nats <= 10_000)) throw refuse(`thresholds.${name}`, "must be from 0 to 10,000");
    return nats;
  };
  if (level("request") === 0) throw refuse("thresholds.request", "must be above 0");
  return { request: level("request"), p50: level("p50"), p95: level("p95"), p99: level("p99") };
}

function readState(state: Fields): Pick<AutoencoderContents, "merges" | "weights" | "counts" | "cutLines"> {
  const merges = readMerges(state.list("merges", 2 * (VOCABULARY_MAX - FIRST_MERGE)));
  const vocabulary = FIRST_MERGE + merges.length;
  const hidden = state.whole("hidden", 1, HIDDEN_MAX);
  const fieldCount = state.whole("fieldCount", 4, FIELDS_MAX);
  const parameters = (PLACES * vocabulary + fieldCount + vocabulary) * hidden + vocabulary;
  if (parameters > PARAMETERS_MAX) throw tooMany("numbers of the model", parameters, PARAMETERS_MAX);
  const counts = state.list("counts", vocabulary) as readonly number[];
  if (counts.length !== vocabulary || !counts.every((count) => Number.isSafeInteger(count) && count >= 0 && count <= 2 ** 40))
    throw refuse("counts", `are not ${vocabulary} whole numbers`);
  const weights: Weights = {
    vocabulary,
    hidden,
    fieldCount,
    tree: createCodeTree(counts),
    nodeScale: readScale(state, "nodeScale"),
    biasScale: readScale(state, "biasScale"),
    context: fromBase64("context", state.value("context"), PLACES * vocabulary * hidden),
    fields: fromBase64("fields", state.value("fields"), fieldCount * hidden),
    nodes: fromBase64("nodes", state.value("nodes"), (vocabulary - 1) * hidden),
    biases: fromBase64("biases", state.value("biases"), vocabulary - 1),
  };
  return { merges, weights, counts, cutLines: state.whole("cutLines", 0, 2 ** 40) };
}

function readScale(state: Fields, name: string): number {
  const scale = state.finite(name);
  if (!(scale > 0 && scale <= 1_000)) throw refuse(name, "must be above 0 and at most 1,000");
  return scale;
}

/** Each merge joins tokens that were there before it, bytes or merges. */
export function readMerges(numbers: readonly unknown[]): readonly Merge[] {
  if (numbers.length % 2 !== 0) throw refuse("merges", "are no pairs");
  const merges: Merge[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    const [left, right] = [numbers[at], numbers[at + 1]];
    const isKnown = (id: unknown): id is number =>
      Number.isInteger(id) && (id as number) >= FIRST_BYTE && (id as number) < FIRST_MERGE + merges.length;
    if (!isKnown(left) || !isKnown(right)) throw refuse("merges", `have a pair at ${at / 2} of tokens that are not there`);
    merges.push([left, right]);
  }
  return merges;
}

/**
 * The model file of forests: what is in the envelope, and how it is checked before it is used.
 *
 * @module
 */

import { BEHAVIOUR_FEATURES, REQUEST_FEATURES } from "../model/features.ts";
import type { ForestState } from "../model/forest-state.ts";
import { IsolationForest } from "../model/isolation-forest.ts";
import type { Ranges } from "../model/ranges.ts";
import { type Fields, fields, refuse, tooMany } from "../model/state-fields.ts";
import type { AnomalyModel } from "../types.ts";
import { sealModel, unsealModel } from "./sealed.ts";

const TEXT_MAX = 300;

/** What a model was trained on. */
export interface TrainedOn {
  /** Parsed lines. */
  readonly lines: number;
  /** Times of the first and last request, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** Where they came from, for people. */
  readonly source: string;
}

/** Scores above these are odd. */
export interface Thresholds {
  readonly request: number;
  readonly behaviour: number;
}

/** What a model file holds, without its hash. */
export interface ModelContents {
  readonly kind: "forest";
  /** What the request model sees, in the order of its vector. */
  readonly features: readonly string[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly trainedOn: TrainedOn;
  readonly thresholds: Thresholds;
  readonly state: ForestState;
  /** The model of what clients do, which runs after responses. */
  readonly behaviour: { readonly features: readonly string[]; readonly ranges: Ranges; readonly state: ForestState };
  /** What request features spanned in training. */
  readonly ranges: Ranges;
  /** Words that training proposed for the learned list. */
  readonly keywords: readonly string[];
  /** Share of held-out requests and clients that the thresholds flag. */
  readonly holdout: { readonly requests: number; readonly flagged: number };
}

/** A checked model, ready to score. */
export interface TrainedModel extends ModelContents {
  /** `forest/1:` and the first half of the hash. */
  readonly id: string;
  readonly sha256: string;
  readonly request: AnomalyModel;
  readonly client: AnomalyModel;
}

/** The file's text and the hash it ends with. Loads WebCrypto, hence a promise. */
export function writeModel(contents: ModelContents): Promise<{ readonly text: string; readonly sha256: string }> {
  const { kind, features, createdAt, trainedOn, thresholds, state, behaviour, keywords, holdout, ranges } = contents;
  const at = new Date(createdAt).toISOString();
  return sealModel(kind, { features, createdAt: at, trainedOn, thresholds, holdout, keywords, ranges, behaviour, state });
}

/**
 * Reads a model from its text. The text is data from anywhere: its size, hash, depth and every field are checked, and nothing in it is ever run.
 *
 * @throws (rejects with) WafError saying what is wrong with it.
 */
export async function readModel(text: string): Promise<TrainedModel> {
  const { value, sha256, id } = await unsealModel("forest", text);
  const contents = readContents(value);
  return {
    ...contents,
    id,
    sha256,
    request: forestModel(id, contents.features, contents.state),
    client: forestModel(id, contents.behaviour.features, contents.behaviour.state),
  };
}

function readContents(value: unknown): ModelContents {
  const file = fields("The model", value);
  const thresholds = fields("thresholds", file.value("thresholds"));
  const behaviour = fields("behaviour", file.value("behaviour"));
  return {
    kind: "forest",
    features: readNames("features", file.list("features", 100), REQUEST_FEATURES),
    ...readOrigin(file),
    thresholds: {
      request: readShare(thresholds.finite("request"), "request"),
      behaviour: readShare(thresholds.finite("behaviour"), "behaviour"),
    },
    keywords: file.list("keywords", 1_000).map((word) => String(word).slice(0, 100)),
    behaviour: {
      features: readNames("behaviour.features", behaviour.list("features", 100), BEHAVIOUR_FEATURES),
      ranges: readRanges("behaviour.ranges", behaviour.value("ranges")),
      state: behaviour.value("state") as ForestState,
    },
    ranges: readRanges("ranges", file.value("ranges")),
    state: file.value("state") as ForestState,
  };
}

/** When and on what a model of any kind was trained, and what its hold-out check came to. */
export function readOrigin(file: Fields): Pick<ModelContents, "createdAt" | "trainedOn" | "holdout"> {
  const trainedOn = fields("trainedOn", file.value("trainedOn"));
  const holdout = fields("holdout", file.value("holdout"));
  const createdAt = Date.parse(String(file.value("createdAt")).slice(0, 40));
  if (!Number.isFinite(createdAt)) throw refuse("createdAt", "is not a time");
  return {
    createdAt,
    trainedOn: {
      lines: trainedOn.whole("lines", 0, Number.MAX_SAFE_INTEGER),
      from: trainedOn.finite("from"),
      to: trainedOn.finite("to"),
      source: String(trainedOn.value("source")).slice(0, TEXT_MAX),
    },
    holdout: {
      requests: holdout.whole("requests", 0, Number.MAX_SAFE_INTEGER),
      flagged: holdout.whole("flagged", 0, Number.MAX_SAFE_INTEGER),
    },
  };
}

function readShare(value: number, name: string): number {
  if (!(value > 0 && value <= 1)) throw refuse(`thresholds.${name}`, "must be above 0 and at most 1");
  return value;
}

/** A model that asks for what this version does not compute would score something else than it learned. */
function readNames(place: string, names: readonly unknown[], known: readonly string[]): readonly string[] {
  if (names.length === 0) throw refuse(place, "is empty");
  const unknown = names.find((name) => !known.includes(name as string));
  if (unknown !== undefined)
    throw refuse(place, `names ${JSON.stringify(String(unknown).slice(0, 40))}, which this version does not measure`);
  if (new Set(names).size !== names.length) throw refuse(place, "names a feature twice");
  return names as readonly string[];
}

function readRanges(place: string, value: unknown): Ranges {
  const given = fields(place, value);
  const names = Object.keys(value as object);
  if (names.length > 100) throw tooMany(`${place}`, names.length, 100);
  return Object.fromEntries(
    names.map((name) => {
      const range = given.list(name, 2);
      if (range.length !== 2 || !range.every((one) => typeof one === "number" && Number.isFinite(one)))
        throw refuse(`${place}.${name}`, "must be two numbers");
      return [name, range as readonly [number, number]];
    }),
  );
}

/** A forest as the detector's model. */
function forestModel(id: string, features: readonly string[], state: unknown): AnomalyModel {
  const forest = IsolationForest.fromJSON(state);
  if (forest.width !== features.length)
    throw refuse("state", `is a forest of ${forest.width} features, not of the ${features.length} that are named`);
  return { id, features, score: (vector) => forest.anomalyScore(vector) };
}

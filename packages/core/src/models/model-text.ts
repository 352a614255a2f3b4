/**
 * The model file: one JSON object, whose last field is the SHA-256 of all that stands before it. Whatever was cut short, changed or written by another
 * program is refused before it is parsed, and what is parsed is checked before it is used.
 *
 * @module
 */

import { BEHAVIOUR_FEATURES, REQUEST_FEATURES } from "../model/features.ts";
import type { ForestState } from "../model/forest-state.ts";
import { IsolationForest } from "../model/isolation-forest.ts";
import { MAX_STATE_TEXT } from "../model/limits.ts";
import type { Ranges } from "../model/ranges.ts";
import { fields, refuse, tooMany } from "../model/state-fields.ts";
import type { AnomalyModel } from "../types.ts";

const FORMAT = "aiwaf-model";
const VERSION = 1;
const DEPTH_MAX = 16;
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
export async function writeModel(contents: ModelContents): Promise<{ readonly text: string; readonly sha256: string }> {
  const { kind, features, createdAt, trainedOn, thresholds, state, behaviour, keywords, holdout, ranges } = contents;
  const body = JSON.stringify({
    format: FORMAT,
    version: VERSION,
    kind,
    features,
    createdAt: new Date(createdAt).toISOString(),
    trainedOn,
    thresholds,
    holdout,
    keywords,
    ranges,
    behaviour,
    state,
  }).slice(0, -1);
  const sha256 = await digestOf(body);
  return { text: `${body},"sha256":"${sha256}"}\n`, sha256 };
}

const TAIL = /,"sha256":"([0-9a-f]{64})"\}\s*$/;

/**
 * Reads a model from its text. The text is data from anywhere: its size, hash, depth and every field are checked, and nothing in it is ever run.
 *
 * @throws (rejects with) WafError saying what is wrong with it.
 */
export async function readModel(text: string): Promise<TrainedModel> {
  if (text.length > MAX_STATE_TEXT) throw tooMany("characters of model", text.length, MAX_STATE_TEXT);
  const tail = TAIL.exec(text.slice(-200));
  if (tail === null)
    throw refuse(
      "The model",
      text.startsWith(`{"format":"${FORMAT}"`) ? "does not end with its hash: it was cut short" : "is not a file of this program",
    );
  const body = text.slice(0, text.length - tail[0].length);
  const sha256 = tail[1]!;
  if ((await digestOf(body)) !== sha256)
    throw refuse("The model", "does not match its hash: it was changed after it was written, or damaged");
  if (!isShallow(body)) throw refuse("The model", `is nested deeper than ${DEPTH_MAX} levels`);
  let value: unknown;
  try {
    value = JSON.parse(`${body}}`);
  } catch {
    throw refuse("The model", "is not JSON");
  }
  const contents = readContents(value);
  const id = `forest/${VERSION}:${sha256.slice(0, 32)}`;
  return {
    ...contents,
    id,
    sha256,
    request: forestModel(id, contents.features, contents.state),
    client: forestModel(id, contents.behaviour.features, contents.behaviour.state),
  };
}

async function digestOf(text: string): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Counts brackets outside of texts, so that no parser has to follow a million of them. */
function isShallow(text: string): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isText) {
      if (code === 92) at++;
      else if (code === 34) isText = false;
    } else if (code === 34) isText = true;
    else if (code === 91 || code === 123) {
      if (++depth > DEPTH_MAX) return false;
    } else if (code === 93 || code === 125) depth--;
  }
  return true;
}

function readContents(value: unknown): ModelContents {
  const file = fields("The model", value);
  if (file.value("format") !== FORMAT) throw refuse("The model", "is not a file of this program");
  if (file.value("version") !== VERSION)
    throw refuse("version", `is not ${VERSION}: the model was written by a newer version of this package`);
  if (file.value("kind") !== "forest") throw refuse("kind", "is not forest: another package makes models of that kind");
  const trainedOn = fields("trainedOn", file.value("trainedOn"));
  const thresholds = fields("thresholds", file.value("thresholds"));
  const behaviour = fields("behaviour", file.value("behaviour"));
  const holdout = fields("holdout", file.value("holdout"));
  const createdAt = Date.parse(String(file.value("createdAt")).slice(0, 40));
  if (!Number.isFinite(createdAt)) throw refuse("createdAt", "is not a time");
  return {
    kind: "forest",
    features: readNames("features", file.list("features", 100), REQUEST_FEATURES),
    createdAt,
    trainedOn: {
      lines: trainedOn.whole("lines", 0, Number.MAX_SAFE_INTEGER),
      from: trainedOn.finite("from"),
      to: trainedOn.finite("to"),
      source: String(trainedOn.value("source")).slice(0, TEXT_MAX),
    },
    thresholds: {
      request: readShare(thresholds.finite("request"), "request"),
      behaviour: readShare(thresholds.finite("behaviour"), "behaviour"),
    },
    holdout: {
      requests: holdout.whole("requests", 0, Number.MAX_SAFE_INTEGER),
      flagged: holdout.whole("flagged", 0, Number.MAX_SAFE_INTEGER),
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

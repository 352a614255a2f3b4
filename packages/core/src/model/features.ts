/**
 * What a model sees of requests: one extractor for training and for serving, so that both see the same.
 *
 * @module
 */
import type { Outcome } from "../types.ts";
import { type Activity, type ClientHistory, createClientHistory, emptyActivity, type Visit } from "./client-history.ts";
import { emptyShape, isAsset, measure, type RequestShape, scannedWords } from "./request-shape.ts";

/** Facts of one request, the same from a socket and from a log. */
export interface SeenRequest {
  /** Key of the client, `""` when it is unknown. */
  readonly client: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Upper case. */
  readonly method: string;
  readonly target: string;
  /** Decoded path. */
  readonly path: string;
  /** `undefined` where the source does not tell. */
  readonly userAgent: string | undefined;
  readonly hasReferer: boolean;
}

/** Counts span orders of magnitude, and a forest cuts between least and greatest: without this, one flood would hide everything below it. */
const log = (value: number): number => Math.log2(1 + value);
/** Shares of few requests say little: the first four count as if they were four. */
const share = (part: number, { requests }: Activity): number => Math.min(1, part / Math.max(4, requests));

const METHODS: Readonly<Record<string, number>> = { GET: 0, HEAD: 0, POST: 1, OPTIONS: 2, PUT: 3, PATCH: 3, DELETE: 3 };

/** The request model's features, known before the handler runs. Lengths and counts are logarithms to base 2 of one more. */
export const REQUEST_FEATURES: readonly string[] = [
  "path_len",
  "query_len",
  "parameters",
  "longest_value",
  "depth",
  "entropy",
  "digit_share",
  "special_share",
  "escaped_share",
  "kw_hits",
  "method",
  "agent_len",
  "referer",
  "burst_count",
  "distinct_paths",
  "total_404",
  "share_404",
  "write_share",
  "gap",
];

/** Fills a vector in the order of `REQUEST_FEATURES`. Written out: a list of functions, one a feature, took three times as long. */
function fillRequest(
  vector: Float64Array,
  { method, userAgent, hasReferer }: SeenRequest,
  shape: RequestShape,
  activity: Activity,
  words: number,
): void {
  vector[0] = log(shape.pathLength);
  vector[1] = log(shape.queryLength);
  vector[2] = log(shape.parameters);
  vector[3] = log(shape.longestValue);
  vector[4] = shape.depth;
  vector[5] = shape.entropy;
  vector[6] = shape.digits;
  vector[7] = shape.special;
  vector[8] = shape.escaped;
  vector[9] = words;
  vector[10] = METHODS[method] ?? 4;
  vector[11] = log(userAgent?.length ?? 0);
  vector[12] = hasReferer ? 1 : 0;
  vector[13] = log(activity.burst);
  vector[14] = log(activity.distinctPaths);
  vector[15] = log(activity.missing);
  vector[16] = share(activity.missing, activity);
  vector[17] = share(activity.writing, activity);
  vector[18] = log(activity.gapMs);
}

/** The behaviour model's features, known once the response has ended: the six of the originals, and how the client behaves. */
export const BEHAVIOUR_FEATURES: readonly string[] = [
  "path_len",
  "kw_hits",
  "burst_count",
  "total_404",
  "share_404",
  "distinct_paths",
  "write_share",
  "gap",
  "refused_share",
  "scanned_404",
  "resp_time",
  "status_idx",
];

/** Fills a vector in the order of `BEHAVIOUR_FEATURES`. */
function fillBehaviour(vector: Float64Array, { status, durationMs }: Outcome, pathLength: number, activity: Activity, words: number): void {
  vector[0] = log(pathLength);
  vector[1] = words;
  vector[2] = log(activity.burst);
  vector[3] = log(activity.missing);
  vector[4] = share(activity.missing, activity);
  vector[5] = log(activity.distinctPaths);
  vector[6] = share(activity.writing, activity);
  vector[7] = log(activity.gapMs);
  vector[8] = share(activity.refused, activity);
  vector[9] = log(activity.scanned);
  vector[10] = durationMs > 0 && durationMs < Infinity ? log(durationMs) : 0;
  vector[11] = STATUSES.indexOf(status);
}

/** Place of a status in the originals' list, which training and serving share (D-16); −1 for any other. */
const STATUSES = [200, 403, 404, 500];

/** Features that every source of requests tells, so that a value beyond all of training's is news about the request and not about the source. */
export const RANGED: ReadonlySet<string> = new Set(
  "path_len query_len parameters longest_value depth entropy digit_share special_share escaped_share method total_404 share_404 write_share refused_share scanned_404".split(
    " ",
  ),
);

/** Turns requests, in the order they come, into vectors. The vectors and numbers it hands out are overwritten by the next call. */
export interface Extractor {
  /** Counts a request that arrived and returns its vector, in the order of `REQUEST_FEATURES`. */
  arrive(seen: SeenRequest): Float64Array;
  /** Counts how it was answered and returns the client's vector, in the order of `BEHAVIOUR_FEATURES`. */
  answer(seen: SeenRequest, outcome: Outcome, isSuspicious: boolean): Float64Array;
  /** Counts like `arrive` and fills no vector, for where no model would look at it. True when `activity` was written: something is held against the client. */
  arriveUnread(client: string, at: number, method: string, path: string): boolean;
  /** Counts like `answer` and fills nothing. */
  answerUnread(client: string, at: number, path: string, status: number, isSuspicious: boolean): void;
  /** The numbers behind the vector last returned. */
  readonly activity: Activity;
  readonly history: ClientHistory;
}

/** An extractor with an empty memory of at most `maxClients` clients. Constant time and no allocation that stays, whatever the request. */
export function createExtractor(maxClients?: number): Extractor {
  const history = createClientHistory(maxClients);
  const shape = emptyShape();
  const activity = emptyActivity();
  const requestVector = new Float64Array(REQUEST_FEATURES.length);
  const behaviourVector = new Float64Array(BEHAVIOUR_FEATURES.length);
  const visitOf = ({ client, at, path, method }: SeenRequest): Visit => ({
    client,
    at,
    path,
    isAsset: isAsset(path),
    isWriting: (METHODS[method] ?? 4) !== 0,
  });
  const wordsOf = wordBook();
  return {
    activity,
    history,
    arrive(seen) {
      measure(seen.target, shape);
      const words = wordsOf(seen.path);
      if (seen.client === "") Object.assign(activity, emptyActivity());
      else history.arrive(visitOf(seen), activity);
      fillRequest(requestVector, seen, shape, activity, words);
      return requestVector;
    },
    arriveUnread: (client, at, method, path) =>
      client !== "" && history.arriveUnread(client, at, path, isAsset(path), method !== "GET" && method !== "HEAD", activity),
    answerUnread(client, at, path, status, isSuspicious) {
      // What was answered in order counts nothing by its answer.
      if (client === "" || (status < 400 && !isSuspicious)) return;
      history.answerUnread(client, at, { status, isScanned: status === 404 && wordsOf(path) > 0, isSuspicious });
    },
    answer(seen, outcome, isSuspicious) {
      const words = wordsOf(seen.path);
      const isKept =
        seen.client !== "" &&
        history.answer(seen.client, seen.at, { status: outcome.status, isScanned: words > 0, isSuspicious }, activity);
      if (!isKept) Object.assign(activity, emptyActivity());
      fillBehaviour(behaviourVector, outcome, pathLengthOf(seen.target), activity, words);
      return behaviourVector;
    },
  };
}

function pathLengthOf(target: string): number {
  const mark = target.indexOf("?");
  return mark < 0 ? target.length : mark;
}

const WORDS_KNOWN = 2_000;
const WORDS_KNOWN_LENGTH = 100;

/** `scannedWords` that remembers: paths repeat. Cleared when full, so random paths gain nothing. */
function wordBook(): (path: string) => number {
  const known = new Map<string, number>();
  return (path) => {
    let words = known.get(path);
    if (words !== undefined) return words;
    words = scannedWords(path);
    if (path.length > WORDS_KNOWN_LENGTH) return words;
    if (known.size >= WORDS_KNOWN) known.clear();
    known.set(path, words);
    return words;
  };
}

/** Fills the model's own vector from a full one; made once a model. */
export function columnPicker(features: readonly string[], all: readonly string[]): (full: Float64Array) => Float64Array {
  const places = features.map((name) => all.indexOf(name));
  const picked = new Float64Array(features.length);
  return (full) => {
    for (let index = 0; index < places.length; index++) picked[index] = places[index]! < 0 ? 0 : full[places[index]!]!;
    return picked;
  };
}

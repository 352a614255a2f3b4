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

type Measures = { readonly seen: SeenRequest; readonly shape: RequestShape; readonly activity: Activity; readonly words: number };

/** Counts span orders of magnitude, and a forest cuts between least and greatest: without this, one flood would hide everything below it. */
const log = (value: number): number => Math.log2(1 + value);
const share = (part: number, whole: number): number => (whole > 0 ? Math.min(1, part / whole) : 0);

const METHODS: Readonly<Record<string, number>> = { GET: 0, HEAD: 0, POST: 1, OPTIONS: 2, PUT: 3, PATCH: 3, DELETE: 3 };

/** Known before the handler runs, in the order of the vector. */
const REQUEST = {
  /** Characters of the path as sent, as a logarithm to base 2; so are all lengths and counts. */
  path_len: ({ shape }: Measures) => log(shape.pathLength),
  query_len: ({ shape }: Measures) => log(shape.queryLength),
  parameters: ({ shape }: Measures) => log(shape.parameters),
  longest_value: ({ shape }: Measures) => log(shape.longestValue),
  /** Segments of the path. */
  depth: ({ shape }: Measures) => shape.depth,
  /** Bits a character of the target. */
  entropy: ({ shape }: Measures) => shape.entropy,
  digit_share: ({ shape }: Measures) => shape.digits,
  special_share: ({ shape }: Measures) => shape.special,
  escaped_share: ({ shape }: Measures) => shape.escaped,
  /** Words of the path that scanners try. */
  kw_hits: ({ words }: Measures) => words,
  /** 0 reading, 1 POST, 2 OPTIONS, 3 changing, 4 anything else. */
  method: ({ seen }: Measures) => METHODS[seen.method] ?? 4,
  agent_len: ({ seen }: Measures) => log(seen.userAgent?.length ?? 0),
  referer: ({ seen }: Measures) => (seen.hasReferer ? 1 : 0),
  /** Requests of the client in ten seconds. */
  burst_count: ({ activity }: Measures) => log(activity.burst),
  distinct_paths: ({ activity }: Measures) => log(activity.distinctPaths),
  /** 404s of the client in five minutes. */
  total_404: ({ activity }: Measures) => log(activity.missing),
  share_404: ({ activity }: Measures) => share(activity.missing, Math.max(4, activity.requests)),
  write_share: ({ activity }: Measures) => share(activity.writing, Math.max(4, activity.requests)),
  /** Milliseconds between the client's requests. */
  gap: ({ activity }: Measures) => log(activity.gapMs),
} as const;

/** Known once the response has ended: the six of the originals, and how the client behaves. */
const BEHAVIOUR = {
  path_len: REQUEST.path_len,
  kw_hits: REQUEST.kw_hits,
  burst_count: REQUEST.burst_count,
  total_404: REQUEST.total_404,
  share_404: REQUEST.share_404,
  distinct_paths: REQUEST.distinct_paths,
  write_share: REQUEST.write_share,
  gap: REQUEST.gap,
  /** Share of answers with 400 or more. */
  refused_share: ({ activity }: Measures) => share(activity.refused, Math.max(4, activity.requests)),
  /** 404s on paths that scanners ask for. */
  scanned_404: ({ activity }: Measures) => log(activity.scanned),
} as const;

/** Place of a status in the originals' list, which training and serving share (D-16); −1 for any other. */
const STATUSES = [200, 403, 404, 500];

export const REQUEST_FEATURES: readonly string[] = Object.keys(REQUEST);
export const BEHAVIOUR_FEATURES: readonly string[] = [...Object.keys(BEHAVIOUR), "resp_time", "status_idx"];

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
  const requestMeasures = Object.values(REQUEST);
  const behaviourMeasures = Object.values(BEHAVIOUR);
  const visitOf = (seen: SeenRequest, asset: boolean): Visit => ({
    client: seen.client,
    at: seen.at,
    path: seen.path,
    isAsset: asset,
    isWriting: (METHODS[seen.method] ?? 4) !== 0,
  });
  let last: SeenRequest | undefined;
  let words = 0;
  /** Training asks for both vectors of a request in a row. */
  const look = (seen: SeenRequest): void => {
    if (seen === last) return;
    last = seen;
    measure(seen.target, shape);
    words = scannedWords(seen.path);
  };
  return {
    activity,
    history,
    arrive(seen) {
      look(seen);
      if (seen.client === "") Object.assign(activity, emptyActivity());
      else history.arrive(visitOf(seen, isAsset(seen.path)), activity);
      const measures: Measures = { seen, shape, activity, words };
      for (let index = 0; index < requestMeasures.length; index++) requestVector[index] = requestMeasures[index]!(measures);
      return requestVector;
    },
    answer(seen, { status, durationMs }, isSuspicious) {
      look(seen);
      const isKept = seen.client !== "" && history.answer(visitOf(seen, false), { status, isScanned: words > 0, isSuspicious }, activity);
      if (!isKept) Object.assign(activity, emptyActivity());
      const measures: Measures = { seen, shape, activity, words };
      for (let index = 0; index < behaviourMeasures.length; index++) behaviourVector[index] = behaviourMeasures[index]!(measures);
      behaviourVector[behaviourMeasures.length] = log(Number.isFinite(durationMs) && durationMs > 0 ? durationMs : 0);
      behaviourVector[behaviourMeasures.length + 1] = STATUSES.indexOf(status);
      return behaviourVector;
    },
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

import { WafError } from "../errors.ts";
import { refuse } from "./state-fields.ts";

/** One logged request. The field names are the native packages': records are stored and exchanged under them. */
export interface FeatureRecord {
  readonly ip: string;
  /** Path in lower case. */
  readonly path_lower: string;
  readonly path_len: number;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  /** Seconds. */
  readonly response_time: number;
  readonly status_idx: number;
  /** Whether keywords count in this path: false for known and exempt routes. */
  readonly kw_check: boolean;
  readonly total_404: number;
}

/** What a model sees of a request. */
export interface Features {
  readonly ip: string;
  readonly path_len: number;
  /** Keywords that occur in the path. */
  readonly kw_hits: number;
  /** Seconds. */
  readonly resp_time: number;
  readonly status_idx: number;
  /** Requests of this address in the ten seconds up to and with this one. */
  readonly burst_count: number;
  readonly total_404: number;
}

/** Carries bursts over the border between two batches. Plain data. */
export interface FeatureState {
  /** Seconds since the epoch, ascending. */
  readonly timestamps_by_ip: Readonly<Record<string, readonly number[]>>;
}

/** One batch's features, and what the next batch needs. */
export interface FeatureBatch {
  readonly features: readonly Features[];
  readonly state: FeatureState;
}

const BURST_SECONDS = 10;
/** What a state may hold: addresses that were silent longest go first, and a burst of more counts as this many. */
const MAX_ADDRESSES = 100_000;
const MAX_TIMESTAMPS = 10_000;

/**
 * Turns logged requests, in any order, into what a model sees.
 *
 * @param records one record or a list.
 * @param keywords compared without regard to case; a text counts as one keyword.
 * @throws WafError for a record whose address, path or time is missing or of the wrong type.
 */
export function extractFeatures(records: FeatureRecord | readonly FeatureRecord[], keywords: string | readonly string[]): Features[] {
  const list = asList(records);
  return featuresOf(list, keywords, timesByAddress(list, undefined));
}

/**
 * `extractFeatures` for a log that comes in batches: bursts count requests of earlier batches too. Keeps the last ten seconds of each address, of at
 * most 100,000 addresses; a record that comes later than that misses what was dropped.
 */
export function extractFeaturesBatchWithState(
  records: FeatureRecord | readonly FeatureRecord[],
  keywords: string | readonly string[],
  state?: FeatureState | null,
): FeatureBatch {
  const list = asList(records);
  const times = timesByAddress(list, state ?? undefined);
  return { features: featuresOf(list, keywords, times), state: { timestamps_by_ip: recent(times) } };
}

/** The result that ends a log: no features, and a state to start the next log with. Takes and ignores what the native packages pass. */
export function finalizeFeatureState(..._ignored: readonly unknown[]): FeatureBatch {
  return { features: [], state: { timestamps_by_ip: {} } };
}

/** Lower-case keywords; a text counts as one. */
export function lowerKeywords(keywords: string | readonly string[]): readonly string[] {
  const list = typeof keywords === "string" ? [keywords] : keywords;
  if (!Array.isArray(list) || !list.every((word) => typeof word === "string")) throw wrong("Keywords must be a text or a list of texts.");
  return list.map((word) => word.toLowerCase());
}

/** How many of the keywords occur in the path. */
export function keywordHits(path: string, keywords: readonly string[]): number {
  let hits = 0;
  for (const keyword of keywords) if (path.includes(keyword)) hits++;
  return hits;
}

export const wrong = (message: string): WafError => new WafError("AIWAF_MODEL_ROWS_INVALID", message);

function asList(records: FeatureRecord | readonly FeatureRecord[]): readonly FeatureRecord[] {
  const list = Array.isArray(records) ? (records as readonly FeatureRecord[]) : [records as FeatureRecord];
  for (const [index, record] of list.entries()) {
    if (typeof record !== "object" || record === null) throw wrong(`Record ${index} is not an object.`);
    if (typeof record.ip !== "string") throw wrong(`Record ${index}: ip must be a text.`);
    if (typeof record.path_lower !== "string") throw wrong(`Record ${index}: path_lower must be a text.`);
    if (!Number.isFinite(record.timestamp)) throw wrong(`Record ${index}: timestamp must be a finite number of seconds.`);
  }
  return list;
}

/** Every address's timestamps, ascending. */
function timesByAddress(records: readonly FeatureRecord[], state: FeatureState | undefined): Map<string, number[]> {
  const times = state === undefined ? new Map<string, number[]>() : readState(state);
  for (const { ip, timestamp } of records) {
    const known = times.get(ip);
    if (known === undefined) times.set(ip, [timestamp]);
    else known.push(timestamp);
  }
  for (const list of times.values()) list.sort((left, right) => left - right);
  return times;
}

function readState(state: FeatureState): Map<string, number[]> {
  const given: unknown = typeof state === "object" ? state.timestamps_by_ip : undefined;
  if (typeof given !== "object" || given === null) throw refuse("The feature state", "must have timestamps_by_ip");
  const times = new Map<string, number[]>();
  for (const [ip, list] of Object.entries(given)) {
    if (!Array.isArray(list) || !list.every((time) => Number.isFinite(time)))
      throw refuse("timestamps_by_ip", "must hold lists of finite numbers");
    times.set(ip, [...list]);
  }
  return times;
}

function featuresOf(
  records: readonly FeatureRecord[],
  keywords: string | readonly string[],
  times: ReadonlyMap<string, readonly number[]>,
): Features[] {
  const words = lowerKeywords(keywords);
  return records.map((record) => {
    const known = times.get(record.ip)!;
    return {
      ip: record.ip,
      path_len: record.path_len,
      kw_hits: record.kw_check ? keywordHits(record.path_lower, words) : 0,
      resp_time: record.response_time,
      status_idx: record.status_idx,
      burst_count: countUpTo(known, record.timestamp) - countBelow(known, record.timestamp - BURST_SECONDS),
      total_404: record.total_404,
    };
  });
}

/** What the next batch can still see of each address. */
function recent(times: ReadonlyMap<string, readonly number[]>): Record<string, readonly number[]> {
  let kept = [...times];
  if (kept.length > MAX_ADDRESSES) {
    kept.sort(([, left], [, right]) => right.at(-1)! - left.at(-1)!);
    kept = kept.slice(0, MAX_ADDRESSES);
  }
  // fromEntries defines own fields, so an address called __proto__ is data as well.
  return Object.fromEntries(
    kept.map(([ip, list]) => [ip, list.slice(countBelow(list, list.at(-1)! - BURST_SECONDS)).slice(-MAX_TIMESTAMPS)]),
  );
}

/** How many of the ascending values are below `limit`. */
function countBelow(values: readonly number[], limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of the ascending values are at most `limit`. */
function countUpTo(values: readonly number[], limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

import { perFirewall } from "../behaviour/per-firewall.ts";
import { hashed, hashOf } from "../behaviour/text-hash.ts";
import { integer, type OptionTable, readOptions } from "../options.ts";
import type { Detector, Finding, HeaderReader, RateLimit, RuleId, WafRequest } from "../types.ts";

/** What `repeats` takes. */
export interface RepeatsOptions {
  /**
   * How many times in a row a client may ask for one and the same thing at once, 2 to 10,000; what a general limit lets through in a second, if that is
   * more. Default 10.
   */
  readonly max?: number;
}

export const REPEATS_OPTIONS = { max: integer(10, 2, 10_000) } as const satisfies OptionTable;

export const RULES = {
  /**
   * A client asks for the same thing again and again with nothing in between, faster than its rate limit goes on average and more than `max` times: 429
   * until it pauses. Never a ban.
   */
  "repeats/burst": 100,
} as const satisfies Record<RuleId, number>;

/** Clients whose last target is remembered. Each has the one place that its key points at; whoever comes later takes it. */
const PLACES = 1_024;
/** A longer target is never remembered, so that the table stays below 2 MB. */
const MAX_TARGET = 1_024;
/** Limits of single paths may be far stricter than that: they count on their own, and say nothing about how quickly a page may be asked for again. */
const LEAST_PER_MS = 5 / 1_000;
/** Files are asked for in pieces, by players and viewers, and by many pages at once. */
const ASSET = /\.(?:css|m?js|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|eot|mp[34]|webm|m3u8|pdf|zip|gz|dmg|exe|apk)$/i;
/** Who differs in one of these is somebody else behind the same address, or wants another part of the same file. */
const IDENTITY = ["user-agent", "cookie", "authorization", "range", "sec-websocket-key"] as const;

interface Table {
  readonly keys: (string | undefined)[];
  readonly targets: (string | undefined)[];
  /** How full each client's bucket is, and when that was so. */
  readonly levels: Float64Array;
  readonly times: Float64Array;
  /** Hash of the identity that half a bucket came from. */
  readonly identities: Int32Array;
}

const createTable = (): Table => ({
  keys: new Array<string | undefined>(PLACES).fill(undefined),
  targets: new Array<string | undefined>(PLACES).fill(undefined),
  levels: new Float64Array(PLACES),
  times: new Float64Array(PLACES),
  identities: new Int32Array(PLACES),
});

/**
 * Stops floods of one request early. A rate limit has to let a page load everything it has within a moment, and so lets a flood send as much; but nobody
 * asks for one thing ten times in a row without asking for anything else. A bucket for each client holds `max` of them and drains at the pace that the path's
 * rate limit has on average. GET and HEAD alone: one address takes many different POSTs.
 *
 * Only requests that are the same in target, user agent, cookie and credentials count, so a class that opens one page together is a class. Files and parts
 * of files pass, and where no rate limit applies, or is skipped, nothing does here. Two targets in turns are not seen: then the rate limit is what holds.
 *
 * Remembered in the process, for at most 1,024 clients at a time, and never in the store: `n` processes let `n` times as many through.
 *
 * @example
 * repeats({ max: 20 })
 */
export function repeats(options?: RepeatsOptions): Detector {
  const { max } = readOptions("repeats", REPEATS_OPTIONS, options);
  const tableOf = perFirewall(createTable);
  return {
    name: "repeats",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    inspect(request, services) {
      const { method, target, client, policy } = request;
      if ((method !== "GET" && method !== "HEAD") || policy.rateLimit === undefined) return undefined;
      const { key } = client;
      const table = tableOf(services);
      const place = placeOf(key);
      if (table.targets[place] === target && table.keys[place] === key) return again(table, place, request, policy.rateLimit, max);
      if (key === "" || target.length > MAX_TARGET) return undefined;
      table.targets[place] = target;
      table.keys[place] = key;
      table.levels[place] = 1;
      table.times[place] = request.receivedAt;
      return undefined;
    },
  };
}

/** The end of an address differs most. Who shares a place takes it from each other, which lets more through and never less. */
function placeOf(key: string): number {
  let hash = key.length;
  for (let index = Math.max(0, key.length - 8); index < key.length; index++) hash = (hash * 31 + key.charCodeAt(index)) | 0;
  return hash & (PLACES - 1);
}

/** The client's last request once more. */
function again(
  { levels, times, identities }: Table,
  place: number,
  request: WafRequest,
  limit: RateLimit,
  max: number,
): Finding | undefined {
  const { receivedAt, headers, path, policy } = request;
  const perMs = Math.max(LEAST_PER_MS, limit.max / limit.windowMs);
  const capacity = Math.max(max, perMs * 1_000);
  // A clock that was set back must not empty the bucket.
  const left = Math.max(0, levels[place]! - Math.max(0, receivedAt - times[place]!) * perMs);
  // What is refused counts too, so that a flood stays out until it pauses; a full bucket more is enough for that.
  const level = Math.min(left + 1, 2 * capacity);
  levels[place] = level;
  times[place] = receivedAt;
  const half = capacity / 2;
  if (level <= half) return undefined;
  // Looked at from here on only: until then nobody is to pay for reading header fields.
  const identity = identityOf(headers);
  if (left <= half) identities[place] = identity;
  else if (identities[place] !== identity) levels[place] = 1;
  else if (level > capacity && !ASSET.test(path) && !policy.skip.includes("rate-limit")) {
    const score = RULES["repeats/burst"];
    return { rule: "repeats/burst", score, where: "path", block: { status: 429, retryAfterMs: Math.ceil((level + 1 - capacity) / perMs) } };
  }
  return undefined;
}

function identityOf(headers: HeaderReader): number {
  let text = "";
  for (const name of IDENTITY) text += `${headers.get(name) ?? ""}\n`;
  hashOf(text);
  return hashed[0]!;
}

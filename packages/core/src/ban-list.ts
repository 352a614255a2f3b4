/**
 * The bans that run: to look at, to make by hand and to undo, one by one or all that a rule made within a time.
 *
 * @module
 */
import { addressKey, parseAddress } from "./addresses.ts";
import { type Ban, banKey, forgetBan, readBan, restoreBan } from "./bans.ts";
import { readEntries } from "./snapshots.ts";
import type { RuleId, Store } from "./types.ts";

/** A ban and whom it stops. */
export interface ListedBan extends Ban {
  /** The client's key: an IPv4 address, or an IPv6 /64. */
  readonly client: string;
}

/** Which bans; a ban must fit every field that is given. */
export interface BanFilter {
  readonly client?: string;
  readonly rule?: RuleId;
  /** Made at or after this time, in milliseconds since the epoch. */
  readonly from?: number;
  /** Made before this time. */
  readonly to?: number;
}

const PREFIX = banKey("");
const MAX_BANS = 1_000_000;
const UNDONE_AT_ONCE = 100;

/**
 * The bans that run, newest first. A stored ban that cannot be read still stops its client and is listed with rule `blocklist/banned`, from 0.
 *
 * @param limit At most so many are read from the store, of a store with more in no promised order. Default 1,000,000.
 */
export async function listBans(store: Store, filter: BanFilter, now: number, limit = MAX_BANS): Promise<readonly ListedBan[]> {
  const pairs = await readEntries(store, PREFIX, limit, now);
  return pairs
    .map(([key, value]) => toListed(key.slice(PREFIX.length), value))
    .filter((ban) => fits(ban, filter))
    .sort((one, other) => other.since - one.since);
}

function toListed(client: string, value: string): ListedBan {
  const { rule, since, until, strike } = readBan(value);
  return {
    client,
    rule: typeof rule === "string" ? rule : "blocklist/banned",
    since: typeof since === "number" ? since : 0,
    until: typeof until === "number" ? until : Number.MAX_SAFE_INTEGER,
    strike: typeof strike === "number" ? strike : 1,
  };
}

const fits = ({ client, rule, since }: ListedBan, filter: BanFilter): boolean =>
  (filter.client === undefined || filter.client === client) &&
  (filter.rule === undefined || filter.rule === rule) &&
  (filter.from === undefined || since >= filter.from) &&
  (filter.to === undefined || since < filter.to);

/**
 * Bans clients until the times given, for bans that come from elsewhere. A client whose ban runs longer keeps that.
 *
 * @returns How many were stored: those that are not over yet.
 */
export async function addBans(store: Store, bans: readonly ListedBan[], now: number): Promise<number> {
  let added = 0;
  for (const { client, ...ban } of bans) {
    if (ban.until <= now) continue;
    const running = await store.get(banKey(client), now);
    added += 1;
    if (running !== undefined && (readBan(running).until ?? Number.MAX_SAFE_INTEGER) >= ban.until) continue;
    await restoreBan(store, client, ban, now);
  }
  return added;
}

/**
 * Ends the bans that fit, at once and on every process, as if they had never been: they make no later ban longer either. A client that goes on
 * offending is banned again.
 *
 * @returns The bans that were ended.
 */
export async function undoBans(store: Store, filter: BanFilter, now: number): Promise<readonly ListedBan[]> {
  const bans = await listBans(store, filter, now);
  for (let from = 0; from < bans.length; from += UNDONE_AT_ONCE)
    await Promise.all(bans.slice(from, from + UNDONE_AT_ONCE).map(({ client, strike }) => forgetBan(store, client, strike, now)));
  return bans;
}

/** The client that an address belongs to, as bans name it: an IPv4 address itself, of an IPv6 address its /64. `undefined` for what is no address. */
export function clientKeyOf(address: string): string | undefined {
  const parsed = parseAddress(address.trim().replace(/\/64$/, ""));
  return parsed === undefined ? undefined : addressKey(parsed);
}

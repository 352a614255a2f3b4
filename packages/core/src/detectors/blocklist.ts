import { type AddressSet, compileAddressSet } from "../addresses.ts";
import { chain, isThenable } from "../awaitable.ts";
import { banKey, readBan } from "../bans.ts";
import { any, isText, listOf, type OptionTable, readOptions } from "../options.ts";
import { storeSnapshot } from "../snapshots.ts";
import { type ListEntry, listPrefix, readEntry } from "../stored-lists.ts";
import type { Awaitable, Client, Detector, Finding, Findings, RuleId, Store } from "../types.ts";

/** What `blocklist` takes. */
export interface BlocklistOptions {
  /** Addresses and CIDR ranges that get 403. Default: none. */
  readonly block?: readonly string[];
  /** Addresses and CIDR ranges that neither `block` nor a ban ever stops. Other detectors still look at them. Default: none. */
  readonly allow?: readonly string[];
  /**
   * Also stop what stands in the store's `block` list (`aiwaf add block …`, or `addEntries`): read from memory, effective on every process within
   * a second. Default `true`.
   */
  readonly stored?: boolean;
}

export const BLOCKLIST_OPTIONS = {
  block: listOf<string, readonly string[]>([], "addresses and CIDR ranges", isText),
  allow: listOf<string, readonly string[]>([], "addresses and CIDR ranges", isText),
  stored: any<boolean, true>(true, "true or false", (value) => typeof value === "boolean"),
} as const satisfies OptionTable;

export const RULES = {
  /** The client's address is in `block`, or in the stored list of that name. */
  "blocklist/address": 100,
  /** The client was banned by an earlier finding, and the ban still runs. Bans grow from 5 minutes to an hour and a day, and end by themselves. */
  "blocklist/banned": 100,
} as const satisfies Record<RuleId, number>;

/**
 * Stops clients that you named or that were banned. The allowlist wins over both.
 *
 * @example
 * blocklist({ block: ["203.0.113.0/24"], allow: ["203.0.113.7"] })
 */
export function blocklist(options?: BlocklistOptions): Detector {
  const { block, allow, stored } = readOptions("blocklist", BLOCKLIST_OPTIONS, options);
  const isBlocked = compileAddressSet(block, "blocklist.block");
  const isAllowed = compileAddressSet(allow, "blocklist.allow");
  const listed: Finding = { rule: "blocklist/address", score: RULES["blocklist/address"], block: { status: 403 } };
  const list = storeSnapshot({
    prefix: listPrefix("block"),
    read: (name, value) => readEntry("block", name, value),
    build: compileEntries,
    limit: MAX_STORED,
  });
  return {
    name: "blocklist",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    inspect({ client, receivedAt }, services) {
      if (client.key === "") return undefined;
      if (allow.length > 0 && isAllowed(client.address)) return undefined;
      if (block.length > 0 && isBlocked(client.address)) return listed;
      if (!stored) return isBanned(services.store, client, receivedAt);
      let holds: Awaitable<StoredBlocks>;
      try {
        holds = list.fresh(services, receivedAt);
      } catch (error) {
        return chain(isBanned(services.store, client, receivedAt), orThrow(error));
      }
      if (holds !== undefined && isThenable(holds)) return both(holds, client, receivedAt, services.store, listed);
      return holds?.(client.address, receivedAt) ? listed : isBanned(services.store, client, receivedAt);
    },
  };
}

/** Entries of the stored list that are looked at. */
const MAX_STORED = 100_000;
const OPTION = "blocklist.stored";

/** Whether an address stands in the stored list at a time; `undefined` for an empty one, so that nobody pays for it. */
type StoredBlocks = ((address: string, now: number) => boolean) | undefined;

/** Entries that end are held against the clock at every look: the list itself is only read again when it changed. */
function compileEntries(entries: ReadonlyMap<string, ListEntry>): StoredBlocks {
  if (entries.size === 0) return undefined;
  const lasting: string[] = [];
  const endingAddresses = new Map<string, number>();
  const endingRanges: (readonly [AddressSet, number])[] = [];
  for (const { name, until } of entries.values()) {
    if (until === undefined) lasting.push(name);
    else if (name.includes("/")) endingRanges.push([compileAddressSet([name], OPTION), until]);
    else endingAddresses.set(name, until);
  }
  const lasts = compileAddressSet(lasting, OPTION);
  const holdsAny = compileAddressSet([...entries.keys()], OPTION);
  return (address, now) =>
    holdsAny(address) &&
    (lasts(address) || now < (endingAddresses.get(address) ?? 0) || endingRanges.some(([holds, until]) => now < until && holds(address)));
}

/** Asks for the ban while the list is under way, so that the two cost one round trip. */
function both(holds: PromiseLike<StoredBlocks>, client: Client, now: number, store: Store, listed: Finding): PromiseLike<Findings> {
  // One may fail while the other decides; then nobody else takes its error.
  holds.then(undefined, ignore);
  const ban = isBanned(store, client, now);
  if (isThenable(ban)) ban.then(undefined, ignore);
  return holds.then(
    (list): Awaitable<Findings> => (list?.(client.address, now) ? listed : ban),
    (error) => chain(ban, orThrow(error)),
  );
}

const ignore = (): void => {};

/** A list that cannot be read is a failure, but one that must not let banned clients in. */
const orThrow =
  (error: unknown) =>
  (finding: Finding | undefined): Finding => {
    if (finding === undefined) throw error;
    return finding;
  };

const isBanned = (store: Store, { key }: Client, now: number): Awaitable<Finding | undefined> => {
  const ban = store.get(banKey(key), now);
  return isThenable(ban) ? ban.then((value) => banned(value, now)) : banned(ban, now);
};

function banned(value: string | undefined, now: number): Finding | undefined {
  if (value === undefined) return undefined;
  const { rule, until } = readBan(value);
  const retry = typeof until === "number" && until > now ? { retryAfterMs: until - now } : {};
  return {
    rule: "blocklist/banned",
    score: RULES["blocklist/banned"],
    block: { status: 403, ...retry },
    ...(typeof rule === "string" && { note: `banned by ${rule}`.slice(0, 120) }),
  };
}

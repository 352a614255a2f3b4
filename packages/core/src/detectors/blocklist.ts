import { type AddressSet, compileAddressSet, formatAddress, parseHop } from "../addresses.ts";
import { chain, isThenable } from "../awaitable.ts";
import { banKey, readBan } from "../bans.ts";
import { readField } from "../fields.ts";
import { any, isText, listOf, type OptionTable, readOptions } from "../options.ts";
import { storeSnapshot } from "../snapshots.ts";
import { type ListEntry, listPrefix, readEntry } from "../stored-lists.ts";
import type { Awaitable, Detector, Finding, Findings, RuleId, Store, WafRequest } from "../types.ts";

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
  /**
   * The address was banned, and it is a proxy's that `client` does not name: a private one, in whose requests others are named. All visitors share it, so
   * its ban stops nobody. Name the proxy, and who deserves it is banned alone.
   */
  "blocklist/forwarder": 0,
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
    inspect(request, services) {
      const { client, receivedAt } = request;
      if (client.key === "") return undefined;
      if (allow.length > 0 && isAllowed(client.address)) return undefined;
      if (block.length > 0 && isBlocked(client.address)) return listed;
      if (!stored) return isBanned(services.store, request);
      let holds: Awaitable<StoredBlocks>;
      try {
        holds = list.fresh(services, receivedAt);
      } catch (error) {
        return chain(isBanned(services.store, request), orThrow(error));
      }
      if (holds !== undefined && isThenable(holds)) return both(holds, request, services.store, listed);
      return holds?.(client.address, receivedAt) ? listed : isBanned(services.store, request);
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
function both(holds: PromiseLike<StoredBlocks>, request: WafRequest, store: Store, listed: Finding): PromiseLike<Findings> {
  // One may fail while the other decides; then nobody else takes its error.
  holds.then(undefined, ignore);
  const ban = isBanned(store, request);
  if (isThenable(ban)) ban.then(undefined, ignore);
  return holds.then(
    (list): Awaitable<Findings> => (list?.(request.client.address, request.receivedAt) ? listed : ban),
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

const isBanned = (store: Store, request: WafRequest): Awaitable<Finding | undefined> => {
  const ban = store.get(banKey(request.client.key), request.receivedAt);
  return isThenable(ban) ? ban.then((value) => banned(value, request)) : banned(ban, request);
};

function banned(value: string | undefined, request: WafRequest): Finding | undefined {
  if (value === undefined) return undefined;
  const { rule, until } = readBan(value);
  const note = typeof rule === "string" && { note: `banned by ${rule}`.slice(0, 120) };
  if (isForwarder(request)) return { rule: "blocklist/forwarder", score: RULES["blocklist/forwarder"], ...note };
  const retry = typeof until === "number" && until > request.receivedAt ? { retryAfterMs: until - request.receivedAt } : {};
  return { rule: "blocklist/banned", score: RULES["blocklist/banned"], block: { status: 403, ...retry }, ...note };
}

/** Where proxies of one's own stand: private (RFC 1918, RFC 4193), shared (RFC 6598), link-local and loopback addresses. */
const isInner = compileAddressSet(
  ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1"],
  "",
);

/**
 * True for a proxy that nobody named: its address is an inner one, and its requests name others. An address that was itself read from such a field stands
 * in it. From outside nobody has an inner address, so whoever could pretend to be a proxy is inside already.
 */
function isForwarder({ client, headers }: WafRequest): boolean {
  const named = ["x-forwarded-for", "forwarded", "x-real-ip"]
    .flatMap((name) => readField(headers, name).split(/[\s,;="]+/))
    .filter(Boolean);
  return named.length > 0 && isInner(client.address) && !named.some((text) => addressOf(text) === client.address);
}

const addressOf = (text: string): string | undefined => {
  const address = parseHop(text);
  return address === undefined ? undefined : formatAddress(address);
};

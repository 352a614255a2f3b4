import { compileAddressSet } from "../addresses.ts";
import { isThenable } from "../awaitable.ts";
import { banKey, readBan } from "../bans.ts";
import { isText, listOf, type OptionTable, readOptions } from "../options.ts";
import type { Detector, Finding, RuleId } from "../types.ts";

/** What `blocklist` takes. */
export interface BlocklistOptions {
  /** Addresses and CIDR ranges that get 403. Default: none. */
  readonly block?: readonly string[];
  /** Addresses and CIDR ranges that neither `block` nor a ban ever stops. Other detectors still look at them. Default: none. */
  readonly allow?: readonly string[];
}

export const BLOCKLIST_OPTIONS = {
  block: listOf<string, readonly string[]>([], "addresses and CIDR ranges", isText),
  allow: listOf<string, readonly string[]>([], "addresses and CIDR ranges", isText),
} as const satisfies OptionTable;

export const RULES = {
  /** The client's address is in `block`. */
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
  const { block, allow } = readOptions("blocklist", BLOCKLIST_OPTIONS, options);
  const isBlocked = compileAddressSet(block, "blocklist.block");
  const isAllowed = compileAddressSet(allow, "blocklist.allow");
  const listed: Finding = { rule: "blocklist/address", score: RULES["blocklist/address"], block: { status: 403 } };
  return {
    name: "blocklist",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    inspect({ client, receivedAt }, { store }) {
      if (client.key === "") return undefined;
      if (allow.length > 0 && isAllowed(client.address)) return undefined;
      if (block.length > 0 && isBlocked(client.address)) return listed;
      const ban = store.get(banKey(client.key), receivedAt);
      return isThenable(ban) ? ban.then((value) => banned(value, receivedAt)) : banned(ban, receivedAt);
    },
  };
}

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

/**
 * The domain name system as Node asks it, for `goodBots`.
 *
 * @module
 */
import { Resolver } from "node:dns/promises";
import { formatAddress, parseAddress } from "../addresses.ts";
import { WafError } from "../errors.ts";
import type { NameResolver } from "./proofs.ts";

/** Codes that say "there is no such name"; anything else says that nobody could be asked, which proves nothing. */
const NONE = new Set(["ENOTFOUND", "ENODATA"]);

/**
 * Asks the name servers of the system. A question takes at most two seconds and is asked twice.
 *
 * @example
 * goodBots({ resolver: systemResolver() })
 */
export function systemResolver(): NameResolver {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const none = (error: { readonly code?: string }): string[] => {
    if (error.code !== undefined && NONE.has(error.code)) return [];
    throw error;
  };
  return {
    // Not `resolver.reverse`: it says "there is no such name" also of a server that fails or is silent, and a real bot would be an impostor.
    reverse: async (address) => resolver.resolvePtr(reverseName(address)).catch(none),
    forward: (name) =>
      Promise.all([resolver.resolve4(name).catch(none), resolver.resolve6(name).catch(none)]).then((addresses) => addresses.flat()),
  };
}

/** The name that an address has in reverse DNS, one for all its spellings. */
function reverseName(text: string): string {
  const address = parseAddress(text);
  if (address === undefined) throw new WafError("AIWAF_ADDRESS_INVALID", `${JSON.stringify(text.slice(0, 60))} is no address.`);
  if (address.length === 1) return `${formatAddress(address).split(".").reverse().join(".")}.in-addr.arpa`;
  const digits = address.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  return `${[...digits].reverse().join(".")}.ip6.arpa`;
}

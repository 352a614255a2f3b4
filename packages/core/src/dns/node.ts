/**
 * The domain name system as Node asks it, for `goodBots`.
 *
 * @module
 */
import { Resolver } from "node:dns/promises";
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
    reverse: (address) => resolver.reverse(address).catch(none),
    forward: (name) =>
      Promise.all([resolver.resolve4(name).catch(none), resolver.resolve6(name).catch(none)]).then((addresses) => addresses.flat()),
  };
}

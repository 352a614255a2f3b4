/**
 * The names of an address, and whether the names have the address.
 *
 * @module
 */
import { Resolver } from "node:dns/promises";

/** A name that an address goes by. */
export interface ReverseName {
  readonly name: string;
  /** True when the name has that address. Whoever owns an address may call it anything; only the owner of the name can confirm it. */
  readonly confirmed: boolean;
}

const NAMES_MAX = 5;
/** Answers that mean "there is none", and not that nobody could be asked. */
const NONE = new Set(["ENOTFOUND", "ENODATA"]);

/**
 * Asks the system's name servers, or the one given, for at most `deadlineMs` in all.
 *
 * @param server - `ADDRESS` or `ADDRESS:PORT`.
 * @returns at most five names; none where the address has none.
 * @throws Error when nobody answered in time.
 */
export async function reverseNames(address: string, server: string | undefined, deadlineMs: number): Promise<readonly ReverseName[]> {
  const resolver = new Resolver({ timeout: Math.max(250, Math.floor(deadlineMs / 4)), tries: 2 });
  if (server !== undefined) resolver.setServers([server]);
  const timer = setTimeout(() => resolver.cancel(), deadlineMs);
  const asked = async (question: () => Promise<readonly string[]>): Promise<readonly string[]> => {
    try {
      return await question();
    } catch (error) {
      const { code = "" } = error as { readonly code?: string };
      if (NONE.has(code)) return [];
      throw new Error(`the name server does not answer (${code || String(error)})`);
    }
  };
  try {
    const names = (await asked(() => resolver.reverse(address))).slice(0, NAMES_MAX);
    const isIpv6 = address.includes(":");
    return await Promise.all(
      names.map(async (name) => {
        const addresses = await asked(() => (isIpv6 ? resolver.resolve6(name) : resolver.resolve4(name)));
        return { name, confirmed: addresses.includes(address) };
      }),
    );
  } finally {
    clearTimeout(timer);
  }
}

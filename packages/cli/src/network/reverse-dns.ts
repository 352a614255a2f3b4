/**
 * The names of an address, and whether the names have the address.
 *
 * @module
 */
import { Resolver } from "node:dns/promises";
import { isIPv4 } from "node:net";

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
    // Not `resolver.reverse`: it says "there is no such name" also of a server that fails or is silent.
    const names = (await asked(() => resolver.resolvePtr(reverseNameOf(address)))).slice(0, NAMES_MAX);
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

/** The name that an address has in reverse DNS, one for all its spellings: an IPv4 address that is mapped into IPv6 has that of the IPv4 address. */
export function reverseNameOf(address: string): string {
  if (isIPv4(address)) return `${address.split(".").reverse().join(".")}.in-addr.arpa`;
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, "")}]`);
  // A URL writes groups of hexadecimal digits only, with one `::` at most.
  const [head = [], tail = []] = hostname
    .slice(1, -1)
    .split("::")
    .map((part) => part.split(":").filter((group) => group !== ""));
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
  const digits = groups.map((group) => group.padStart(4, "0")).join("");
  const mapped = /^0{20}f{4}(..)(..)(..)(..)$/.exec(digits)?.slice(1);
  if (mapped !== undefined) return reverseNameOf(mapped.map((byte) => Number.parseInt(byte, 16)).join("."));
  return `${[...digits].reverse().join(".")}.ip6.arpa`;
}

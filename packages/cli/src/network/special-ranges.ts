/**
 * Ranges that no host on the internet has, each by the document that set it aside.
 *
 * @module
 */
import { isIP } from "node:net";
import { holds } from "./address-range.ts";

/** A range with a purpose of its own. */
export interface SpecialRange {
  readonly range: string;
  readonly what: string;
  readonly rfc: string;
}

/** From the registries of special-purpose addresses (RFC 6890) and of multicast. A narrower range stands before the wider one that holds it. */
const RANGES: readonly (readonly [range: string, what: string, rfc: string])[] = [
  ["0.0.0.0/8", "this network", "RFC 791"],
  ["10.0.0.0/8", "private", "RFC 1918"],
  ["100.64.0.0/10", "shared by a carrier's customers (CGNAT)", "RFC 6598"],
  ["127.0.0.0/8", "loopback", "RFC 1122"],
  ["169.254.169.254/32", "link-local; cloud machines ask it for their metadata", "RFC 3927"],
  ["169.254.0.0/16", "link-local", "RFC 3927"],
  ["172.16.0.0/12", "private", "RFC 1918"],
  ["192.0.0.0/24", "protocol assignments", "RFC 6890"],
  ["192.0.2.0/24", "documentation", "RFC 5737"],
  ["192.31.196.0/24", "AS112 service", "RFC 7535"],
  ["192.52.193.0/24", "multicast tunnels", "RFC 7450"],
  ["192.88.99.0/24", "6to4 relay, deprecated", "RFC 7526"],
  ["192.168.0.0/16", "private", "RFC 1918"],
  ["192.175.48.0/24", "AS112 service", "RFC 7534"],
  ["198.18.0.0/15", "benchmarks of networks", "RFC 2544"],
  ["198.51.100.0/24", "documentation", "RFC 5737"],
  ["203.0.113.0/24", "documentation", "RFC 5737"],
  ["224.0.0.0/4", "multicast", "RFC 5771"],
  ["255.255.255.255/32", "limited broadcast", "RFC 919"],
  ["240.0.0.0/4", "reserved", "RFC 1112"],
  ["::/128", "unspecified", "RFC 4291"],
  ["::1/128", "loopback", "RFC 4291"],
  ["::ffff:0:0/96", "IPv4 in IPv6", "RFC 4291"],
  ["64:ff9b::/96", "IPv4 behind NAT64", "RFC 6052"],
  ["64:ff9b:1::/48", "IPv4 behind a local NAT64", "RFC 8215"],
  ["100::/64", "discarded", "RFC 6666"],
  ["2001::/32", "Teredo", "RFC 4380"],
  ["2001:2::/48", "benchmarks of networks", "RFC 5180"],
  ["2001:20::/28", "ORCHIDv2", "RFC 7343"],
  ["2001:db8::/32", "documentation", "RFC 3849"],
  ["3fff::/20", "documentation", "RFC 9637"],
  ["2002::/16", "6to4", "RFC 3056"],
  ["5f00::/16", "segment routing", "RFC 9602"],
  ["fc00::/7", "unique local", "RFC 4193"],
  ["fe80::/10", "link-local", "RFC 4291"],
  ["ff00::/8", "multicast", "RFC 4291"],
];

/** The special range that an address is in; `undefined` for an address of the public internet, and for what is no address. */
export function specialRange(address: string): SpecialRange | undefined {
  if (isIP(address) === 0) return undefined;
  const found = RANGES.find(([range]) => holds(range, address));
  return found === undefined ? undefined : { range: found[0], what: found[1], rfc: found[2] };
}

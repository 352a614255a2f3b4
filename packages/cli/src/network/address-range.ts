import { BlockList } from "node:net";

const familyOf = (address: string): "ipv4" | "ipv6" => (address.includes(":") ? "ipv6" : "ipv4");

/** True where `range`, an address or CIDR range, holds `address`. False for anything that is neither. */
export function holds(range: string, address: string): boolean {
  const [base = "", bits] = range.split("/");
  // The platform takes an IPv4 address for one of ::ffff:0:0/96.
  if (familyOf(base) !== familyOf(address)) return false;
  const list = new BlockList();
  try {
    if (bits === undefined) list.addAddress(base, familyOf(base));
    else list.addSubnet(base, Number(bits), familyOf(base));
    return list.check(address, familyOf(address));
  } catch {
    return false;
  }
}

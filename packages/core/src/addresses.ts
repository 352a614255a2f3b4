import { WafError } from "./errors.ts";

/**
 * An address as 32-bit words, most significant first: one word is IPv4, four are IPv6. Numbers and not `BigInt`, which would
 * allocate at every comparison.
 */
export type Address = readonly [number] | readonly [number, number, number, number];

/** True when the address, or its text, lies in the set. Text that is no address lies in no set. */
export type AddressSet = (address: Address | string) => boolean;

/** 45 characters of IPv6 with an embedded IPv4 address, `%`, and a zone; anything longer is refused before it is read. */
const TEXT_LIMIT = 110;

/**
 * Reads one address. The same host has one result, however it is spelled: IPv4-mapped IPv6 (`::ffff:7f00:1`, what a dual-stack
 * socket reports) and NAT64 (`64:ff9b::/96`, RFC 6052) become the IPv4 address they stand for, and a zone (`%eth0`) is dropped.
 *
 * Strict where lenient readers disagree with each other: IPv4 is four decimal numbers without leading zeros, so that `010.0.0.1`
 * (8.0.0.1 to some), `0x7f.1` and `1.2.3` are no addresses. Brackets and ports are not read here: see {@link parseHop}.
 *
 * @returns `undefined` for anything else. Never throws; the time does not grow with the length of the text.
 */
export function parseAddress(text: string): Address | undefined {
  const address = readAddress(text);
  return address === undefined ? undefined : embeddedIPv4(address);
}

/**
 * Reads one entry of a forwarding header: an address as in {@link parseAddress}, or `1.2.3.4:5678`, `[2001:db8::1]`,
 * `[2001:db8::1]:443`. The port is checked and dropped; RFC 7239's obfuscated port (`:_x`) is a port too.
 *
 * @returns `undefined` for anything else, such as `unknown` and obfuscated names.
 */
export function parseHop(text: string): Address | undefined {
  if (text.length > TEXT_LIMIT) return undefined;
  const bracketed = text.charCodeAt(0) === 0x5b;
  const end = bracketed ? text.indexOf("]") : text.indexOf(":");
  if (bracketed) {
    if (end < 0 || !isPort(text, end + 1)) return undefined;
    const inner = text.slice(1, end);
    return inner.includes(":") ? parseAddress(inner) : undefined;
  }
  // One colon is a port; two are IPv6, where a port cannot be told from the last group unless there are brackets.
  if (end < 0 || text.indexOf(":", end + 1) >= 0) return parseAddress(text);
  return isPort(text, end) ? parseAddress(text.slice(0, end)) : undefined;
}

/** The one text of an address: dotted decimal, or IPv6 as RFC 5952 writes it. */
export function formatAddress(address: Address): string {
  if (address.length === 1) return formatIPv4(address[0]);
  let zerosFrom = 8;
  let zerosTo = 8;
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && group(address, end) === 0) end++;
    // The longest run is shortened, the first of equal ones, and never a single group (RFC 5952, 4.2).
    if (end - at > Math.max(zerosTo - zerosFrom, 1)) {
      zerosFrom = at;
      zerosTo = end;
    }
    if (end > at) at = end;
  }
  let text = "";
  for (let at = 0; at < 8; at++) {
    if (at === zerosFrom) {
      text += "::";
      at = zerosTo - 1;
    } else text += (at === 0 || at === zerosTo ? "" : ":") + group(address, at).toString(16);
  }
  return text;
}

/**
 * What counters and bans are kept under: the IPv4 address, or the IPv6 /64 as `2001:db8:1:2::/64`, because one subscriber has a whole
 * /64 and would never use an address twice. A 6to4 address (`2002::/16`, RFC 3056) counts under the IPv4 address inside it: whoever
 * holds that one address holds 65,536 such /64s.
 */
export function addressKey(address: Address): string {
  if (address.length === 1) return formatIPv4(address[0]);
  const [first, second] = address;
  if (first >>> 16 === 0x2002) return formatIPv4(((first << 16) | (second >>> 16)) >>> 0);
  return `${formatAddress([first, second, 0, 0])}/64`;
}

/**
 * Compiles addresses and CIDR ranges to a membership test that takes logarithmic time in their number. `0.0.0.0/0` holds every IPv4
 * address, mapped and NAT64 spellings included, and `::/0` every other IPv6 address; neither holds the other's.
 *
 * @param option The option the entries come from, for the error's text.
 * @throws WafError `AIWAF_ADDRESS_INVALID` for an entry that cannot be read, has bits beyond its prefix, names a zone, or whose prefix
 *   contradicts its address (`::ffff:10.0.0.0/8` would be a range of IPv6 that holds not one IPv4 address).
 */
export function compileAddressSet(entries: readonly string[], option: string): AddressSet {
  if (!Array.isArray(entries)) {
    throw new WafError("AIWAF_OPTION_INVALID", `Option "${option}" must be a list of addresses and CIDR ranges.`);
  }
  const ranges = entries.map((entry: unknown) => readRange(entry, option));
  const ipv4 = rangeTable(ranges, 1);
  const ipv6 = rangeTable(ranges, 4);
  return (address) => {
    const words = typeof address === "string" ? parseAddress(address) : address;
    return words !== undefined && holds(words.length === 1 ? ipv4 : ipv6, words);
  };
}

interface Range {
  readonly first: Address;
  readonly last: Address;
}

function readRange(entry: unknown, option: string): Range {
  const refuse = (why: string): never => {
    const shown = typeof entry === "string" ? JSON.stringify(entry.length > 60 ? `${entry.slice(0, 60)}…` : entry) : `a ${typeof entry}`;
    throw new WafError("AIWAF_ADDRESS_INVALID", `Option "${option}": ${shown} ${why}`);
  };
  if (typeof entry !== "string") return refuse("is not the text of an address or a CIDR range.");
  const slash = entry.indexOf("/");
  const text = slash < 0 ? entry : entry.slice(0, slash);
  const written = readAddress(text);
  if (written === undefined) return refuse("is neither an address nor a CIDR range, such as 10.0.0.0/8.");
  if (text.includes("%")) return refuse("names a zone; leave out the % and what follows.");
  const address = embeddedIPv4(written);
  const bits = address.length * 32;
  // Within a mapped or NAT64 range the first 96 bits are fixed, and what is left is the prefix of the IPv4 address.
  const fixed = written.length * 32 - bits;
  const prefix = slash < 0 ? fixed + bits : readPrefix(entry, slash + 1);
  if (prefix < 0 || prefix > fixed + bits) return refuse(`has no prefix from 0 to ${fixed + bits} after its slash.`);
  if (prefix < fixed) {
    const hint = prefix <= 32 ? `write ${formatRange(maskFirst(address, prefix), prefix)}` : "use a prefix from 96 to 128";
    return refuse(`has a prefix that contradicts its address, ${formatAddress(address)}: ${hint}.`);
  }
  // Every IPv4 address is a NAT64 address too, so this range says "everyone" where "the NAT64 gateway" may be meant.
  if (prefix === 96 && fixed === 96 && written[2] === 0) return refuse("is every IPv4 address; write 0.0.0.0/0 if you mean that.");
  const first = maskFirst(address, prefix - fixed);
  if (first.some((word, index) => word !== address[index])) {
    const network = formatRange(first, prefix - fixed);
    return refuse(`has bits beyond its prefix; write ${network} for the range, or ${formatAddress(address)} for the one address.`);
  }
  return { first, last: fillLast(first, prefix - fixed) };
}

/** Sorted and disjoint ranges as words: first and last address of each in turn. CIDR ranges overlap only by holding each other. */
function rangeTable(ranges: readonly Range[], width: 1 | 4): Uint32Array {
  const sorted = ranges
    .filter((range) => range.first.length === width)
    .sort((left, right) => compare(left.first, 0, right.first) || compare(right.last, 0, left.last));
  const kept: Range[] = [];
  for (const range of sorted) {
    const previous = kept.at(-1);
    if (previous === undefined || compare(previous.last, 0, range.last) < 0) kept.push(range);
  }
  return Uint32Array.from(kept.flatMap(({ first, last }) => [...first, ...last]));
}

function holds(table: Uint32Array, address: Address): boolean {
  const width = address.length;
  let low = 0;
  let high = table.length / (2 * width);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(table, middle * 2 * width, address) <= 0) low = middle + 1;
    else high = middle;
  }
  return low > 0 && compare(table, (low * 2 - 1) * width, address) >= 0;
}

/** Below, at or above 0 as the words of `list` from `start` are less than, equal to or greater than the address. */
function compare(list: ArrayLike<number>, start: number, address: Address): number {
  for (let index = 0; index < address.length; index++) {
    const difference = list[start + index]! - address[index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

function maskFirst(address: Address, prefix: number): Address {
  return address.map((word, index) => (word & ~hostMask(prefix, index)) >>> 0) as unknown as Address;
}

function fillLast(first: Address, prefix: number): Address {
  return first.map((word, index) => (word | hostMask(prefix, index)) >>> 0) as unknown as Address;
}

/** The bits of word `index` that lie beyond the prefix. A shift by 32 would do nothing, so the ends are cases of their own. */
function hostMask(prefix: number, index: number): number {
  const bits = prefix - index * 32;
  return bits <= 0 ? 0xffffffff : bits >= 32 ? 0 : 0xffffffff >>> bits;
}

function group(address: Address, index: number): number {
  const word = address[index >> 1]!;
  return index % 2 === 0 ? word >>> 16 : word & 0xffff;
}

function formatRange(first: Address, prefix: number): string {
  return `${formatAddress(first)}/${prefix}`;
}

function formatIPv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

function embeddedIPv4(address: Address): Address {
  if (address.length === 1) return address;
  const [first, second, third, fourth] = address;
  const mapped = first === 0 && third === 0xffff;
  const nat64 = first === 0x64ff9b && third === 0;
  return second === 0 && (mapped || nat64) ? [fourth] : address;
}

function readAddress(text: string): Address | undefined {
  if (text.length > TEXT_LIMIT) return undefined;
  if (!text.includes(":")) {
    const word = readIPv4(text, 0, text.length);
    return word < 0 ? undefined : [word];
  }
  const zone = text.indexOf("%");
  if (zone >= 0 && !isZone(text, zone + 1)) return undefined;
  return readIPv6(text, zone < 0 ? text.length : zone);
}

/** The 32-bit value, or -1. */
function readIPv4(text: string, from: number, to: number): number {
  let value = 0;
  let octet = -1;
  let dots = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit >= 0 && digit <= 9) {
      if (octet === 0) return -1;
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return -1;
    } else if (digit === -2 && octet >= 0) {
      value = value * 256 + octet;
      octet = -1;
      dots++;
    } else return -1;
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : -1;
}

function readIPv6(text: string, to: number): Address | undefined {
  const groups: number[] = [];
  let gap = -1;
  let at = 0;
  if (text.startsWith("::")) {
    gap = 0;
    at = 2;
  }
  while (at < to) {
    const start = at;
    let value = 0;
    let digit = hexDigit(text.charCodeAt(at));
    while (digit >= 0 && at < to && at - start < 4) {
      value = value * 16 + digit;
      digit = hexDigit(text.charCodeAt(++at));
    }
    if (at === start) return undefined;
    if (at < to && text.charCodeAt(at) === 0x2e) {
      const word = readIPv4(text, start, to);
      if (word < 0) return undefined;
      groups.push(word >>> 16, word & 0xffff);
      break;
    }
    groups.push(value);
    if (at === to) break;
    if (text.charCodeAt(at++) !== 0x3a || at === to) return undefined;
    if (text.charCodeAt(at) === 0x3a) {
      if (gap >= 0) return undefined;
      gap = groups.length;
      at++;
    }
  }
  const missing = 8 - groups.length;
  // `::` stands for one group of zeros or more.
  if (gap < 0 ? missing !== 0 : missing < 1) return undefined;
  if (gap >= 0) groups.splice(gap, 0, ...new Array<number>(missing).fill(0));
  const word = (index: number) => groups[index]! * 65_536 + groups[index + 1]!;
  return [word(0), word(2), word(4), word(6)];
}

/** The value of a hexadecimal digit, given as a UTF-16 unit, or -1. */
export function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Interface names and numbers (RFC 6874's unreserved characters, and `:` for aliases), 1 to 64 of them. */
function isZone(text: string, from: number): boolean {
  return text.length - from <= 64 && /^[\w.~:-]+$/.test(text.slice(from));
}

/** True when the text from there on is nothing, or a colon and a port of RFC 7239. */
function isPort(text: string, from: number): boolean {
  const port = text.slice(from);
  return port === "" || (/^:\d{1,5}$/.test(port) ? Number(port.slice(1)) <= 65_535 : /^:_[\w.-]+$/.test(port));
}

/** The prefix length written from there on without leading zeros, or -1. */
function readPrefix(text: string, from: number): number {
  const digits = text.slice(from, from + 4);
  return /^(0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) : -1;
}

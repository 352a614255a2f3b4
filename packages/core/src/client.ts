import { type Address, addressKey, compileAddressSet, formatAddress, parseAddress, parseHop } from "./addresses.ts";
import { readField } from "./fields.ts";
import { any, integer, invalid, isText, listOf, oneOf, readOptions } from "./options.ts";
import type { Client, ClientSource, HeaderReader } from "./types.ts";

/** Tells who sent a request. Never throws, whatever the peer and the headers are. */
export type ClientResolver = (peer: string | undefined, headers: HeaderReader) => Client;

/** Options of `client`; exactly one of `proxies`, `hops` and `header` is given. */
export const CLIENT_OPTIONS = {
  proxies: listOf<string, undefined>(undefined, "addresses and CIDR ranges", isText),
  hops: integer(undefined, 1, 32),
  header: any<string>(undefined, "the name of a header field", (value) => isText(value) && /^[\w!#$%&'*+.^`|~-]{1,100}$/.test(value)),
  forwardedHeader: oneOf<"x-forwarded-for" | "forwarded", undefined>(undefined, ["x-forwarded-for", "forwarded"]),
} as const;

/** Hops that are followed, and the end of the header that is read. What lies beyond was written by someone else's client. */
const HOP_LIMIT = 64;
const HEADER_LIMIT = 8_192;

/**
 * Distinct peers remembered. The map is emptied when it is full: a flood of new addresses then costs each request one parse, a
 * microsecond or two, and the memory has a fixed bound. There is no order to keep, so there is none to attack.
 */
const PEER_LIMIT = 4_096;

/**
 * Compiles `source` to a function that finds the client. Without a source the client is the socket's peer and no header is read.
 *
 * - `proxies`: while the hop at hand is one of ours, the next entry from the right of the one configured header is the next hop.
 * - `hops`: the same, for that many hops whoever they are; the only way when the peer is hidden, as on a Unix socket.
 * - `header`: the address in that header.
 *
 * An entry that is no address ends the walk, and the client is the last hop that was one. So the text of a client that is not one of
 * our proxies never decides anything, and junk never becomes a client. With fewer entries than hops, the leftmost entry is the client.
 *
 * @throws WafError naming `client.proxies`, `client.hops`, `client.header` or `client.forwardedHeader`.
 */
export function clientResolver(source: ClientSource | undefined): ClientResolver {
  const readPeer = peerReader();
  if (source === undefined) return (peer) => readPeer(peer).client;
  const { proxies, hops, header, forwardedHeader } = readOptions("client", CLIENT_OPTIONS, source);
  if ([proxies, hops, header].filter((value) => value !== undefined).length !== 1) {
    throw invalid("client", source, "an object with one of proxies, hops and header");
  }
  if (header !== undefined) {
    if (forwardedHeader !== undefined) throw invalid("client.forwardedHeader", forwardedHeader, "left out beside client.header");
    const name = header.toLowerCase();
    return (peer, headers) => {
      const address = parseHop(readField(headers, name).trim());
      return address === undefined ? readPeer(peer).client : toClient(address);
    };
  }
  const name = forwardedHeader ?? "x-forwarded-for";
  const [separator, parse] = name === "forwarded" ? ([unquotedBefore, parseForwarded] as const) : ([plainBefore, parseHop] as const);
  const ours = proxies === undefined ? undefined : compileAddressSet(proxies, "client.proxies");
  const passes = (hop: Address | undefined) => ours === undefined || (hop !== undefined && ours(hop));
  const limit = hops ?? HOP_LIMIT;
  return (peer, headers) => {
    const first = readPeer(peer);
    if (!passes(first.address)) return first.client;
    const value = readField(headers, name);
    const text = value.slice(-HEADER_LIMIT);
    let client: Address | undefined;
    let end = text.length;
    for (let count = 0; count < limit && end >= 0; count++) {
      const comma = separator(text, end, ",");
      // The first entry of a cut header may be the end of another: `1.2.3.4` of `81.2.3.4`.
      if (comma < 0 && value.length > HEADER_LIMIT) break;
      const address = parse(text.slice(comma + 1, end).trim());
      if (address === undefined) break;
      client = address;
      end = comma;
      if (!passes(address)) break;
    }
    return client === undefined ? first.client : toClient(client);
  };
}

interface Peer {
  readonly address: Address | undefined;
  readonly client: Client;
}

const HIDDEN: Peer = { address: undefined, client: Object.freeze({ address: "", key: "" }) };

/**
 * Reads a peer's text, once for each of the last few thousand peers. Entries of headers are never kept: a piece cut from a header holds
 * the whole header in memory for as long as it lives itself.
 */
function peerReader(): (peer: string | undefined) => Peer {
  const known = new Map<string, Peer>();
  const read = (text: string): Peer => {
    const hit = known.get(text);
    if (hit !== undefined) return hit;
    const address = parseAddress(text);
    if (address === undefined) return HIDDEN;
    // IPv4 has one spelling, so the text that was read is the text of the address; a colon is IPv6's, also where it stands for IPv4.
    const client = address.length === 1 && !text.includes(":") ? { address: text, key: text } : toClient(address);
    const peer: Peer = { address, client: Object.freeze(client) };
    if (known.size >= PEER_LIMIT) known.clear();
    known.set(text, peer);
    return peer;
  };
  // Behind a proxy all requests come from one peer, and comparing is cheaper than looking up.
  let lastText = "";
  let last = HIDDEN;
  return (text) => {
    if (typeof text !== "string") return HIDDEN;
    if (text !== lastText) {
      last = read(text);
      lastText = text;
    }
    return last;
  };
}

function toClient(address: Address): Client {
  const text = formatAddress(address);
  return { address: text, key: address.length === 1 ? text : addressKey(address) };
}

const plainBefore = (text: string, end: number, separator: string): number => (end === 0 ? -1 : text.lastIndexOf(separator, end - 1));

/**
 * The last separator before `end` that stands outside quotes. Reading from the right keeps what our own proxies wrote apart from what
 * the client sent: read from the left, one open quote of the client's would swallow every entry after it.
 */
function unquotedBefore(text: string, end: number, separator: string): number {
  const wanted = separator.charCodeAt(0);
  let quoted = false;
  for (let at = end - 1; at >= 0; at--) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const quote = at;
      while (at > 0 && text.charCodeAt(at - 1) === BACKSLASH) at--;
      // An odd number of backslashes escapes the quote.
      if ((quote - at) % 2 === 0) quoted = !quoted;
    } else if (code === wanted && !quoted) return at;
  }
  return -1;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The address of one element's `for` parameter: `for=192.0.2.1;proto=https`, `For="[2001:db8::1]:4711"` (RFC 7239, section 4). */
function parseForwarded(element: string): Address | undefined {
  let address: Address | undefined;
  let end = element.length;
  while (end >= 0) {
    const semicolon = unquotedBefore(element, end, ";");
    const pair = element.slice(semicolon + 1, end).trim();
    end = semicolon;
    if (!/^for=/i.test(pair)) continue;
    // A parameter may occur once; of two, one is somebody else's.
    if (address !== undefined) return undefined;
    const value = pair.slice(4);
    address = parseHop(/^".*"$/.test(value) ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value);
    if (address === undefined) return undefined;
  }
  return address;
}

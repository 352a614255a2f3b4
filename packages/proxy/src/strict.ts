/**
 * What is refused before anything looks at it: requests that two servers in a row could read as different ones. Node's parser refuses most; this
 * refuses what it lets through. The upstream never sees the client's framing, only what was understood here.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";

/** Why a request is refused, and with which status. */
export interface Refusal {
  readonly status: 400 | 405 | 414 | 417 | 421 | 426 | 505 | 508;
  readonly detail: string;
}

/** A request that can be read in one way only. */
export interface Readable {
  /** Origin form, or `*` of OPTIONS: what the upstream is sent. */
  readonly target: string;
  /** The authority that was asked for, as it was written; `""` when an HTTP/1.0 client named none. */
  readonly host: string;
  /** Refused once the firewall has allowed it: it is framed well, and the firewall should see what is tried. */
  readonly refusal?: Refusal;
}

const AUTHORITY = /^(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;
const ABSOLUTE = /^https?:\/\/([^/?]*)(.*)$/is;
/** Names that servers with CGI-like variables cannot tell from `transfer-encoding` and its kind. */
const DISGUISED_FRAMING = /^(?:content[_.]length|transfer[_.]encoding|content-length[_.]|host[_.])$/;
const MAX_TARGET = 8_192;
const MAX_HOPS = 8;

const refuse = (detail: string, status: Refusal["status"] = 400): Refusal => ({ status, detail });

/** What to send on, or why not. Reads the head only, and never throws. */
export function readStrictly(request: IncomingMessage): Readable | Refusal {
  const { rawHeaders, method = "", url = "", httpVersionMajor, httpVersionMinor } = request;
  if (httpVersionMajor === 1 && httpVersionMinor > 1) return refuse("This version of HTTP is not spoken here.", 505);
  // Node's parser takes `HTTP/2.0` in a request's line, and everything behind it would take the request for one of that protocol.
  if (httpVersionMajor < 1 || (httpVersionMajor === 2) !== "stream" in request)
    return refuse("This version of HTTP is not spoken here.", 505);
  if (method === "CONNECT") return refuse("This server opens no tunnels.", 405);

  let host: string | undefined;
  let hops = 0;
  let lengths = 0;
  let codings = 0;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    const value = rawHeaders[index + 1]!;
    if (name === "host") {
      if (host !== undefined) return refuse("The request names its host twice.");
      host = value;
    } else if (name === "content-length") {
      lengths++;
      if (!/^\d{1,15}$/.test(value)) return refuse("The request's length is not a number.");
    } else if (name === "transfer-encoding") {
      codings++;
      if (value.toLowerCase() !== "chunked") return refuse("The request's transfer coding is not supported.");
    } else if (name === "via") {
      hops += value.split(/\baiwaf\b/).length - 1;
    } else if (DISGUISED_FRAMING.test(name)) {
      return refuse("A field's name could be mistaken for another's.");
    }
  }
  if (lengths > 1 || codings > 1 || (lengths > 0 && codings > 0)) return refuse("The request says more than once how long it is.");
  if (codings > 0 && (httpVersionMajor !== 1 || httpVersionMinor === 0)) return refuse("This version of HTTP has no chunks.");
  if (hops >= MAX_HOPS) return refuse("The request has passed this proxy before.", 508);
  const authority = httpVersionMajor === 2 ? authorityOf(request) : undefined;
  // The upstream is sent one host: with two, it would answer for another site than the one that was looked up here.
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase())
    return refuse("The authority and the host differ.");
  return readTarget(method, url, host ?? authority, httpVersionMajor === 1 && httpVersionMinor === 0);
}

/** HTTP/2 clients name the host in a field of its own. */
const authorityOf = (request: IncomingMessage): string | undefined => {
  const authority: unknown = (request.headers as Readonly<Record<string, unknown>>)[":authority"];
  return typeof authority === "string" ? authority : undefined;
};

function readTarget(method: string, url: string, named: string | undefined, mayLackHost: boolean): Readable | Refusal {
  if (url.length > MAX_TARGET) return refuse("The address is too long.", 414);
  // A fragment is never sent; servers differ in whether they cut it off. Anything but visible characters and bytes is no target.
  if (/[^\x21-\x7e\x80-\xff]|#/.test(url)) return refuse("The address holds characters that no address may hold.");
  if (named !== undefined && !AUTHORITY.test(named)) return refuse("The host's name cannot be read.");
  if (url === "*") return method === "OPTIONS" ? withHost(url, named, mayLackHost) : refuse("Only OPTIONS may ask for everything.");
  if (url.startsWith("/")) return withHost(url, named, mayLackHost);
  const [, authority, rest = ""] = ABSOLUTE.exec(url) ?? [];
  if (authority === undefined || !AUTHORITY.test(authority)) return refuse("The address cannot be read.");
  // RFC 9112 lets the target win; whoever behind us reads the field instead would serve another site.
  const differs = named !== undefined && named.toLowerCase() !== authority.toLowerCase();
  return {
    target: rest.startsWith("/") ? rest : `/${rest}`,
    host: authority,
    ...(differs && { refusal: refuse("The address and the host differ.") }),
  };
}

const withHost = (target: string, host: string | undefined, mayLackHost: boolean): Readable | Refusal =>
  host === undefined && !mayLackHost ? refuse("The request names no host.") : { target, host: host ?? "" };

/** Whether the request is refused. */
export const isRefusal = (read: Readable | Refusal): read is Refusal => "status" in read;

/**
 * Which header fields pass from one side to the other, and which the proxy writes itself.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";

/** Meant for one connection only (RFC 9110 section 7.6.1), and those that frame a message: each side gets its own. */
const HOP_BY_HOP = new Set(
  "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade http2-settings".split(
    " ",
  ),
);
/** What the proxy says about the client: the client's own word for it is never sent on unless a trusted proxy sent it. */
const OURS = new Set(
  "host content-length expect via forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-port x-real-ip x-aiwaf-id".split(
    " ",
  ),
);
/** Not even `Connection` may name these: without them the request would be another. */
const KEPT = /^(?:host|content-length|cookie|authorization|x-forwarded-.*|forwarded)$/;

/** The session of an operator, where the console stands on another port of the site's own host. */
const CONSOLE_COOKIE = /(?:__Secure-)?aiwaf_console=[^;]*(?:;\s*|$)/g;

/** What is known of a request when its fields are written. */
export interface Passage {
  /** As the client wrote it. */
  readonly host: string;
  /** The host the upstream is asked for. */
  readonly upstreamHost: string;
  /** Address of the socket's other end. */
  readonly peer: string;
  /** The client's address as the firewall found it. */
  readonly client: string;
  readonly isSecure: boolean;
  /** The port the client connected to. */
  readonly port: number | undefined;
  readonly decisionId: string;
}

/**
 * The fields of the request to the upstream, names and values in turn. Repeated lines stay repeated, in their order.
 *
 * The chain of addresses is continued where the firewall believed it, and begun anew where it did not: a client cannot write itself into it.
 */
export function upstreamFields(request: IncomingMessage, passage: Passage): string[] {
  const { rawHeaders, headers } = request;
  const nominated = nominatedBy(headers.connection);
  const fields: string[] = ["host", passage.upstreamHost];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    if (name.startsWith(":") || HOP_BY_HOP.has(name) || OURS.has(name) || nominated?.has(name) === true) continue;
    // `X_Forwarded_For` reads as `X-Forwarded-For` on servers that turn fields into variables.
    if (name.includes("_") && OURS.has(name.replaceAll("_", "-"))) continue;
    const value = rawHeaders[index + 1]!;
    // Browsers send cookies to every port of a host: the console's session is no business of the site's.
    const isOperators = name === "cookie" && value.includes("aiwaf_console");
    fields.push(rawHeaders[index]!, isOperators ? value.replace(CONSOLE_COOKIE, "") : value);
  }
  const peer = plain(passage.peer);
  const isBelieved = passage.client !== "" && passage.client !== peer;
  const proto = passage.isSecure ? "https" : "http";
  const before = (name: string): string | undefined => (isBelieved ? textOf(headers[name]) : undefined);
  const via = textOf(headers.via);
  fields.push(
    "x-forwarded-for",
    join(before("x-forwarded-for"), peer),
    "x-forwarded-host",
    before("x-forwarded-host") ?? passage.host,
    "x-forwarded-proto",
    before("x-forwarded-proto") ?? proto,
    "forwarded",
    join(before("forwarded"), `for=${node(peer)};host=${quoted(passage.host)};proto=${proto}`),
    "x-real-ip",
    passage.client === "" ? peer : passage.client,
    "via",
    join(via, `${request.httpVersionMajor === 2 ? "2.0" : request.httpVersion} aiwaf`),
    "x-aiwaf-id",
    passage.decisionId,
  );
  const port = before("x-forwarded-port") ?? (passage.port === undefined ? undefined : String(passage.port));
  if (port !== undefined) fields.push("x-forwarded-port", port);
  return fields;
}

/** Field names are tokens; what else stands in `Connection` names nothing. */
function nominatedBy(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || /^(?:keep-alive|close)$/i.test(connection)) return undefined;
  return new Set(
    connection
      .toLowerCase()
      .split(",")
      .map((name) => name.trim())
      .filter((name) => !KEPT.test(name)),
  );
}

const textOf = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === "string" ? value : value?.join(", ");
const join = (before: string | undefined, value: string): string => (before === undefined || before === "" ? value : `${before}, ${value}`);
/** IPv4 addresses of sockets that speak both come in IPv6's clothes. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "");
const node = (address: string): string => (address === "" ? "unknown" : address.includes(":") ? `"[${address}]"` : address);
const quoted = (host: string): string => (/^[\w.-]+$/.test(host) ? host : `"${host.replace(/["\\]/g, "")}"`);

type Lines = Record<string, string | string[]>;

/**
 * The fields of the response to the client. Repeated lines, `Set-Cookie` above all, stay separate lines.
 *
 * @param given - Names in lower case; a list for fields that repeat.
 */
export function clientFields(given: Readonly<Record<string, string | readonly string[] | undefined>>, isHttp2: boolean): Lines {
  const nominated = nominatedBy(textOf(given["connection"]));
  // Without a prototype, a field called `__proto__` is a field like any other.
  const lines: Lines = Object.create(null);
  for (const name in given) {
    const value = given[name];
    if (value === undefined || HOP_BY_HOP.has(name) || nominated?.has(name) === true) continue;
    lines[name] = typeof value === "string" ? value : [...value];
  }
  const via = textOf(given["via"]);
  lines["via"] = join(via, isHttp2 ? "2.0 aiwaf" : "1.1 aiwaf");
  return lines;
}

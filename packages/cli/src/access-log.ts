/**
 * Reads access logs: common and combined format of Apache, nginx, Traefik and others, with a virtual host in front or further fields behind, and
 * the JSON lines of Caddy. One pass over the line, no regular expression over its whole length.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { isTimestamp, readTimestamp } from "./timestamps.ts";

/** One request of an access log. Text is bytes: one character each. */
export interface LoggedRequest {
  /** An address. A host name stands for one address of its own; `undefined` where the log has none. */
  readonly client: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly method: string;
  readonly target: string;
  readonly httpVersion: string | undefined;
  readonly status: number | undefined;
  readonly durationMs: number;
  readonly referer: string | undefined;
  /** `undefined`: the format has no such field. Empty: the client sent none. */
  readonly userAgent: string | undefined;
  /** All fields, where the log has them all. */
  readonly fields: readonly (readonly [string, string])[] | undefined;
}

/** Why a line gave no request: `unparsed` is no known format, `no-request` logs something that was not HTTP (a timeout, a TLS greeting). */
export type LogProblem = "unparsed" | "no-request";

/** Reads one line. Total: any string has an answer, in time linear in its length. */
export function parseLogLine(line: string): LoggedRequest | LogProblem {
  return line.charCodeAt(0) === 123 /* { */ ? parseJsonLine(line) : parseTextLine(line);
}

/** Further fields behind the agent that are looked at. */
const QUOTED_MAX = 8;

function parseTextLine(line: string): LoggedRequest | LogProblem {
  const open = findTimestamp(line);
  if (open < 0) return "unparsed";
  const close = line.indexOf("]", open);
  const at = readTimestamp(line.slice(open + 1, close));
  const request = readQuoted(line, close + 2, STATUS_FOLLOWS);
  if (at === undefined || request === undefined) return "unparsed";
  const [statusText = "", sizeText = ""] = line.slice(request.end + 1, request.end + 40).split(" ");
  if (line[request.end] !== " " || !/^(?:\d{3}|-)$/.test(statusText) || !/^(?:\d{1,20}|-)$/.test(sizeText)) return "unparsed";
  const parts = splitRequest(request.text);
  if (parts === undefined) return "no-request";
  const quoted: string[] = [];
  let end = request.end;
  while (quoted.length < QUOTED_MAX) {
    const next = readQuoted(line, line.indexOf('"', end));
    if (next === undefined) break;
    quoted.push(next.text);
    end = next.end;
  }
  const [referer, userAgent] = quoted;
  return {
    ...parts,
    client: addressOf(hostOf(line.slice(0, open))),
    at,
    status: statusText === "-" ? undefined : Number(statusText),
    durationMs: responseTimeMs(line, end),
    referer: referer === "-" ? undefined : referer,
    userAgent: userAgent === "-" ? "" : userAgent,
    fields: undefined,
  };
}

/** Where `[time] "` begins. A user name may hold brackets and times, but no quote: servers escape it. */
function findTimestamp(line: string): number {
  for (let open = line.indexOf("["); open >= 0; open = line.indexOf("[", open + 1)) {
    const close = line.slice(open, open + 42).indexOf('] "');
    if (close > 0 && isTimestamp(line.slice(open + 1, open + close))) return open;
  }
  return -1;
}

/** Old servers write the quotes of a request as they came; the one that ends it is followed by status and size. */
const STATUS_FOLLOWS = /^ (?:\d{3}|-) (?:\d|-)/;

/** The content of the quoted field that begins at `from`, escapes undone, and where the line goes on. */
function readQuoted(line: string, from: number, follows?: RegExp): { readonly text: string; readonly end: number } | undefined {
  if (from < 0 || line[from] !== '"') return undefined;
  let end = line.indexOf('"', from + 1);
  while (end > 0) {
    let slashes = 0;
    while (line[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0 && (follows === undefined || follows.test(line.slice(end + 1, end + 8)))) break;
    end = line.indexOf('"', end + 1);
  }
  if (end < 0) return undefined;
  return { text: unescapeField(line.slice(from + 1, end)), end: end + 1 };
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", v: "\v" };

/** Undoes the escapes of Apache (`\"`, `\\`, `\n`, `\x7f`) and of nginx (`\x22`). */
function unescapeField(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g, (_, hex: string | undefined, letter: string | undefined) =>
    hex === undefined ? (ESCAPES[letter!] ?? letter!) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** `GET /a HTTP/1.1`; HTTP/0.9 names no version. The target may hold spaces that a client did not escape. */
function splitRequest(text: string): Pick<LoggedRequest, "method" | "target" | "httpVersion"> | undefined {
  const space = text.indexOf(" ");
  const method = text.slice(0, Math.max(0, space));
  if (!/^[A-Za-z][A-Za-z_-]{0,30}$/.test(method)) return undefined;
  const last = text.lastIndexOf(" ");
  const version = /^HTTP\/(\d(?:\.\d)?)$/.exec(text.slice(last + 1))?.[1];
  const target = version === undefined ? text.slice(space + 1) : text.slice(space + 1, last);
  if (target === "") return undefined;
  return { method, target, httpVersion: version?.length === 1 ? `${version}.0` : version };
}

/** `host ident user`, or with a virtual host in front of them. */
function hostOf(prefix: string): string {
  const [first = "", second = ""] = prefix.slice(0, 600).split(" ");
  return isIP(first) === 0 && isIP(second) !== 0 ? second : first;
}

/** `response-time=0.123` (seconds) behind the quoted fields; 0 where the log does not say. */
function responseTimeMs(line: string, from: number): number {
  const found = /response-time=(\d{1,9}(?:\.\d{1,9})?)/.exec(line.slice(from, from + 200))?.[1];
  return found === undefined ? 0 : Number(found) * 1000;
}

/** Names resolve to nothing here, but one name is one client: each gets an address of its own in the range for private use (RFC 4193). */
function addressOf(host: string): string | undefined {
  if (host === "" || host === "-") return undefined;
  if (isIP(host) !== 0) return host;
  const [, bare = ""] = /^\[?([\da-fA-F:.]{2,45}?)\]?(?::\d{1,5})?$/.exec(host) ?? [];
  if (isIP(bare) !== 0) return bare;
  const digest = createHash("sha256").update(host.toLowerCase()).digest("hex");
  return `fd${digest.slice(0, 2)}:${digest.slice(2, 6)}:${digest.slice(6, 10)}:${digest.slice(10, 14)}::1`;
}

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** A line of Caddy's access log: the request with all its fields, secrets already replaced by Caddy. */
function parseJsonLine(line: string): LoggedRequest | LogProblem {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return "unparsed";
  }
  if (!isObject(entry) || !isObject(entry["request"])) return "unparsed";
  const { ts, request, status, duration } = entry as Json & { readonly request: Json };
  const { method, uri, proto, headers, client_ip: clientIp, remote_ip: remoteIp, remote_addr: remoteAddress } = request;
  const at = typeof ts === "number" ? ts * 1000 : typeof ts === "string" ? Date.parse(ts) : Number.NaN;
  if (typeof method !== "string" || typeof uri !== "string" || !Number.isFinite(at)) return "unparsed";
  const client = [clientIp, remoteIp, remoteAddress].find((value) => typeof value === "string") as string | undefined;
  const fields = isObject(headers) ? fieldsOf(headers) : undefined;
  const host = typeof request["host"] === "string" ? [["host", request["host"]] as const] : [];
  return {
    client: client === undefined ? undefined : addressOf(client),
    at: Math.round(at),
    method,
    target: uri,
    httpVersion: typeof proto === "string" ? /^HTTP\/(\d\.\d)$/.exec(proto)?.[1] : undefined,
    status: typeof status === "number" && status > 0 ? status : undefined,
    durationMs: typeof duration === "number" && duration >= 0 ? duration * 1000 : 0,
    referer: undefined,
    userAgent: undefined,
    fields: fields === undefined ? undefined : [...host, ...fields],
  };
}

function fieldsOf(headers: Json): (readonly [string, string])[] {
  return Object.entries(headers).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values])
      .filter((value) => typeof value === "string")
      .map((value: string) => [name.toLowerCase(), value] as const),
  );
}

/**
 * One request as a log wrote it down, and what all log formats have in common.
 *
 * @module
 */
import { formatAddress, parseHop } from "../addresses.ts";
import { hashText } from "../stores/keyed-hash.ts";

/** One request of an access log. Text is bytes: one character each. */
export interface LoggedRequest {
  /** An address. A host name stands for one address of its own; `undefined` where the log has none. */
  readonly client: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly method: string;
  /** In origin form, `/a?b=c`, wherever the log allows. */
  readonly target: string;
  readonly httpVersion: string | undefined;
  readonly status: number | undefined;
  /** 0 where the log does not say. */
  readonly durationMs: number;
  readonly referer: string | undefined;
  /** `undefined`: the format has no such field. Empty: the client sent none. */
  readonly userAgent: string | undefined;
  /** All fields, where the log has them all. */
  readonly fields: readonly (readonly [string, string])[] | undefined;
  /** True when the firewall that wrote the log had blocked the request; absent otherwise. */
  readonly isBlocked?: true;
}

/**
 * Why a line gave no request: `unparsed` is no known format, `no-request` logs something that was not HTTP (a timeout, a TLS greeting), `directive`
 * describes the log itself (the fields of W3C logs, the head of a CSV file).
 */
export type LogProblem = "unparsed" | "no-request" | "directive";

/** A reader of one format's lines. Total: any string has an answer, in time linear in its length. */
export type LineParser = (line: string) => LoggedRequest | LogProblem;

/** Method, target and version of a request. */
export type RequestLine = Pick<LoggedRequest, "method" | "target" | "httpVersion">;

const METHOD = /^[A-Za-z][A-Za-z_-]{0,30}$/;

/** `GET /a HTTP/1.1`; HTTP/0.9 names no version. The target may hold spaces that a client did not escape. */
export function splitRequest(text: string): RequestLine | undefined {
  const space = text.indexOf(" ");
  const method = text.slice(0, Math.max(0, space));
  if (!METHOD.test(method)) return undefined;
  const last = text.lastIndexOf(" ");
  const httpVersion = versionOf(text.slice(last + 1));
  const target = httpVersion === undefined ? text.slice(space + 1) : text.slice(space + 1, last);
  return target === "" ? undefined : { method, target, httpVersion };
}

/** The request of a log that keeps its parts in columns. */
export function requestOf(method: string | undefined, target: string | undefined, version: string | undefined): RequestLine | undefined {
  if (method === undefined || target === undefined || target === "" || target === "-" || !METHOD.test(method)) return undefined;
  return { method, target, httpVersion: version === undefined ? undefined : versionOf(version) };
}

/** `2.0` of `HTTP/2` and of `HTTP/2.0`. */
export function versionOf(text: string): string | undefined {
  if (text === "HTTP/1.1") return "1.1";
  const version = /^HTTP\/(\d(?:\.\d)?)$/.exec(text)?.[1];
  return version?.length === 1 ? `${version}.0` : version;
}

/** `https://shop.example:443/a?b` becomes `/a?b`; anything else stays. */
export function originForm(target: string): string {
  const [prefix = ""] = /^https?:\/\/[^/?#]{0,300}/i.exec(target) ?? [];
  if (prefix === "") return target;
  const rest = target.slice(prefix.length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** A copy that stands alone: V8 keeps a whole line in memory while a piece of it is kept. */
export const detached = (piece: string): string => ` ${piece}`.slice(1);

const NAME_KEYS = [
  [0x61697761, 0x66206c6f],
  [0x67206e61, 0x6d657321],
] as const;

/** Names resolve to nothing here, but one name is one client: each gets an address of its own in the range for private use (RFC 4193). */
export function addressOf(host: string): string | undefined {
  if (host === "" || host === "-") return undefined;
  const address = parseHop(host);
  if (address !== undefined) return formatAddress(address);
  const hash = new Int32Array(2);
  const name = host.toLowerCase();
  const digest = NAME_KEYS.flatMap(([key0, key1]) => {
    hashText(name, key0, key1, hash);
    return [...hash].map((half) => (half >>> 0).toString(16).padStart(8, "0"));
  }).join("");
  return `fd${digest.slice(0, 2)}:${digest.slice(2, 6)}:${digest.slice(6, 10)}:${digest.slice(10, 14)}::1`;
}

const KNOWN_HOSTS = 20_000;

/** `addressOf` that remembers: a log names few clients in many lines. Cleared when full. */
export function addressBook(): (host: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (host) => {
    let address = known.get(host);
    if (address !== undefined) return address;
    address = addressOf(host);
    if (known.size >= KNOWN_HOSTS) known.clear();
    known.set(detached(host), address);
    return address;
  };
}

/** A status as logs write it; `undefined` for `-`, 0 and anything else. */
export function statusOf(value: unknown): number | undefined {
  const status = typeof value === "number" ? value : typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : 0;
  return Number.isInteger(status) && status >= 100 && status <= 999 ? status : undefined;
}

/** A time as logs write it, in milliseconds: `unit` is how many of them one is worth. 0 for anything that is no time. */
export function durationOf(value: unknown, unit: number): number {
  const number =
    typeof value === "number" ? value : typeof value === "string" && /^\d{1,12}(?:\.\d{1,9})?$/.test(value) ? Number(value) : 0;
  return Number.isFinite(number) && number > 0 ? number * unit : 0;
}

/** `-` is how logs write that there was none. */
export const presentOr = <Absent>(text: string | undefined, absent: Absent): string | Absent =>
  text === undefined || text === "-" ? absent : text;

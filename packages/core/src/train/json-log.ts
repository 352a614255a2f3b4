/**
 * Access logs in JSON lines: Caddy, Traefik, Vercel's log drains, nginx with a JSON `log_format`, and the records of this project and its ancestors.
 *
 * @module
 */
import {
  addressBook,
  durationOf,
  type LineParser,
  type LoggedRequest,
  type LogProblem,
  originForm,
  type RequestLine,
  requestOf,
  splitRequest,
  statusOf,
  versionOf,
} from "./logged-request.ts";
import { isTimestamp, readTimestamp } from "./timestamps.ts";

type Json = Readonly<Record<string, unknown>>;
type AddressFor = (host: string) => string | undefined;

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
/** The first of these fields that holds text. */
const firstText = (entry: Json, ...names: readonly string[]): string | undefined =>
  names.map((name) => textOf(entry[name])).find((value) => value !== undefined);

/** Reads one JSON object a line and tells from its fields which program wrote it. */
export function jsonLogParser(): LineParser {
  const addressFor = addressBook();
  return (line) => {
    let entry: unknown;
    try {
      entry = JSON.parse(line);
    } catch {
      return "unparsed";
    }
    if (!isObject(entry)) return "unparsed";
    if (isObject(entry["request"])) return readCaddy(entry, entry["request"], addressFor);
    if (isObject(entry["proxy"])) return readVercel(entry["proxy"], addressFor);
    // A drain also carries what functions print and what builds say.
    if (typeof entry["source"] === "string" && typeof entry["deploymentId"] === "string") return "no-request";
    if (typeof entry["RequestMethod"] === "string") return readTraefik(entry, addressFor);
    return readRecord(entry, addressFor);
  };
}

/** The request with all its fields, secrets already replaced by Caddy. */
function readCaddy({ ts, status, duration }: Json, request: Json, addressFor: AddressFor): LoggedRequest | LogProblem {
  const { method, uri, proto, headers } = request;
  const parts = requestOf(textOf(method), textOf(uri), textOf(proto));
  const at = timeOf(ts);
  if (parts === undefined || at === undefined) return "unparsed";
  const client = firstText(request, "client_ip", "remote_ip", "remote_addr");
  const host = typeof request["host"] === "string" ? [["host", request["host"]] as const] : [];
  return {
    ...parts,
    client: client === undefined ? undefined : addressFor(client),
    at,
    status: statusOf(status),
    durationMs: durationOf(duration, 1000),
    referer: undefined,
    userAgent: undefined,
    fields: isObject(headers) ? [...host, ...fieldsOf(headers)] : undefined,
  };
}

function fieldsOf(headers: Json): (readonly [string, string])[] {
  return Object.entries(headers).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values])
      .filter((value) => typeof value === "string")
      .map((value: string) => [name.toLowerCase(), value] as const),
  );
}

function readVercel(proxy: Json, addressFor: AddressFor): LoggedRequest | LogProblem {
  const parts = requestOf(textOf(proxy["method"]), textOf(proxy["path"]), undefined);
  const at = timeOf(proxy["timestamp"]);
  if (parts === undefined || at === undefined) return "unparsed";
  const agents = Array.isArray(proxy["userAgent"]) ? proxy["userAgent"] : [proxy["userAgent"]];
  return {
    ...parts,
    client: addressFor(textOf(proxy["clientIp"]) ?? ""),
    at,
    status: statusOf(proxy["statusCode"]),
    durationMs: 0,
    referer: textOf(proxy["referer"]),
    userAgent: agents.filter((agent) => typeof agent === "string").join(" "),
    fields: undefined,
  };
}

function readTraefik(entry: Json, addressFor: AddressFor): LoggedRequest | LogProblem {
  const parts = requestOf(textOf(entry["RequestMethod"]), textOf(entry["RequestPath"]), textOf(entry["RequestProtocol"]));
  const at = timeOf(entry["StartUTC"] ?? entry["time"]);
  if (parts === undefined || at === undefined) return "unparsed";
  return {
    ...parts,
    client: addressFor(firstText(entry, "ClientHost", "ClientAddr") ?? ""),
    at,
    status: statusOf(entry["DownstreamStatus"]),
    durationMs: durationOf(entry["Duration"], 1e-6),
    referer: textOf(entry["request_Referer"]),
    userAgent: textOf(entry["request_User-Agent"]),
    fields: undefined,
  };
}

/** Flat objects: nginx's variables under their own names, and the records of AIWAF in all its versions. */
function readRecord(entry: Json, addressFor: AddressFor): LoggedRequest | LogProblem {
  const parts = recordRequest(entry);
  const at = timeOf(
    entry["at"] ?? entry["time_iso8601"] ?? entry["time_local"] ?? entry["@timestamp"] ?? entry["timestamp"] ?? entry["msec"],
  );
  if (parts === undefined || at === undefined) return "unparsed";
  const headers = entry["headers"];
  return {
    ...parts,
    client: addressFor(firstText(entry, "client", "remote_addr", "ip_address", "ip") ?? ""),
    at,
    status: statusOf(entry["status"] ?? entry["status_code"]),
    durationMs:
      durationOf(entry["durationMs"] ?? entry["response_time_ms"] ?? entry["responseTime"], 1) ||
      durationOf(entry["request_time"] ?? entry["response_time"], 1000),
    referer: firstText(entry, "http_referer", "referer"),
    userAgent: firstText(entry, "http_user_agent", "user_agent", "userAgent"),
    fields: isObject(headers) ? fieldsOf(headers) : undefined,
    // In report mode a request passed that enforcement would have blocked: it teaches as little.
    ...((entry["action"] === "block" || isObject(entry["wouldBlock"]) || isTrue(entry["blocked"])) && { isBlocked: true }),
  };
}

/** Ancestors wrote it as a boolean, a number or a word. */
const isTrue = (value: unknown): boolean =>
  value === true || value === 1 || (typeof value === "string" && /^(?:1|true|yes|blocked)$/i.test(value));

function recordRequest(entry: Json): RequestLine | undefined {
  const line = textOf(entry["request"]);
  if (line !== undefined) return splitRequest(line);
  const target = firstText(entry, "url", "request_uri", "path", "uri");
  const query = firstText(entry, "query_string", "args");
  const whole = target === undefined || query === undefined || query === "" || target.includes("?") ? target : `${target}?${query}`;
  const parts = requestOf(firstText(entry, "method", "request_method"), whole, undefined);
  const version = firstText(entry, "server_protocol", "protocol");
  return parts === undefined
    ? undefined
    : { ...parts, target: originForm(parts.target), httpVersion: version === undefined ? undefined : versionOf(version) };
}

/** Seconds or milliseconds since the epoch as a number, or a time in words. */
function timeOf(value: unknown): number | undefined {
  if (typeof value === "string" && isTimestamp(value)) return readTimestamp(value);
  const number = typeof value === "string" && /^\d{9,13}(?:\.\d{1,9})?$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number) || number < 0) return undefined;
  // Seconds reach this size in the year 5138.
  return Math.round(number < 100_000_000_000 ? number * 1000 : number);
}

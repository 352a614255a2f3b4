/**
 * Logs in a format of the site's own, told by the very text that configures the server: Apache's `LogFormat` or nginx's `log_format`.
 *
 * @module
 */
import { WafError } from "../errors.ts";
import {
  addressBook,
  durationOf,
  type LineParser,
  type LoggedRequest,
  presentOr,
  type RequestLine,
  requestOf,
  splitRequest,
  statusOf,
} from "./logged-request.ts";
import { unescapeField } from "./quoted-text.ts";
import { readTimestamp } from "./timestamps.ts";

/** What a field of a template means. */
type Meaning = keyof typeof NAMES;

/** Directives of Apache and variables of nginx with one meaning each; all others are passed over. */
const NAMES = {
  client: ["%h", "%a", "%{c}a", "$remote_addr", "$http_x_forwarded_for", "$realip_remote_addr", "$http_x_real_ip", "%{x-forwarded-for}i"],
  time: ["%t", "$time_local", "$time_iso8601"],
  epochSeconds: ["$msec", "%{sec}t"],
  epochMilliseconds: ["%{msec}t"],
  request: ["%r", "$request"],
  method: ["%m", "$request_method"],
  target: ["$request_uri", "$uri"],
  path: ["$document_uri", "%U"],
  query: ["%q", "$args", "$query_string"],
  version: ["%H", "$server_protocol"],
  status: ["%s", "%>s", "$status"],
  seconds: ["%T", "$request_time"],
  microseconds: ["%D", "%{us}T"],
  milliseconds: ["%{ms}T"],
  referer: ["%{referer}i", "$http_referer"],
  agent: ["%{user-agent}i", "$http_user_agent"],
} as const;

interface Field {
  readonly meaning: Meaning | undefined;
  /** Text between this field and the next; `""` at the end of the template. */
  readonly until: string;
}

const FIELD = /%[<>]?(?:\{[^}]{0,60}\})?[a-zA-Z]|\$\{?[a-z_][a-z0-9_]{0,60}\}?/g;
const TEMPLATE_MAX = 2_000;

/**
 * A parser of lines in the format of `template`, for example `%h %l %u %t "%r" %>s %b %D` or `$remote_addr [$time_local] "$request" $status`.
 *
 * @throws WafError when the template holds no time or no request, or two fields with nothing between them.
 */
export function templateParser(template: string): LineParser {
  const { before, fields } = compile(template);
  const addressFor = addressBook();
  return (line) => {
    const values = split(line, before, fields);
    if (values === undefined) return "unparsed";
    const at = timeOf(values);
    if (at === undefined) return "unparsed";
    const parts = requestIn(values);
    if (parts === undefined) return "no-request";
    const client = values.client?.split(",", 1)[0]?.trim();
    return {
      ...parts,
      client: client === undefined ? undefined : addressFor(client),
      at,
      status: statusOf(values.status),
      durationMs: durationOf(values.seconds, 1000) || durationOf(values.milliseconds, 1) || durationOf(values.microseconds, 0.001),
      referer: presentOr(values.referer, undefined),
      userAgent: values.agent === undefined ? undefined : presentOr(values.agent, ""),
      fields: undefined,
    } satisfies LoggedRequest;
  };
}

const refuse = (why: string): WafError => new WafError("AIWAF_OPTION_INVALID", `The log format ${why}.`);

function compile(template: string): { readonly before: string; readonly fields: readonly Field[] } {
  // As it stands in a configuration, quotes inside are escaped.
  const text = template.slice(0, TEMPLATE_MAX + 1).replaceAll('\\"', '"');
  if (text.length > TEMPLATE_MAX) throw refuse(`must be at most ${TEMPLATE_MAX} characters long`);
  const found = [...text.matchAll(FIELD)];
  const fields = found.map((one, index): Field => {
    const until = text.slice(one.index + one[0].length, found[index + 1]?.index);
    if (until === "" && index < found.length - 1)
      throw refuse(`has nothing between ${one[0]} and ${found[index + 1]![0]}, so they cannot be told apart`);
    return { meaning: meaningOf(one[0]), until };
  });
  const has = (...meanings: readonly Meaning[]): boolean => fields.some(({ meaning }) => meanings.includes(meaning as Meaning));
  if (!has("time", "epochSeconds", "epochMilliseconds")) throw refuse("names no time, such as %t or $time_local");
  if (!has("request") && !(has("method") && has("target", "path"))) throw refuse('names no request, such as "%r" or "$request"');
  return { before: text.slice(0, found[0]?.index), fields };
}

function meaningOf(directive: string): Meaning | undefined {
  const name = directive.startsWith("$")
    ? `$${directive.replace(/[${}]/g, "")}`
    : directive.replace(/^%[<>]?(\{[^}]*\})/, (head) => head.toLowerCase());
  if (name === "%u") return undefined;
  return (Object.keys(NAMES) as Meaning[]).find((meaning) => (NAMES[meaning] as readonly string[]).includes(name));
}

type Values = { [Name in Meaning]?: string };

function split(line: string, before: string, fields: readonly Field[]): Values | undefined {
  if (!line.startsWith(before)) return undefined;
  const values: Values = {};
  let at = before.length;
  for (const { meaning, until } of fields) {
    // Apache writes the brackets of %t itself.
    const isBracketed = meaning === "time" && line.charCodeAt(at) === 91;
    const end = isBracketed ? line.indexOf(`]${until}`, at) + 1 : endOf(line, at, until);
    if (end < at || (isBracketed && end === 0)) return undefined;
    if (meaning !== undefined && values[meaning] === undefined) {
      const value = isBracketed ? line.slice(at + 1, end - 1) : line.slice(at, end);
      if (!(meaning === "client" && value === "-")) values[meaning] = until.startsWith('"') ? unescapeField(value) : value;
    }
    at = end + until.length;
  }
  return values;
}

/** Where a field ends: at the next `until`, whose quote is not an escaped one. */
function endOf(line: string, from: number, until: string): number {
  if (until === "") return line.length;
  let end = line.indexOf(until, from);
  while (end > 0 && until.startsWith('"')) {
    let slashes = 0;
    while (end - 1 - slashes >= from && line.charCodeAt(end - 1 - slashes) === 92) slashes++;
    if (slashes % 2 === 0) break;
    end = line.indexOf(until, end + 1);
  }
  return end;
}

function timeOf({ time, epochSeconds, epochMilliseconds }: Values): number | undefined {
  if (time !== undefined) return readTimestamp(time);
  const at = durationOf(epochSeconds, 1000) || Number(/^\d{12,14}$/.exec(epochMilliseconds ?? "")?.[0] ?? 0);
  return at > 0 ? Math.round(at) : undefined;
}

function requestIn({ request, method, target, path, query, version }: Values): RequestLine | undefined {
  if (request !== undefined) return splitRequest(request);
  const rest = query === undefined || query === "" || query === "-" ? "" : query.startsWith("?") ? query : `?${query}`;
  return requestOf(method, target ?? (path === undefined ? undefined : path + rest), version);
}

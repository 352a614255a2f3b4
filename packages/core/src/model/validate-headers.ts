import { WafError } from "../errors.ts";
import type { HeaderReader } from "../types.ts";
import { headerQuality } from "./header-quality.ts";

/** Header fields: a fetch `Headers`, what Node hands out, or an object with plain (`user-agent`) or CGI (`HTTP_USER_AGENT`) names in any case. */
export type HeaderFields =
  | HeaderReader
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | null | undefined>>;

/** Crawlers and monitors that pass every test of the agent. A name alone: anyone can send it. */
const KNOWN_BOTS =
  /googlebot|bingbot|slurp|duckduckbot|baiduspider|yandexbot|facebookexternalhit|twitterbot|linkedinbot|whatsapp|telegrambot|applebot|pingdom|uptimerobot|statuscake|site24x7/;
/** Programs that name themselves, wherever the word stands; the alternatives are tried in the order of the original. */
const PROGRAMS = [
  ..."bot crawler spider scraper curl wget python java node go-http axios okhttp libwww lwp-trivial mechanize requests urllib httpie postman insomnia".split(
    " ",
  ),
];
const OLD_AGENT = "mozilla/4.0";
const DEFAULT_REQUIRED = ["user-agent", "accept"];
const DEFAULT_MIN_SCORE = 3;
const MIN_AGENT_LENGTH = 10;
const MAX_AGENT_LENGTH = 500;

/**
 * Says why headers do not look like an honest browser's, or null when they do. The original AIWAF's test: `user-agent` and `accept` required, quality
 * at least 3. It refuses honest programs such as curl as well; the `headers` detector weighs the same signs instead.
 *
 * @returns a reason that starts with a stable code: `header_missing`, `header_ua`, `header_combo_…` or `header_quality`.
 */
export function validateHeaders(headers: HeaderFields): string | null {
  return validateHeadersWithConfig(headers);
}

/**
 * `validateHeaders` with your own demands.
 *
 * @param required names, plain or CGI, that must be there; an empty list asks for none and turns the tests of combinations off. Default agent and accept.
 * @param minScore least quality, 0 to 11; 0 or less turns that test off. Default 3.
 */
export function validateHeadersWithConfig(
  headers: HeaderFields,
  required?: readonly string[] | null,
  minScore?: number | null,
): string | null {
  const fields = readFields(headers);
  const names = (required ?? DEFAULT_REQUIRED).map(plainName);
  const field = (name: string): string => fields.get(name) ?? "";
  const missing = names.filter((name) => field(name) === "");
  if (missing.length > 0) return `header_missing: required and not there: ${missing.join(", ")}`;
  const userAgent = field("user-agent");
  const agent = userAgent.toLowerCase();
  const oddAgent = agentReason(agent);
  if (oddAgent !== null) return `header_ua: ${oddAgent}`;
  const combination = names.length === 0 ? null : combinationReason(field, agent);
  if (combination !== null) return `header_combo_${combination}`;
  const least = minScore ?? DEFAULT_MIN_SCORE;
  if (least <= 0) return null;
  const score = headerQuality({
    userAgent,
    accept: field("accept"),
    language: field("accept-language"),
    encoding: field("accept-encoding"),
    connection: field("connection"),
    cacheControl: field("cache-control"),
  });
  return score < least ? `header_quality: ${score} of 11, at least ${least} is asked for` : null;
}

function agentReason(agent: string): string | null {
  if (agent === "") return "the user agent is empty";
  if (agent.length > MAX_AGENT_LENGTH) return `the user agent is longer than ${MAX_AGENT_LENGTH} characters`;
  if (KNOWN_BOTS.test(agent)) return null;
  const program = PROGRAMS.find((name) => agent.includes(name)) ?? (agent.endsWith(OLD_AGENT) ? OLD_AGENT : undefined);
  if (program !== undefined) return `the user agent names ${program}`;
  return agent.length < MIN_AGENT_LENGTH ? `the user agent is shorter than ${MIN_AGENT_LENGTH} characters` : null;
}

function combinationReason(field: (name: string) => string, agent: string): string | null {
  const protocol = field("server-protocol");
  const lacksBoth = field("accept-language") === "" && field("accept-encoding") === "";
  if (protocol.startsWith("HTTP/2") && agent.includes(OLD_AGENT)) return "http2_with_old_ua: a user agent of the nineties on HTTP/2";
  if (field("accept") === "*/*" && lacksBoth) return "generic_accept: accepts anything, and names neither a language nor an encoding";
  if (lacksBoth && field("connection") === "") return "no_browser_headers: no language, encoding or connection field";
  if (protocol === "HTTP/1.0" && agent.includes("chrome")) return "modern_browser_http10: a current browser on HTTP/1.0";
  return null;
}

/** `HTTP_USER_AGENT`, `User-Agent` and `user-agent` as `user-agent`. */
const plainName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^http_/, "")
    .replaceAll("_", "-");

function readFields(headers: HeaderFields): ReadonlyMap<string, string> {
  if (typeof headers !== "object" || headers === null) {
    throw new WafError("AIWAF_MODEL_ROWS_INVALID", "Headers must be a Headers object or an object of names and values.");
  }
  const pairs: Iterable<readonly [string, unknown]> =
    Symbol.iterator in headers ? (headers as Iterable<readonly [string, string]>) : Object.entries(headers);
  const fields = new Map<string, string>();
  const plain = new Set<string>();
  for (const [given, value] of pairs) {
    if (typeof value !== "string" && !Array.isArray(value)) continue;
    const name = plainName(given);
    const isPlain = !given.includes("_");
    // A client may send a field that is really called http_user_agent: it must not stand in for the true one.
    if (!isPlain && plain.has(name)) continue;
    if (isPlain) plain.add(name);
    fields.set(name, Array.isArray(value) ? value.join(", ") : (value as string));
  }
  return fields;
}

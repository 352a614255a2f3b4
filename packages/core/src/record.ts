/**
 * Decisions as records that may be kept: plain JSON of bounded size, without secrets. Logs, dashboards, streams and replay all take this one shape.
 *
 * @module
 */
import { formatAddress, parseAddress } from "./addresses.ts";
import { eachField } from "./fields.ts";
import { isSecretName, REDACTED, redactTarget, redactText } from "./redact.ts";
import type { Decision, Failure, Finding, HeaderReader, Mode, Outcome, RuleId } from "./types.ts";

/** One decision as plain JSON. A file of them, one a line, is what `aiwaf replay` reads. */
export interface DecisionRecord {
  /** The decision's id, which the response carries as `x-aiwaf-id`. */
  readonly id: string;
  /** When the request came, in milliseconds since the epoch. */
  readonly at: number;
  /** Nobody has judged live traffic yet. */
  readonly label: "unknown";
  readonly class: "live";
  /** One character of `url` and `headers` is one byte; absent where all are ASCII. */
  readonly encoding?: "latin-1";
  readonly method: string;
  /** The target as sent, at most 2,048 characters, secrets replaced by `[redacted]`; `[cut]` ends what was cut. */
  readonly url: string;
  /** At most 50 fields, names in lower case. Only harmless fields keep their value: at most 512 characters of it, 4,096 of all. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bodies are never kept. */
  readonly body: null;
  /** The client's address, `""` when it is unknown. */
  readonly client: string;
  readonly action: "allow" | "block";
  readonly mode: Mode;
  /** The block's status, else the response's; absent where it is unknown. */
  readonly status?: number;
  /** The rule that blocked. */
  readonly rule?: RuleId;
  /** Length of the ban that the block asked for, in milliseconds; absent where it asked for none. */
  readonly banMs?: number;
  /** In report mode: what enforcement would have answered. */
  readonly wouldBlock?: { readonly status: number; readonly rule: RuleId };
  readonly score: number;
  /** At most 16. */
  readonly findings: readonly Pick<Finding, "rule" | "score" | "where" | "match" | "note">[];
  /** At most 10. */
  readonly failures: readonly Failure[];
  /** Milliseconds from receipt to the end of the response. */
  readonly durationMs?: number;
  /** The pattern of the route, when the application's routes are known. */
  readonly route?: string;
  /** ISO 3166-1 alpha-2, when the client's address was looked up. */
  readonly country?: string;
  /** Number of the autonomous system, when the client's address was looked up. */
  readonly asn?: number;
  /** The score at which the path blocks; absent where it is 100. */
  readonly threshold?: number;
  /** What the deployment is called, when it was given a name (`RecordOptions.deployment`). */
  readonly deployment?: string;
}

/** What `recordOf` may keep beyond the default. */
export interface RecordOptions {
  /** Names of more header fields that keep their values. Cookies, credentials and names of secrets never do. Default: none. */
  readonly headers?: readonly string[];
  /**
   * `"network"` keeps the first 24 bits of an IPv4 address and the first 48 of an IPv6 one, as a range, and no forwarding field: for who may not keep
   * addresses. Default `"address"`.
   */
  readonly client?: "address" | "network";
  /** Name of this deployment, at most 60 characters, to tell records of several in one place apart. Default: none. */
  readonly deployment?: string;
}

/** Fields that say how a client talks, never who it is to the application. */
const HARMLESS = new Set(
  (
    "accept accept-charset accept-encoding accept-language accept-ranges access-control-request-headers access-control-request-method cache-control " +
    "connection content-encoding content-language content-length content-type date dnt expect forwarded from host if-modified-since if-range " +
    "if-unmodified-since keep-alive max-forwards origin pragma priority range referer save-data sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform " +
    "sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-gpc sec-websocket-version te trailer transfer-encoding upgrade " +
    "upgrade-insecure-requests user-agent via x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto x-real-ip x-requested-with"
  ).split(" "),
);
const NEVER = /^(?:cookie2?|set-cookie2?|authorization|proxy-authorization|www-authenticate|authentication-info)$/;

const DEFAULT_THRESHOLD = 100;
const URL_LIMIT = 2048;
/** What lies beyond is cut anyway: more is read than kept, so that no cut can part a secret from its name. */
const URL_READ_LIMIT = 4096;
const HEADER_COUNT = 50;
const HEADER_LIMIT = 4096;
const VALUE_LIMIT = 512;
const VALUE_READ_LIMIT = 1024;
/** What RFC 9110 calls a token; anything else is no header field and could not be sent again. */
const FIELD = /^[\w!#$%&'*+.^`|~-]{1,64}$/;
const FINDING_COUNT = 16;
const TEXT_LIMIT = 120;
const MATCH_LIMIT = 160;
const MESSAGE_LIMIT = 200;
const FAILURE_COUNT = 10;

/**
 * One redacted record of a decision. Never in it: bodies, cookies, credentials, values of query parameters and of header fields that are named like
 * secrets, and what a finding saw in any of those. Never throws; at most 64 KiB as JSON.
 *
 * @param outcome - How the response ended, where that is known.
 * @example
 * waf.subscribe((decision, outcome) => console.log(JSON.stringify(recordOf(decision, outcome))));
 */
export function recordOf(decision: Decision, outcome?: Outcome, options?: RecordOptions): DecisionRecord {
  const { request, findings, failures } = decision;
  const secrets: Secrets = { shown: [], dropped: [], isLatin: false };
  const url = wire(redactTarget(request.target.slice(0, URL_READ_LIMIT), secrets.shown), URL_LIMIT);
  const hidesClient = options?.client === "network";
  const headers = headersOf(request.headers, options?.headers ?? [], hidesClient, secrets);
  // Most decisions have neither, and nothing that could repeat a secret.
  const isQuiet = findings.length === 0 && failures.length === 0;
  const repeatsShown = isQuiet ? never : repeats(secrets.shown);
  const repeatsAny = isQuiet ? never : repeats([...secrets.shown, ...secrets.dropped]);
  // Field by field: spreading what may be absent cost a third of the whole record.
  const record: Writable<DecisionRecord> = {
    id: decision.id,
    at: request.receivedAt,
    label: "unknown",
    class: "live",
    method: wire(request.method, 32),
    url,
    headers,
    body: null,
    client: hidesClient ? networkOf(request.client.address) : request.client.address,
    action: decision.action,
    mode: request.policy.mode,
    score: decision.score,
    findings: isQuiet ? [] : findings.slice(0, FINDING_COUNT).map((finding) => findingOf(finding, headers, repeatsShown, repeatsAny)),
    failures: isQuiet ? [] : failures.slice(0, FAILURE_COUNT).map((failure) => failureOf(failure, repeatsAny)),
  };
  if (secrets.isLatin || LATIN.test(url)) record.encoding = "latin-1";
  const status = decision.action === "block" ? decision.status : outcome?.status;
  if (status !== undefined) record.status = status;
  if (decision.action === "block") {
    record.rule = decision.rule;
    const banMs = findings.find(({ rule }) => rule === decision.rule)?.block?.banMs;
    if (banMs !== undefined) record.banMs = banMs;
  } else if (decision.wouldBlock !== undefined) record.wouldBlock = { status: decision.wouldBlock.status, rule: decision.wouldBlock.rule };
  if (outcome !== undefined) record.durationMs = outcome.durationMs;
  if (request.route !== undefined) record.route = cut(request.route.pattern, MESSAGE_LIMIT);
  if (request.place?.country !== undefined) record.country = request.place.country;
  if (request.place?.asn !== undefined) record.asn = request.place.asn;
  if (request.policy.threshold !== DEFAULT_THRESHOLD) record.threshold = request.policy.threshold;
  if (options?.deployment !== undefined) record.deployment = cut(options.deployment, 60);
  return record;
}

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

const never = (): boolean => false;

const failureOf = ({ detector, kind, message }: Failure, repeatsAny: (text: string) => boolean): Failure => ({
  detector: cut(detector, TEXT_LIMIT),
  kind,
  message: safe(message, MESSAGE_LIMIT, repeatsAny),
});

/** What was left out: of texts that are shown otherwise, and of header fields that are not shown at all. And whether what is shown holds more than ASCII. */
interface Secrets {
  readonly shown: string[];
  readonly dropped: string[];
  isLatin: boolean;
}

const CUT = "[cut]";
/** Control characters would forge lines and colours in a terminal, lone surrogates take six bytes each. */
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Cs}/gu;

/** Text of a detector of the user's own may be anything at run time. */
function cut(given: unknown, limit: number): string {
  const text = typeof given === "string" ? given : "";
  const shown = text.length > limit ? text.slice(0, limit - CUT.length) + CUT : text;
  return shown.replace(UNPRINTABLE, "\ufffd");
}

/** Text as it came over the wire, one character a byte, so that it can be sent again. */
function wire(text: string, limit: number): string {
  const shown = text.length > limit ? text.slice(0, limit - CUT.length) + CUT : text;
  return shown.replace(/[\u0000-\u001f\u007f]|[^\u0000-\u00ff]/g, "?");
}

const LATIN = /[\u0080-\u00ff]/;

/** Fields in which proxies say where a request came from. */
const FORWARDING = new Set(["forwarded", "from", "via", "x-forwarded-for", "x-real-ip"]);

/** The address's network as a range; `""` for what is no address. */
function networkOf(address: string): string {
  const parsed = parseAddress(address);
  if (parsed === undefined) return "";
  return parsed.length === 1
    ? `${formatAddress([(parsed[0] & 0xffff_ff00) >>> 0])}/24`
    : `${formatAddress([parsed[0], (parsed[1] & 0xffff_0000) >>> 0, 0, 0])}/48`;
}

function headersOf(headers: HeaderReader, more: readonly string[], hidesClient: boolean, secrets: Secrets): Record<string, string> {
  // Without a prototype, a field called `__proto__` is a field like any other.
  const kept: Record<string, string> = Object.create(null);
  let count = 0;
  let room = HEADER_LIMIT;
  try {
    eachField(headers, (name, value) => {
      if (count >= HEADER_COUNT) return false;
      const isHarmless = HARMLESS.has(name);
      if (!isHarmless && !FIELD.test(name)) return undefined;
      const isKept =
        hidesClient && FORWARDING.has(name) ? false : isHarmless || (more.includes(name) && !NEVER.test(name) && !isSecretName(name));
      if (!isKept) secrets.dropped.push(value.slice(0, VALUE_READ_LIMIT));
      const text = isKept && room > 0 ? redactField(name, value, secrets.shown) : REDACTED;
      if (isKept) room -= text.length;
      secrets.isLatin ||= text !== REDACTED && !clean.has(text) && LATIN.test(text);
      const before = kept[name];
      kept[name] = before === undefined ? text : cut(`${before}, ${text}`, VALUE_LIMIT);
      count++;
      return undefined;
    });
  } catch {
    // A reader of the user's own may throw; the record is then told without the rest of its fields.
  }
  return kept;
}

/**
 * ASCII values without a secret that stand in records as they came, which most clients send with every request. Emptied when it is full: a flood of new ones
 * then costs what it cost before.
 */
const clean = new Set<string>();
const MAX_CLEAN = 1_000;
const MAX_CLEAN_LENGTH = 256;

function redactField(name: string, given: string, secrets: string[]): string {
  const isUrl = name === "referer" || name === "origin";
  if (!isUrl && clean.has(given)) return given;
  const value = given.slice(0, VALUE_READ_LIMIT);
  const redacted = isUrl ? redactTarget(value, secrets) : redactText(value);
  const kept = wire(redacted, VALUE_LIMIT);
  if (redacted !== value) {
    if (!isUrl) secrets.push(value);
  } else if (!isUrl && kept === value && value.length <= MAX_CLEAN_LENGTH && !LATIN.test(value)) {
    if (clean.size >= MAX_CLEAN) clean.clear();
    clean.add(value);
  }
  return kept;
}

/** Texts short enough to be anything are not looked for: a language of `en` would blank half of all notes. */
const SHORTEST_SECRET = 6;
const SECRET_COUNT = 100;

/** Tells whether a text repeats something that was left out elsewhere, or a piece of it. */
function repeats(secrets: readonly string[]): (text: string) => boolean {
  if (secrets.length === 0) return () => false;
  const parts = secrets.flatMap((secret) => [secret, ...secret.split(/[\s;,=&"']+/)]).filter(({ length }) => length >= SHORTEST_SECRET);
  const some = parts.slice(0, SECRET_COUNT);
  return (text) => some.some((secret) => text.includes(secret) || (text.length >= SHORTEST_SECRET && secret.includes(text)));
}

function safe(given: unknown, limit: number, repeatsSecret: (text: string) => boolean): string {
  const text = typeof given === "string" ? given.slice(0, VALUE_READ_LIMIT) : "";
  return repeatsSecret(text) ? REDACTED : cut(redactText(text), limit);
}

function findingOf(
  { rule, score, where, match, note }: Finding,
  headers: Readonly<Record<string, string>>,
  repeatsShown: (text: string) => boolean,
  repeatsAny: (text: string) => boolean,
): DecisionRecord["findings"][number] {
  const place = placeOf(where);
  return {
    rule: cut(rule, TEXT_LIMIT) as RuleId,
    score,
    ...(place !== undefined && { where: place }),
    ...(match !== undefined && {
      match: {
        text: isShown(where, headers) ? safe(match.text, MATCH_LIMIT, repeatsShown) : REDACTED,
        start: match.start,
        end: match.end,
        decoded: Array.isArray(match.decoded) ? match.decoded.slice(0, 8).map((step) => cut(step, 20)) : [],
      },
    }),
    ...(note !== undefined && { note: safe(note, TEXT_LIMIT, repeatsAny) }),
  };
}

const PLACE = /^(path|host|method|target|query|header|cookie|body)(?::(.*))?$/s;
/** A body that is no form and no JSON may be all "name", and so all secret. */
const FIELD_NAME = /^[\w$.[\]-]{0,80}$/;

function placeOf(where: string | undefined): string | undefined {
  const [, part, name] = typeof where === "string" ? (PLACE.exec(where) ?? []) : [];
  if (part === undefined || name === undefined) return part;
  if (part === "body" || part === "cookie") return `${part}:${FIELD_NAME.test(name) ? name : ""}`;
  return `${part}:${cut(redactText(name), TEXT_LIMIT)}`;
}

/** True when what stands there is in the record anyway, secrets apart. */
function isShown(where: string | undefined, headers: Readonly<Record<string, string>>): boolean {
  if (where === "path" || where === "target" || where === "method") return true;
  if (typeof where !== "string") return false;
  if (where.startsWith("query:")) return !isSecretName(where.slice("query:".length));
  return where.startsWith("header:") && (headers[where.slice("header:".length)] ?? REDACTED) !== REDACTED;
}

import type { Body, HeaderReader, RawRequest } from "@aiwaf/core";

/** One request as a traffic file writes it down, checked. */
export interface RequestRecord {
  readonly id: string | undefined;
  readonly label: Label;
  readonly class: string;
  /** How hard a benign record is, where the file says so. */
  readonly tier: string | undefined;
  readonly method: string;
  readonly url: string;
  /** Field lines in the order of the file, names in lower case. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string | null;
  /** One character is one byte of url, fields and body. */
  readonly isBytes: boolean;
  readonly client: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number | undefined;
}

export const LABELS = ["attack", "benign", "unknown"] as const;

/** What a record is said to be. */
export type Label = (typeof LABELS)[number];

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Reads one record from JSON text. Fields it does not know are passed over. Never throws.
 *
 * @returns the record, or in words why it is none.
 */
export function parseRecord(text: string): RequestRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    return "not JSON";
  }
  if (!isObject(value)) return "not a JSON object";
  const { id, label = "unknown", method, url, body = null, encoding, client, at } = value;
  if (typeof method !== "string" || method === "") return "method must be a word such as GET";
  if (typeof url !== "string" || url === "") return "url must be text such as /search?q=1";
  if (!LABELS.includes(label as Label)) return "label must be attack, benign or unknown";
  if (body !== null && typeof body !== "string") return "body must be text or null";
  if (encoding !== undefined && encoding !== "latin-1") return "encoding must be latin-1 or left out";
  if (client != null && typeof client !== "string") return "client must be an address";
  if (at != null && !(typeof at === "number" && Number.isFinite(at) && at >= 0)) return "at must be milliseconds since the epoch";
  const fields = fieldsOf(value);
  if (typeof fields === "string") return fields;
  const isBytes = encoding === "latin-1";
  if (isBytes && ![url, body ?? "", ...fields.flat()].every(isByteText)) return "a latin-1 record holds characters beyond U+00FF";
  return {
    id: typeof id === "string" || typeof id === "number" ? String(id) : undefined,
    label: label as Label,
    class: textOr(value["class"]) ?? "",
    tier: textOr(value["tier"]),
    method,
    url,
    fields,
    body,
    isBytes,
    client: client ?? undefined,
    at: at ?? undefined,
  };
}

const textOr = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
const isByteText = (text: string): boolean => !/[^\0-\xff]/.test(text);

/** `raw_headers` where they are given, else `headers`; a record may have neither. */
function fieldsOf({ headers = {}, raw_headers: lines }: Json): (readonly [string, string])[] | string {
  if (lines != null) {
    const isPair = (line: unknown): line is [string, string] => Array.isArray(line) && line.length === 2 && line.every(isString);
    if (!Array.isArray(lines) || !lines.every(isPair)) return "raw_headers must be a list of [name, value]";
    return lines.map(([name, value]) => [name.toLowerCase(), value] as const);
  }
  if (!isObject(headers)) return "headers must be an object of names and values";
  const pairs = Object.entries(headers);
  const wrong = pairs.find(([, value]) => !isString(value));
  if (wrong !== undefined) return `headers: the value of ${JSON.stringify(wrong[0].slice(0, 60))} must be text`;
  return pairs.map(([name, value]) => [name.toLowerCase(), value as string] as const);
}

const isString = (value: unknown): value is string => typeof value === "string";

/** The record as it travels. */
export function toParts({ isBytes, method, url, fields, body }: RequestRecord): RequestParts {
  const wire = isBytes ? (text: string): string => text : toWire;
  return {
    method,
    target: wire(url),
    fields: fields.map(([name, value]) => [name, wire(value)] as const),
    body: body === null ? undefined : Buffer.from(body, isBytes ? "latin1" : "utf8"),
  };
}

/** The parts of a request as they travel: one character a byte in target and fields. */
export interface RequestParts {
  readonly method: string;
  readonly target: string;
  /** Names in lower case. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: Uint8Array | undefined;
  readonly peer?: string | undefined;
  readonly httpVersion?: string | undefined;
}

/** A request for the engine; the body is handed over only up to the limit that the engine asks for. */
export function rawRequest({ method, target, fields, body, peer, httpVersion = "1.1" }: RequestParts): RawRequest {
  return {
    method,
    target,
    headers: readerOf(fields),
    peer,
    httpVersion,
    ...(body !== undefined && {
      readBody: (limit: number): Body => ({ bytes: body.subarray(0, limit), complete: body.length <= limit }),
    }),
  };
}

function readerOf(fields: RequestParts["fields"]): HeaderReader {
  return {
    get(wanted) {
      let joined: string | undefined;
      for (const [name, value] of fields) if (name === wanted) joined = joined === undefined ? value : `${joined}, ${value}`;
      return joined;
    },
    [Symbol.iterator]: () => fields[Symbol.iterator](),
  };
}

/** Text as HTTP servers see it: its UTF-8 bytes, one character each. */
export function toWire(text: string): string {
  return /[^\0-\x7f]/.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
}

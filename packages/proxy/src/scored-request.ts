/**
 * What somebody wants scored, as a request: a whole request as it travels, its first line, or any text.
 *
 * @module
 */
import type { ReadableRequest } from "@aiwaf/autoencoder";
import type { Body, RawRequest } from "@aiwaf/core";

/** The client that asks: one in the range for documentation (RFC 5737), which no list names. */
const CLIENT = "192.0.2.1";

/** What a browser sends, for texts without header fields of their own. */
const BROWSER: readonly (readonly [string, string])[] = [
  ["host", "localhost"],
  ["user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],
  ["accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
  ["accept-language", "en"],
  ["accept-encoding", "gzip, deflate, br"],
];

const FIRST_LINE = /^([\w!#$%&'*+.^`|~-]{1,40}) (\S.*?)(?: HTTP\/(\d(?:\.\d)?))?$/;
const FIELD = /^([\w!#$%&'*+.^`|~-]{1,200}):[\t ]*(.*?)[\t ]*$/;

/** Reads `raw` as a request. Never throws: what is no request is the value of a parameter named `raw`. */
export function toScoredRequest(raw: string): RawRequest {
  const text = Buffer.from(raw, "utf8").toString("latin1");
  const end = /\r?\n\r?\n/.exec(text);
  const [first = "", ...lines] = (end === null ? text : text.slice(0, end.index)).replace(/\r?\n$/, "").split(/\r?\n/);
  const [, method, target, version = "1.1"] = FIRST_LINE.exec(first) ?? [];
  const fields = lines.map((line) => FIELD.exec(line));
  // Lower-case words and a second word that is no address: a sentence, not a request.
  const isRequest =
    method !== undefined && /^[A-Z]+$/.test(method) && /^(?:\/|\*$|https?:\/\/)/i.test(target ?? "") && !fields.includes(null);
  if (!isRequest)
    return requestOf("GET", `/?raw=${encodeURIComponent(Buffer.from(raw, "utf8").toString("utf8"))}`, BROWSER, undefined, "1.1");
  const pairs = fields.map((field) => [field?.[1]?.toLowerCase() ?? "", field?.[2] ?? ""] as const);
  const rest = end === null ? "" : text.slice(end.index + end[0].length);
  const declared = Number(pairs.find(([name]) => name === "content-length")?.[1] ?? rest.length);
  const sent = declared < rest.length ? rest.slice(0, declared) : rest;
  return requestOf(
    method ?? "GET",
    (target ?? "/").replaceAll(" ", "%20"),
    pairs.length === 0 ? BROWSER : pairs,
    sent === "" ? undefined : Buffer.from(sent, "latin1"),
    version,
  );
}

/** The same request as a model of the site's language reads it. */
export function readableOf({ method, target, headers, readBody }: RawRequest): ReadableRequest {
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers.get("content-type") ?? "");
  const body = isForm ? readBody?.(FORM_LIMIT_BYTES, new AbortController().signal) : undefined;
  const bytes = body !== undefined && "bytes" in body ? body.bytes : undefined;
  return { method, target, ...(bytes !== undefined && { form: Buffer.from(bytes).toString("latin1") }) };
}

const FORM_LIMIT_BYTES = 65_536;

function requestOf(
  method: string,
  target: string,
  fields: readonly (readonly [string, string])[],
  body: Uint8Array | undefined,
  httpVersion: string,
): RawRequest {
  return {
    method,
    target,
    peer: CLIENT,
    httpVersion,
    headers: {
      get: (wanted) => {
        const values = fields.filter(([name]) => name === wanted).map(([, value]) => value);
        return values.length === 0 ? undefined : values.join(", ");
      },
      [Symbol.iterator]: () => fields[Symbol.iterator](),
    },
    ...(body !== undefined && {
      readBody: (limit: number): Body => ({ bytes: body.subarray(0, limit), complete: body.byteLength <= limit }),
    }),
  };
}

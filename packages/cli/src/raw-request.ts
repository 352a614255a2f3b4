import type { ReadRequest } from "./curl.ts";
import { UsageError } from "./usage-error.ts";

/** What a browser sends, for requests that are given as a line alone. */
const BROWSER_FIELDS = [
  ["host", "localhost"],
  ["user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],
  ["accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
  ["accept-language", "en"],
  ["accept-encoding", "gzip, deflate, br"],
] as const;
const ASSUMED = "No header field is given; those of a browser are assumed.";

/**
 * Reads a request as it travels: request line, fields, an empty line, body. Lines end with LF or CRLF. The line alone will do, and so will a
 * path or URL, for which GET is assumed. One character is one byte.
 *
 * @throws UsageError naming the line that cannot be read.
 */
export function readRawRequest(text: string): ReadRequest {
  const { head, body: rest } = splitHead(text.replace(/^(?:\r?\n){1,100}/, ""));
  const [first = "", ...lines] = head;
  const { method, target, httpVersion } = readRequestLine(first);
  const fields = lines.map((line, index) => readField(line, index + 2)).filter((field) => field !== undefined);
  const notes = fields.length === 0 ? [ASSUMED] : [];
  const declared = Number(fields.find(([name]) => name === "content-length")?.[1] ?? Number.NaN);
  const sent = declared < rest.length ? rest.slice(0, declared) : rest;
  if (sent !== rest)
    notes.push(`content-length is ${declared}: the ${rest.length - declared} bytes behind are another request and left out.`);
  if (declared > rest.length) notes.push(`content-length is ${declared}, but only ${rest.length} bytes follow.`);
  if (fields.some(([name, value]) => name === "transfer-encoding" && /chunked/i.test(value)))
    notes.push("The body is taken as it stands; chunked framing is not undone.");
  return {
    parts: {
      method,
      target,
      fields: fields.length === 0 ? BROWSER_FIELDS : fields,
      body: sent === "" ? undefined : Buffer.from(sent, "latin1"),
      httpVersion,
    },
    notes,
  };
}

/** Lines up to the first empty one, and what is behind it. */
function splitHead(text: string): { readonly head: readonly string[]; readonly body: string } {
  const end = /\r?\n\r?\n/.exec(text);
  const head = end === null ? text.replace(/(?:\r?\n)$/, "") : text.slice(0, end.index);
  return { head: head.split(/\r?\n/), body: end === null ? "" : text.slice(end.index + end[0].length) };
}

function readRequestLine(line: string): { method: string; target: string; httpVersion: string | undefined } {
  if (/^(?:\/|https?:\/\/)\S*$/i.test(line)) return { method: "GET", target: line, httpVersion: "1.1" };
  const space = line.indexOf(" ");
  const method = line.slice(0, Math.max(0, space));
  if (!/^[\w!#$%&'*+.^`|~-]{1,40}$/.test(method)) {
    throw new UsageError(
      `${JSON.stringify(line.slice(0, 40))} begins no request; give a line such as "GET /?q=1 HTTP/1.1", a curl command, or a JSON record`,
    );
  }
  const last = line.lastIndexOf(" ");
  const version = /^HTTP\/(\d(?:\.\d)?)$/.exec(line.slice(last + 1).trimEnd())?.[1];
  const target = (version === undefined ? line.slice(space + 1) : line.slice(space + 1, last)).trim();
  if (target === "") throw new UsageError(`line 1: ${method} has no target; write for example "${method} / HTTP/1.1"`);
  return { method, target, httpVersion: version === undefined ? "1.1" : version.length === 1 ? `${version}.0` : version };
}

/** One field line; `undefined` for the pseudo fields that tools show of HTTP/2. */
function readField(line: string, number: number): readonly [string, string] | undefined {
  if (line.startsWith(":")) return undefined;
  if (/^[ \t]/.test(line)) throw new UsageError(`line ${number}: continues the field above it, which servers refuse; write it on one line`);
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(0, colon)).toLowerCase();
  if (!/^[\w!#$%&'*+.^`|~-]{1,200}$/.test(name))
    throw new UsageError(
      `line ${number}: ${JSON.stringify(line.slice(0, 40))} is no header field; write "name: value", and an empty line before the body`,
    );
  return [name, line.slice(colon + 1).trim()];
}

/**
 * Reads one HTTP/1.1 response from raw bytes.
 *
 * @module
 */

/** One response as read from the wire. */
export interface ParsedAnswer {
  readonly status: number;
  /** Field lines in the order they came; names are lower case. */
  readonly headers: readonly (readonly [string, string])[];
  /** At most the parser's limit of bytes. */
  readonly body: Uint8Array;
  /** False when the body was cut at the limit, or is an event stream, which has no end. */
  readonly complete: boolean;
  /** Whether the connection may carry another request. */
  readonly reusable: boolean;
}

/** Result of feeding bytes: more needed, an answer, or the reason why the bytes are no HTTP response. */
export type ParseStep =
  | { readonly kind: "more" }
  | { readonly kind: "answer"; readonly answer: ParsedAnswer }
  | { readonly kind: "broken"; readonly reason: string };

/** Feeds on the bytes of one connection until one final response has been read. */
export interface AnswerParser {
  push(chunk: Buffer): ParseStep;
  /** The connection ended: that completes a response that has no length of its own, and breaks any other. */
  end(): ParseStep;
  /** Whether any byte arrived; a reused connection that died before the first byte may be retried. */
  readonly started: boolean;
}

type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; left: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "until-close" };

interface Head {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly framing: Framing;
  readonly keepAlive: boolean;
  readonly isEventStream: boolean;
}

const headLimitBytes = 65_536;
const chunkLineLimitBytes = 256;
const more: ParseStep = { kind: "more" };

/**
 * Makes a parser for the response to one request.
 *
 * Understands `content-length`, `chunked`, bodies that end with the connection, and responses without a body (HEAD, 1xx, 204, 304).
 * Informational responses are skipped. Event streams are answered after their first bytes. Anything after the response makes the
 * connection unusable, so that a response smuggled behind another is never taken for the next one.
 */
export function createAnswerParser(method: string, bodyLimitBytes: number): AnswerParser {
  let pending: Buffer = Buffer.alloc(0);
  let head: Head | undefined;
  let started = false;
  const parts: Buffer[] = [];
  let bodyBytes = 0;
  /** Bytes left in the current chunk; 0: a size line is next; -1: trailers are next. */
  let chunkLeft = 0;
  let chunkEndsWithNewline = false;

  const finish = (complete: boolean, leftover: number): ParseStep => {
    const known = head as Head;
    return {
      kind: "answer",
      answer: {
        status: known.status,
        headers: known.headers,
        body: Buffer.concat(parts).subarray(0, bodyLimitBytes),
        complete,
        reusable: complete && known.keepAlive && leftover === 0 && known.framing.kind !== "until-close",
      },
    };
  };

  const take = (bytes: Buffer): boolean => {
    parts.push(bytes);
    bodyBytes += bytes.length;
    return bodyBytes > bodyLimitBytes || (head as Head).isEventStream;
  };

  const readChunks = (): ParseStep => {
    for (;;) {
      if (chunkLeft > 0) {
        if (pending.length === 0) return more;
        const part = pending.subarray(0, chunkLeft);
        pending = pending.subarray(part.length);
        chunkLeft -= part.length;
        if (chunkLeft === 0) chunkEndsWithNewline = true;
        if (take(part)) return finish(false, pending.length);
        continue;
      }
      const lineEnd = pending.indexOf("\r\n");
      if (lineEnd === -1) return pending.length > chunkLineLimitBytes ? broken("chunk size line too long") : more;
      const line = pending.toString("latin1", 0, lineEnd);
      pending = pending.subarray(lineEnd + 2);
      if (chunkEndsWithNewline) {
        if (line !== "") return broken("chunk longer than its size");
        chunkEndsWithNewline = false;
      } else if (chunkLeft === -1) {
        if (line === "") return finish(true, pending.length);
      } else {
        if (!/^[0-9a-f]{1,8}[ \t]*(?:;|$)/i.test(line)) return broken("not a chunk size");
        chunkLeft = Number.parseInt(line, 16) || -1;
      }
    }
  };

  const readBody = (): ParseStep => {
    const { framing } = head as Head;
    if (framing.kind === "none") return finish(true, pending.length);
    if (framing.kind === "chunked") return readChunks();
    const part = framing.kind === "length" ? pending.subarray(0, framing.left) : pending;
    pending = pending.subarray(part.length);
    const cut = part.length > 0 && take(part);
    if (framing.kind === "length") {
      framing.left -= part.length;
      if (framing.left === 0) return finish(bodyBytes <= bodyLimitBytes, pending.length);
    }
    return cut ? finish(false, pending.length) : more;
  };

  return {
    get started() {
      return started;
    },
    push(chunk) {
      started = true;
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      while (head === undefined) {
        const headEnd = pending.indexOf("\r\n\r\n");
        if (headEnd === -1) return pending.length > headLimitBytes ? broken("response head too long") : more;
        const read = readHead(pending.toString("latin1", 0, headEnd), method);
        if (typeof read === "string") return broken(read);
        pending = pending.subarray(headEnd + 4);
        // 100 and 103 announce that the response is still to come; 101 is the last thing HTTP says on this connection.
        if (read.status >= 200 || read.status === 101) head = read;
      }
      return readBody();
    },
    end() {
      if (head === undefined) return broken(started ? "connection closed inside the response head" : "connection closed before a response");
      return head.framing.kind === "until-close" ? finish(true, 0) : broken("connection closed inside the response body");
    },
  };
}

function broken(reason: string): ParseStep {
  return { kind: "broken", reason };
}

function readHead(text: string, method: string): Head | string {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const match = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(statusLine);
  if (match === null) return "not an HTTP/1 status line";
  const status = Number(match[2]);
  const headers: (readonly [string, string])[] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 1) return "header line without a name";
    headers.push([line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]);
  }
  const first = (name: string): string | undefined => headers.find(([key]) => key === name)?.[1];
  const connection = first("connection")?.toLowerCase();
  const keepAlive = status !== 101 && (match[1] === "1" ? connection !== "close" : connection === "keep-alive");
  const isEventStream = first("content-type")?.toLowerCase().startsWith("text/event-stream") ?? false;
  const framing = framingOf(method, status, first("transfer-encoding"), first("content-length"));
  return typeof framing === "string" ? framing : { status, headers, framing, keepAlive, isEventStream };
}

function framingOf(
  method: string,
  status: number,
  transferEncoding: string | undefined,
  contentLength: string | undefined,
): Framing | string {
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return { kind: "none" };
  if (transferEncoding !== undefined) return transferEncoding.toLowerCase() === "chunked" ? { kind: "chunked" } : { kind: "until-close" };
  if (contentLength === undefined) return { kind: "until-close" };
  if (!/^\d{1,15}$/.test(contentLength)) return "content-length is not a number";
  const left = Number(contentLength);
  return left === 0 ? { kind: "none" } : { kind: "length", left };
}

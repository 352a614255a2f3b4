/**
 * Web-standard servers: `Request` to `RawRequest`, a blocked decision to `Response`.
 *
 * @module
 */
import { joinStart } from "./bytes.ts";
import { renderBlocked } from "./respond.ts";
import type { Awaitable, Blocked, Body, RawRequest } from "./types.ts";

/**
 * What the firewall needs to know about a web `Request`. The body is read from a clone, so the application's own stays whole.
 *
 * A `Request` no longer knows its target as sent: the URL parser has already resolved dot segments and turned backslashes into slashes.
 *
 * @param peer - The address of the socket's other end, as the runtime says it; `undefined` where it hides it. Never take it from a header.
 */
export function fromRequest(request: Request, peer: string | undefined): RawRequest {
  return {
    method: request.method,
    target: targetOf(request.url),
    headers: request.headers,
    peer,
    readBody: (limit, signal) => peekBody(request, limit, signal),
    hasBody: () => request.body !== null,
  };
}

/** The block as a `Response`: the same status, headers and body that every adapter answers. */
export function toResponse(decision: Blocked): Response {
  const { status, headers, body } = renderBlocked(decision);
  return new Response(body, { status, headers });
}

/** Path and query of a serialized URL, cut out of it: parsing it again would cost more than the rest of the adapter. */
function targetOf(url: string): string {
  const scheme = url.indexOf("://");
  const start = scheme < 0 ? 0 : url.indexOf("/", scheme + 3);
  if (start < 0) return "/";
  const end = url.indexOf("#", start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

/** The first `limitBytes` of the body. Never rejects: a body that breaks ends the peek, and the application meets the error itself. */
function peekBody(request: Request, limitBytes: number, signal: AbortSignal): Awaitable<Body | undefined> {
  if (request.body === null) return undefined;
  // Somebody holds the body already: a clone cannot be made, and what was taken cannot be seen.
  if (request.bodyUsed || request.body.locked || signal.aborted) return { bytes: new Uint8Array(0), complete: false };
  const { body } = request.clone();
  return body === null ? undefined : readStart(body.getReader(), limitBytes, signal);
}

async function readStart(reader: ReadableStreamDefaultReader<Uint8Array>, limitBytes: number, signal: AbortSignal): Promise<Body> {
  const chunks: Uint8Array[] = [];
  let seenBytes = 0;
  let complete = false;
  // Without this the branch would go on buffering what only the application reads. It settles when the application's branch does: do not wait.
  const cancel = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel);
  try {
    while (seenBytes <= limitBytes && !signal.aborted) {
      const { done, value } = await reader.read();
      if (done) {
        // A cancelled reader also says "done".
        complete = !signal.aborted;
        break;
      }
      if (!(value instanceof Uint8Array)) break;
      chunks.push(value);
      seenBytes += value.byteLength;
    }
  } catch {
    complete = false;
  }
  signal.removeEventListener("abort", cancel);
  if (!complete) cancel();
  return { bytes: joinStart(chunks, Math.min(seenBytes, limitBytes)), complete };
}

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";

/** What the operator's port answers. */
export interface Answer {
  readonly status: number;
  /** Sent as JSON. */
  readonly value: unknown;
  /** Default: `application/json`. */
  readonly type?: string;
}

/** A problem document (RFC 9457). */
export const problemOf = (status: number, detail: string): Answer => ({
  status,
  value: { type: "about:blank", title: STATUS_CODES[status] ?? "Error", status, detail },
  type: "application/problem+json",
});

/** Sends it, unless something was sent already. */
export function send(request: IncomingMessage, response: ServerResponse, { status, value, type = "application/json" }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const body = JSON.stringify(value);
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    ...(status === 503 && { "retry-after": "1" }),
    // The rest of a body that nobody will read must not be taken for the next request.
    ...(!request.complete && { connection: "close" }),
  });
  response.end(request.method === "HEAD" ? undefined : body);
  request.resume();
}

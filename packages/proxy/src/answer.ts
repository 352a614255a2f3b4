/**
 * Answers of the proxy itself: for what is refused, and for upstreams that do not answer.
 *
 * @module
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** A small problem document (RFC 9457) for clients that ask for JSON, a line of text for others. Does nothing once something was answered. */
export function answer(request: IncomingMessage, response: ServerResponse, status: number, detail: string, close = false): void {
  if (response.headersSent || response.destroyed) return;
  const { type, body } = render(request.headers.accept, status, detail);
  const mayClose = close && request.httpVersionMajor === 1;
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(status === 405 && { allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" }),
    ...(status === 503 && { "retry-after": "5" }),
    ...(mayClose && { connection: "close" }),
  });
  response.end(request.method === "HEAD" ? undefined : body);
  request.resume();
}

function render(accept: string | undefined, status: number, detail: string): { readonly type: string; readonly body: string } {
  const title = STATUS_CODES[status] ?? "Error";
  return accept !== undefined && /[/+]json/i.test(accept.slice(0, 1024))
    ? { type: "application/problem+json", body: JSON.stringify({ type: "about:blank", title, status, detail }) }
    : { type: "text/plain; charset=utf-8", body: `${status} ${title}\n${detail}\n` };
}

/** Answers on a socket that Node has handed over, or whose request could not be parsed, and closes it. */
export function answerOnSocket(
  socket: Duplex,
  status: number,
  body: string,
  fields: Readonly<Record<string, string>> = { "content-type": "text/plain; charset=utf-8" },
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const lines = Object.entries({ ...fields, "content-length": String(Buffer.byteLength(body)), connection: "close" });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}\r\n${head}\r\n${body}`);
  // A client that never reads must not keep the socket.
  setTimeout(() => socket.destroy(), 2_000).unref();
}

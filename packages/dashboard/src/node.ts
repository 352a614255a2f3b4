/**
 * The console in a server of Node's own kind: express, connect, node:http.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { RequestInfo } from "./auth.ts";
import { pathUnder } from "./guard.ts";

/** Handles a request under the console's prefix, and hands every other to `next`. Without `next`, others get 404. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void) => void;

/** What may stand in a path of the console. Whatever needs anything else is not there. */
const PLAIN_TARGET = /^\/[\w./:~-]*(?:\?[\x21\x23-\x7e]*)?$/;

/** Makes the handler of a console. */
export function createNodeHandler(prefix: string, answer: (request: Request, info: RequestInfo) => Promise<Response>): NodeHandler {
  return (request, response, next) => {
    // Express takes the mount's path off `url`; the whole stays in `originalUrl`.
    const target = (request as { originalUrl?: string }).originalUrl ?? request.url ?? "/";
    if (pathUnder(prefix, target) === undefined) {
      if (next !== undefined) next();
      else void write(response, new Response(null, { status: 404 }), request);
      return;
    }
    void (async () => {
      try {
        const asked = toRequest(request, response, target);
        const secure = (request.socket as { encrypted?: boolean }).encrypted === true;
        await write(
          response,
          asked === undefined
            ? new Response(null, { status: 400 })
            : await answer(asked, { peer: request.socket.remoteAddress, secure, compress: true }),
          request,
        );
      } catch {
        response.destroy();
      }
    })();
  };
}

function toRequest(request: IncomingMessage, response: ServerResponse, target: string): Request | undefined {
  const { method = "GET", rawHeaders, httpVersionMajor } = request;
  const host = request.headers.host ?? (request.headers as { ":authority"?: string })[":authority"];
  // `..` and its kin would be resolved by the URL below: then two spellings would be one path.
  if (!PLAIN_TARGET.test(target) || /\/\.{0,2}(?:\/|$)/.test(target.replace(/\?.*$/s, "").slice(0, -1)) || !isHost(host)) return undefined;
  const headers = new Headers();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.startsWith(":") || (httpVersionMajor === 1 && /^(?:connection|transfer-encoding|keep-alive|upgrade)$/i.test(name))) continue;
    headers.append(name, rawHeaders[index + 1] as string);
  }
  // Two hosts are one too many.
  if (headers.get("host")?.includes(",") === true) return undefined;
  headers.set("host", host);
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const hasBody = method !== "GET" && method !== "HEAD";
  const parsed = (request as { body?: unknown }).body;
  const body = !hasBody
    ? null
    : parsed === undefined || request.readable
      ? (Readable.toWeb(request) as ReadableStream<Uint8Array>)
      : JSON.stringify(parsed);
  return new Request(`http://${host}${target}`, {
    method,
    headers,
    signal: gone.signal,
    ...(body !== null && { body, duplex: "half" }),
  } as RequestInit);
}

const isHost = (host: string | undefined): host is string =>
  host !== undefined && /^(?:\[[\da-f:.]{2,45}\]|[a-z\d._-]{1,253})(?::\d{1,5})?$/i.test(host);

/** Writes a fetch response, no faster than it is taken. */
async function write(response: ServerResponse, answer: Response, request: IncomingMessage): Promise<void> {
  const headers: Record<string, string | string[]> = Object.fromEntries(answer.headers);
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) headers["set-cookie"] = cookies;
  if (response.destroyed || response.headersSent) return;
  // The rest of a body that nobody will read must not be taken for the next request.
  const isHttp1 = request.httpVersionMajor === 1;
  if (isHttp1 && !request.complete && !answer.headers.get("content-type")?.startsWith("text/event-stream")) headers["connection"] = "close";
  else if (!isHttp1) delete headers["connection"];
  response.writeHead(answer.status, headers);
  if (answer.body === null || request.method === "HEAD") {
    response.end();
    request.resume();
    return;
  }
  const reader = answer.body.getReader();
  let wake = (): void => {};
  response.on("drain", () => wake());
  response.once("close", () => {
    wake();
    void reader.cancel().catch(() => {});
  });
  response.on("error", () => {});
  response.flushHeaders();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || response.destroyed) break;
    if (response.write(value)) continue;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  response.end();
  request.resume();
}

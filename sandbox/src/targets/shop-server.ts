import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import type { Shop } from "../shop/shop.ts";

/** Methods that `Request` refuses, or that this shop answers without a body. */
const bodyless = new Set(["GET", "HEAD", "TRACE", "TRACK", "CONNECT"]);

/** Node's request and response around the shop: the same in every target, so that only the firewall differs. Never rejects. */
export async function answerWithShop(shop: Shop, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const method = incoming.method ?? "GET";
  const headers = new Headers();
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
    headers.append(incoming.rawHeaders[index] ?? "", incoming.rawHeaders[index + 1] ?? "");
  }
  const init: RequestInit & { duplex?: "half" } = { method: bodyless.has(method) ? "GET" : method, headers };
  if (!bodyless.has(method)) Object.assign(init, { body: Readable.toWeb(incoming), duplex: "half" });
  try {
    const context = { peer: incoming.socket.remoteAddress ?? "", target: incoming.url ?? "/", method };
    await sendResponse(await shop.handle(new Request("http://shop.example/", init), context), outgoing);
  } catch {
    // The client hung up in the middle, or sent a method no Request can have.
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(400, { "content-type": "text/plain" }).end("Bad request\n");
  }
}

async function sendResponse(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) if (name !== "set-cookie") outgoing.setHeader(name, value);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  if (response.body === null) {
    outgoing.end();
    return;
  }
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    outgoing.end(Buffer.from(await response.arrayBuffer()));
    return;
  }
  for await (const chunk of Readable.fromWeb(response.body as NodeReadableStream)) outgoing.write(chunk);
  outgoing.end();
}

import { createHash } from "node:crypto";
import { Agent, createServer, request as httpRequest, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { PATIENCE_MS } from "./wait.ts";

export interface Running {
  readonly server: Server;
  readonly port: number;
}

/** Runs `use` against a server on a port of its own and closes everything afterwards. */
export async function withServer(listener: RequestListener, use: (running: Running) => Promise<void>): Promise<void> {
  // Kept connections outlast a machine that does something else for a while.
  const server = createServer({ keepAliveTimeout: PATIENCE_MS }, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use({ server, port: (server.address() as AddressInfo).port });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

export interface Sending {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Uint8Array;
  /** Without `content-length`. */
  readonly chunked?: boolean;
  /** Bytes of one write; the writes are some milliseconds apart. */
  readonly dribble?: number;
  readonly agent?: Agent;
}

export interface Received {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Sends one request and rejects when nothing has come back for a minute. */
export function send(port: number, sending: Sending): Promise<Received> {
  const { method = "POST", path = "/", body = new Uint8Array(0), chunked = false, dribble, agent } = sending;
  return new Promise((resolve, reject) => {
    const framing = chunked ? { "transfer-encoding": "chunked" } : { "content-length": body.byteLength };
    const request = httpRequest(
      { host: "127.0.0.1", port, method, path, headers: { ...framing, ...sending.headers }, ...(agent && { agent }) },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString() }),
        );
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.setTimeout(PATIENCE_MS, () => request.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)));
    if (dribble === undefined) {
      request.end(body);
      return;
    }
    let sent = 0;
    const timer = setInterval(() => {
      request.write(body.subarray(sent, sent + dribble));
      sent += dribble;
      if (sent < body.byteLength) return;
      clearInterval(timer);
      request.end();
    }, 3);
  });
}

/** A socket that writes what it is told and remembers what came back. */
export async function rawSocket(
  port: number,
): Promise<{ socket: Socket; received(): string; closed: Promise<void>; until(text: string): Promise<string> }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("data", (part) => {
    text += part.toString("latin1");
  });
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  const until = (wanted: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`"${wanted}" did not arrive; so far: ${JSON.stringify(text.slice(0, 500))}`)),
        PATIENCE_MS,
      );
      const look = (): void => {
        if (!text.includes(wanted)) return;
        clearTimeout(timer);
        socket.off("data", look);
        resolve(text);
      };
      socket.on("data", look);
      look();
    });
  return { socket, received: () => text, closed, until };
}

/** `length` bytes that no shift, cut or repetition leaves unchanged. */
export function patternBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = (index * 31 + (index >> 8) * 7 + (index >> 16)) & 255;
  return bytes;
}

export const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** An agent that keeps one connection, so that each request proves the one before it left the connection clean. */
export const oneConnection = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 });

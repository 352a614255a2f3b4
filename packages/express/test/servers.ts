import { createServer, request as httpRequest, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import express5 from "express";
import express4 from "express4";

/** A guard against hanging, never a measure. */
const PATIENCE_MS = 60_000;

/** Both supported versions. */
export const VERSIONS = [
  ["Express 5", express5],
  ["Express 4", express4],
] as const;

export async function withServer(app: unknown, use: (port: number, server: Server) => Promise<void>): Promise<void> {
  const server = createServer(app as RequestListener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use((server.address() as AddressInfo).port, server);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

export interface Received {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

const BROWSER = {
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  accept: "text/html,*/*;q=0.8",
  "accept-language": "en",
  "accept-encoding": "gzip",
};

export function send(
  port: number,
  path: string,
  init: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array } = {},
): Promise<Received> {
  return new Promise((resolve, reject) => {
    const method = init.method ?? (init.body === undefined ? "GET" : "POST");
    const request = httpRequest({ host: "127.0.0.1", port, path, method, headers: { ...BROWSER, ...init.headers } }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString() }),
      );
    });
    request.on("error", reject);
    request.setTimeout(PATIENCE_MS, () => request.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)));
    request.end(init.body);
  });
}

export async function rawSocket(port: number, text: string): Promise<{ socket: Socket; until(wanted: string): Promise<string> }> {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  socket.on("error", () => {});
  socket.on("data", (part) => {
    received += part.toString("latin1");
  });
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  socket.write(text);
  const until = async (wanted: string): Promise<string> => {
    for (const started = performance.now(); !received.includes(wanted); ) {
      if (performance.now() - started > PATIENCE_MS) throw new Error(`"${wanted}" did not arrive; so far: ${received.slice(0, 300)}`);
      await pause(5);
    }
    return received;
  };
  return { socket, until };
}

export const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

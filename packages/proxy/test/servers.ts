import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";

/** A server on a free loopback port. */
export interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

export async function serve(listener: RequestListener): Promise<Running> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A TCP server that shows every connection's bytes, and answers as it is told. */
export async function serveRaw(onSocket: (socket: Socket) => void): Promise<Running> {
  const open = new Set<Socket>();
  const server = createTcpServer((socket) => {
    open.add(socket);
    socket.on("error", () => {}).once("close", () => open.delete(socket));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A guard against hanging, never a measure. */
export const PATIENCE_MS = 60_000;
/** So long nothing may follow a whole response before its reader is content. */
const QUIET_MS = 400;

/**
 * Writes bytes on a new connection and reads until it closes, `isEnough`, or nothing follows a whole response. `quietMs`: until it is quiet for so
 * long, whatever has come; for tests in which nothing may come.
 */
export function exchange(
  port: number,
  bytes: string | Uint8Array,
  { quietMs, isEnough }: { readonly quietMs?: number; readonly isEnough?: (text: string) => boolean } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => void socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes));
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    let timer = setTimeout(end, quietMs ?? PATIENCE_MS);
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      clearTimeout(timer);
      if (isEnough?.(text) === true) end();
      else timer = setTimeout(end, quietMs ?? (isWhole(text) ? QUIET_MS : PATIENCE_MS));
    });
    socket.on("close", end);
    socket.on("error", (error) => (text === "" && (error as NodeJS.ErrnoException).code === "ECONNREFUSED" ? reject(error) : end()));
  });
}

/** Whether the last response in `text` has all of its body, as its framing says. */
function isWhole(text: string): boolean {
  const start = text.lastIndexOf("HTTP/1.");
  const head = text.slice(start, text.indexOf("\r\n\r\n", start));
  const body = text.slice(start + head.length + 4);
  if (!text.includes("\r\n\r\n", start) || /^HTTP\/1\.[01] 1/.test(head)) return false;
  if (/^transfer-encoding: chunked/im.test(head)) return body.endsWith("0\r\n\r\n");
  return body.length >= Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? Number.POSITIVE_INFINITY);
}

/** Looks every 5 ms whether `holds` does; rejects after a minute. */
export async function waitUntil(holds: () => boolean): Promise<void> {
  for (let waitedMs = 0; !holds(); waitedMs += 5) {
    if (waitedMs > PATIENCE_MS) throw new Error("waited in vain");
    await pause(5);
  }
}

export const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

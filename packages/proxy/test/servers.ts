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

/** Writes bytes on a new connection and reads until it closes, is quiet for `quietMs`, or `isEnough`. */
export function exchange(
  port: number,
  bytes: string | Uint8Array,
  { quietMs = 400, isEnough }: { readonly quietMs?: number; readonly isEnough?: (text: string) => boolean } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => void socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes));
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    let timer = setTimeout(end, quietMs);
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      clearTimeout(timer);
      if (isEnough?.(text) === true) end();
      else timer = setTimeout(end, quietMs);
    });
    socket.on("close", end);
    socket.on("error", (error) => (text === "" && (error as NodeJS.ErrnoException).code === "ECONNREFUSED" ? reject(error) : end()));
  });
}

export const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

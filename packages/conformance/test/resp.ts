/**
 * The Redis protocol (RESP 2) in its plainest form: the second path into a server, and proof that the store needs no particular client.
 *
 * @module
 */
import { connect } from "node:net";

export type Reply = string | number | null | Error | readonly Reply[];

export interface RespClient {
  /** Pipelines: answers come in the order of the commands. An error of the server rejects. */
  send(command: readonly string[]): Promise<Reply>;
  close(): void;
}

export async function connectResp(port: number): Promise<RespClient> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void }[] = [];
  let received: Buffer = Buffer.alloc(0);
  socket.on("data", (bytes) => {
    received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
    let at = 0;
    for (let parsed = parse(received, at); parsed !== undefined; parsed = parse(received, at)) {
      at = parsed.end;
      const next = waiting.shift();
      if (parsed.reply instanceof Error) next?.reject(parsed.reply);
      else next?.resolve(parsed.reply);
    }
    received = received.subarray(at);
  });
  const fail = (error: Error): void => {
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("the connection was closed")));
  return {
    send: (command) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error("the connection is closed"));
        waiting.push({ resolve, reject });
        socket.write(encode(command));
      }),
    close: () => socket.destroy(),
  };
}

function encode(command: readonly string[]): Buffer {
  const parts = command.map((text) => Buffer.from(text, "utf8"));
  return Buffer.concat([
    Buffer.from(`*${parts.length}\r\n`),
    ...parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from("\r\n")]),
  ]);
}

interface Parsed {
  readonly reply: Reply;
  readonly end: number;
}

/** The reply that begins at `start`; `undefined` while it is not whole. */
function parse(bytes: Buffer, start: number): Parsed | undefined {
  const lineEnd = bytes.indexOf("\r\n", start);
  if (lineEnd < 0) return undefined;
  const line = bytes.toString("utf8", start + 1, lineEnd);
  const after = lineEnd + 2;
  switch (String.fromCharCode(bytes[start]!)) {
    case "+":
      return { reply: line, end: after };
    case "-":
      return { reply: new Error(line), end: after };
    case ":":
      return { reply: Number(line), end: after };
    case "$": {
      const length = Number(line);
      if (length < 0) return { reply: null, end: after };
      return bytes.length < after + length + 2
        ? undefined
        : { reply: bytes.toString("utf8", after, after + length), end: after + length + 2 };
    }
    default: {
      const items: Reply[] = [];
      let end = after;
      for (let left = Number(line); left > 0; left--) {
        const item = parse(bytes, end);
        if (item === undefined) return undefined;
        items.push(item.reply);
        end = item.end;
      }
      return { reply: items, end };
    }
  }
}

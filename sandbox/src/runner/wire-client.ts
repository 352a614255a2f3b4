/**
 * The smallest HTTP/1.1 client that sends exactly the bytes it is given.
 *
 * `fetch` and `node:http` normalise targets, refuse odd header values and hide repeated fields, so neither can replay an attack as it
 * was written.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import { type AnswerParser, createAnswerParser, type ParsedAnswer, type ParseStep } from "./answer-parser.ts";

/** One request, byte for byte. Nothing is checked, escaped or reordered. */
export interface WireRequest {
  readonly method: string;
  /** Goes into the request line as it is. */
  readonly target: string;
  /** Field lines in the order they are sent; repeats stay repeats. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | undefined;
  /** `latin1`: one character of target and headers is one byte. `utf8` otherwise. */
  readonly encoding: "latin1" | "utf8";
}

/** What came back. `status` 0: no usable answer, and `error` says why. */
export interface WireAnswer {
  readonly status: number;
  /** Names are lower case. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  /** False when the body was cut at the limit, or never ends. */
  readonly complete: boolean;
  /** Milliseconds from the first byte sent to the last byte read; waiting for a connection is not counted. */
  readonly durationMs: number;
  readonly error: string | undefined;
}

export interface WireClientOptions {
  readonly host: string;
  readonly port: number;
  /** Connections open at the same time, busy and idle together. Default 20. */
  readonly maxSockets?: number;
  /** Longest wait for one whole answer, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /** Bytes of a response body that are kept; a longer one is cut and its connection closed. Default 262,144. */
  readonly bodyLimitBytes?: number;
}

/** A client of one server with a bounded pool of kept-alive connections. */
export interface WireClient {
  /** Never rejects: trouble is an answer with status 0. */
  send(request: WireRequest): Promise<WireAnswer>;
  /** Connections made so far; stays low when keep-alive works. */
  readonly connections: number;
  /** Closes every connection. Requests under way end as errors. */
  close(): void;
}

/** Makes a client. Opens nothing before the first request. */
export function createWireClient(options: WireClientOptions): WireClient {
  const maxSockets = options.maxSockets ?? 20;
  const timeoutMs = options.timeoutMs ?? 5_000;
  const bodyLimitBytes = options.bodyLimitBytes ?? 262_144;
  const idle: Socket[] = [];
  const open = new Set<Socket>();
  const waiting: (() => void)[] = [];
  let connections = 0;
  let closed = false;

  const drop = (socket: Socket): void => {
    const at = idle.indexOf(socket);
    if (at !== -1) idle.splice(at, 1);
    socket.destroy();
    if (open.delete(socket)) waiting.shift()?.();
  };

  const acquire = async (): Promise<{ socket: Socket; reused: boolean }> => {
    for (;;) {
      if (closed) throw new Error("client closed");
      const kept = idle.pop();
      if (kept !== undefined) return { socket: kept, reused: true };
      if (open.size < maxSockets) return { socket: await dial(), reused: false };
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };

  const dial = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: options.host, port: options.port, noDelay: true });
      open.add(socket);
      connections += 1;
      const fail = (error: Error): void => {
        drop(socket);
        reject(error);
      };
      socket.setTimeout(timeoutMs, () => fail(new Error("timed out while connecting")));
      socket.once("error", fail);
      socket.once("connect", () => {
        socket.setTimeout(0);
        socket.off("error", fail);
        // An idle connection that the server closes must leave the pool, and its error must not end the process.
        socket.on("error", () => drop(socket));
        socket.on("close", () => drop(socket));
        resolve(socket);
      });
    });

  const exchange = (socket: Socket, request: WireRequest, parser: AnswerParser): Promise<WireAnswer> =>
    new Promise((resolve) => {
      const startedAt = performance.now();
      const settle = (step: ParseStep): void => {
        if (step.kind === "more") return;
        clearTimeout(timer);
        socket.off("data", onData);
        socket.off("end", onEnd);
        socket.off("close", onEnd);
        const durationMs = performance.now() - startedAt;
        if (step.kind === "answer") {
          release(socket, step.answer, request);
          const { status, headers, body, complete } = step.answer;
          resolve({ status, headers, body, complete, durationMs, error: undefined });
        } else {
          drop(socket);
          resolve(failedAnswer(step.reason, durationMs));
        }
      };
      const onData = (chunk: Buffer): void => settle(parser.push(chunk));
      const onEnd = (): void => settle(parser.end());
      const timer = setTimeout(() => settle({ kind: "broken", reason: `no answer within ${timeoutMs} ms` }), timeoutMs);
      socket.on("data", onData);
      socket.on("end", onEnd);
      socket.on("close", onEnd);
      socket.write(serialize(request));
    });

  const release = (socket: Socket, answer: ParsedAnswer, request: WireRequest): void => {
    // A server may answer before it has read the body; the rest of that body would be read as the next request.
    if (!answer.reusable || socket.writableLength > 0 || socket.destroyed || !isPlainlyFramed(request)) drop(socket);
    else {
      idle.push(socket);
      waiting.shift()?.();
    }
  };

  return {
    get connections() {
      return connections;
    },
    async send(request) {
      try {
        for (;;) {
          const { socket, reused } = await acquire();
          const parser = createAnswerParser(request.method, bodyLimitBytes);
          const answer = await exchange(socket, request, parser);
          // The server closed a kept-alive connection while the request was on its way: it never saw it.
          if (answer.status === 0 && reused && !parser.started && answer.error === closedBeforeResponse && !closed) continue;
          return answer;
        }
      } catch (error) {
        return failedAnswer(error instanceof Error ? error.message : String(error), 0);
      }
    },
    close() {
      closed = true;
      for (const socket of [...open]) drop(socket);
      for (const resume of waiting.splice(0)) resume();
    },
  };
}

const closedBeforeResponse = "connection closed before a response";

function failedAnswer(error: string, durationMs: number): WireAnswer {
  return { status: 0, headers: [], body: new Uint8Array(0), complete: false, durationMs, error };
}

function serialize(request: WireRequest): Buffer {
  let head = `${request.method} ${request.target} HTTP/1.1\r\n`;
  for (const [name, value] of request.headers) head += `${name}: ${value}\r\n`;
  const headBytes = Buffer.from(`${head}\r\n`, request.encoding);
  return request.body === undefined ? headBytes : Buffer.concat([headBytes, request.body]);
}

/**
 * Whether any HTTP server must see exactly one request in these bytes. After any other request the connection is thrown away, so that
 * what one server reads as a second request cannot answer our next one.
 */
function isPlainlyFramed(request: WireRequest): boolean {
  if (/[\r\n\0]/.test(request.target)) return false;
  let lengths = 0;
  for (const [name, value] of request.headers) {
    if (/[\r\n\0]/.test(name) || /[\r\n\0]/.test(value)) return false;
    const field = name.toLowerCase();
    if (field === "transfer-encoding" || field === "upgrade") return false;
    if (field === "content-length") {
      lengths += 1;
      if (value !== String(request.body?.length ?? 0)) return false;
    }
  }
  return lengths === (request.body === undefined ? lengths : 1) && lengths <= 1;
}

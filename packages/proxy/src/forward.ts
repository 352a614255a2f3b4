/**
 * One allowed request to its upstream and the response back, both streamed: neither side is read faster than the other takes it.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Readable, Transform } from "node:stream";
import { type Dispatcher, errors } from "undici";
import { answer } from "./answer.ts";
import { clientFields } from "./fields.ts";
import { choose, type Group, noteFailure, noteSuccess, type Server } from "./upstreams.ts";

/** A request that was allowed, and where it goes. */
export interface Forwarding {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly group: Group;
  readonly target: string;
  /** The fields for the server that is asked; without framing. */
  fieldsFor(server: Server): string[];
  readonly uploadLimitBytes: number;
  /** Told once, when the upstream could not answer. */
  onFailure(server: Server, error: Error): void;
}

const TOO_LARGE = "The request is larger than this server takes.";
const NO_BODY_SENT = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

/** Sends the request on. Redirects are the client's to follow: they pass as they are. Never throws. */
export function forward(forwarding: Forwarding): void {
  const { request, response, group, uploadLimitBytes } = forwarding;
  const length = declaredLength(request);
  if (length !== undefined && length > uploadLimitBytes) {
    answer(request, response, 413, TOO_LARGE, true);
    return;
  }
  const server = choose(group, Date.now());
  if (server === undefined) answer(request, response, 502, "No server answers here.");
  else attempt(forwarding, server, bodyOf(request, length, uploadLimitBytes), false);
}

function attempt(forwarding: Forwarding, server: Server, body: Readable | null, isSecond: boolean): void {
  const { request, response } = forwarding;
  const fields = forwarding.fieldsFor(server);
  const length = declaredLength(request);
  if (body !== null && length !== undefined) fields.push("content-length", String(length));
  let controller: Dispatcher.DispatchController | undefined;
  let isOver = false;
  const onClose = (): void => {
    if (!isOver) controller?.abort(new ClientGone());
  };
  let hasBegun = false;
  const flush = (): void => {
    if (!hasBegun && !isOver && !response.destroyed) response.flushHeaders();
  };
  const end = (): void => {
    isOver = true;
    server.running--;
    response.off("close", onClose);
  };
  response.on("close", onClose);
  server.running++;
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(given) {
      controller = given;
      if (response.destroyed) given.abort(new ClientGone());
    },
    onResponseStart(_, status, headers, phrase) {
      // Announcements of a response; early hints are advice that may be dropped.
      if (status < 200) return;
      noteSuccess(server);
      if (response.headersSent || response.destroyed) return;
      const lines = clientFields(headers, request.httpVersionMajor === 2);
      if (request.httpVersionMajor === 2 || phrase === undefined || phrase === "") response.writeHead(status, lines);
      else response.writeHead(status, phrase.replace(/[^\t\x20-\x7e\x80-\xff]/g, ""), lines);
      // An event stream may send its first event in an hour. What came with the head is written with it, which saves a write for most responses.
      process.nextTick(flush);
    },
    onResponseData(given, chunk) {
      hasBegun = true;
      if (response.write(chunk)) return;
      given.pause();
      response.once("drain", () => given.resume());
    },
    onResponseEnd() {
      end();
      response.end();
    },
    onResponseError(_, error) {
      if (isOver) return;
      end();
      failed(forwarding, server, body, error, isSecond);
    },
  };
  try {
    const method = (request.method ?? "GET") as Dispatcher.HttpMethod;
    server.pool.dispatch({ path: forwarding.target, method, headers: fields, body }, handler);
  } catch (error) {
    handler.onResponseError?.(undefined as never, error as Error);
  }
}

/** The client left, which says nothing about the upstream. */
class ClientGone extends Error {
  override readonly name = "ClientGone";
}

/** The body went on beyond the limit. */
class TooLarge extends Error {
  override readonly name = "TooLarge";
}

function failed(forwarding: Forwarding, server: Server, body: Readable | null, error: Error, isSecond: boolean): void {
  const { request, response, group } = forwarding;
  if (error instanceof ClientGone || response.destroyed) {
    response.destroy();
    return;
  }
  if (error instanceof TooLarge || body?.errored instanceof TooLarge) {
    if (response.headersSent) response.destroy();
    else answer(request, response, 413, TOO_LARGE, true);
    return;
  }
  // The client's own framing broke off, or named another length than came.
  if (body !== null && body.errored !== null && body.errored !== error) {
    response.destroy();
    return;
  }
  if (error instanceof errors.InvalidArgumentError || error instanceof errors.NotSupportedError) {
    answer(request, response, 400, "The request cannot be sent on.", true);
    return;
  }
  const now = Date.now();
  const isUnsent = isConnectError(error);
  // A kept connection may be closed just as it is used; asking for the same thing twice is harmless where the method says so.
  const isStale = NO_BODY_SENT.has(codeOf(error)) && /^(?:GET|HEAD|OPTIONS)$/.test(request.method ?? "");
  if (!isStale || isSecond) noteFailure(server, now);
  if (!isSecond && body === null && !response.headersSent && (isUnsent || isStale)) {
    const next = isStale ? server : choose(group, now, server);
    if (next !== undefined) {
      attempt(forwarding, next, null, true);
      return;
    }
  }
  forwarding.onFailure(server, error);
  // Once the head is sent, only a broken connection can say that the rest is missing.
  if (response.headersSent) response.destroy();
  else if (isTimeout(error)) answer(request, response, 504, "The server behind this one took too long.", body !== null);
  else answer(request, response, 502, "The server behind this one does not answer.", body !== null);
}

const codeOf = (error: Error): string => String((error as { readonly code?: unknown }).code ?? "");
const isConnectError = (error: Error): boolean =>
  /^(?:ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/.test(codeOf(error));
const isTimeout = (error: Error): boolean =>
  error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError || error instanceof errors.ConnectTimeoutError;

/** Bytes of the body, 0 without one; `undefined` when only its end will tell. */
function declaredLength(request: IncomingMessage): number | undefined {
  const declared = request.headers["content-length"];
  if (declared !== undefined) return Number(declared);
  if (request.httpVersionMajor === 2) return endsWithHead(request) ? 0 : undefined;
  return request.headers["transfer-encoding"] === undefined ? 0 : undefined;
}

const endsWithHead = (request: IncomingMessage): boolean =>
  (request as { readonly stream?: { readonly endAfterHeaders?: boolean } }).stream?.endAfterHeaders === true;

function bodyOf(request: IncomingMessage, length: number | undefined, limitBytes: number): Readable | null {
  if (length === 0) return null;
  if (length !== undefined) return request;
  let seenBytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _, next) {
      seenBytes += chunk.byteLength;
      if (seenBytes > limitBytes) next(new TooLarge());
      else next(null, chunk);
    },
  });
  // A request that breaks off must break off upstream, too: an orderly end would complete what the client never finished.
  request.once("close", () => {
    if (!request.complete) counter.destroy(new ClientGone());
  });
  request.once("error", (error) => counter.destroy(error));
  return request.pipe(counter);
}

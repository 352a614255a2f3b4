/**
 * Node's HTTP server: `IncomingMessage` to `RawRequest`, a blocked decision to `ServerResponse`, the end of a response to `Outcome`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { joinStart } from "./bytes.ts";
import { encodeParsed } from "./parsed-body.ts";
import type { BlockedResponse } from "./respond.ts";
import type { Awaitable, Body, Decision, HeaderReader, RawRequest, Waf } from "./types.ts";

/** A Node request, with what Express and Connect add to it. */
export type NodeRequest = IncomingMessage & { readonly originalUrl?: string; readonly body?: unknown };

/** A Node response, under a name that adapters can import without naming Node themselves. */
export type NodeResponse = ServerResponse;

/**
 * What the firewall needs to know about a Node request. Reads nothing: the target is the one that arrived, also inside a mounted sub-application,
 * and body bytes are only looked at when a detector asks for them.
 */
export function fromIncoming(request: NodeRequest): RawRequest {
  return new IncomingRaw(request);
}

/** Taken when this module is loaded: fake timers of an application's tests would leave the turn without an end. */
const { setImmediate } = globalThis;
let turnStart = 0;
const endTurn = (): void => {
  turnStart = 0;
};

/**
 * The system's time when the first request of this turn of the event loop was handed over. A busy server hands over dozens a turn, and reading the clock is
 * the dearest thing an adapter does: 0.1 to 0.4 µs, measured in a busy server. The immediate is not unreferenced: the loop would wait for the next request
 * before it ran, and that one would be given this one's time.
 */
function turnTime(): number {
  if (turnStart === 0) {
    turnStart = Date.now();
    setImmediate(endTurn);
  }
  return turnStart;
}

/** Methods of a class, not closures: two of those for each request are more memory than all else here. */
class IncomingRaw implements RawRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHeaders;
  readonly peer: string | undefined;
  readonly httpVersion: string;
  readonly secure: boolean;
  readonly receivedAt: number;

  constructor(request: NodeRequest) {
    this.method = request.method ?? "GET";
    this.target = request.originalUrl ?? request.url ?? "/";
    this.headers = new IncomingHeaders(request);
    // Request objects of test tools and serverless hosts may come without a socket, whatever the type says.
    this.peer = request.socket?.remoteAddress;
    this.httpVersion = request.httpVersion;
    this.receivedAt = turnTime();
    this.secure = (request.socket as { readonly encrypted?: boolean } | undefined)?.encrypted === true;
  }

  readBody(limitBytes: number, signal: AbortSignal): Awaitable<Body | undefined> {
    return peekBody(this.headers.request, limitBytes, signal);
  }

  hasBody(): boolean {
    return hasBody(this.headers.request);
  }
}

/** Reads Node's headers in place: no copy, no closure, nothing inherited from `Object.prototype`. */
class IncomingHeaders implements HeaderReader {
  readonly request: IncomingMessage;

  constructor(request: IncomingMessage) {
    this.request = request;
  }

  get lines(): readonly string[] {
    return this.request.rawHeaders;
  }

  /** As the application reads it: where a field that must not repeat does repeat, Node keeps the first. The iterator shows every line. */
  get(name: string): string | undefined {
    const value: unknown = this.request.headers[name];
    if (typeof value === "string") return value;
    // Only arrays of strings come from Node (`set-cookie`); `__proto__` and `constructor` find objects and functions here.
    return Array.isArray(value) ? value.join(", ") : undefined;
  }

  *[Symbol.iterator](): Generator<readonly [string, string]> {
    const { lines } = this;
    for (let index = 0; index + 1 < lines.length; index += 2) {
      // HTTP/2 mixes `:path` and its kind into the list; they are no fields.
      if (!lines[index]!.startsWith(":")) yield [lines[index]!.toLowerCase(), lines[index + 1]!];
    }
  }
}

/** What cannot be seen any more: a parser took the stream and left nothing behind. */
const unseen = (): Body => ({ bytes: new Uint8Array(0), complete: false });

/**
 * The first `limitBytes` of the body, while every byte stays in the stream for the application.
 *
 * Resolves at the limit, at the end of the body, when the client hangs up, or when `signal` aborts; never rejects, and throws only where the runtime
 * hides its buffers (see `stateOf`). Nothing is ever read from the stream: `read` followed by `unshift` hangs short chunked bodies, and marks the request as consumed, after which Node no longer drains it and the
 * connection's next request is stuck. Instead `push`, through which the parser hands over every byte, is wrapped for the length of the peek.
 */
function peekBody(request: NodeRequest, limitBytes: number, signal: AbortSignal): Awaitable<Body | undefined> {
  if (!hasBody(request)) return undefined;
  if (request.readableDidRead) return request.body === undefined ? unseen() : { ...encodeParsed(request.body, limitBytes), parsed: true };

  const { buffer, bufferIndex = 0, ended } = stateOf(request);
  const chunks = buffer.slice(bufferIndex).map((chunk) => toBytes(chunk, request.readableEncoding ?? undefined));
  let seenBytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const declaredBytes = declaredLength(request);
  // Without a declared length only the byte after the limit shows that the body goes on.
  const wantedBytes = declaredBytes === undefined ? limitBytes + 1 : Math.min(declaredBytes, limitBytes);
  const take = (isEnd: boolean): Body => ({
    bytes: joinStart(chunks, Math.min(seenBytes, limitBytes)),
    complete: seenBytes <= limitBytes && (isEnd || seenBytes === declaredBytes),
  });
  if (ended || seenBytes >= wantedBytes || request.destroyed || signal.aborted) return take(ended);

  return new Promise((resolve) => {
    const isOwn = Object.hasOwn(request, "push");
    const push = request.push;
    let isPeeking = true;
    const stop = (isEnd: boolean): void => {
      if (!isPeeking) return;
      isPeeking = false;
      // Someone may have wrapped `push` after us: then ours stays in the chain, and only passes on.
      if (request.push === watch && isOwn) request.push = push;
      else if (request.push === watch) delete (request as Partial<NodeRequest>).push;
      request.off("close", abandon);
      signal.removeEventListener("abort", abandon);
      resolve(take(isEnd));
    };
    const abandon = (): void => stop(false);
    const watch = function (this: IncomingMessage, chunk: unknown, encoding?: BufferEncoding): boolean {
      const wantsMore = push.call(this, chunk, encoding);
      if (!isPeeking) return wantsMore;
      if (chunk === null) stop(true);
      else if (chunk !== undefined) {
        const bytes = toBytes(chunk as string | Uint8Array, encoding);
        chunks.push(bytes);
        seenBytes += bytes.byteLength;
        // Below the limit the socket must keep flowing, or a limit above the stream's high-water mark would never be reached.
        if (seenBytes < wantedBytes && (wantsMore || isPushed(request))) return true;
        stop(false);
      }
      return wantsMore;
    };
    request.push = watch;
    // A hang-up also emits `error`, but only to those who listen; `close` always comes.
    request.on("close", abandon);
    signal.addEventListener("abort", abandon);
    if (!isParsed(request)) request.read(0);
    else if (seenBytes >= request.readableHighWaterMark) request.socket.resume();
  });
}

/**
 * Node's own parser feeds this request, without being asked for bytes. False for HTTP/2, for other runtimes' imitations of Node, and for the request
 * objects of serverless hosts and test tools: those produce bytes only on demand.
 */
const isParsed = (request: IncomingMessage): boolean =>
  (request.socket as { readonly parser?: { readonly incoming?: unknown } } | undefined)?.parser?.incoming === request;

/** Bytes come by themselves once they flow, whatever the buffer holds. */
const isPushed = (request: IncomingMessage): boolean => isParsed(request) || isHttp2(request);

/** By its stream, not its version: Node takes `HTTP/2.0` in the request line of an HTTP/1 connection at its word. */
const isHttp2 = (request: IncomingMessage): boolean => (request as { readonly stream?: unknown }).stream !== undefined;

function hasBody(request: IncomingMessage): boolean {
  if ((request as { readonly upgrade?: boolean }).upgrade === true) return false;
  // HTTP/2 frames a body without announcing it; only a stream that ended with its headers has none.
  if (isHttp2(request)) return (request as { stream?: { endAfterHeaders?: boolean } }).stream?.endAfterHeaders !== true;
  const { "content-length": declared, "transfer-encoding": framing } = request.headers;
  return framing !== undefined || (declared !== undefined && Number(declared) > 0);
}

/** `content-length`; `undefined` when there is none, or when chunked framing overrides it. */
function declaredLength(request: IncomingMessage): number | undefined {
  const { "content-length": declared, "transfer-encoding": framing } = request.headers;
  return declared === undefined || framing !== undefined ? undefined : Number(declared);
}

interface StreamState {
  readonly buffer: readonly (string | Uint8Array)[];
  readonly bufferIndex?: number;
  readonly ended: boolean;
}

/**
 * What arrived before the peek began. Node has no public way to look at buffered chunks without consuming them, so this reads the stream's state, and
 * refuses to guess should a later Node keep it differently: the firewall then reports a failure instead of inspecting half a body.
 */
function stateOf(request: IncomingMessage): StreamState {
  const state = (request as unknown as { _readableState?: Partial<StreamState> })._readableState;
  const buffer = state?.buffer;
  if (!Array.isArray(buffer) || typeof state?.ended !== "boolean")
    throw new TypeError("this runtime keeps request bodies in a way the firewall cannot read");
  return state as StreamState;
}

const toBytes = (chunk: string | Uint8Array, encoding: BufferEncoding = "utf8"): Uint8Array =>
  typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;

/** A body rest up to this size is read to its end, and the connection is kept: dropping it would cost the next request a handshake. */
const KEEP_ALIVE_REST_BYTES = 64 * 1024;
/** A larger rest is read for this long only. Closing at once would reset the connection, and the reset can overtake the response. */
const LINGER_MS = 500;

/**
 * Answers a blocked request. The connection goes on when the unread rest of the body is known to be small; otherwise it is closed after the response,
 * so that neither a flood of bytes nor a stalled upload holds it. Does nothing when something else has answered or the client is gone.
 */
export function writeBlocked(response: NodeResponse, { status, headers, body }: BlockedResponse): void {
  if (response.headersSent || response.writableEnded || response.destroyed) return;
  const request = response.req;
  const mustClose = hasLargeRest(request);
  if (mustClose) response.shouldKeepAlive = false;
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  // Harmless when there is nothing to read; needed when somebody began to read and Node therefore will not drain the rest.
  request.resume();
  if (!mustClose) {
    response.end(request.method === "HEAD" ? undefined : body);
    return;
  }
  if (request.method === "HEAD") response.flushHeaders();
  else response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.once("end", end);
  request.once("close", end);
}

function hasLargeRest(request: IncomingMessage): boolean {
  if (request.complete || isHttp2(request) || !hasBody(request)) return false;
  return (declaredLength(request) ?? Number.POSITIVE_INFINITY) > KEEP_ALIVE_REST_BYTES;
}

/** The status reported for a client that left before a response began. Unassigned in HTTP; nginx made it customary in logs. */
const CLIENT_CLOSED_REQUEST = 499;

/**
 * Tells `waf` how the response ended, once it has ended: also after a hang-up, which is reported as 499 when no response had begun. Listens only when
 * someone would learn from it: a listener that has nothing to tell costs as much as two detectors.
 *
 * The duration counts from the decision's `receivedAt` by the wall clock: a clock that does not run backwards would have to be read twice more.
 */
export function observeResponse(waf: Waf, decision: Decision, response: NodeResponse): void {
  if (!waf.wantsOutcome(decision)) return;
  const end = (): void =>
    waf.observe(decision, {
      status: response.headersSent ? response.statusCode : CLIENT_CLOSED_REQUEST,
      durationMs: Math.max(0, Date.now() - decision.request.receivedAt),
    });
  // `close` is emitted once, after `finish` as well as after a hang-up, so `on` serves as `once` without its wrapper.
  if (response.closed) end();
  else response.on("close", end);
}

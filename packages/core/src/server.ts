/**
 * In front of every HTTP server of a Node process, for frameworks that start the server themselves and show an application only what is left of a
 * request after their own parsing, redirects and static files.
 *
 * @module
 */
import { isThenable } from "./awaitable.ts";
import { fromIncoming, type NodeRequest, type NodeResponse, observeResponse, writeBlocked } from "./node.ts";
import { renderBlocked } from "./respond.ts";
import type { Awaitable, Decision, RawRequest, Waf } from "./types.ts";

/** A request that is being answered, as the server received it. */
export interface Exchange {
  /** Read before anything could rewrite it. */
  readonly raw: RawRequest;
  readonly response: NodeResponse;
  /** What the guard decided, or, when it only watches, what somebody who asked a firewall put here. */
  decision: Decision | undefined;
}

/** Made by a constructor, for the reason `lasting.ts` gives. */
class Answering implements Exchange {
  readonly raw: RawRequest;
  readonly response: NodeResponse;
  decision: Decision | undefined;

  constructor(raw: RawRequest, response: NodeResponse, decision: Decision | undefined) {
    this.raw = raw;
    this.response = response;
    this.decision = decision;
  }
}

interface Guard {
  /** `undefined`: only watch. */
  waf: Waf | undefined;
  isTool: ((target: string) => boolean) | undefined;
  readonly exchanges: { getStore(): Exchange | undefined; run<T>(exchange: Exchange, run: () => T): T };
}

/** On the global object, because bundlers give each entry of an application its own copy of this module. */
const KEY = Symbol.for("@aiwaf/core/server");
const shared = globalThis as { [KEY]?: Guard };

/**
 * Lets `waf` decide about every request to any HTTP or HTTPS server of this process before anything else sees it; without `waf`, requests only become
 * visible to `currentExchange`. Called again, it replaces the firewall. Upgraded connections (WebSocket) and HTTP/2 sessions are not seen.
 *
 * @param isTool - True for targets that a development server's own tools ask for. They pass unseen, so it must be false for all others.
 * @returns a promise where servers run already and hold requests back until their framework is ready, as Next does: those are decided by its end.
 * @example
 * guardServers(waf);
 */
export function guardServers(waf?: Waf, isTool?: (target: string) => boolean): Awaitable<void> {
  if (shared[KEY] !== undefined) {
    shared[KEY].waf = waf ?? shared[KEY].waf;
    shared[KEY].isTool = isTool ?? shared[KEY].isTool;
    return;
  }
  // Not imported: this module is also bundled for edge runtimes, where a static import of a Node module would end the build. And by way of the global
  // object, because their compilers warn of members of `process`.
  const { process } = globalThis;
  const { AsyncLocalStorage } = process.getBuiltinModule("node:async_hooks");
  const guard: Guard = { waf, isTool, exchanges: new AsyncLocalStorage<Exchange>() };
  shared[KEY] = guard;
  intercept(process.getBuiltinModule("node:http").Server.prototype, guard);
  intercept(process.getBuiltinModule("node:https").Server.prototype, guard);
  if (waf !== undefined) return catchUp(waf);
}

/**
 * The exchange that the running code belongs to, also after waits. `undefined` without `guardServers` and on runtimes other than Node.
 */
export function currentExchange(): Exchange | undefined {
  return shared[KEY]?.exchanges.getStore();
}

interface Emitter {
  emit(event: string | symbol, ...values: unknown[]): boolean;
}

/** The events by which a server hands out a request; a client chooses among them by its `Expect` field, where an application listens to the latter two. */
const REQUEST_EVENTS: ReadonlySet<string | symbol> = new Set(["request", "checkContinue", "checkExpectation"]);

/** Listeners cannot be put in front of those a framework adds later, and cannot keep an event from them: only `emit` comes before all. */
function intercept(prototype: Emitter, guard: Guard): void {
  const { emit } = prototype;
  const begun = new WeakSet<object>();
  prototype.emit = function (this: Emitter, event, ...values) {
    const [request, response] = values as [NodeRequest, NodeResponse];
    // Servers that hand a request on to another server emit it twice.
    if (!REQUEST_EVENTS.has(event) || begun.has(request)) return emit.call(this, event, ...values);
    begun.add(request);
    const raw = event === "checkContinue" ? inviting(fromIncoming(request), response) : fromIncoming(request);
    const pass = (decision: Decision | undefined): boolean =>
      guard.exchanges.run(new Answering(raw, response, decision), () => emit.call(this, event, ...values));
    const { waf, isTool } = guard;
    if (waf === undefined || isTool?.(raw.target)) return pass(undefined);
    const settle = (decision: Decision): boolean => {
      observeResponse(waf, decision, response);
      if (decision.action === "allow") return pass(decision);
      writeBlocked(response, renderBlocked(decision));
      return true;
    };
    const decision = waf.inspect(raw);
    if (!isThenable(decision)) return settle(decision);
    decision.then(settle).then(undefined, (error: unknown) => {
      // What a listener throws ends the process with the application's own error, as it would have without us.
      queueMicrotask(() => {
        throw error;
      });
    });
    return true;
  };
}

/** A client that waits to be asked for its body is asked when the firewall looks at it: what a listener says to it would come too late. */
function inviting(raw: RawRequest, response: NodeResponse): RawRequest {
  const { readBody } = raw;
  if (readBody === undefined) return raw;
  const invited: typeof readBody = (limitBytes, signal) => {
    response.writeContinue();
    return readBody.call(raw, limitBytes, signal);
  };
  return Object.assign(raw, { readBody: invited });
}

/** A server's connection, as far as Node shows the answer it is working on. */
interface Connection {
  readonly _httpMessage?: NodeResponse | null;
}

/**
 * Decides about requests that have been handed to a framework but not begun: a server may listen before `guardServers` is called, and the requests of that
 * time would pass unseen. Nothing can take a request back from a framework, so a blocked one is answered, and what the framework will find is empty.
 */
function catchUp(waf: Waf): Awaitable<void> {
  // Undocumented, and the only way from a process to its connections; where it is gone, those first requests are not seen.
  const { _getActiveHandles: list } = globalThis.process as { _getActiveHandles?: () => readonly Connection[] };
  const held = (list?.() ?? []).flatMap(({ _httpMessage: response }) =>
    response?.headersSent === false && response.req !== undefined ? [response] : [],
  );
  if (held.length === 0) return;
  const settle = (decision: Decision, response: NodeResponse): void => {
    observeResponse(waf, decision, response);
    if (decision.action === "allow") return;
    writeBlocked(response, renderBlocked(decision));
    Object.assign(response.req, { method: "GET", url: "/", headers: {} });
  };
  return Promise.all(held.map(async (response) => settle(await waf.inspect(fromIncoming(response.req)), response))).then(() => undefined);
}

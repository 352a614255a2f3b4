/**
 * AIWAF for Next.js 15 and 16: the proxy (once called middleware), route handlers and API routes. Runs on Node and on edge runtimes.
 *
 * @module
 */
import { type Awaitable, type Decision, renderBlocked, type Waf } from "@aiwaf/core";
import { fromIncoming, type NodeRequest, type NodeResponse, observeResponse, writeBlocked } from "@aiwaf/core/node";
import { type RecommendedOptions, wafFrom } from "@aiwaf/core/recommended";
import { currentExchange } from "@aiwaf/core/server";
import { fromRequest, toResponse } from "@aiwaf/core/web";

/** Next's `proxy` (or `middleware`), with the firewall it asks. */
export interface Protection {
  (request: Request): Promise<Response | undefined>;
  /** A route handler that is only called for what the firewall lets through. For applications without a proxy: behind one, it would ask twice. */
  route<Context>(
    handler: (request: Request, context: Context) => Awaitable<Response>,
  ): (request: Request, context: Context) => Promise<Response>;
  /** The same for a route of `pages/api`. */
  api<Req extends NodeRequest, Res extends NodeResponse>(
    handler: (request: Req, response: Res) => unknown,
  ): (request: Req, response: Res) => Promise<void>;
  /** Subscribe to its decisions here. */
  readonly waf: Waf;
}

/**
 * Next's proxy: inspects every request that Next routes, and answers what it blocks.
 *
 * With `register` of `@aiwaf/next/instrumentation` it also knows the socket's address, the target as sent and how each response ended; alone, Next
 * hides these. What `protectServers` has decided already is not asked again.
 *
 * @param source - A firewall of your own, options for the recommended one, or nothing for the recommended one as it is.
 * @throws WafError when an option is wrong.
 * @example
 * export const proxy = protect({ client: { header: "x-real-ip" }, paths: { "/api/webhooks/**": { profile: "webhook" } } });
 */
export function protect(source?: Waf | RecommendedOptions): Protection {
  const waf = wafFrom(source);
  const ask = async (request: Request): Promise<[Decision, Response | undefined]> => {
    const exchange = currentExchange();
    if (exchange?.decision !== undefined) return [exchange.decision, undefined];
    const web = fromRequest(request, undefined);
    // Next has begun to read a body by now, and only its copy is left to look at.
    const decision = await waf.inspect(exchange === undefined ? web : { ...exchange.raw, readBody: web.readBody! });
    if (exchange !== undefined) {
      exchange.decision = decision;
      observeResponse(waf, decision, exchange.response);
    }
    return [decision, decision.action === "block" ? toResponse(decision) : undefined];
  };
  const proxy = async (request: Request): Promise<Response | undefined> => {
    const [decision, blocked] = await ask(request);
    if (currentExchange() === undefined) {
      waf.services.warnOnce(
        "AIWAF_NEXT_BLIND",
        "Next.js shows its proxy no socket and no status: export register from @aiwaf/next/instrumentation, or see the README.",
      );
      waf.observe(decision, undefined);
    }
    return blocked;
  };
  const route: Protection["route"] = (handler) => async (request, context) => {
    const [decision, blocked] = await ask(request);
    const response = blocked ?? (await handler(request, context));
    if (currentExchange() === undefined)
      waf.observe(decision, { status: response.status, durationMs: Date.now() - decision.request.receivedAt });
    return response;
  };
  const api: Protection["api"] = (handler) => async (request, response) => {
    const known = currentExchange()?.decision;
    const decision = known ?? (await waf.inspect(fromIncoming(request)));
    if (known === undefined) observeResponse(waf, decision, response);
    if (decision.action === "block") writeBlocked(response, renderBlocked(decision));
    else await handler(request, response);
  };
  return Object.assign(proxy, { route, api, waf });
}

/** What the firewall decided about the request that is being answered. Needs `@aiwaf/next/instrumentation`; `undefined` on edge runtimes. */
export const currentDecision = (): Decision | undefined => currentExchange()?.decision;

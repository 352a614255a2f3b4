/**
 * AIWAF for h3 1 and 2, and for what is built on them: Nitro 2 and 3.
 *
 * @module
 */
import { type Decision, isThenable, renderBlocked, type Waf } from "@aiwaf/core";
import { fromIncoming, type NodeRequest, type NodeResponse, observeResponse, writeBlocked } from "@aiwaf/core/node";
import { type RecommendedOptions, wafFrom } from "@aiwaf/core/recommended";
import { fromRequest, toResponse } from "@aiwaf/core/web";

declare module "h3" {
  interface H3EventContext {
    /** What the firewall decided about this request. */
    aiwaf?: Decision;
  }
}

type NodePair = { readonly req: NodeRequest; readonly res: NodeResponse };
/** What h3 1 hands to an event handler. */
export type NodeEvent = { readonly node: NodePair; readonly context: object };
/** What srvx adds to a request. */
type Served = { readonly ip?: string | undefined; readonly runtime?: { readonly node?: object } };
/** What h3 2 hands to middleware. */
export type WebEvent = { readonly req: Request & Served; readonly context: object };
type AnyEvent = WebEvent & Partial<NodeEvent>;

/** An event handler of h3 1 and a middleware of h3 2 in one, with the firewall it asks. */
export interface Protection {
  (event: NodeEvent): undefined | Promise<undefined>;
  (event: WebEvent, next: () => unknown): unknown;
  /** Subscribe to its decisions here; close it when the server closes. */
  readonly waf: Waf;
}

/**
 * Inspects every request that reaches it; `app.use(protect())` before all else. Blocked requests are answered here, all others go on with the
 * decision in `event.context.aiwaf`. Bodies are only peeked at: every reader after this one still gets every byte.
 *
 * @param source - A firewall of your own, options for the recommended one, or nothing for the recommended one as it is.
 * @throws WafError when an option is wrong.
 * @example
 * app.use(protect({ mode: "report", paths: { "/webhooks/**": { profile: "webhook" } } }));
 */
export function protect(source?: Waf | RecommendedOptions): Protection {
  const waf = wafFrom(source);
  // Not async: what was decided in this tick goes on in this tick.
  const aiwaf = ({ req, context, node = req?.runtime?.node as NodePair | undefined }: AnyEvent, next?: () => unknown): unknown => {
    const settle = (decision: Decision): unknown => {
      (context as { aiwaf?: Decision }).aiwaf = decision;
      if (node?.res === undefined) waf.observe(decision, undefined);
      else observeResponse(waf, decision, node.res);
      if (decision.action === "allow") return next?.();
      // h3 2 sends what its middleware returns. h3 1 would take it for a body, and goes on only while nothing was sent.
      return next === undefined ? writeBlocked((node as NodePair).res, renderBlocked(decision)) : toResponse(decision);
    };
    const inspected = waf.inspect(node === undefined ? fromRequest(req, req.ip) : fromIncoming(node.req));
    return isThenable(inspected) ? inspected.then(settle) : settle(inspected);
  };
  return Object.assign(aiwaf, { waf }) as Protection;
}

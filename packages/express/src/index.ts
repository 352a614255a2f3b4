/**
 * AIWAF for Express 4 and 5.
 *
 * @module
 */
import { type Decision, isThenable, renderBlocked, type Waf } from "@aiwaf/core";
import { fromIncoming, type NodeRequest, type NodeResponse, observeResponse, writeBlocked } from "@aiwaf/core/node";
import { type RecommendedOptions, wafFrom } from "@aiwaf/core/recommended";

declare global {
  namespace Express {
    interface Request {
      /** What the firewall decided about this request, once `protect()` has run. */
      aiwaf?: Decision;
    }
  }
}

type Next = (error?: unknown) => void;
type Guarded = { aiwaf?: Decision } & Record<symbol, true | undefined>;

/** Express middleware, with the firewall it asks. */
export interface Protection {
  (request: NodeRequest, response: NodeResponse, next: Next): void;
  /** Subscribe to its decisions here; close it when the server closes. */
  readonly waf: Waf;
}

/** One mark for each firewall, so that a request is asked about once by each. */
const marks = new WeakMap<Waf, symbol>();

/**
 * Express middleware that inspects every request that reaches it; mount it before the body parsers and the routes.
 *
 * Blocked requests are answered here. All others go on in the same tick when no detector and no store has to wait, with the decision in
 * `request.aiwaf`. Bodies are only peeked at: any parser after this one still reads every byte. Upgraded connections never reach middleware.
 *
 * @param source - A firewall of your own, options for the recommended one, or nothing for the recommended one as it is.
 * @throws WafError when an option is wrong.
 * @example
 * app.use(protect({ mode: "report", paths: { "/webhooks/**": { profile: "webhook" } } }));
 */
export function protect(source?: Waf | RecommendedOptions): Protection {
  const waf = wafFrom(source);
  const mark = marks.get(waf) ?? Symbol("aiwaf");
  marks.set(waf, mark);
  const aiwaf = (request: NodeRequest, response: NodeResponse, next: Next): void => {
    const guarded = request as NodeRequest & Guarded;
    if (guarded[mark]) {
      waf.services.warnOnce("AIWAF_PROTECT_TWICE", "protect() met a request that the same firewall has inspected: mount it once.");
      next();
      return;
    }
    guarded[mark] = true;
    const decision = waf.inspect(fromIncoming(request));
    if (isThenable(decision)) settleLater(waf, decision, guarded, response, next);
    else settle(waf, decision, guarded, response, next);
  };
  return Object.assign(aiwaf, { waf });
}

/** What a handler throws in this tick is Express's, as if we were not here. */
function settle(waf: Waf, decision: Decision, request: Guarded, response: NodeResponse, next: Next): void {
  request.aiwaf = decision;
  observeResponse(waf, decision, response);
  if (decision.action === "allow") next();
  else writeBlocked(response, renderBlocked(decision));
}

/**
 * After a wait nobody is left to catch what a handler throws, so it is handed over: on Express 4 a rejection would end the process. Apart from
 * `protect`, whose closure would otherwise be allocated for every request, waited for or not.
 */
function settleLater(waf: Waf, decision: PromiseLike<Decision>, request: Guarded, response: NodeResponse, next: Next): void {
  decision.then((settled) => settle(waf, settled, request, response, next)).then(undefined, next);
}

/**
 * AIWAF for SvelteKit 2 and 3.
 *
 * @module
 */
import { type Decision, isThenable, type RawRequest, type Waf } from "@aiwaf/core";
import { fromIncoming, type NodeRequest } from "@aiwaf/core/node";
import { type RecommendedOptions, wafFrom } from "@aiwaf/core/recommended";
import { currentExchange } from "@aiwaf/core/server";
import { fromRequest, toResponse } from "@aiwaf/core/web";

export { guardServers } from "@aiwaf/core/server";

declare global {
  namespace App {
    interface Locals {
      /** What the firewall decided about this request; `undefined` while prerendering and in sub-requests. */
      aiwaf?: Decision;
    }
  }
}

/** What both versions of SvelteKit hand to `handle`. */
export interface HandleEvent {
  readonly request: Request;
  readonly locals: object;
  readonly platform?: Readonly<object> | undefined;
  /** True when `fetch` of a `load` function calls a route of the same application. */
  readonly isSubRequest: boolean;
  getClientAddress(): string;
}

type HandleInput<Event> = { readonly event: Event; readonly resolve: (event: Event) => Response | Promise<Response> };

/** SvelteKit's `handle`, with the firewall it asks. */
export interface Protection {
  <Event extends HandleEvent>(input: HandleInput<Event>): Response | Promise<Response>;
  /** Subscribe to its decisions here. */
  readonly waf: Waf;
}

/**
 * A `handle` hook that inspects every request that reaches SvelteKit's router; with `sequence`, put it first.
 *
 * Blocked requests are answered here, all others go on with the decision in `event.locals.aiwaf`. Bodies are read from a copy: actions, endpoints and
 * remote functions still read every byte. Prerendering and sub-requests are passed: they are the application's own.
 *
 * @param source - A firewall of your own, options for the recommended one, or nothing for the recommended one as it is.
 * @throws WafError when an option is wrong.
 * @example
 * export const handle = protect({ mode: "report", paths: { "/webhooks/**": { profile: "webhook" } } });
 */
export function protect(source?: Waf | RecommendedOptions): Protection {
  const waf = wafFrom(source);
  // Not async: what is decided in this tick goes on in this tick, and SvelteKit's own promise is handed on as it is.
  const aiwaf = <Event extends HandleEvent>({ event, resolve }: HandleInput<Event>): Response | Promise<Response> => {
    if (event.isSubRequest) return resolve(event);
    const known = currentExchange()?.decision;
    const raw = known === undefined ? toRaw(event, waf) : undefined;
    const locals = event.locals as App.Locals;
    if (raw === undefined) {
      if (known !== undefined) locals.aiwaf = known;
      return resolve(event);
    }
    const settle = (decision: Decision): Response | Promise<Response> => {
      locals.aiwaf = decision;
      if (decision.action === "allow" && !waf.wantsOutcome(decision)) return resolve(event);
      const tell = (response: Response): Response => {
        waf.observe(decision, { status: response.status, durationMs: Math.max(0, Date.now() - decision.request.receivedAt) });
        return response;
      };
      const response = decision.action === "allow" ? resolve(event) : toResponse(decision);
      return isThenable(response) ? response.then(tell) : tell(response);
    };
    const inspected = waf.inspect(raw);
    return isThenable(inspected) ? Promise.resolve(inspected.then(settle)) : settle(inspected);
  };
  return Object.assign(aiwaf, { waf }) as Protection;
}

const WATCHED_REQUESTS = 1_000;
let asked = 0;

/** Node's own request where `adapter-node` shows it, else what the `Request` still knows; `undefined` while prerendering. */
function toRaw(event: HandleEvent, waf: Waf): RawRequest | undefined {
  const { req } = (event.platform ?? {}) as { readonly req?: NodeRequest };
  const isNode = req?.socket !== undefined;
  let address: string | undefined;
  // Beside Node's own request it is asked for the warning alone, which the first requests bring.
  if (!isNode || asked++ < WATCHED_REQUESTS)
    try {
      address = event.getClientAddress();
    } catch (error) {
      if (req === undefined && /prerender/.test(String(error))) return undefined;
      waf.services.warnOnce(
        "AIWAF_CLIENT_ADDRESS",
        "SvelteKit could not tell a client's address: ADDRESS_HEADER or XFF_DEPTH do not fit what arrives. The firewall believes only its own option `client`.",
      );
    }
  if (!isNode) return fromRequest(event.request, address);
  const node = fromIncoming(req);
  // A GET has no body for SvelteKit, whatever was sent. For any other method it has begun to read the stream, and only a copy is left to look at.
  return req.method === "GET" || event.request.body === null ? node : { ...node, readBody: fromRequest(event.request, address).readBody! };
}

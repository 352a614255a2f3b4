import type { Decision, Waf } from "@aiwaf/core";

/**
 * What a built application is given by the process that started it: its firewall and its answers. The same build is so a shop behind a firewall, a shop
 * without one, and the application of the adapter suite; what differs between two runs is never the build.
 */
export interface Host {
  /** `undefined`: unprotected. */
  readonly waf: Waf | undefined;
  /** Guard the process's HTTP servers, beside the framework's own hook. */
  readonly guardsServers: boolean;
  answer(request: Request, decision: Decision | undefined): Promise<Response>;
}

const KEY = Symbol.for("aiwaf.sandbox.host");
const shared = globalThis as { [KEY]?: Host };

export function setHost(host: Host): void {
  shared[KEY] = host;
}

/** While a framework builds, nobody has set one. */
export function getHost(): Host {
  return shared[KEY] ?? { waf: undefined, guardsServers: false, answer: async () => new Response(null, { status: 503 }) };
}

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

/** What the plain page and the JSON route of each framework's own show: the bench takes these, everything else is answered by the host. */
export const CATALOGUE = Array.from({ length: 20 }, (_, id) => ({
  id,
  name: `Trail lantern ${id}`,
  price: 24.9,
  tags: ["light", "outdoor"],
}));

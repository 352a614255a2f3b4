/**
 * For `instrumentation.ts`: what Next's own server hides from its proxy, or the whole firewall in front of that server. Node only; elsewhere both do nothing.
 *
 * @module
 */
import type { Awaitable, Waf } from "@aiwaf/core";
import { type RecommendedOptions, wafFrom } from "@aiwaf/core/recommended";
import { guardServers } from "@aiwaf/core/server";

/** Shows the proxy of this process the socket, the target as sent and the end of each response: `export { register } from "@aiwaf/next/instrumentation"`. */
export function register(): void {
  if (process.env["NEXT_RUNTIME"] === "nodejs") void guardServers();
}

/** What the overlay of `next dev` asks its server: an error's frames, each with the file it stands in. The whole path, so that nothing hides behind a name. */
const OVERLAY = /^(\/[\w.-]+){0,4}\/__nextjs_[a-z_-]+(\?|$)/;
const isOverlay = (target: string): boolean => OVERLAY.test(target);

/**
 * A `register` that puts the firewall in front of Next's server: it sees every request, byte for byte, before Next's own redirects, static files and
 * rewrites, and no proxy is needed. `register.waf` is the firewall.
 *
 * @param source - A firewall of your own, options for the recommended one, or nothing for the recommended one as it is.
 * @throws WafError when an option is wrong.
 * @example
 * export const register = protectServers({ rateLimit: { max: 100, windowMs: 60_000 } });
 */
export function protectServers(source?: Waf | RecommendedOptions): (() => Awaitable<void>) & { readonly waf: Waf } {
  const waf = wafFrom(source);
  const tools = process.env["NODE_ENV"] === "development" ? isOverlay : undefined;
  const guard = (): Awaitable<void> => (process.env["NEXT_RUNTIME"] === "nodejs" ? guardServers(waf, tools) : undefined);
  return Object.assign(guard, { waf });
}

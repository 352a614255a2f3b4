import source from "#aiwaf";
import { type NodeEvent, protect } from "./h3.ts";

interface NitroApp {
  readonly h3App: { readonly stack: { unshift(layer: { route: string; handler: (event: NodeEvent) => unknown }): unknown } };
  readonly hooks: { hook(name: "close", run: () => Promise<void>): unknown };
}

/** Runs before everything else in the server, static files included: what `addServerHandler` adds would come after the application's own middleware. */
// biome-ignore lint/style/noDefaultExport: Nitro takes a plugin from a file's default export.
export default ({ h3App, hooks }: NitroApp): void => {
  if (source === false) return;
  const guard = protect(source);
  h3App.stack.unshift({ route: "/", handler: (event) => (isOwnCall(event.node.req as object) ? undefined : guard(event)) });
  hooks.hook("close", () => guard.waf.close());
};

/**
 * A call that the server makes to itself (`useFetch` while rendering, prerendering) has no connection, and was inspected where it began. Where requests
 * do not come over sockets, those from outside look like that too; there, only what carries the decision of a request that was inspected passes.
 */
const isOwnCall = (request: object & { readonly __unenv__?: { readonly aiwaf?: unknown } }): boolean =>
  "__unenv__" in request && (/^(?:node|nitro|bun)/.test(import.meta.preset ?? "") || request.__unenv__?.aiwaf !== undefined);

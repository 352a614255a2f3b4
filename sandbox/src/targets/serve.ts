/**
 * The process of one target: started by `startTarget`, never by hand. Listens on an ephemeral loopback port, takes orders over IPC, and
 * ends when the runner goes away.
 *
 * @module
 */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { Decision, Waf } from "@aiwaf/core";
import { createShop, type Shop } from "../shop/shop.ts";
import type { TargetName, TargetOptions } from "../types.ts";
import { createDecisionFeed, type DecisionFeed } from "./decision-feed.ts";
import type { Order, Report } from "./messages.ts";
import { answerWithShop } from "./shop-server.ts";

interface Instance {
  readonly listener: RequestListener;
  readonly shop: Shop;
  readonly feed: DecisionFeed | undefined;
  /** For who stands in front of the server. */
  readonly waf: Waf | undefined;
  close(): Promise<void>;
}

/** Express 5 in both, so that the ratio of the two is the price of the firewall alone. */
async function createInstance(name: TargetName, options: TargetOptions): Promise<Instance> {
  const shop = createShop();
  const { default: express } = await import("express");
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  let feed: DecisionFeed | undefined;
  let waf: Waf | undefined;
  if (name === "protected_express") {
    const { protect } = await import("@aiwaf/express");
    const { firewallOptions } = await import("./config.ts");
    const protection = protect(firewallOptions(options));
    waf = protection.waf;
    app.use(protection);
  } else if (name === "protected_proxy") {
    const { createWaf } = await import("@aiwaf/core");
    const { recommended } = await import("@aiwaf/core/recommended");
    const { firewallOptions } = await import("./config.ts");
    waf = createWaf(recommended(firewallOptions(options)));
  } else if (name !== "direct") throw new Error(`There is no target ${name} yet.`);
  if (waf !== undefined) feed = createDecisionFeed(waf, (events, lost) => report({ kind: "decisions", events, lost }));
  app.use((request, response) => answerWithShop(shop, request, response));
  return {
    listener: app as unknown as RequestListener,
    shop,
    feed,
    waf,
    async close() {
      feed?.end();
      feed?.flush();
      await waf?.close();
      await shop.close();
    },
  };
}

function report(message: Report): void {
  if (process.connected) process.send?.(message);
}

let instance: Instance | undefined;
let started: { readonly name: TargetName; readonly options: TargetOptions } | undefined;
const server = createServer((request, response) => instance?.listener(request, response));
server.keepAliveTimeout = 60_000;

let port: number | undefined;

/** The port that the runner talks to: the shop's own, or the one of the proxy in front of it. */
async function listen(name: TargetName | undefined): Promise<number> {
  if (port !== undefined) return port;
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const own = (server.address() as AddressInfo).port;
  port = name === "protected_proxy" ? await proxyTo(own) : own;
  return port;
}

/** One proxy for all resets, as the runner knows one port; each request is decided by the firewall of its time. */
async function proxyTo(own: number): Promise<number> {
  const { createProxy } = await import("@aiwaf/proxy");
  const owners = new WeakMap<Decision, Waf>();
  const current = (): Waf => {
    if (instance?.waf === undefined) throw new Error("The proxy has no firewall.");
    return instance.waf;
  };
  const waf: Waf = {
    get services() {
      return current().services;
    },
    inspect(raw) {
      const now = current();
      const note = (decision: Decision): Decision => {
        owners.set(decision, now);
        return decision;
      };
      const decision = now.inspect(raw);
      return "then" in decision ? decision.then(note) : note(decision);
    },
    observe: (decision, outcome) => owners.get(decision)?.observe(decision, outcome),
    wantsOutcome: (decision) => owners.get(decision)?.wantsOutcome(decision) ?? false,
    subscribe: (listener) => current().subscribe(listener),
    close: () => current().close(),
  };
  const proxy = createProxy({ upstream: `http://127.0.0.1:${own}`, firewall: waf });
  return (await proxy.listen(0)).port;
}

async function follow(order: Order): Promise<void> {
  if (order.kind === "start") started = { name: order.name, options: order.options };
  if (order.kind === "drain") {
    // Responses are reported when their sockets have closed them: a turn of the event loop after the client read the last byte.
    await new Promise((resolve) => setTimeout(resolve, 20));
    instance?.feed?.flush();
  } else if (started !== undefined) {
    const previous = instance;
    instance = await createInstance(started.name, started.options);
    await previous?.close();
  }
  report({ kind: "done", id: order.id, port: await listen(started?.name) });
}

process.on("message", (order: Order) => {
  follow(order).catch((error: unknown) =>
    report({ kind: "failed", id: order.id, message: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));

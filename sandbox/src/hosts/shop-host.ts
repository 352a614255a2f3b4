/**
 * Imported before a built application: gives it the shop, behind the firewall or bare, and takes the runner's orders over IPC.
 *
 * @module
 */
import { Server } from "node:http";
import { createWaf, type Decision, type Waf } from "@aiwaf/core";
import { recommended } from "@aiwaf/core/recommended";
import { setHost } from "../../apps/host.ts";
import { createShop, type Shop } from "../shop/shop.ts";
import { firewallOptions } from "../targets/config.ts";
import { createDecisionFeed, type DecisionFeed } from "../targets/decision-feed.ts";
import type { Order, Report } from "../targets/messages.ts";

interface Instance {
  readonly shop: Shop;
  readonly waf: Waf;
  readonly feed: DecisionFeed;
}

const isProtected = process.env["AIWAF_SANDBOX_TARGET"]?.startsWith("protected_") === true;
const mode = process.env["AIWAF_SANDBOX_MODE"] === "report" ? "report" : "enforce";

const report = (message: Report): void => {
  if (process.connected) process.send?.(message);
};

function createInstance(): Instance {
  const waf = createWaf(recommended(firewallOptions({ mode })));
  return { shop: createShop(), waf, feed: createDecisionFeed(waf, (events, lost) => report({ kind: "decisions", events, lost })) };
}

let instance = createInstance();
const owners = new WeakMap<Decision, Waf>();

/** A built application keeps the firewall it was started with; this one is a new one after each reset. */
const waf: Waf = {
  get services() {
    return instance.waf.services;
  },
  inspect(raw) {
    const { waf: current } = instance;
    const own = (decision: Decision): Decision => {
      owners.set(decision, current);
      return decision;
    };
    const decision = current.inspect(raw);
    return "then" in decision ? decision.then(own) : own(decision);
  },
  observe: (decision, outcome) => owners.get(decision)?.observe(decision, outcome),
  wantsOutcome: (decision) => owners.get(decision)?.wantsOutcome(decision) ?? false,
  subscribe: (listener) => instance.waf.subscribe(listener),
  close: () => instance.waf.close(),
};

setHost({
  waf: isProtected ? waf : undefined,
  guardsServers: process.env["AIWAF_SANDBOX_GUARD"] === "1",
  answer(request) {
    const { pathname, search } = new URL(request.url);
    // Frameworks show handlers neither the socket nor the target as sent; the shop is as vulnerable without them.
    return instance.shop.handle(request, { peer: "127.0.0.1", target: pathname + search, method: request.method });
  },
});

async function follow(order: Order): Promise<void> {
  if (order.kind === "drain") {
    // Responses are reported when their sockets have closed them: a turn of the event loop after the client read the last byte.
    await new Promise((resolve) => setTimeout(resolve, 20));
    instance.feed.flush();
  } else {
    const previous = instance;
    instance = createInstance();
    previous.feed.end();
    previous.feed.flush();
    await previous.waf.close();
    await previous.shop.close();
  }
  report({ kind: "done", id: order.id, port: Number(process.env["PORT"] ?? process.env["NITRO_PORT"]) });
}

// Frameworks close an idle connection after five seconds, just as the runner may be sending the next request on it; the shop in Express waits a minute.
const { listen } = Server.prototype;
Server.prototype.listen = function (this: Server, ...values: unknown[]) {
  this.keepAliveTimeout = 60_000;
  return Reflect.apply(listen, this, values) as Server;
};

process.on("message", (order: Order) => {
  follow(order).catch((error: unknown) =>
    report({ kind: "failed", id: order.id, message: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));

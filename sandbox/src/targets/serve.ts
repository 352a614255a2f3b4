/**
 * The process of one target: started by `startTarget`, never by hand. Listens on an ephemeral loopback port, takes orders over IPC, and
 * ends when the runner goes away.
 *
 * @module
 */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createShop, type Shop } from "../shop/shop.ts";
import type { TargetName, TargetOptions } from "../types.ts";
import { createDecisionFeed, type DecisionFeed } from "./decision-feed.ts";
import type { Order, Report } from "./messages.ts";
import { answerWithShop } from "./shop-server.ts";

interface Instance {
  readonly listener: RequestListener;
  readonly shop: Shop;
  readonly feed: DecisionFeed | undefined;
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
  let closeFirewall: () => Promise<void> = async () => undefined;
  if (name === "protected_express") {
    const { protect } = await import("@aiwaf/express");
    const { firewallOptions } = await import("./config.ts");
    const protection = protect(firewallOptions(options));
    feed = createDecisionFeed(protection.waf, (events, lost) => report({ kind: "decisions", events, lost }));
    closeFirewall = () => protection.waf.close();
    app.use(protection);
  } else if (name !== "direct") throw new Error(`There is no target ${name} yet.`);
  app.use((request, response) => answerWithShop(shop, request, response));
  return {
    listener: app as unknown as RequestListener,
    shop,
    feed,
    async close() {
      feed?.end();
      feed?.flush();
      await closeFirewall();
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

async function listen(): Promise<number> {
  if (!server.listening) await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
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
  report({ kind: "done", id: order.id, port: await listen() });
}

process.on("message", (order: Order) => {
  follow(order).catch((error: unknown) =>
    report({ kind: "failed", id: order.id, message: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));

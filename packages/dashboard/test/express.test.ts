import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { protect } from "@aiwaf/express";
import express, { type Express } from "express";
import { afterEach, describe, expect, it } from "vitest";
import { createDashboard, type Dashboard } from "../src/index.ts";
import { SQL } from "./console.ts";

const running: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of running.splice(0)) await end();
});

async function listen(app: Express, dashboard: Dashboard): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  const server: Server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  running.push(async () => {
    dashboard.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return (path, init = {}) => fetch(`http://127.0.0.1:${port}${path}`, { redirect: "manual", ...init });
}

const ADMIN = { cookie: "session=admin", "content-type": "application/json", "x-aiwaf-csrf": "same-origin" };
const BROWSER = { "user-agent": "Mozilla/5.0 Firefox/140.0", accept: "text/html", "accept-language": "en" };
const auth = (request: Request): string | undefined => (request.headers.get("cookie") === "session=admin" ? "admin" : undefined);

describe("the console in an Express application", () => {
  it("stands beside the application's routes, behind its login, and the firewall does not look at what operators look at", async () => {
    const firewall = protect({ log: { warn() {}, error() {} } });
    const dashboard = createDashboard({ waf: firewall.waf, auth });
    const app = express();
    app.use(dashboard.node);
    app.use(firewall);
    app.get("/{*any}", (request, response) => void response.send(`application ${request.path}`));
    const ask = await listen(app, dashboard);
    expect(await (await ask("/shop", { headers: BROWSER })).text()).toBe("application /shop");
    expect((await ask(`/shop?q=${SQL}`, { headers: BROWSER })).status).toBe(403);
    expect((await ask("/aiwaf/api/decisions", { headers: BROWSER })).status).toBe(401);
    const { decisions } = (await (await ask("/aiwaf/api/decisions?path=/shop?q=1", { headers: ADMIN })).json()) as {
      decisions: unknown[];
    };
    expect(decisions).toHaveLength(1);
    expect((await ask("/aiwaf", { headers: ADMIN })).headers.get("location")).toBe("/aiwaf/");
    expect(await (await ask("/aiwafx", { headers: BROWSER })).text()).toBe("application /aiwafx");
    // The console is no traffic of the site's.
    expect(dashboard.events.counts().decisions).toBe(3);
  });

  it("takes bodies that a parser has read before, and stands where it is mounted", async () => {
    const firewall = protect({ log: { warn() {}, error() {} } });
    const dashboard = createDashboard({ waf: firewall.waf, auth, prefix: "/admin/firewall" });
    const app = express();
    app.use(express.json());
    app.use("/admin/firewall", dashboard.node);
    const ask = await listen(app, dashboard);
    const banned = await ask("/admin/firewall/api/bans", {
      method: "POST",
      headers: ADMIN,
      body: JSON.stringify({ client: "192.0.2.1", lengthMs: 60_000 }),
    });
    expect(banned.status).toBe(201);
    expect(await (await ask("/admin/firewall/api/bans", { headers: ADMIN })).json()).toMatchObject({ bans: [{ client: "192.0.2.1" }] });
  });
});

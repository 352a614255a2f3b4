import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createControl, createEvents, createProxy, createScorer } from "@aiwaf/proxy";

/** Stands for the application behind: in any language, on any machine. */
const application = createServer((request, response) => response.end(`You asked for ${request.url}\n`));
await new Promise<void>((resolve) => application.listen(0, "127.0.0.1", resolve));

const upstream = process.env["AIWAF_UPSTREAM"] ?? `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
const proxy = createProxy({ upstream, firewall: { rateLimit: { max: 300, windowMs: 60_000 } } });
if (proxy.waf === undefined) throw new Error("unreachable: a firewall was asked for");
const control = createControl({ proxy, events: createEvents(proxy.waf), scorer: createScorer() });

const { port } = await proxy.listen(Number(process.env["PORT"] ?? 8080));
const operators = await control.listen(Number(process.env["CONTROL_PORT"] ?? 8081));
console.log(`listening on http://127.0.0.1:${port}`);
console.log(`for operators http://127.0.0.1:${operators.port} token ${control.token}`);

process.once("SIGTERM", async () => {
  await proxy.close();
  await control.close();
  application.close();
});

/**
 * One of several processes that share a limit. `<store> <where> <requests> <max> <now> <reserve> <at once>`: inspects so many requests of one client, so
 * many of them at once, and prints how many were allowed, how many were blocked and how many decisions had a failure.
 */
import { createWaf, type Decision, type Store } from "@aiwaf/core";
import { rateLimit } from "@aiwaf/core/detectors";
import { redisStore } from "@aiwaf/core/stores/redis";
import { sqliteStore } from "@aiwaf/core/stores/sqlite";
import { Redis } from "ioredis";

const [kind, where = "", requests = "0", max = "0", now = "0", reserve = "1", atOnce = requests] = process.argv.slice(2);
const client = kind === "redis" ? new Redis({ port: Number(where), host: "127.0.0.1" }) : undefined;
const store: Store =
  client === undefined
    ? sqliteStore({ path: where, busyTimeoutMs: 60_000 })
    : redisStore({ send: ([name, ...args]) => client.call(name, ...args), maxPending: 100_000 });

const limit = rateLimit({ max: Number(max), windowMs: 60_000, floodMax: 1_000_000, reserve: Number(reserve) });
const waf = createWaf({ detectors: [limit], store, clock: () => Number(now), deadlineMs: 60_000 });
const headers = new Headers();
const decisions: Decision[] = [];
while (decisions.length < Number(requests)) {
  const some = Math.min(Number(atOnce), Number(requests) - decisions.length);
  const inspected = Array.from({ length: some }, () => waf.inspect({ method: "GET", target: "/", headers, peer: "192.0.2.1" }));
  decisions.push(...(await Promise.all(inspected)));
}
const allowed = decisions.filter(({ action }) => action === "allow").length;
const failed = decisions.filter(({ failures }) => failures.length > 0).length;
console.log(JSON.stringify({ allowed, blocked: decisions.length - allowed, failed }));
await waf.close();
client?.disconnect();

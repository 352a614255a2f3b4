/**
 * Imported before a built application, whose own page and JSON route are behind the recommended firewall where `AIWAF_SANDBOX_TARGET` says so. Answers
 * messages: `profile` begins a profile and `share` ends it, answering the firewall's share of the time it shows; anything else is answered with the process's
 * processor time and how long it has stood still to collect garbage.
 *
 * @module
 */
import { type Profiler, Session } from "node:inspector/promises";
import { PerformanceObserver } from "node:perf_hooks";
import { createWaf } from "@aiwaf/core";
import { recommended } from "@aiwaf/core/recommended";
import { setHost } from "../../apps/host.ts";
import type { BenchReport } from "./launch.ts";

const isProtected = process.env["AIWAF_SANDBOX_TARGET"] === "protected";

setHost({
  // One client sends everything here: the limiter must count it, and never stop it.
  waf: isProtected ? createWaf(recommended({ rateLimit: { max: 1_000_000, windowMs: 1_000 }, loginLimit: false })) : undefined,
  guardsServers: process.env["AIWAF_SANDBOX_GUARD"] === "1",
  answer: async () => new Response(null, { status: 404 }),
});

const session = new Session();

async function beginProfile(): Promise<void> {
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 200 });
  await session.post("Profiler.start");
}

async function endProfile(): Promise<number> {
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  return shareOf(profile);
}

/** Our packages' functions, and what of Node's they call; not what the firewall lets through to the framework, which a guarded server's `emit` calls. */
function shareOf({ nodes }: Profiler.Profile): number {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const counts = { ours: 0, all: 0 };
  const visit = (node: Profiler.ProfileNode, isParentOurs: boolean): void => {
    const { functionName, url } = node.callFrame;
    const isOurs =
      /\/packages\/\w+\/dist\//.test(url) || (isParentOurs && (url === "" || (url.startsWith("node:") && functionName !== "emit")));
    if (functionName !== "(idle)") counts.all += node.hitCount ?? 0;
    if (isOurs) counts.ours += node.hitCount ?? 0;
    for (const child of node.children ?? []) visit(byId.get(child)!, isOurs);
  };
  visit(nodes[0]!, false);
  return counts.ours / counts.all;
}

let collectingMs = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collectingMs += duration;
}).observe({ entryTypes: ["gc"] });

async function answer(message: unknown): Promise<number | BenchReport> {
  if (message === "profile") await beginProfile();
  else if (message === "share") return endProfile();
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system, collectingMicros: collectingMs * 1_000 };
}

process.on("message", (message) => {
  answer(message).then((value) => process.send?.(value));
});
process.on("disconnect", () => process.exit(0));

/**
 * Imported before a built application: a plain page and a JSON route, behind the recommended firewall where `AIWAF_SANDBOX_TARGET` says so. Answers any
 * message with the process's processor time.
 *
 * @module
 */
import { createWaf } from "@aiwaf/core";
import { recommended } from "@aiwaf/core/recommended";
import { setHost } from "../../apps/host.ts";

const isProtected = process.env["AIWAF_SANDBOX_TARGET"] === "protected";
const page = `<!doctype html><title>Shop</title><h1>Shop</h1><ul>${"<li>Trail lantern, 24.90</li>".repeat(80)}</ul>`;
const items = Array.from({ length: 20 }, (_, id) => ({ id, name: `Trail lantern ${id}`, price: 24.9, tags: ["light", "outdoor"] }));

setHost({
  // One client sends everything here: the limiter must count it, and never stop it.
  waf: isProtected ? createWaf(recommended({ rateLimit: { max: 1_000_000, windowMs: 1_000 }, loginLimit: false })) : undefined,
  guardsServers: process.env["AIWAF_SANDBOX_GUARD"] === "1",
  answer: async (request) =>
    request.url.endsWith("/json")
      ? Response.json(items)
      : new Response(page, { headers: { "content-type": "text/html; charset=utf-8", "content-length": `${page.length}` } }),
});

process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.on("disconnect", () => process.exit(0));

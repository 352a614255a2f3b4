import { protectServers } from "@aiwaf/next/instrumentation";
import { shared } from "./lib/console";

const firewall = protectServers({
  paths: {
    // Programs call this one: nothing is expected of them that only browsers send.
    "/api/**": { profile: "api", rateLimit: { max: 60, windowMs: 60_000 } },
    "/files/*": { methods: ["PUT"] },
    // What operators look at is full of attacks.
    "/aiwaf/**": { mode: "off" },
  },
});

export async function register(): Promise<void> {
  await firewall();
  if (process.env["NEXT_RUNTIME"] !== "nodejs") return;
  // The console, for whoever has the cookie of an operator: closed while no token is set.
  const token = process.env["ADMIN_TOKEN"];
  const { createDashboard } = await import("@aiwaf/dashboard");
  shared.firewallConsole = createDashboard({
    waf: firewall.waf,
    ...(token !== undefined && { auth: (request) => (request.headers.get("cookie") === `admin=${token}` ? "operator" : undefined) }),
  });
}

firewall.waf.subscribe((decision) => {
  if (decision.action !== "block") return;
  const { rule, findings, request, id } = decision;
  const where = findings.find((finding) => finding.rule === rule)?.where ?? "";
  console.log(`blocked ${request.method} ${request.path}: ${rule} ${where} (${id})`);
});

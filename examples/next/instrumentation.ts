import { protectServers } from "@aiwaf/next/instrumentation";

export const register = protectServers({
  paths: {
    // Programs call this one: nothing is expected of them that only browsers send.
    "/api/**": { profile: "api", rateLimit: { max: 60, windowMs: 60_000 } },
    "/files/*": { methods: ["PUT"] },
  },
});

register.waf.subscribe((decision) => {
  if (decision.action !== "block") return;
  const { rule, findings, request, id } = decision;
  const where = findings.find((finding) => finding.rule === rule)?.where ?? "";
  console.log(`blocked ${request.method} ${request.path}: ${rule} ${where} (${id})`);
});

import { guardServers, protect } from "@aiwaf/sveltekit";
import { building, dev } from "$app/env";

export const handle = protect({
  paths: {
    // Programs call this one: nothing is expected of them that only browsers send.
    "/api/**": { profile: "api", rateLimit: { max: 60, windowMs: 60_000 } },
    "/files/*": { methods: ["PUT"] },
  },
});

handle.waf.subscribe((decision) => {
  if (decision.action === "block")
    console.log(`blocked ${decision.request.method} ${decision.request.path}: ${decision.rule} (${decision.id})`);
});

// In front of the whole server, so that nothing is answered unseen: not a file, and not what SvelteKit refuses itself.
if (!building && !dev) guardServers(handle.waf);

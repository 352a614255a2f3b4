import { createDashboard } from "@aiwaf/dashboard";
import { guardServers, protect } from "@aiwaf/sveltekit";
import { type Handle, sequence } from "@sveltejs/kit/hooks";
import { building, dev } from "$app/env";

const firewall = protect({
  paths: {
    // Programs call this one: nothing is expected of them that only browsers send.
    "/api/**": { profile: "api", rateLimit: { max: 60, windowMs: 60_000 } },
    "/files/*": { methods: ["PUT"] },
    // What operators look at is full of attacks.
    "/aiwaf/**": { mode: "off" },
  },
});

firewall.waf.subscribe((decision) => {
  if (decision.action !== "block") return;
  const { rule, findings, request, id } = decision;
  const where = findings.find((finding) => finding.rule === rule)?.where ?? "";
  console.log(`blocked ${request.method} ${request.path}: ${rule} ${where} (${id})`);
});

/** Answers carry the id under which the firewall knows the request. Prerendered pages have none. */
const tellId: Handle = async ({ event, resolve }) => {
  const response = await resolve(event);
  if (event.locals.aiwaf !== undefined) response.headers.set("x-request-id", event.locals.aiwaf.id);
  return response;
};

/** The console, for whoever has the cookie of an operator: closed while no token is set. */
const token = process.env["ADMIN_TOKEN"];
const dashboard = createDashboard({
  waf: firewall.waf,
  ...(token !== undefined && { auth: (request) => (request.headers.get("cookie") === `admin=${token}` ? "operator" : undefined) }),
});
const consolePages: Handle = ({ event, resolve }) =>
  /^\/aiwaf(?:\/|$)/.test(event.url.pathname)
    ? dashboard.fetch(event.request, { peer: event.getClientAddress(), compress: true })
    : resolve(event);

export const handle = sequence(consolePages, firewall, tellId);

// In front of the whole server, so that nothing is answered unseen: not a file, and not what SvelteKit refuses itself.
if (!building && !dev) guardServers(firewall.waf);

import type { AdapterCase } from "@aiwaf/conformance";

/** Everything below `/admin` answers PUT alone: whoever gets past that rule with a GET has got past the firewall. */
const held = (name: string, url: string): AdapterCase => ({
  name,
  config: { paths: { "/admin/**": { methods: ["PUT"] } } },
  send: { method: "GET", url },
  expect: { status: 405, reachedApp: false, rule: "methods/not-allowed" },
});

/** One case, or a few, for each way around Nuxt's route rules that was published. */
export const NUXT_ADVISORIES: readonly AdapterCase[] = [
  held("CVE-2026-114131: an escaped segment is held to its rule", "/%61dmin/users"),
  held("CVE-2026-114131: an escaped slash is held", "/admin%2Fusers"),
  held("CVE-2026-53721: another case is held", "/Admin/Users"),
  held("GHSA-hxvh-4h3w-prp9: also in capitals", "/ADMIN"),
  held("CVE-2026-120309: an escaped question mark does not end a path", "/admin%3F/users"),
  held("GHSA-x732-6j76-qmhm: repeated slashes are held", "//admin//users"),
  held("an escape that leaves a folder is held", "/open/..%2fadmin/users"),
  held("a page's payload is held to the page's rule", "/admin/_payload.json?1a2b3c"),
  {
    name: "what Nitro marks its prerendering with is refused from outside",
    send: { method: "GET", url: "/", headers: { "x-nitro-prerender": "/admin" } },
    expect: { status: 403, reachedApp: false, rule: "internals/header" },
  },
];

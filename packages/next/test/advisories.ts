import type { AdapterCase } from "@aiwaf/conformance";

/** Everything below `/admin` answers PUT alone: whoever gets past that rule with a GET has got past the firewall. */
const config = { paths: { "/admin/**": { methods: ["PUT"] } } };

const held = (name: string, url: string, headers: Readonly<Record<string, string>> = {}): AdapterCase => ({
  name,
  config,
  send: { method: "GET", url, headers },
  expect: { status: 405, reachedApp: false, rule: "methods/not-allowed" },
});

const refused = (name: string, headers: Readonly<Record<string, string>>): AdapterCase => ({
  name,
  send: { method: "GET", url: "/admin", headers },
  expect: { status: 403, reachedApp: false, rule: "internals/header" },
});

/** One case, or a few, for each way around Next's middleware that was published; whatever Next itself does about them today. */
export const NEXT_ADVISORIES: readonly AdapterCase[] = [
  refused("CVE-2025-29927: a subrequest header from outside is refused", { "x-middleware-subrequest": "middleware:middleware:middleware" }),
  refused("CVE-2025-29927: so is one for the src folder", { "x-middleware-subrequest": "src/middleware:src/middleware" }),
  refused("CVE-2025-29927: a guessed subrequest id proves nothing", {
    "x-middleware-subrequest": "middleware",
    "x-middleware-subrequest-id": "0000000000000000",
  }),
  refused("a rewrite that a client asks for is refused", { "x-middleware-rewrite": "/admin" }),
  held("CVE-2024-51479: a page directly below the root is held", "/admin"),
  held("CVE-2024-51479: also with a trailing slash", "/admin/"),
  held("CVE-2026-44573: the data route of a page is held", "/_next/data/build-1/admin.json"),
  held("CVE-2026-44573: also with the locale that the page's address leaves out", "/_next/data/build-1/en/admin.json", {
    "x-nextjs-data": "1",
  }),
  held("CVE-2026-44575: the component payload of a page is held", "/admin.rsc"),
  held("CVE-2026-45109: a segment of a page is held", "/admin.segments/_tree.segment.rsc"),
  held("CVE-2026-45109: also of a page below", "/admin/users.segments/admin/users/__PAGE__.segment.rsc"),
  held("a payload asked for by header is held", "/admin?_rsc=1", { rsc: "1", "next-router-prefetch": "1" }),
  held("CVE-2026-44574: a parameter injected by the query does not move a page", "/admin/users?nxtPpath=open&nxtPslug=open"),
  held("GHSA-6gpp-xcg3-4w24: the built application holds a page under any matcher", "/admin/users"),
  held("another case is held", "/ADMIN/users"),
  held("an escaped slash is held", "/admin%2fusers"),
  held("an escaped letter is held", "/%61dmin/users"),
];

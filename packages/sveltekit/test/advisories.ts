import type { AdapterCase } from "@aiwaf/conformance";

/** Everything below `/admin` answers PUT alone: whoever gets past that rule with a GET has got past the firewall. */
const held = (name: string, url: string, headers: Readonly<Record<string, string>> = {}): AdapterCase => ({
  name,
  config: { paths: { "/admin/**": { methods: ["PUT"] } } },
  send: { method: "GET", url, headers },
  expect: { status: 405, reachedApp: false, rule: "methods/not-allowed" },
});

/** What was published about SvelteKit, as far as a request shows it. */
export const SVELTEKIT_ADVISORIES: readonly AdapterCase[] = [
  held("a page's data is held to the page's rule", "/admin/__data.json?x-sveltekit-invalidated=01"),
  held("so is the data of the folder", "/admin/users/__data.json"),
  held("another case is held", "/Admin/users"),
  held("an escaped slash is held", "/admin%2fusers"),
  held("dots that are escaped twice are held", "/open/%252e%252e/admin/users"),
  {
    name: "CVE-2026-40073: a body of undeclared length is inspected and counted as it comes",
    needs: ["body"],
    config: { detectors: ["body-watch"] },
    send: {
      method: "POST",
      url: "/form",
      headers: { "content-type": "application/json" },
      body: `{"q":"${"x".repeat(900)}attack"}`,
      chunkBytes: 64,
    },
    expect: { status: 403, reachedApp: false, rule: "body-watch/attack" },
  },
  {
    name: "CVE-2026-22803: a form whose declared parts are longer than it is passes as bytes, and harms nobody",
    needs: ["body"],
    config: { detectors: ["body-watch"] },
    send: {
      method: "POST",
      url: "/form",
      headers: { "content-type": "application/x-sveltekit-formdata" },
      body: "\u0000\u00ff\u00ff\u00ff\u007f\u0000\u0000[{}]",
      encoding: "latin-1",
    },
    expect: { status: 200, reachedApp: true },
  },
];

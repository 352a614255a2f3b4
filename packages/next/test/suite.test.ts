import { readFileSync } from "node:fs";
import { ADAPTER_CASES, adapterSuite, wholeBodyCases } from "@aiwaf/conformance";
import { launchApp } from "sandbox/launch";
import { afterAll, test } from "vitest";
import { NEXT_ADVISORIES } from "./advisories.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const all = { "raw-target": true, peer: true, body: true, decision: true, outcome: true, "any-method": true } as const;

/** What Next does before, or instead of, asking its proxy. */
const BEFORE_THE_PROXY = new Set([
  "an absolute-form target gets no relaxation",
  "a host that looks like the path lends no relaxation",
  "a double slash gets no relaxation",
  "a backslash gets no relaxation",
  "a body of a GET is inspected too",
  "a body that stalls ends in an answer at the deadline",
  "an attack in the part of a stalled body that came is found",
]);

adapterSuite({
  name: "Next 16, protectServers()",
  test,
  after: afterAll,
  start: () => launchApp("next", "suite-host", { AIWAF_SANDBOX_GUARD: "1" }),
  readme,
  capabilities: all,
  // Without a proxy, Next has no limit of its own for route handlers.
  extraCases: [...NEXT_ADVISORIES, ...wholeBodyCases(12_000_000)],
});

adapterSuite({
  name: "Next 16, proxy and register()",
  test,
  after: afterAll,
  start: () => launchApp("next", "suite-host", { AIWAF_SANDBOX_PROXY: "1" }),
  readme,
  capabilities: {
    ...all,
    "raw-target": "Next itself redirects or rewrites some spellings of a path before its proxy runs: `//`, backslashes, absolute targets.",
    body: "Next hides the body of a GET from its proxy, and sends the proxy's answer only when a body has arrived whole, however long that takes.",
  },
  // Of the cases that need these, all others hold.
  extraCases: [
    ...NEXT_ADVISORIES,
    ...wholeBodyCases(10 * 1024 * 1024),
    ...ADAPTER_CASES.flatMap(({ needs = [], ...one }) =>
      (needs.includes("raw-target") || needs.includes("body")) && !BEFORE_THE_PROXY.has(one.name) ? [one] : [],
    ),
  ],
});

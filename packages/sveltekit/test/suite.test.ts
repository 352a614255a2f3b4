import { readFileSync } from "node:fs";
import { adapterSuite, wholeBodyCases } from "@aiwaf/conformance";
import { launchApp } from "sandbox/launch";
import { afterAll, test } from "vitest";
import { SVELTEKIT_ADVISORIES } from "./advisories.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
/** SvelteKit's own limit; it answers 413 above it. */
const LIMIT = { BODY_SIZE_LIMIT: "4M" };
const extraCases = [...SVELTEKIT_ADVISORIES, ...wholeBodyCases(4 * 1024 * 1024)];
const all = { "raw-target": true, peer: true, body: true, decision: true, outcome: true, "any-method": true } as const;

adapterSuite({
  name: "SvelteKit 3 on adapter-node, handle alone",
  test,
  after: afterAll,
  start: () => launchApp("sveltekit", "suite-host", LIMIT),
  readme,
  capabilities: all,
  extraCases,
});

adapterSuite({
  name: "SvelteKit 3 on adapter-node, with guardServers",
  test,
  after: afterAll,
  start: () => launchApp("sveltekit", "suite-host", { ...LIMIT, AIWAF_SANDBOX_GUARD: "1" }),
  readme,
  capabilities: all,
  extraCases,
});

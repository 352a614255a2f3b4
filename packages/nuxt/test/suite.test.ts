import { readFileSync } from "node:fs";
import { adapterSuite, wholeBodyCases } from "@aiwaf/conformance";
import { launchApp } from "sandbox/launch";
import { afterAll, test } from "vitest";
import { NUXT_ADVISORIES } from "./advisories.ts";

adapterSuite({
  name: "Nuxt 4",
  test,
  after: afterAll,
  start: () => launchApp("nuxt", "suite-host"),
  readme: readFileSync(new URL("../README.md", import.meta.url), "utf8"),
  capabilities: { "raw-target": true, peer: true, body: true, decision: true, outcome: true, "any-method": true },
  // Nitro has no limit of its own on Node.
  extraCases: [...NUXT_ADVISORIES, ...wholeBodyCases(12_000_000)],
});

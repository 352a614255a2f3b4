import { readFileSync } from "node:fs";
import { adapterSuite } from "@aiwaf/conformance";
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
  extraCases: NUXT_ADVISORIES,
});

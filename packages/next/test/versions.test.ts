import { readFileSync } from "node:fs";
import { adapterSuite, wholeBodyCases } from "@aiwaf/conformance";
import { launchApp, versionApp } from "sandbox/launch";
import { afterAll, test } from "vitest";
import { NEXT_ADVISORIES } from "./advisories.ts";

const folder = versionApp("next-15");

if (folder === undefined) test.skip("Next 15, protectServers() (npm run versions builds it and runs this)", () => {});
else
  adapterSuite({
    name: "Next 15, protectServers()",
    test,
    after: afterAll,
    start: () => launchApp("next", "suite-host", { AIWAF_SANDBOX_GUARD: "1" }, folder),
    readme: readFileSync(new URL("../README.md", import.meta.url), "utf8"),
    capabilities: { "raw-target": true, peer: true, body: true, decision: true, outcome: true, "any-method": true },
    extraCases: [...NEXT_ADVISORIES, ...wholeBodyCases(12_000_000)],
  });

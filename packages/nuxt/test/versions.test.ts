import { readFileSync } from "node:fs";
import { ADAPTER_CASES, adapterSuite, wholeBodyCases } from "@aiwaf/conformance";
import { launchApp, versionApp } from "sandbox/launch";
import { afterAll, test } from "vitest";
import { NUXT_ADVISORIES } from "./advisories.ts";

const folder = versionApp("nitro-3");

if (folder === undefined) test.skip("Nitro 3 with h3 2 (npm run versions builds it and runs this)", () => {});
else
  adapterSuite({
    name: "Nitro 3 with h3 2",
    test,
    after: afterAll,
    start: () => launchApp("nuxt", "suite-host", {}, folder),
    readme: readFileSync(new URL("../README.md", import.meta.url), "utf8"),
    capabilities: {
      "raw-target": "h3 2 itself answers a path whose escapes are no UTF-8 with 400, before any middleware.",
      peer: true,
      body: true,
      decision: true,
      outcome: true,
      "any-method": true,
    },
    // All the others about targets hold.
    extraCases: [
      ...NUXT_ADVISORIES,
      ...wholeBodyCases(12_000_000),
      ...ADAPTER_CASES.flatMap(({ needs, ...one }) =>
        needs?.includes("raw-target") === true && one.name !== "an overlong escape gets no relaxation" ? [one] : [],
      ),
    ],
  });

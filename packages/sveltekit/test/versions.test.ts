import { readFileSync } from "node:fs";
import { ADAPTER_CASES, adapterSuite, wholeBodyCases } from "@aiwaf/conformance";
import { launchApp, versionApp } from "sandbox/launch";
import { afterAll, test } from "vitest";
import { SVELTEKIT_ADVISORIES } from "./advisories.ts";

const folder = versionApp("sveltekit-2");
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const all = { "raw-target": true, peer: true, body: true, decision: true, outcome: true, "any-method": true } as const;
const own = [...SVELTEKIT_ADVISORIES, ...wholeBodyCases(4 * 1024 * 1024)];

/** What version 2 answers before it asks its `handle`. */
const BEFORE_HANDLE = new Set(["an absolute-form target gets no relaxation", "a host that looks like the path lends no relaxation"]);

if (folder === undefined) test.skip("SvelteKit 2 on adapter-node (npm run versions builds it and runs this)", () => {});
else {
  adapterSuite({
    name: "SvelteKit 2 on adapter-node, handle alone",
    test,
    after: afterAll,
    start: () => launchApp("sveltekit", "suite-host", { BODY_SIZE_LIMIT: "4M" }, folder),
    readme,
    capabilities: { ...all, "raw-target": "SvelteKit 2 itself answers a target in absolute form with 404, before `handle`" },
    // Of the cases about targets, all others hold.
    extraCases: [
      ...own,
      ...ADAPTER_CASES.flatMap(({ needs, ...one }) =>
        needs?.includes("raw-target") === true && !BEFORE_HANDLE.has(one.name) ? [one] : [],
      ),
    ],
  });

  adapterSuite({
    name: "SvelteKit 2 on adapter-node, with guardServers",
    test,
    after: afterAll,
    start: () => launchApp("sveltekit", "suite-host", { AIWAF_SANDBOX_GUARD: "1", BODY_SIZE_LIMIT: "4M" }, folder),
    readme,
    capabilities: all,
    extraCases: own,
  });
}

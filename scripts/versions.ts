/**
 * Runs the adapter suites on SvelteKit 2, Nitro 3 and Next 15: installs each with the packed packages in a temporary folder, builds the suite's application,
 * and hands the builds to the tests that are skipped without them. `npm run versions [-- sveltekit-2 nitro-3 next-15]`. Needs a package registry; too heavy for `npm test`.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveRegistry } from "./newcomer/registry.ts";
import { runIn } from "./newcomer/run.ts";
import { VERSION_APPS, writeApp } from "./versions/apps.ts";

const root = join(import.meta.dirname, "..");
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !VERSION_APPS.some((app) => app.name === name));
if (unknown.length > 0) {
  console.error(`No application is called ${unknown.join(", ")}. Known: ${VERSION_APPS.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "aiwaf-versions-"));
try {
  const registry = await serveRegistry(join(root, "packages"), folder);
  for (const app of VERSION_APPS) {
    if (wanted.length > 0 && !wanted.includes(app.name)) continue;
    console.log(`Building ${app.name} …`);
    const own = writeApp(app, folder, join(root, "sandbox", "apps"), registry.npmrc);
    await runIn(own, ["npm", "install", "--no-audit", "--no-fund"]);
    await runIn(own, ["npx", "--no-install", ...app.build]);
  }
  registry.close();
  const tests = ["packages/sveltekit", "packages/nuxt", "packages/next"].map((name) => `${name}/test/versions.test.ts`);
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const { status } = spawnSync(process.execPath, [vitest, "run", ...tests], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, AIWAF_VERSION_APPS: folder },
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

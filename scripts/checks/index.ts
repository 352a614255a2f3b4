/**
 * Checks the repository's laws: `node scripts/checks/index.ts [name…]`. One line a check, the details of a failure below it; exit code 1 when any
 * fails. Needs a build.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { loadCommandHelp } from "../reference/cli.ts";
import { loadTables } from "../reference/options.ts";
import { generateReference } from "../reference/pages.ts";
import { ADAPTERS, checkAdapterSize } from "./adapter-size.ts";
import { type BootSubject, checkBoot } from "./boot.ts";
import { checkDocs } from "./docs.ts";
import { checkEngines } from "./engines.ts";
import { checkFileRules } from "./file-rules.ts";
import { type CheckResult, entriesOf, type FileMap, manifestOf, publishedPackages, readRepository } from "./files.ts";
import { checkImportGraph } from "./import-graph.ts";
import { checkNoPromise } from "./no-promise.ts";
import { checkPackages } from "./packages.ts";
import { checkRegularExpressions } from "./regular-expressions.ts";
import { checkPages, checkSize, type SizeSubject } from "./size.ts";

const root = resolve(import.meta.dirname, "../..");
const files = readRepository(root);

const CHECKS: Readonly<Record<string, () => CheckResult | Promise<CheckResult>>> = {
  "adapter-size": () => checkAdapterSize(files),
  "import-graph": () => checkImportGraph(files),
  "no-promise": () => checkNoPromise(files),
  "regular-expressions": () => checkRegularExpressions(files),
  boot: () => checkBoot(bootSubject(files)),
  size: () => checkSize(sizeSubjects(files), Object.keys(manifestOf(files, "packages/core").dependencies ?? {})),
  pages: () => checkPages([{ name: "@aiwaf/dashboard", folder: join(root, "packages/dashboard/dist/app"), limitBytes: 120_000 }]),
  docs: async () => checkDocs(files, generateReference(files, await loadTables(files, root), await loadCommandHelp(root))),
  files: () => checkFileRules(files),
  engines: () => checkEngines(files),
  packages: () =>
    checkPackages(
      publishedPackages(files).map((folder) => ({
        folder: join(root, folder),
        name: manifestOf(files, folder).name ?? folder,
        isEsmOnly: !JSON.stringify(manifestOf(files, folder).exports ?? {}).includes('"require"'),
      })),
      join(root, "node_modules/@arethetypeswrong/cli/dist/index.js"),
    ),
};

const dist = join(root, "packages/core/dist");

/** The entries of the core as built files; those that may name `node:` are for Node alone. */
function bootSubject(map: FileMap): BootSubject {
  const built = (source: string): string => relative("packages/core/src", source).replace(/\.ts$/, ".js");
  const sources = [...entriesOf(map, "packages/core").values()];
  return {
    dist,
    modules: sources.map(built),
    neutral: sources.filter((source) => !/\/(?:node[\w-]*|sqlite|models\/file)\.ts$/.test(source)).map(built),
  };
}

/**
 * Budgets of the issues: 12 kB for the engine, 2 kB for an adapter beside it. Content inspection was to take 60 kB and does not; its limit is
 * what it takes, so that it does not grow unseen. The usual set is measured, so that its growth is seen.
 */
function sizeSubjects(map: FileMap): SizeSubject[] {
  const adapters = ADAPTERS.filter((name) => map.has(`packages/${name}/src/index.ts`)).map((name) => ({
    name: `@aiwaf/${name}`,
    entry: join(root, `packages/${name}/dist/index.js`),
    external: ["@aiwaf/core", ...Object.keys(manifestOf(map, `packages/${name}`).peerDependencies ?? {})],
    limitBytes: 2_000,
  }));
  return [
    { name: "@aiwaf/core", entry: join(dist, "index.js"), external: [], limitBytes: 12_000 },
    { name: "@aiwaf/core/content", entry: join(dist, "content.js"), external: [], limitBytes: 78_300 },
    { name: "@aiwaf/core/recommended", entry: join(dist, "recommended.js"), external: [], limitBytes: undefined },
    ...adapters,
  ];
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => CHECKS[name] === undefined);
if (unknown.length > 0) {
  console.error(`No check is called ${unknown.join(", ")}. Known: ${Object.keys(CHECKS).join(", ")}.`);
  process.exit(2);
}
if (!existsSync(dist)) console.error("packages/core is not built; the checks of built files will fail.");
let failed = 0;
for (const [name, check] of Object.entries(CHECKS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { problems, figures = [] } = await check();
  console.log(
    `${name.padEnd(14)} ${problems.length === 0 ? "ok    " : "FAILED"} ${problems.length === 0 ? figures.join("; ") : `${problems.length} problems`}`,
  );
  for (const problem of problems) console.log(`  ${problem}`);
  if (problems.length > 0) failed++;
}
if (failed > 0) process.exitCode = 1;

/** Everything about the repository that can be checked without running it: lint, format, types, the laws, sizes, documents, packages. */
import { spawnSync } from "node:child_process";

const STEPS: readonly (readonly [title: string, command: string, args: readonly string[]])[] = [
  ["lint and format", "biome", ["ci", "--diagnostic-level=warn", "."]],
  ["types", "turbo", ["run", "typecheck", "--output-logs=errors-only"]],
  ["types of scripts and benchmarks", "tsc", ["-p", "scripts/tsconfig.json"]],
  ["laws, sizes, documents, packages", process.execPath, ["scripts/checks/index.ts"]],
];

let failed = 0;
for (const [title, command, args] of STEPS) {
  console.log(`\n== ${title}`);
  const { status } = spawnSync(command, args, { stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) failed++;
}
console.log(failed === 0 ? "\nAll checks passed." : `\n${failed} of ${STEPS.length} checks failed.`);
process.exitCode = failed === 0 ? 0 : 1;

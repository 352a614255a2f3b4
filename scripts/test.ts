/** Runs every test with Vitest and ends with the one line that continuous integration reads: `N passed, N failed`. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** Programs that some suites need. Without them those suites are skipped by name, with the line that enables them. */
const SERVERS = ["redis-server", "chromium"];

/** Installs what is missing, once and before any suite asks for it: two at a time would wait for each other's lock. */
function provision(): void {
  const answers = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args, { stdio: "ignore" }).status === 0;
  const missing = SERVERS.filter((server) => !answers(server, "--version"));
  if (missing.length === 0 || process.getuid?.() !== 0 || !answers("apt-get", "--version")) return;
  console.log(`Installing ${missing.join(", ")} …`);
  const install = ["install", "-y", "--no-install-recommends", ...missing];
  if (!answers("apt-get", ...install) && answers("apt-get", "update")) answers("apt-get", ...install);
}

provision();
const folder = mkdtempSync(join(tmpdir(), "aiwaf-test-"));
const file = join(folder, "report.json");
const vitest = join(import.meta.dirname, "..", "node_modules", "vitest", "vitest.mjs");
const args = [vitest, "run", "--reporter=dot", "--reporter=json", `--outputFile.json=${file}`, ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });

let report: Report = { testResults: [] };
try {
  report = JSON.parse(readFileSync(file, "utf8")) as Report;
} catch {
  console.error("Vitest wrote no report; see above.");
}
rmSync(folder, { recursive: true, force: true });

const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
const count = (...wanted: readonly string[]): number => results.filter((result) => wanted.includes(result.status)).length;
const skipped = results.filter((result) => ["skipped", "pending", "todo", "disabled"].includes(result.status));
if (skipped.length > 0)
  console.log(`Skipped, each with its reason in its name:\n${[...new Set(skipped.map(({ fullName }) => `  ${fullName}`))].join("\n")}`);
// A file that could not be loaded has no tests to fail, and must still fail the run.
const broken = report.testResults.filter((result) => result.status === "failed" && result.assertionResults.length === 0);
for (const { name } of broken) console.error(`Could not be run: ${name}`);
const failed = count("failed") + broken.length + (results.length === 0 ? 1 : 0);
// Again at the end, because a log that is cut keeps its end.
for (const { fullName, failureMessages } of results.filter((result) => result.status === "failed"))
  console.error(`Failed: ${fullName}\n  ${failureMessages?.[0]?.split("\n").slice(0, 3).join("\n  ") ?? ""}`);
if (skipped.length > 0) console.log(`${skipped.length} skipped`);
console.log(`${count("passed")} passed, ${failed} failed`);
process.exitCode = status !== 0 || failed > 0 ? 1 : 0;

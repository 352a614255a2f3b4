/**
 * The sandbox's command, behind `npm run sandbox`: an unprotected shop and the same shop behind the firewall get the same traffic; the
 * difference is printed, written to `sandbox/results/` and held against `sandbox/budget.json`.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { exploited } from "./oracles.ts";
import { type CommandLine, readCommandLine, usage } from "./runner/command-line.ts";
import { checkGates, readBudget } from "./runner/gates.ts";
import { readTraffic } from "./runner/plan.ts";
import { createProgress } from "./runner/progress.ts";
import { aggregate, writeResults } from "./runner/results.ts";
import { runComparisons } from "./runner/run.ts";
import { renderTable } from "./runner/table.ts";
import { startTarget } from "./targets/start.ts";
import type { TargetHandle } from "./types.ts";

const sandbox = new URL("../", import.meta.url);

/** Runs and returns the exit code. */
async function compare(options: CommandLine): Promise<number> {
  const budget = readBudget(new URL("budget.json", sandbox));
  const traffic = readTraffic(new URL("traffic/", sandbox));
  const progress = createProgress(process.stderr);
  const startedAt = performance.now();
  const targets: TargetHandle[] = [];
  const stopAll = async (): Promise<void> => {
    await Promise.all(targets.map((target) => target.stop()));
  };
  // Ctrl-C must not leave servers behind.
  process.once("SIGINT", () => void stopAll().finally(() => process.exit(130)));
  try {
    progress.phase("starting the targets", 0);
    // All at once: frameworks wait for their files as much as they compute.
    const starts = await Promise.allSettled(options.targets.map((name) => startTarget(name)));
    for (const start of starts) if (start.status === "fulfilled") targets.push(start.value);
    for (const start of starts) if (start.status === "rejected") throw start.reason;
    const { iterations, mode } = options;
    const comparisons = await runComparisons({ targets, traffic, mode, iterations, oracle: exploited, progress });
    progress.end();
    const folded = aggregate(comparisons);
    const gates = checkGates(budget, folded);
    const folder = fileURLToPath(new URL("results", sandbox));
    const files = writeResults(folder, comparisons, folded, new Date());
    if (options.json) console.log(JSON.stringify({ ...folded, gates, files }, null, 2));
    else {
      const paint = (style: Parameters<typeof styleText>[0], text: string): string => styleText(style, text, { stream: process.stdout });
      console.log(renderTable({ folded, budget, gates, durationMs: performance.now() - startedAt, paint }));
      console.log(`Results: ${files.length} files in sandbox/results, the last one ${files.at(-1)}`);
    }
    return gates.some((gate) => gate.passed === false) ? 1 : 0;
  } finally {
    progress.end();
    await stopAll();
  }
}

let options: CommandLine | undefined;
try {
  options = readCommandLine(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exitCode = 2;
}
if (options?.help === true) console.log(usage);
else if (options !== undefined) {
  try {
    process.exitCode = await compare(options);
  } catch (error) {
    console.error(error);
    process.exitCode = 2;
  }
}

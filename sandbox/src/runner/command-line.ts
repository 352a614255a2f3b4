/**
 * The words after `npm run sandbox --`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import type { TargetName } from "../types.ts";

export interface CommandLine {
  readonly iterations: number;
  /** `direct` first, whether it was named or not: it is what the others are compared with. */
  readonly targets: readonly TargetName[];
  readonly mode: "normal" | "attacks" | "all";
  readonly json: boolean;
  readonly help: boolean;
}

/** Every target there is. */
export const knownTargets: readonly TargetName[] = [
  "direct",
  "protected_express",
  "protected_proxy",
  "direct_next",
  "protected_next",
  "direct_sveltekit",
  "protected_sveltekit",
  "direct_nuxt",
  "protected_nuxt",
];

/** The unprotected target that `target` is compared with: of its own framework, where that one takes part. */
export function referenceOf(target: string, taking: { has(name: string): boolean }): string {
  const twin = target.replace(/^protected_/, "direct_");
  return taking.has(twin) ? twin : "direct";
}

/** What runs when nothing is said. */
const defaultTargets = "direct,protected_express,protected_proxy,protected_next,protected_sveltekit,protected_nuxt";

const protectedTargets = knownTargets.filter((name) => name.startsWith("protected_"));

export const usage = `Usage: npm run sandbox -- [options]

Starts a vulnerable shop bare (direct) and behind the firewall, plays honest and hostile traffic to both, and compares.

  -n, --iterations N   how often everything is played, 1 to 100 (default 1; figures are summed, times are medians)
  --targets a,b        of ${protectedTargets.join(", ")}
                       (default: all; each comes with its unprotected twin)
  --mode MODE          normal, attacks or all (default all)
  --json               print the aggregate as one JSON document instead of the tables
  -h, --help           print this

Exit code: 0 when every gate of sandbox/budget.json is met, 1 when one is not, 2 when it could not be run.`;

/** Reads the options. Throws an `Error` whose message says what is wrong and what is allowed. */
export function readCommandLine(words: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...words],
    options: {
      iterations: { type: "string", short: "n", default: "1" },
      targets: { type: "string", default: defaultTargets },
      mode: { type: "string", default: "all" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const iterations = Number(values.iterations);
  if (!/^\d+$/.test(values.iterations) || iterations < 1 || iterations > 100) {
    throw new Error(`-n must be a whole number from 1 to 100, not "${values.iterations}"`);
  }
  const { mode } = values;
  if (mode !== "normal" && mode !== "attacks" && mode !== "all") throw new Error(`--mode must be normal, attacks or all, not "${mode}"`);
  const named = values.targets.split(",").map((name) => name.trim());
  const wrong = named.find((name) => !knownTargets.some((known) => known === name));
  if (wrong !== undefined) throw new Error(`--targets: there is no "${wrong}"; there are ${knownTargets.join(", ")}`);
  const wanted = new Set(["direct", ...named, ...named.map((name) => name.replace(/^protected_/, "direct_"))]);
  const targets = knownTargets.filter((known) => wanted.has(known));
  return { iterations, targets, mode, json: values.json, help: values.help };
}

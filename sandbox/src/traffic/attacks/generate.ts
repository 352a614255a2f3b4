/**
 * Writes `sandbox/traffic/attacks-*.jsonl`: `node sandbox/src/traffic/attacks/generate.ts`. A test holds the committed files to this output.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Draft } from "./draft.ts";
import { executionAttacks } from "./execution.ts";
import { fetchingAttacks } from "./fetching.ts";
import { fileAttacks } from "./files.ts";
import { floods } from "./floods.ts";
import { guessingAttacks } from "./guessing.ts";
import { markupAttacks } from "./markup.ts";
import { objectAttacks } from "./objects.ts";
import { probeAttacks } from "./probes.ts";
import { scannerRuns } from "./scanners.ts";
import { sqlAttacks } from "./sql.ts";
import { suiteAttacks } from "./suite.ts";
import { surfaceAttacks } from "./surface.ts";

const sources: Readonly<Record<string, () => Draft[]>> = {
  "attacks-execution": executionAttacks,
  "attacks-fetching": fetchingAttacks,
  "attacks-files": fileAttacks,
  "attacks-floods": floods,
  "attacks-guessing": guessingAttacks,
  "attacks-markup": markupAttacks,
  "attacks-objects": objectAttacks,
  "attacks-probes": probeAttacks,
  "attacks-scanners": scannerRuns,
  "attacks-sql": sqlAttacks,
  "attacks-suite": suiteAttacks,
  "attacks-surface": surfaceAttacks,
};

/** File name to content, the same on every run. */
export function generateAttackTraffic(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, generate] of Object.entries(sources)) {
    const lines = generate().map((draft, index) =>
      JSON.stringify({ id: `${name}-${String(index + 1).padStart(4, "0")}`, label: "attack", ...draft }),
    );
    files.set(`${name}.jsonl`, `${lines.join("\n")}\n`);
  }
  return files;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, content] of generateAttackTraffic()) {
    writeFileSync(new URL(`../../../traffic/${name}`, import.meta.url), content);
    console.log(`${name}: ${content.split("\n").length - 1} requests`);
  }
}

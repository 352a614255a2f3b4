/**
 * Writes `sandbox/traffic/normal-*.jsonl`: `node sandbox/src/traffic/normal/generate.ts`. A test holds the committed files to this output.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { apiVisits } from "./api-visits.ts";
import { appVisits } from "./app-visits.ts";
import { browserVisits } from "./browser-visits.ts";
import { machineVisits } from "./machine-visits.ts";
import { officeVisits } from "./office-visits.ts";
import { textVisits } from "./text-visits.ts";
import { uploadVisits } from "./upload-visits.ts";
import type { HonestRecord } from "./visit.ts";

const sources: Readonly<Record<string, () => HonestRecord[]>> = {
  "normal-api": apiVisits,
  "normal-apps": appVisits,
  "normal-browsers": browserVisits,
  "normal-machines": machineVisits,
  "normal-office": officeVisits,
  "normal-text": textVisits,
  "normal-uploads": uploadVisits,
};

/** File name to content, the same on every run. Records are in order of time, so that a plain replay of one file is a likely minute. */
export function generateNormalTraffic(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, generate] of Object.entries(sources)) {
    const records = generate().sort((one, other) => one.at - other.at);
    const lines = records.map((record, index) => JSON.stringify({ id: `${name}-${String(index + 1).padStart(4, "0")}`, ...record }));
    files.set(`${name}.jsonl`, `${lines.join("\n")}\n`);
  }
  return files;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, content] of generateNormalTraffic()) {
    writeFileSync(new URL(`../../../traffic/${name}`, import.meta.url), content);
    console.log(`${name}: ${content.split("\n").length - 1} requests`);
  }
}

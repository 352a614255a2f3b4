/**
 * How long `aiwaf replay` takes for 20,000 records of JSON posts, from the start of the command to its last line; budget 5 s. Beside it, what starting the
 * command costs alone.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Line, round3 } from "./measure.ts";

const COMMAND = fileURLToPath(new URL("../packages/cli/bin/aiwaf.mjs", import.meta.url));
const RECORDS = 20_000;
const RUNS = 5;
const FIELDS = { host: "shop.example", "user-agent": "Mozilla/5.0", accept: "*/*", "content-type": "application/json" };

const record = (index: number): string =>
  JSON.stringify({
    id: `n${index}`,
    label: "benign",
    class: "normal",
    method: "POST",
    url: `/item/${index}?page=${index % 7}&sort=name`,
    headers: FIELDS,
    body: JSON.stringify({ text: `order ${index}`.repeat(10) }),
  });

/** Milliseconds of one run of the command. */
function timeRun(args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [COMMAND, ...args], { encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) throw new Error(`aiwaf ${args[0]} ended with ${status}: ${stderr}`);
  return performance.now() - start;
}

export function benches(): Line[] {
  const folder = mkdtempSync(join(tmpdir(), "aiwaf-bench-"));
  try {
    const file = join(folder, "many.jsonl");
    writeFileSync(file, Array.from({ length: RECORDS }, (_, index) => record(index)).join("\n"));
    const [own, start]: [number[], number[]] = [[], []];
    for (let run = 0; run < RUNS; run++) {
      start.push(timeRun(["--version"]));
      own.push(timeRun(["replay", file]));
    }
    for (const times of [own, start]) times.sort((one, other) => one - other);
    const [median, reference] = [own[RUNS >> 1]!, start[RUNS >> 1]!];
    return [
      {
        bench: `replay/${RECORDS}-records`,
        median: Math.round(median),
        p99: Math.round(own.at(-1)!),
        unit: "ms",
        reference: `aiwaf --version (${Math.round(reference)} ms)`,
        ratio: round3(median / reference),
        runs: RUNS,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Learns the table of the score and writes it to src/content/score-table.ts.
 *
 * Usage: node packages/core/tools/weights/build.ts DIRECTORY [--seed N] [--out FILE]
 *
 * DIRECTORY holds labelled requests as `.jsonl`, one `{"id","label","class","method","url","headers","body"}` a line; they are not part of the
 * repository. Our own honest texts are read from test/content/benign: the half that the seed does not keep for the evaluation. Same requests,
 * same seed and same readers of requests give the same file, byte for byte. Build anew when a decoder or the telling words of survey.ts
 * changed; until then the old table works on, a little blunter.
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { corpusSamples, ownSamples } from "./readings.ts";
import { type Quantised, quantise, TRAINING, train } from "./train.ts";

/** The table as TypeScript. */
export function tableFile({ text, step, bias }: Quantised, seed: number, samples: number): string {
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return `import type { StoredTable } from "./score.ts";

/** Learned by tools/weights/build.ts from ${samples} labelled requests with seed ${seed}; sha256 of the text begins with ${digest}. */
export const STORED_TABLE: StoredTable = {
  step: ${step},
  bias: ${bias},
  text: ${JSON.stringify(text)},
};
`;
}

function main(): void {
  const [folder, ...flags] = process.argv.slice(2);
  const option = (name: string): string | undefined => (flags.includes(name) ? flags[flags.indexOf(name) + 1] : undefined);
  const seed = Number(option("--seed") ?? TRAINING.seed);
  const out = option("--out") ?? fileURLToPath(new URL("../../src/content/score-table.ts", import.meta.url));
  if (folder === undefined || folder.startsWith("--") || !Number.isSafeInteger(seed)) {
    console.error("usage: node packages/core/tools/weights/build.ts DIRECTORY [--seed N] [--out FILE]");
    process.exitCode = 2;
    return;
  }
  const texts = fileURLToPath(new URL("../../test/content/benign", import.meta.url));
  const samples = [...corpusSamples(folder), ...ownSamples(texts, seed)].filter(({ isTaught }) => isTaught);
  const table = quantise(train(samples, { ...TRAINING, seed }));
  writeFileSync(out, tableFile(table, seed, samples.length));
  const kept = table.weights.reduce((count, weight) => count + (weight === 0 ? 0 : 1), 0);
  console.log(`${samples.length} requests, ${kept} of ${table.weights.length} weights are not 0`);
}

if (process.argv[1]?.endsWith("build.ts") === true) main();

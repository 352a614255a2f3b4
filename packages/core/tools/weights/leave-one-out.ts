/**
 * What the score is worth on what it has not seen: leaves each source out of the learning and measures on it.
 *
 * Usage: node packages/core/tools/weights/leave-one-out.ts DIRECTORY [--seed N] [--show]
 *
 * Prints one line an attack file: blocked by the rules alone, with the table learned from everything, with the table learned without this file's
 * source, and the fall between the last two in points. Then one line an honest file: blocked by the rules alone and by rules and a table that
 * was learned without its source, and without the lines that were written after looking at false blocks; our own texts in four parts, each judged by a table learned from the others. At the end, the half of our own texts
 * that the seed keeps, under the table that is learned from all the rest. Ends with 1 when a file of clear attacks falls by more than 3 points; files
 * that nobody is taught from, because their attacks need not show in the request, are printed with a `*`. `--show` lists the honest requests that a table blocks.
 */
import { fileURLToPath } from "node:url";
import type { TokenTable } from "../../src/content/score.ts";
import { isBlocked } from "./measure.ts";
import { corpusSamples, isTeaching, ownSamples, type Sample } from "./readings.ts";
import { quantise, TRAINING, train } from "./train.ts";

/**
 * Lines written after looking at honest requests that earlier tables had blocked. Honest requests are therefore measured with tables that
 * have not learned from them either: otherwise they would be known by their imitations.
 */
const AFTER_THE_FACT = "own_lines";
const PARTS = 4;
/** Points of detection that a source may lose by being left out. */
const FALL_MAX = 3;

/** The part of our own texts that a sample belongs to: all placements of a text are in one part. */
function partOf({ id }: Sample): number {
  return Number(/#(\d+)/.exec(id)?.[1] ?? "0") % PARTS;
}

interface Row {
  readonly name: string;
  readonly total: number;
  readonly rules: number;
  readonly all: number;
  readonly without: number;
}

function rate(count: number, total: number): string {
  return `${((100 * count) / total).toFixed(2).padStart(6)} %`;
}

function rowOf(name: string, samples: readonly Sample[], all: TokenTable, without: TokenTable): Row {
  const count = (table: TokenTable | undefined): number => samples.filter((sample) => isBlocked(sample, table)).length;
  return { name, total: samples.length, rules: count(undefined), all: count(all), without: count(without) };
}

function groupBy(samples: readonly Sample[], key: (sample: Sample) => string): Map<string, Sample[]> {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) groups.set(key(sample), [...(groups.get(key(sample)) ?? []), sample]);
  return groups;
}

function main(): void {
  const [folder, ...flags] = process.argv.slice(2);
  if (folder === undefined || folder.startsWith("--")) {
    console.error("usage: node packages/core/tools/weights/leave-one-out.ts DIRECTORY [--seed N] [--show]");
    process.exitCode = 2;
    return;
  }
  const seed = flags.includes("--seed") ? Number(flags[flags.indexOf("--seed") + 1]) : TRAINING.seed;
  const texts = fileURLToPath(new URL("../../test/content/benign", import.meta.url));
  const own = ownSamples(texts, seed);
  const corpus = corpusSamples(folder);
  const taught = [...corpus, ...own].filter(({ isTaught }) => isTaught);
  const learn = (samples: readonly Sample[]): TokenTable => quantise(train(samples, { ...TRAINING, seed }));
  const all = learn(taught);
  const rows = new Map<boolean, Row[]>([
    [true, []],
    [false, []],
  ]);
  const wrong: string[] = [];
  const note = (samples: readonly Sample[], table: TokenTable): void => {
    for (const sample of samples)
      if (!sample.isAttack && sample.ruleScore < 100 && isBlocked(sample, table))
        wrong.push(`${sample.id}: ${sample.readings.map(({ text }) => text.slice(0, 100)).join(" | ")}`);
  };
  for (const [source, samples] of groupBy(corpus, (sample) => sample.source)) {
    const without = learn(taught.filter((sample) => sample.source !== source));
    const unaided = samples.every(({ isAttack }) => isAttack)
      ? without
      : learn(taught.filter((sample) => sample.source !== source && sample.file !== AFTER_THE_FACT));
    const kinds = groupBy(samples, ({ file, tier, isAttack }) => `${file}${tier === "code" ? " (code)" : ""}${isAttack ? "" : " "}`);
    for (const [file, inFile] of kinds) {
      const { isAttack } = inFile[0]!;
      rows.get(isAttack)!.push(rowOf(file.trimEnd(), inFile, all, isAttack ? without : unaided));
      note(inFile, unaided);
    }
  }
  const parts = Array.from({ length: PARTS }, (_, part) =>
    learn(
      [...corpus, ...own].filter(
        (sample) => sample.isTaught && sample.file !== AFTER_THE_FACT && !(sample.source === "own" && partOf(sample) === part),
      ),
    ),
  );
  for (const [file, inFile] of groupBy(own, (sample) => sample.file)) {
    const each = parts.map((table, part) =>
      rowOf(
        file,
        inFile.filter((sample) => partOf(sample) === part),
        all,
        table,
      ),
    );
    const sum = (field: "total" | "rules" | "all" | "without"): number => each.reduce((total, row) => total + row[field], 0);
    rows.get(false)!.push({ name: file, total: sum("total"), rules: sum("rules"), all: sum("all"), without: sum("without") });
    parts.forEach((table, part) => {
      note(
        inFile.filter((sample) => partOf(sample) === part),
        table,
      );
    });
  }
  console.log(`${"attack file".padEnd(32)} requests   rules    + table   + without   falls by`);
  for (const { name, total, rules, all: full, without } of rows.get(true)!)
    console.log(
      `${(isTeaching(name) ? name : `${name} *`).padEnd(32)} ${String(total).padStart(8)} ${rate(rules, total)}  ${rate(full, total)}  ${rate(without, total)}  ${((100 * (full - without)) / total).toFixed(2).padStart(6)}`,
    );
  console.log(`\n${"honest file".padEnd(32)} requests   rules   + without: blocked, of these by the table`);
  for (const { name, total, rules, without } of rows.get(false)!)
    console.log(`${name.padEnd(32)} ${String(total).padStart(8)} ${rate(rules, total)}  ${rate(without, total)}  ${without - rules}`);
  const kept = own.filter((sample) => !sample.isTaught && sample.tier !== "code");
  const blockedBy = (table: TokenTable): number => kept.filter((sample) => sample.ruleScore < 100 && isBlocked(sample, table)).length;
  const unaided = learn(taught.filter(({ file }) => file !== AFTER_THE_FACT));
  console.log(
    `\nkept for the evaluation: ${kept.length} requests with honest texts, ${blockedBy(all)} blocked by the table, ${blockedBy(unaided)} by one without ${AFTER_THE_FACT}`,
  );
  const fallOf = (samples: readonly Row[]): number => Math.max(0, ...samples.map((row) => (100 * (row.all - row.without)) / row.total));
  const worst = fallOf(rows.get(true)!.filter(({ name }) => isTeaching(name)));
  console.log(
    `largest fall: ${worst.toFixed(2)} points, at most ${FALL_MAX}; of files that are not taught: ${fallOf(rows.get(true)!).toFixed(2)}`,
  );
  if (worst > FALL_MAX) process.exitCode = 1;
  if (flags.includes("--show")) for (const line of wrong) console.log(line.replace(/[\u0000-\u001f]/g, "·"));
}

main();

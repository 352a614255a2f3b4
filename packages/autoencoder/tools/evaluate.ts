/**
 * `node tools/evaluate.ts CORPORA [--by request|client] [--seeds N] [--site shop|blog|data]`: each site alone, trained on 80 % of its normal requests without
 * any attack, held against the rest. Prints a table as Markdown, and nothing of the corpora.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { REQUEST_FEATURES } from "@aiwaf/core/models";
import { readTarget } from "@aiwaf/core/train";
import { surpriseOf } from "../src/model/surprise.ts";
import { normalizeParts } from "../src/normalize/request.ts";
import { isSuspicious } from "../src/prefilter.ts";
import { createTokenizer, type Tokenizer } from "../src/tokenizer/tokenizer.ts";
import { FIRST_MERGE } from "../src/tokenizer/vocabulary.ts";
import type { TokenLines } from "../src/train/fit.ts";
import { learnMerges } from "../src/train/train-model.ts";
import type { CandidateFactory } from "./candidates/candidate.ts";
import { forestScores } from "./candidates/forest.ts";
import { ngramModel } from "./candidates/ngram.ts";
import { recurrentModel } from "./candidates/recurrent.ts";
import { windowModel } from "./candidates/window.ts";
import { contentVerdicts, loadSites, type Site, type SiteRequest } from "./sites.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { by: { type: "string", default: "request" }, seeds: { type: "string", default: "1" }, site: { type: "string" } },
});
const [corpora] = positionals;
if (corpora === undefined || !["request", "client"].includes(values.by)) {
  console.error("Name the folder of the development corpora; --by request or --by client.");
  process.exit(2);
}

const VOCABULARY = 512;
const LIMIT = 1_024;

const CANDIDATES: Readonly<Record<string, (seed: number) => CandidateFactory>> = {
  "masked token, 16": (seed) => windowModel(16, 4, seed),
  "masked token, 32": (seed) => windowModel(32, 4, seed),
  "recurrent, 8": (seed) => recurrentModel(8, 4, seed),
  "recurrent, 16": (seed) => recurrentModel(16, 4, seed),
  "n-gram, 3": () => ngramModel(3),
  "n-gram, 4": () => ngramModel(4),
};

/** Scores of the four groups of requests; the larger the odder. */
interface Scores {
  readonly heldOut: readonly number[];
  readonly own: readonly number[];
  readonly foreign: readonly number[];
  readonly fitSeconds: number;
  readonly microseconds: number;
  readonly parameters: number;
}

/** Whole figures of one candidate on one site, summed over seeds. */
interface Row {
  readonly cells: number[];
  runs: number;
}

const lineOf = (request: SiteRequest): string => normalizeParts({ ...request, userAgent: undefined });
const processorSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

function encodeAll(lines: readonly string[], { encode }: Tokenizer): TokenLines {
  const starts = [0];
  const ids: number[] = [];
  for (const line of lines) {
    const tokens = encode(line);
    for (let at = 0; at < tokens.count; at++) ids.push(tokens.ids[at]!);
    starts.push(ids.length);
  }
  return { ids: Uint16Array.from(ids), starts: Uint32Array.from(starts) };
}

function scoresOf(factory: CandidateFactory, site: Site): Scores {
  const lines = site.training.map(lineOf);
  const startedAt = processorSeconds();
  const tokenizer = createTokenizer(learnMerges(lines, VOCABULARY), LIMIT);
  const candidate = factory(encodeAll(lines, tokenizer), Math.max(tokenizer.size, FIRST_MERGE));
  const fitSeconds = processorSeconds() - startedAt;
  const costs = new Float64Array(LIMIT);
  const score = (line: string): number => {
    const { ids, count } = tokenizer.encode(line);
    return surpriseOf(costs, candidate.read(ids, count, costs)).nats;
  };
  const heldLines = site.heldOut.map(lineOf);
  const heldOut = heldLines.map(score);
  const scoringFrom = processorSeconds();
  for (let round = 0; round < 3; round++) for (const line of heldLines) score(line);
  const microseconds = ((processorSeconds() - scoringFrom) * 1e6) / (3 * heldLines.length);
  return {
    heldOut,
    own: site.own.map((request) => score(lineOf(request))),
    foreign: site.foreign.map((request) => score(lineOf(request))),
    fitSeconds,
    microseconds,
    parameters: candidate.parameters,
  };
}

const quantile = (values_: readonly number[], share: number): number => {
  const sorted = [...values_].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
};
const shareAbove = (scores: readonly number[], threshold: number): number =>
  scores.length === 0 ? Number.NaN : (100 * scores.filter((score) => score > threshold).length) / scores.length;

function cellsOf(scores: Scores, missed: { readonly own: readonly boolean[]; readonly foreign: readonly boolean[] }): number[] {
  const threshold = quantile(scores.heldOut, 0.99);
  const half = (rest: number): number[] => scores.heldOut.filter((_, index) => index % 2 === rest);
  const unseen = [...scores.own.filter((_, at) => missed.own[at]), ...scores.foreign.filter((_, at) => missed.foreign[at])];
  return [
    shareAbove(scores.own, threshold),
    shareAbove(scores.foreign, threshold),
    shareAbove(unseen, threshold),
    shareAbove(half(1), quantile(half(0), 0.99)),
    scores.parameters / 1_000,
    scores.fitSeconds,
    scores.microseconds,
  ];
}

const suspicious = (requests: readonly SiteRequest[]): string =>
  (
    (100 * requests.filter(({ target, form }) => isSuspicious(readTarget(target).canonical, target, form)).length) /
    requests.length
  ).toFixed(1);

const rows = new Map<string, Row>();
const sizes: string[] = [];
for (let seed = 1; seed <= Number(values.seeds); seed++) {
  for (const site of loadSites(corpora, values.site, values.by === "client", seed)) {
    const verdicts = { own: await contentVerdicts(site.own), foreign: await contentVerdicts(site.foreign) };
    const missed = { own: verdicts.own.map((found) => !found), foreign: verdicts.foreign.map((found) => !found) };
    const count = (list: readonly boolean[]): number => list.filter(Boolean).length;
    if (seed === 1)
      sizes.push(
        `${site.name}: ${site.training.length} requests to learn from, ${site.heldOut.length} held out, ${site.own.length} own attacks (content inspection misses ${count(missed.own)}), ${site.foreign.length} foreign (misses ${count(missed.foreign)}); the prefilter has ${suspicious(site.heldOut)} % of those held out scored before their answer, ${suspicious(site.own)} % of own attacks, ${suspicious(site.foreign)} % of foreign`,
      );
    const note = (name: string, scores: Scores): void => {
      const key = `${name}|${site.name}`;
      const cells = cellsOf(scores, missed);
      const row = rows.get(key) ?? { cells: cells.map(() => 0), runs: 0 };
      cells.forEach((cell, at) => {
        row.cells[at]! += cell;
      });
      row.runs++;
      rows.set(key, row);
    };
    for (const [name, make] of Object.entries(CANDIDATES)) note(name, scoresOf(make(seed), site));
    note(`forest, ${REQUEST_FEATURES.length} features`, forestScores(site, seed));
  }
}

console.log(`${sizes.join("\n")}\n`);
console.log(
  "| model | site | own attacks % | foreign % | missed by content % | false alarms % of the other half | thousand numbers | s to fit | µs a request |",
);
console.log("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
for (const [key, { cells, runs }] of rows) {
  const [name, site] = key.split("|");
  const shown = cells.map((cell) => cell / runs).map((cell, at) => cell.toFixed(at === 4 ? 0 : 1));
  console.log(`| ${name} | ${site} | ${shown.join(" | ")} |`);
}

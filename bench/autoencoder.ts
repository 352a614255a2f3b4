/**
 * The autoencoder: one score at 128 tokens and of usual requests, the prefilter, and, with `AIWAF_BENCH_TRAIN=1`, training from 100,000 requests. Times are
 * processor time: what other programs take does not count.
 */
import { autoencoder, normalizeParts, readAutoencoder, writeAutoencoder } from "@aiwaf/autoencoder";
import { createAutoencoderTrainer, synthesizeLog } from "@aiwaf/autoencoder/train";
import { createWaf } from "@aiwaf/core";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { logReader } from "@aiwaf/core/train";
import { type Line, round3, type Subject, timeProcessor } from "./measure.ts";

const ROUNDS = 15;
const BATCH = 4_000;

/** Median of rounds in processor microseconds, beside a budget. */
function line(bench: string, subject: Subject, budget: number, batch = BATCH): Line {
  timeProcessor(subject, batch);
  const samples = Array.from({ length: ROUNDS }, (_, round) => timeProcessor(subject, batch, round * batch) / 1_000).sort(
    (left, right) => left - right,
  );
  const median = samples[ROUNDS >> 1]!;
  return {
    bench,
    median: round3(median),
    p99: round3(samples[ROUNDS - 1]!),
    unit: "µs CPU",
    reference: `budget of ${budget} µs`,
    ratio: round3(median / budget),
    runs: ROUNDS * batch,
  };
}

/** Long texts of what keeps decoding, marks and tokens busy. */
const HOSTILE = [
  `/?${"a=%25252525252527&".repeat(5_000)}`,
  `/?a=${"1.".repeat(8_000)}`,
  `/?a=${"a@".repeat(8_000)}`,
  `/?a=${"abcdef0".repeat(2_400)}`,
  `/?a=${"eyJaaaaaaaa.".repeat(1_300)}`,
  `/?${Array.from({ length: 500 }, (_, index) => `tok${index}en${"x".repeat(20)}=1`).join("&")}`,
  "/a".repeat(8_000),
  `/?a=${"%F0%9F%98%80".repeat(1_300)}`,
];

function train(lines: number) {
  const trainer = createAutoencoderTrainer();
  const reader = logReader();
  for (const text of synthesizeLog(lines)) {
    const read = reader.read(text);
    // Each from a client of its own, so that every line is learned from.
    if (typeof read !== "string") trainer.add({ ...read, client: undefined, status: 200 });
  }
  return trainer.finish("a made-up shop", 0);
}

export async function benches(): Promise<Line[]> {
  const { model: contents } = train(10_000);
  if (contents === undefined) throw new Error("no model");
  const model = await readAutoencoder((await writeAutoencoder(contents)).text);
  const targets = [...synthesizeLog(64, 5)].map((text) => /"\w+ (\S+)/.exec(text)?.[1] ?? "/");
  // A search of 128 tokens: words of the site, words it does not know, and signs.
  const long = Array.from({ length: 64 }, (_, index) => `/search?page=${index}&q=${"red+shoes'+or+zq(1)+".repeat(20)}`);
  const cut = long
    .map((target) => normalizeParts({ method: "GET", target }))
    .map((text) => cutAt(text, model.explain(text)[128]?.start ?? text.length));
  const waf = createWaf({ detectors: [...autoencoder({ model, sample: 0 })], store: memoryStore() });
  const headers = { get: () => undefined, [Symbol.iterator]: () => [][Symbol.iterator]() };
  const bare = createWaf({ detectors: [], store: memoryStore() });
  const requestOf = (target: string) => ({ method: "GET", target, headers, peer: "203.0.113.7" });
  const requests = targets.map(requestOf);
  const lines = [
    line("autoencoder/score-128-tokens", { name: "read", run: (index) => model.read(cut[index % 64]!) }, 60),
    line(
      "autoencoder/score-usual",
      { name: "readRequest", run: (index) => model.readRequest({ method: "GET", target: targets[index % 64]! }) },
      60,
    ),
    line("autoencoder/detector-prefiltered", { name: "inspect", run: (index) => waf.inspect(requests[index % 64]!) }, 10),
    line("autoencoder/without", { name: "inspect", run: (index) => bare.inspect(requests[index % 64]!) }, 10),
  ];
  const hostile = HOSTILE.map((target) => ({ method: "GET", target }));
  const dearest = hostile
    .map((request) => ({ request, cost: timeProcessor({ name: "hostile", run: () => model.readRequest(request) }, 20) }))
    .reduce((most, one) => (one.cost > most.cost ? one : most)).request;
  lines.push(line("autoencoder/dearest-hostile", { name: "readRequest", run: () => model.readRequest(dearest) }, 2_000, 100));
  if (process.env["AIWAF_BENCH_TRAIN"] === "1") {
    const from = process.cpuUsage();
    const { lines: learned } = train(100_000);
    const { user, system } = process.cpuUsage(from);
    const seconds = round3((user + system) / 1e6);
    const megabytes = Math.round(process.resourceUsage().maxRSS / 1_024);
    lines.push({
      bench: `autoencoder/train-100000 (${learned} learned from, ${megabytes} MB at most)`,
      median: seconds,
      p99: seconds,
      unit: "s CPU",
      reference: "budget of 300 s",
      ratio: round3(seconds / 300),
      runs: 1,
    });
  }
  return lines;
}

const cutAt = (text: string, end: number): string => text.slice(0, end);

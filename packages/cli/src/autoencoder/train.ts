/**
 * The second half of the pipeline: a tokenizer and a model, from logs or from normalised lines.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type AutoencoderContents,
  fromLine,
  type Merge,
  readAutoencoder,
  readTokenizer,
  writeAutoencoder,
  writeTokenizer,
} from "@aiwaf/autoencoder";
import { toOnnx } from "@aiwaf/autoencoder/onnx";
import { createAutoencoderTrainer, createTokenizerTrainer, originOf, trainParts, whyWithheld } from "@aiwaf/autoencoder/train";
import { modelFolder } from "@aiwaf/core/models/file";
import type { LogReader } from "@aiwaf/core/train";
import { readLines } from "../lines.ts";
import { COLUMNS, type Io, printable, wrap } from "../terminal.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { writeWhole } from "../write-whole.ts";
import { answer, count, logReaderOf, needReadable, share } from "./inputs.ts";
import { modelFile } from "./places.ts";

/** The flags of `aiwaf autoencoder train-tokenizer`. */
export interface TokenizerFlags {
  readonly in: string;
  readonly tokDir: string;
  readonly vocabSize: string;
  readonly json?: boolean;
}

const TOKENIZER_NAME = "tokenizer.json";

/** Every so-many-th line of a file is held out. */
export const HELD_PART = 5;
/** Lines of a file that are learned from at most. */
const LINES_MAX = 1_000_000;
/** Characters of a normalised line that are read. */
const LINE_MAX = 32_768;

/** Learns a tokenizer and writes it to its folder. */
export async function trainTokenizer({ in: path, tokDir, vocabSize, json }: TokenizerFlags, io: Io): Promise<number> {
  const size = count("vocab-size", vocabSize, 280, 8_192);
  const trainer = createTokenizerTrainer();
  let lines = 0;
  for await (const line of normalizedLines(path)) {
    trainer.add(withoutAgent(line));
    lines++;
  }
  if (lines === 0) throw new UsageError(`${path}: no line to learn from`);
  const merges = trainer.finish(size);
  const out = join(tokDir, TOKENIZER_NAME);
  mkdirSync(tokDir, { recursive: true });
  writeWhole(out, writeTokenizer(merges));
  await answer(
    io,
    json,
    { merges: merges.length, requests: lines, out },
    `${merges.length} merges of ${lines} requests\nWritten to ${printable(out, 60)}\n`,
  );
  return 0;
}

/** The lines of a file of normalised requests, marks as single characters. */
export async function* normalizedLines(path: string): AsyncGenerator<string> {
  try {
    for await (const batch of readLines(path, "utf8")) {
      for (const { text } of batch) if (text !== undefined && text !== "") yield fromLine(text.slice(0, LINE_MAX));
    }
  } catch (error) {
    throw new UsageError(`${path}: ${messageOf(error)}`);
  }
}

/** What the model reads of a line. */
const withoutAgent = (line: string): string => {
  const at = line.indexOf(" user-agent=");
  return at < 0 ? line : line.slice(0, at);
};

/** The flags of `aiwaf autoencoder train`. */
export interface TrainFlags {
  readonly data: string;
  readonly tok?: string;
  readonly out: string;
  readonly epochs: string;
  readonly maxLen: string;
  readonly vocabSize: string;
  readonly hidden: string;
  readonly seed: string;
  readonly contamination: string;
  readonly maxFlagged: string;
  readonly minLines: string;
  readonly promote: boolean;
  readonly onnx?: string;
  readonly logFormat?: string;
  readonly bsz?: string;
  readonly json?: boolean;
}

interface Trained {
  readonly model: AutoencoderContents | undefined;
  readonly withoutModel: string | undefined;
  readonly withheld: string | undefined;
  readonly lines: number;
}

/**
 * Trains, checks and puts the model in use. Until the last rename the old model stays in its place, whatever happens.
 *
 * @returns 0; 1 when there is no model, or it was withheld.
 * @throws UsageError for wrong flags and files that are not there, before anything is read.
 */
export async function trainModel(files: readonly string[], flags: TrainFlags, io: Io): Promise<number> {
  const options = {
    vocabulary: count("vocab-size", flags.vocabSize, 280, 8_192),
    hidden: count("hidden", flags.hidden, 1, 64),
    epochs: count("epochs", flags.epochs, 1, 100),
    seed: count("seed", flags.seed, 0, 2 ** 31 - 1),
    contamination: share("contamination", flags.contamination),
    maxTokens: count("max-len", flags.maxLen, 64, 8_192),
    onEpoch: (epoch: number, cost: number): void => {
      if (io.err.isTerminal === true) void io.err.write(`pass ${epoch + 1} of ${flags.epochs}: ${cost.toFixed(3)} nats a token\n`);
    },
  };
  const maxFlagged = share("max-flagged", flags.maxFlagged);
  const minLines = count("min-lines", flags.minLines, 10, 1_000_000_000);
  if (flags.bsz !== undefined) count("bsz", flags.bsz, 1, 1_000_000);
  if (flags.tok !== undefined && files.length > 0) throw new UsageError("--tok belongs to --data; of access logs a tokenizer is learned");
  const reader = (): LogReader => logReaderOf(flags.logFormat);
  reader();
  for (const path of files.length > 0 ? files : [flags.data]) await needReadable(path);
  const merges = flags.tok === undefined ? undefined : loadTokenizer(flags.tok);
  const startedAt = performance.now();
  const trained =
    files.length > 0
      ? await fromLogs(files, reader, { ...options, maxFlagged, minLines })
      : await fromLines(flags.data, options, merges, maxFlagged, minLines);
  const saved = trained.model === undefined ? undefined : await save(trained.model, trained.withheld, flags);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { thresholds, holdout } = trained.model ?? {};
  const result = {
    version: saved?.name ?? null,
    promoted: saved?.isPromoted === true,
    withoutModel: trained.withoutModel ?? null,
    withheld: trained.withheld ?? null,
    lines: trained.lines,
    thresholds: thresholds ?? null,
    holdout: holdout ?? null,
    seconds,
  };
  await answer(io, flags.json, result, told(result, flags.out));
  return trained.withoutModel === undefined && trained.withheld === undefined ? 0 : 1;
}

function told(
  {
    version,
    promoted,
    withoutModel,
    withheld,
    lines,
    thresholds,
    holdout,
    seconds,
  }: {
    readonly version: string | null;
    readonly promoted: boolean;
    readonly withoutModel: string | null;
    readonly withheld: string | null;
    readonly lines: number;
    readonly thresholds: AutoencoderContents["thresholds"] | null;
    readonly holdout: AutoencoderContents["holdout"] | null;
    readonly seconds: number;
  },
  out: string,
): string {
  if (version === null || thresholds === null || holdout === null) return `${wrap(`No model: ${withoutModel}.`, COLUMNS)}\n`;
  const { p50, p95, p99, request } = thresholds;
  return [
    `Learned from ${lines} requests in ${seconds.toFixed(1)} s.`,
    `Held-out requests cost, in nats: median ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, p99 ${p99.toFixed(1)}.`,
    `The threshold is ${request.toFixed(1)}.`,
    `Of ${holdout.requests} others held out it calls ${holdout.flagged} odd.`,
    withheld === null
      ? `${promoted ? "In use" : "Saved, not in use"}: ${version}\nof ${printable(modelFile(out), 60)}`
      : wrap(`Withheld, the model before stays in use: ${withheld}.`, COLUMNS),
    "",
  ].join("\n");
}

function loadTokenizer(folder: string): readonly Merge[] {
  const path = folder.endsWith(".json") ? folder : join(folder, TOKENIZER_NAME);
  try {
    return readTokenizer(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`${path}: ${messageOf(error)}`);
  }
}

async function fromLogs(
  files: readonly string[],
  readerOf: () => LogReader,
  options: Parameters<typeof createAutoencoderTrainer>[0],
): Promise<Trained> {
  const trainer = createAutoencoderTrainer(options);
  for (const path of files) {
    const reader = readerOf();
    try {
      for await (const batch of readLines(path, "latin1")) {
        for (const { text } of batch) {
          const read = text === undefined ? "unparsed" : reader.read(text);
          if (typeof read !== "string") trainer.add(read);
        }
      }
    } catch (error) {
      throw new UsageError(`${path}: ${messageOf(error)}`);
    }
  }
  const { model, withoutModel, withheld, lines } = trainer.finish(files.join(", "), Date.now());
  return { model, withoutModel, withheld, lines };
}

async function fromLines(
  path: string,
  options: Parameters<typeof trainParts>[2],
  merges: readonly Merge[] | undefined,
  maxFlagged: number,
  minLines: number,
): Promise<Trained> {
  const lines: string[] = [];
  const heldOut: string[] = [];
  let number = 0;
  for await (const line of normalizedLines(path)) {
    if (number >= LINES_MAX) break;
    (number++ % HELD_PART === 0 ? heldOut : lines).push(withoutAgent(line));
  }
  if (number < minLines) {
    const withoutModel = `${number} requests are fewer than the ${minLines} that a model needs`;
    return { model: undefined, withoutModel, withheld: undefined, lines: lines.length };
  }
  const { planted, ...parts } = trainParts(lines, heldOut, options, merges);
  return {
    model: { ...parts, createdAt: Date.now(), trainedOn: originOf(number, path) },
    withoutModel: undefined,
    withheld: whyWithheld(parts.holdout, planted, maxFlagged),
    lines: lines.length,
  };
}

async function save(
  model: AutoencoderContents,
  withheld: string | undefined,
  { out, promote, onnx }: TrainFlags,
): Promise<{ readonly name: string; readonly isPromoted: boolean }> {
  const { text } = await writeAutoencoder(model);
  const path = modelFile(out);
  mkdirSync(dirname(path), { recursive: true });
  const folder = modelFolder(path, (one) => readAutoencoder(one));
  const name = await folder.add(text);
  const isPromoted = promote && withheld === undefined;
  if (isPromoted) await folder.promote(name);
  if (onnx !== undefined) writeFileSync(onnx, toOnnx(await readAutoencoder(text)));
  return { name, isPromoted };
}

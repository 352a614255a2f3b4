import { mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TrainedAutoencoder } from "@aiwaf/autoencoder";
import { messageOf, UsageError } from "../usage-error.ts";

/** Where S4's pipeline keeps its files, as defaults of ours. */
export const PLACES = {
  log: "data/synthetic_access.log",
  lines: "data/normalized_requests.txt",
  tokenizer: "models/req_tokenizer",
  model: "models/ae_out",
  stats: "models/loss_stats.json",
  scores: "logs/stream_scores.log",
} as const;

/** What can be done with versions of a model. */
export const VERSION_ACTIONS = ["list", "promote", "rollback"] as const;

const MODEL_NAME = "model.json";

/** A model's file: the place itself where it names one, else the file in that folder. */
export const modelFile = (place: string): string => (place.endsWith(".json") ? place : join(place, MODEL_NAME));

const TEXT_LIMIT_BYTES = 33_554_432;

/** @throws UsageError for a file that is missing, too large, damaged or another program's. */
export async function loadAutoencoder(place: string, maxTokens: number): Promise<TrainedAutoencoder> {
  const path = modelFile(place);
  try {
    const { size } = await stat(path);
    if (size > TEXT_LIMIT_BYTES) throw new Error(`it has ${size} bytes; ${TEXT_LIMIT_BYTES} are allowed`);
    const { readAutoencoder } = await import("@aiwaf/autoencoder");
    return await readAutoencoder(await readFile(path, "utf8"), maxTokens);
  } catch (error) {
    throw new UsageError(`${path}: ${messageOf(error)}`);
  }
}

/** Writes a long file, part by part, that has its name only once it is whole and on the disk. */
export async function writeParts(
  path: string,
  write: (line: (text: string | Uint8Array) => Promise<unknown>) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, "w", 0o600);
  try {
    await write((text) => file.write(text as string));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** @throws UsageError naming the flag. */
export function count(flag: string, text: string | undefined, least: number, most: number): number {
  const value = Number(text);
  if (text === undefined || text.trim() === "" || !Number.isInteger(value) || value < least || value > most)
    throw new UsageError(`--${flag} ${JSON.stringify(String(text).slice(0, 40))}: must be a whole number from ${least} to ${most}`);
  return value;
}

/** @throws UsageError naming the flag. */
export function share(flag: string, text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || !(value > 0 && value <= 0.5))
    throw new UsageError(`--${flag} ${JSON.stringify(String(text).slice(0, 40))}: must be a number above 0 and at most 0.5`);
  return value;
}

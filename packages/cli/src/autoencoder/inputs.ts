/**
 * What the commands share in reading their flags and files, and in writing.
 *
 * @module
 */
import { access, constants, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { TrainedAutoencoder } from "@aiwaf/autoencoder";
import { type LogReader, logReader } from "@aiwaf/core/train";
import { escapeControls } from "../json-text.ts";
import type { Io } from "../terminal.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { modelFile } from "./places.ts";

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

/** Refuses a file that cannot be read, before anything is written. @throws UsageError naming it. */
export async function needReadable(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
    if ((await stat(path)).isDirectory()) throw new Error("is a folder");
  } catch (error) {
    throw new UsageError(`${path}: ${messageOf(error)}`);
  }
}

/** A reader of logs in the format of `--log-format`. @throws UsageError for a format that names no time or no request. */
export function logReaderOf(template: string | undefined): LogReader {
  try {
    return logReader(template === undefined ? {} : { template });
  } catch (error) {
    throw new UsageError(`--log-format: ${messageOf(error)}`);
  }
}

/** What a command came to: as one line of JSON where that was asked for, else as text for people. */
export const answer = (io: Io, isJson: boolean | undefined, value: object, text: string): Promise<void> =>
  io.out.write(isJson === true ? `${escapeControls(JSON.stringify(value))}\n` : text);

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
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
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

/**
 * What each training came to, kept beside the models: also of those that left none.
 *
 * @module
 */
import { appendFile, open, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * `used`: the model is in use. `kept`: saved, and not put to use because that was asked for. `withheld`: saved, and the checks of training speak against it.
 * `none`: it ended in order and made no model. `failed`: it did not end in order.
 */
export type TrainingOutcome = "used" | "kept" | "withheld" | "none" | "failed";

const OUTCOMES: readonly TrainingOutcome[] = ["used", "kept", "withheld", "none", "failed"];

/** One training. */
export interface TrainingRun {
  /** When it ended, in milliseconds since the epoch. */
  readonly at: number;
  readonly outcome: TrainingOutcome;
  /** Requests that were learned from. */
  readonly requests: number;
  readonly durationMs: number;
  /** The version that it saved. */
  readonly version?: string;
  /** Why there is no model, or why it is not used; at most 300 characters. */
  readonly reason?: string;
}

const FILE = "trainings.jsonl";
const REASON_LIMIT = 300;
/** Runs that are kept: a year of nights. The file is cut back to them once it is twice as long. */
const RUNS_KEPT = 400;
const BYTES_MAX = 400_000;

/** Adds a run to those of the folder. Two that add at once both stand in it: each is one write of one line. */
export async function noteRun(folder: string, run: TrainingRun): Promise<void> {
  const path = join(folder, FILE);
  const { reason, ...rest } = run;
  const line = `${JSON.stringify({ ...rest, ...(reason !== undefined && { reason: reason.slice(0, REASON_LIMIT) }) })}\n`;
  await appendFile(path, line, { mode: 0o600 });
  if ((await stat(path)).size <= BYTES_MAX) return;
  const kept = (await runsOf(folder)).slice(0, RUNS_KEPT).reverse();
  await writeFile(`${path}.new`, kept.map((one) => `${JSON.stringify(one)}\n`).join(""), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** The runs of a folder, newest first. Lines that are no runs are left out, and of a file that is too long its end is read. */
export async function runsOf(folder: string): Promise<readonly TrainingRun[]> {
  let text: string;
  try {
    text = await tailOf(join(folder, FILE));
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return [];
    throw error;
  }
  const runs = text.split("\n").flatMap((line) => {
    const run = readRun(line);
    return run === undefined ? [] : [run];
  });
  return runs.reverse().slice(0, RUNS_KEPT);
}

async function tailOf(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size <= 2 * BYTES_MAX) return readFile(path, "utf8");
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(BYTES_MAX), position: size - BYTES_MAX });
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

function readRun(line: string): TrainingRun | undefined {
  if (line === "") return undefined;
  try {
    const { at, outcome, requests, durationMs, version, reason } = JSON.parse(line) as Partial<Record<keyof TrainingRun, unknown>>;
    if (typeof at !== "number" || !(at >= 0 && at <= 8.64e15) || !OUTCOMES.includes(outcome as TrainingOutcome)) return undefined;
    return {
      at,
      outcome: outcome as TrainingOutcome,
      requests: typeof requests === "number" && requests >= 0 ? requests : 0,
      durationMs: typeof durationMs === "number" && durationMs >= 0 ? durationMs : 0,
      ...(typeof version === "string" && { version: version.slice(0, 60) }),
      ...(typeof reason === "string" && { reason: reason.slice(0, REASON_LIMIT) }),
    };
  } catch {
    return undefined;
  }
}

/**
 * The first half of the pipeline: made-up logs, and logs as normalised lines.
 *
 * @module
 */
import { normalizeParts, toLine } from "@aiwaf/autoencoder";
import { synthesizeLog } from "@aiwaf/autoencoder/train";
import { readLines } from "../lines.ts";
import { parseRecord, toParts } from "../request-record.ts";
import { type Io, printable } from "../terminal.ts";
import { messageOf } from "../usage-error.ts";
import { answer, count, logReaderOf, needReadable, writeParts } from "./inputs.ts";
import { PLACES } from "./places.ts";

/** The flags of `aiwaf autoencoder synthesize`. */
export interface SynthesizeFlags {
  readonly out: string;
  readonly n: string;
  readonly seed: string;
  readonly json?: boolean;
}

/** Lines that are written at once. */
const BATCH = 1_000;

/** Writes a made-up access log. */
export async function synthesize({ out, n, seed, json }: SynthesizeFlags, io: Io): Promise<number> {
  const lines = count("n", n, 1, 100_000_000);
  const from = count("seed", seed, 0, 2 ** 31 - 1);
  await writeParts(out, async (write) => {
    let batch: string[] = [];
    for (const line of synthesizeLog(lines, from)) {
      batch.push(line);
      if (batch.length < BATCH) continue;
      await write(`${batch.join("\n")}\n`);
      batch = [];
    }
    if (batch.length > 0) await write(`${batch.join("\n")}\n`);
  });
  await answer(io, json, { lines, out }, `${lines} lines in ${printable(out, 60)}\n`);
  return 0;
}

/** The flags of `aiwaf autoencoder normalize`. */
export interface NormalizeFlags {
  readonly in?: string;
  readonly out: string;
  readonly logFormat?: string;
  readonly json?: boolean;
}

/**
 * Writes logs as lines.
 *
 * @returns 0; 2 when a file could not be read to its end.
 * @throws UsageError for a wrong format and a file that is not there, before anything is written.
 */
export async function normalize(files: readonly string[], flags: NormalizeFlags, io: Io): Promise<number> {
  const paths = [...files, ...(flags.in === undefined ? [] : [flags.in])];
  if (paths.length === 0) paths.push(PLACES.log);
  logReaderOf(flags.logFormat);
  for (const path of paths) await needReadable(path);
  const counts = { lines: 0, passed: 0 };
  const problems: string[] = [];
  await writeParts(flags.out, async (write) => {
    for (const path of paths) {
      const read = lineReader(path, flags.logFormat);
      try {
        for await (const batch of readLines(path, /\.jsonl(?:\.gz|\.zst)?$/.test(path) ? "utf8" : "latin1")) {
          const out: string[] = [];
          for (const { text } of batch) {
            const line = text === undefined ? undefined : read(text);
            if (line !== undefined) out.push(line);
            else if (text !== "") counts.passed++;
          }
          counts.lines += out.length;
          if (out.length > 0) await write(`${out.join("\n")}\n`);
        }
      } catch (error) {
        problems.push(`${path}: ${messageOf(error)}`);
      }
    }
  });
  await answer(
    io,
    flags.json,
    { requests: counts.lines, passed: counts.passed, out: flags.out, problems },
    `${counts.lines} requests in ${printable(flags.out, 60)}\n${counts.passed} lines of no request\n`,
  );
  for (const problem of problems) await io.err.write(`${printable(problem, 400)}\n`);
  return problems.length === 0 ? 0 : 2;
}

/** One line of a file as a normalised request; `undefined` for what is none. */
function lineReader(path: string, template: string | undefined): (text: string) => string | undefined {
  if (/\.jsonl(?:\.gz|\.zst)?$/.test(path)) {
    return (text) => {
      const record = parseRecord(text);
      if (typeof record === "string") return undefined;
      const { method, target, fields, body } = toParts(record);
      const fieldOf = (name: string): string => fields.find(([one]) => one === name)?.[1] ?? "";
      const isForm = /^application\/x-www-form-urlencoded\b/i.test(fieldOf("content-type"));
      const form = isForm && body !== undefined ? Buffer.from(body).toString("latin1") : undefined;
      return toLine(normalizeParts({ method, target, form, userAgent: fieldOf("user-agent") }));
    };
  }
  const reader = logReaderOf(template);
  return (text) => {
    const read = reader.read(text);
    if (typeof read === "string") return undefined;
    return toLine(normalizeParts({ method: read.method, target: read.target, userAgent: read.userAgent }));
  };
}

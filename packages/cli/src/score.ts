/**
 * `aiwaf score`: one request, one decision, and why.
 *
 * @module
 */
import { renderBlocked } from "@aiwaf/core";
import { type Opinion, opinionFields, opinionOf, opinionText } from "./autoencoder/opinion.ts";
import { loadConfiguration } from "./configuration.ts";
import type { ReadRequest } from "./curl.ts";
import { blockedOf, explain } from "./explain.ts";
import { escapeControls } from "./json-text.ts";
import { createReplayEngine, type Measured } from "./replay-engine.ts";
import { rawRequest, toWire } from "./request-record.ts";
import { INPUT_LIMIT_BYTES, readCurlWords, readRequest } from "./score-input.ts";
import type { Io } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

/** The flags of `aiwaf score`. */
export interface ScoreFlags {
  readonly json?: boolean;
  readonly config?: string;
  /** An autoencoder's file or folder. */
  readonly autoencoder?: string;
}

/** The client that asks: one in the range for documentation (RFC 5737), which no list names. */
const CLIENT = "192.0.2.1";

/**
 * Decides about one request and writes why.
 *
 * @param words - The request as one word, a curl command as many, or nothing to read standard input.
 * @returns the exit code: 0, whatever was decided.
 * @throws UsageError for wrong flags and for what is no request.
 */
export async function score(words: readonly string[], flags: ScoreFlags, io: Io): Promise<number> {
  const request = await read(words, io);
  const engine = createReplayEngine(await loadConfiguration(flags, io));
  const measured = await engine.inspect(rawRequest({ ...request.parts, peer: CLIENT }), Date.now());
  const opinion = flags.autoencoder === undefined ? undefined : await opinionOf(flags.autoencoder, request.parts);
  await io.out.write(
    flags.json === true
      ? toJson(measured, request, opinion)
      : explain(measured, request.parts, request.notes, io.out) + (opinion === undefined ? "" : opinionText(opinion)),
  );
  return 0;
}

async function read(words: readonly string[], io: Io): Promise<ReadRequest> {
  const [first] = words;
  if (words.length > 1) {
    if (first === "curl") return readCurlWords(words.slice(1));
    throw new UsageError("more than one request; put the request in quotes");
  }
  if (first !== undefined && first !== "-") return readRequest(toWire(first));
  const input = await io.readInput(INPUT_LIMIT_BYTES);
  if (input === undefined) throw new UsageError("the request is missing; give it in quotes, or on standard input");
  if (input.length > INPUT_LIMIT_BYTES) throw new UsageError(`the request is larger than ${INPUT_LIMIT_BYTES / 1024 / 1024} MiB`);
  return readRequest(input.toString("latin1"));
}

function toJson(measured: Measured, { notes }: ReadRequest, opinion: Opinion | undefined): string {
  const { decision, verdict } = measured;
  const { method, target, path, query, canonical, policy } = decision.request;
  const blocked = blockedOf(measured);
  const value = {
    action: verdict === undefined ? "allow" : "block",
    status: verdict?.status ?? null,
    rule: verdict?.rule ?? null,
    score: decision.score,
    threshold: policy.threshold,
    findings: decision.findings.map(({ rule, score: points, where = null, match = null, note = null }) => ({
      rule,
      score: points,
      where,
      match,
      note,
    })),
    ...opinionFields(decision, opinion),
    failures: decision.failures,
    request: { method, target, path, query, canonical },
    answer: blocked === undefined ? null : renderBlocked(blocked),
    notes,
  };
  return `${escapeControls(JSON.stringify(value, undefined, 2))}\n`;
}

/**
 * `aiwaf replay`: recorded traffic through the firewall, in this process.
 *
 * @module
 */
import { readFileSync, statSync } from "node:fs";
import { isThenable } from "@aiwaf/core";
import { readModel, type TrainedModel } from "@aiwaf/core/models";
import { hashReproducibly, logReader } from "@aiwaf/core/train";
import { loadConfiguration } from "./configuration.ts";
import { gateOf, readShare } from "./fail-over.ts";
import { escapeControls } from "./json-text.ts";
import { number } from "./plain-table.ts";
import { startProgress } from "./progress.ts";
import { createReplayEngine, type Measured, type ReplayEngine } from "./replay-engine.ts";
import { type BadLine, type Batch, type ReplayFile, type ReplayItem, readReplayFile, replayFile } from "./replay-source.ts";
import { renderReport } from "./report.ts";
import { count, createTally, type FileTally, openFile, type Tally } from "./tally.ts";
import { type Io, printable } from "./terminal.ts";
import { htmlReport } from "./traffic/html-report.ts";
import { createLogTally, type LogTally } from "./traffic/log-tally.ts";
import { readSpan, type Span } from "./traffic/span.ts";
import { messageOf, UsageError } from "./usage-error.ts";
import { writeWhole } from "./write-whole.ts";

/** The flags of `aiwaf replay`. */
export interface ReplayFlags {
  readonly json?: boolean;
  readonly config?: string;
  readonly stateful?: boolean;
  readonly failOverFpr?: string;
  readonly model?: string;
  readonly html?: string;
  readonly logFormat?: string;
  readonly since?: string;
  readonly until?: string;
}

/** Bad lines named for each file; more are only counted. */
const BAD_LINES_NAMED = 20;
/** JSON text gathered before it is written. */
const FLUSH_LENGTH = 64 * 1024;

/**
 * Replays files and writes the table, or one JSON line a record.
 *
 * @returns the exit code: 0; 1 when the gate failed; 2 when a file could not be read to its end.
 * @throws UsageError for wrong flags, before anything is read.
 */
export async function replay(paths: readonly string[], flags: ReplayFlags, io: Io): Promise<number> {
  const share = flags.failOverFpr === undefined ? undefined : readShare(flags.failOverFpr);
  const files = paths.map(replayFile);
  const config = await loadConfiguration(flags, io);
  const span = readSpan(flags);
  if (flags.logFormat !== undefined) checkTemplate(flags.logFormat);
  const model = flags.model === undefined ? undefined : await loadModel(flags.model);
  const tally = createTally();
  const logs = createLogTally();
  // Where times jump back, which counts have ended comes from the places of their hashes: the same log has to be answered alike each time.
  hashReproducibly();
  // Logs bring their own clock; what they write into the state must not meet records of today.
  const fresh = createReplayEngine(config, model);
  const stateful = createReplayEngine(config, model);
  const startedAt = performance.now();
  const sizes = files.map(({ path }) => statSync(path).size);
  const progress = startProgress(
    sizes.reduce((sum, size) => sum + size, 0),
    io,
  );
  for (const [index, file] of files.entries()) {
    const before = sizes.slice(0, index).reduce((sum, size) => sum + size, 0);
    const isStateful = flags.stateful === true || file.kind === "log";
    const { logFormat: template, json } = flags;
    const to = (bytes: number, requests: number): void =>
      progress.to(before + bytes, `${number(requests)} requests of ${printable(file.path, 30)}`);
    const engine = isStateful ? stateful : fresh;
    const { makeRoom } = progress;
    await replayOne({ file, engine, isStateful, tally, logs, span, template, io, isJson: json === true, to, makeRoom });
  }
  progress.end();
  logs.close();
  if (flags.json !== true) await io.out.write(renderReport(tally, logs, fresh, performance.now() - startedAt, io.out));
  if (flags.html !== undefined) {
    const { detectors, threshold } = fresh;
    writePage(flags.html, htmlReport(logs, { files: paths, detectors, threshold, model: model?.id, madeAt: Date.now() }));
  }
  const gate = share === undefined ? undefined : gateOf(tally.labels.benign, share);
  if (gate !== undefined) await (flags.json === true ? io.err : io.out).write(`${flags.json === true ? "" : "\n"}${gate.text}\n`);
  if (tally.files.some(({ problem }) => problem !== undefined)) return 2;
  return gate?.isPassed === false ? 1 : 0;
}

const MODEL_LIMIT_BYTES = 33_554_432;

async function loadModel(path: string): Promise<TrainedModel> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new UsageError(`--model ${path}: there is no such file; aiwaf train makes one`);
  if (stats.size > MODEL_LIMIT_BYTES) throw new UsageError(`--model ${path}: is larger than 32 MiB`);
  try {
    return await readModel(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`--model ${path}: ${messageOf(error)}`);
  }
}

function writePage(path: string, page: string): void {
  try {
    writeWhole(path, page);
  } catch (error) {
    throw new UsageError(`--html ${path}: ${messageOf(error)}`);
  }
}

function checkTemplate(template: string): void {
  try {
    logReader({ template });
  } catch (error) {
    throw new UsageError(`--log-format: ${messageOf(error)}`);
  }
}

interface Run {
  readonly file: ReplayFile;
  readonly engine: ReplayEngine;
  readonly isStateful: boolean;
  readonly tally: Tally;
  readonly logs: LogTally;
  readonly span: Span;
  readonly template: string | undefined;
  readonly io: Io;
  readonly isJson: boolean;
  /** Told how far reading has come. */
  readonly to: (bytes: number, requests: number) => void;
  readonly makeRoom: string;
}

async function replayOne(run: Run): Promise<void> {
  const { file, engine, isStateful, tally, logs, span, template, io, isJson, to, makeRoom } = run;
  const counts = openFile(tally, file.path);
  const origin = { isStateful, freshAddress, startAt: Date.now(), template };
  try {
    for await (const batch of readReplayFile(file, origin, (bytes) => to(bytes, counts.requests))) {
      await nameBadLines(batch, counts, io, makeRoom);
      let json = "";
      for (const item of batch.items) {
        if (item.at < span.since || item.at >= span.until) continue;
        const result = engine.inspect(item.raw, item.at);
        const measured = isThenable(result) ? await result : result;
        if (isStateful) observe(engine, item, measured);
        count(tally, counts, item, measured);
        if (file.kind === "log") logs.add(item, measured);
        if (!isJson) continue;
        json += jsonLine(item, measured);
        if (json.length < FLUSH_LENGTH) continue;
        await io.out.write(json);
        json = "";
      }
      if (json !== "") await io.out.write(json);
    }
  } catch (error) {
    counts.problem = messageOf(error);
    await io.err.write(`${printable(file.path, 200)}: reading ended early: ${printable(counts.problem, 200)}\n`);
  }
  if (counts.badLines > BAD_LINES_NAMED)
    await io.err.write(`${printable(file.path, 200)}: ${counts.badLines} bad lines in all, the first ${BAD_LINES_NAMED} are named above\n`);
}

/** Tells the firewall how the request went, so that limits, probes and bans build up as they would have. */
function observe({ waf }: ReplayEngine, { outcome }: ReplayItem, { decision }: Measured): void {
  waf.observe(decision, decision.action === "block" ? { status: decision.status, durationMs: 0 } : outcome);
}

let given = 0;

/** An IPv6 address in a /64 of its own, in the range for documentation (RFC 3849). Comes round again after four thousand million. */
function freshAddress(): string {
  given = (given + 1) >>> 0;
  return `2001:db8:${(given >>> 16).toString(16)}:${(given & 0xffff).toString(16)}::1`;
}

async function nameBadLines({ bad, skipped }: Batch, counts: FileTally, io: Io, makeRoom: string): Promise<void> {
  counts.skipped += skipped;
  const named = bad.slice(0, Math.max(0, BAD_LINES_NAMED - counts.badLines));
  counts.badLines += bad.length;
  const text = ({ line, reason }: BadLine): string => `${printable(counts.path, 200)}:${line}: ${printable(reason, 200)}\n`;
  if (named.length > 0) await io.err.write(makeRoom + named.map(text).join(""));
}

/** One decision as a line of `--json`; what does not apply is `null`. */
function jsonLine({ id, label, class: name }: ReplayItem, { decision, verdict, microseconds }: Measured): string {
  const line = JSON.stringify({
    id,
    label,
    class: name,
    action: verdict === undefined ? "allow" : "block",
    status: verdict?.status ?? null,
    rule: verdict?.rule ?? null,
    score: decision.score,
    findings: decision.findings.map(({ rule, score, where = null, match = null }) => ({ rule, score, where, match })),
    us: Math.round(microseconds * 100) / 100,
  });
  return `${escapeControls(line)}\n`;
}

/**
 * `aiwaf replay`: recorded traffic through the firewall, in this process.
 *
 * @module
 */
import { isThenable } from "@aiwaf/core";
import { loadConfig } from "./config-file.ts";
import { gateOf, readShare } from "./fail-over.ts";
import { escapeControls } from "./json-text.ts";
import { createReplayEngine, type Measured, type ReplayEngine } from "./replay-engine.ts";
import { type BadLine, type Batch, type ReplayFile, type ReplayItem, readReplayFile, replayFile } from "./replay-source.ts";
import { renderReport } from "./report.ts";
import { count, createTally, type FileTally, openFile, type Tally } from "./tally.ts";
import { type Io, printable } from "./terminal.ts";
import { messageOf } from "./usage-error.ts";

/** The flags of `aiwaf replay`. */
export interface ReplayFlags {
  readonly json?: boolean;
  readonly config?: string;
  readonly stateful?: boolean;
  readonly failOverFpr?: string;
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
  const config = flags.config === undefined ? undefined : await loadConfig(flags.config);
  const tally = createTally();
  // Logs bring their own clock; what they write into the state must not meet records of today.
  const fresh = createReplayEngine(config);
  const stateful = createReplayEngine(config);
  const startedAt = performance.now();
  for (const file of files) {
    const isStateful = flags.stateful === true || file.kind === "log";
    await replayOne({ file, engine: isStateful ? stateful : fresh, isStateful, tally, io, isJson: flags.json === true });
  }
  if (flags.json !== true) await io.out.write(renderReport(tally, fresh, performance.now() - startedAt, io.out));
  const gate = share === undefined ? undefined : gateOf(tally.labels.benign, share);
  if (gate !== undefined) await (flags.json === true ? io.err : io.out).write(`${flags.json === true ? "" : "\n"}${gate.text}\n`);
  if (tally.files.some(({ problem }) => problem !== undefined)) return 2;
  return gate?.isPassed === false ? 1 : 0;
}

interface Run {
  readonly file: ReplayFile;
  readonly engine: ReplayEngine;
  readonly isStateful: boolean;
  readonly tally: Tally;
  readonly io: Io;
  readonly isJson: boolean;
}

async function replayOne(run: Run): Promise<void> {
  const { file, engine, isStateful, tally, io, isJson } = run;
  const counts = openFile(tally, file.path);
  const origin = { isStateful, freshAddress, startAt: Date.now() };
  try {
    for await (const batch of readReplayFile(file, origin)) {
      await nameBadLines(batch, counts, io);
      let json = "";
      for (const item of batch.items) {
        const result = engine.inspect(item.raw, item.at);
        const measured = isThenable(result) ? await result : result;
        if (isStateful) observe(engine, item, measured);
        count(tally, counts, item, measured);
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

async function nameBadLines({ bad, skipped }: Batch, counts: FileTally, io: Io): Promise<void> {
  counts.skipped += skipped;
  const named = bad.slice(0, Math.max(0, BAD_LINES_NAMED - counts.badLines));
  counts.badLines += bad.length;
  const text = ({ line, reason }: BadLine): string => `${printable(counts.path, 200)}:${line}: ${printable(reason, 200)}\n`;
  if (named.length > 0) await io.err.write(named.map(text).join(""));
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

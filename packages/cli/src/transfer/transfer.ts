/**
 * `aiwaf export`, `aiwaf import` and `aiwaf migrate`: lists and bans out of one store and into another, or out of another implementation.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { exportState, type ImportSummary, importState } from "@aiwaf/core/lists";
import { sqliteStore } from "@aiwaf/core/stores/sqlite";
import { openStore, type StoreFlags } from "../operate/open-store.ts";
import { type Io, printable } from "../terminal.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { csvFilesOf, readState, writeFolder, writePrivate } from "./files.ts";

export interface ExportFlags extends StoreFlags {
  readonly out?: string;
  readonly csv?: string;
  readonly json?: boolean;
}

export interface ImportFlags extends StoreFlags {
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

const INPUT_LIMIT_BYTES = 256 * 1024 * 1024;

/** Writes a store's lists and bans: as JSON to standard output or `--out`, or as CSV files into the folder `--csv`. */
export async function exportCommand(flags: ExportFlags, io: Io): Promise<number> {
  const opened = await openStore(flags);
  try {
    const document = await exportState(opened.store, Date.now());
    if (flags.csv !== undefined) writeFolder(flags.csv, csvFilesOf(document));
    const text = `${JSON.stringify(document, null, 2)}\n`;
    if (flags.out !== undefined) writePrivate(flags.out, text);
    else if (flags.csv === undefined) await io.out.write(text);
    if (flags.csv !== undefined || flags.out !== undefined) {
      const entries = Object.values(document.lists).reduce((sum, list) => sum + list.length, 0);
      const { out = null, csv = null } = flags;
      await io.out.write(
        flags.json === true
          ? `${JSON.stringify({ entries, bans: document.bans.length, out, csv })}\n`
          : `Wrote ${entries} entries and ${document.bans.length} bans of ${printable(opened.name, 200)}.\n`,
      );
    }
    return 0;
  } finally {
    await opened.close();
  }
}

/**
 * Reads lists and bans and adds them to a store. A SQLite file that is not there yet is made: this is how a store begins.
 *
 * @returns the exit code: 0, or 1 when something was refused.
 */
export async function importCommand(from: string, flags: ImportFlags, io: Io): Promise<number> {
  const now = Date.now();
  const { document, notes } = from === "-" ? { document: await readInput(io), notes: [] } : readState(from, now);
  if (flags.dryRun !== true && flags.sqlite !== undefined && !existsSync(flags.sqlite)) makeFile(flags.sqlite);
  const opened = flags.dryRun === true ? await scratch() : await openStore(flags);
  let summary: ImportSummary;
  try {
    summary = await importState(opened.store, document, now);
  } catch (error) {
    throw isInvalid(error) ? new UsageError(`${from}: ${messageOf(error)}`) : error;
  } finally {
    await opened.close();
  }
  await io.out.write(flags.json === true ? `${JSON.stringify({ ...summary, notes })}\n` : toText(summary, notes, opened.name));
  return summary.refusedCount > 0 ? 1 : 0;
}

const isInvalid = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === "AIWAF_STATE_INVALID";

function makeFile(path: string): void {
  try {
    sqliteStore({ path }).close?.();
  } catch (error) {
    throw new UsageError(`--sqlite ${path}: ${messageOf(error)}`);
  }
}

async function scratch(): Promise<Awaited<ReturnType<typeof openStore>>> {
  const { memoryStore } = await import("@aiwaf/core/stores/memory");
  return { store: memoryStore({ maxValues: 1_000_000 }), name: "nothing (dry run)", close: async () => {} };
}

async function readInput(io: Io): Promise<unknown> {
  const input = await io.readInput(INPUT_LIMIT_BYTES);
  if (input === undefined) throw new UsageError("nothing on standard input; name a file");
  try {
    return JSON.parse(input.toString("utf8"));
  } catch (error) {
    throw new UsageError(`standard input: is no JSON: ${messageOf(error)}`);
  }
}

function toText({ added, ended, refused, refusedCount }: ImportSummary, notes: readonly string[], name: string): string {
  const lines = notes.map((note) => `  ${printable(note, 200)}`);
  const stored = Object.entries(added).filter(([, count]) => count > 0);
  lines.push(
    stored.length === 0
      ? `Nothing added to ${printable(name, 200)}.`
      : `Added to ${printable(name, 200)}: ${stored.map(([list, count]) => `${count} ${list}`).join(", ")}.`,
  );
  if (ended > 0) lines.push(`${ended} were over already.`);
  for (const { list, name: entry, reason } of refused.slice(0, 20))
    lines.push(`  left out of ${list}: ${printable(entry, 60)} ${printable(reason, 60)}`);
  if (refusedCount > 0) lines.push(`${refusedCount} left out.`);
  return `${lines.join("\n")}\n`;
}

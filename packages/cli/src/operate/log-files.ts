/**
 * `aiwaf logs --status` and `--clear`: the files that records are in.
 *
 * @module
 */
import { existsSync, rmSync, statSync, truncateSync } from "node:fs";
import confirm from "@inquirer/confirm";
import { escapeControls } from "../json-text.ts";
import { number, plainTable, trimLines } from "../plain-table.ts";
import { COLUMNS, type Io, painter, printable } from "../terminal.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { isTable } from "./record-table.ts";
import { readRecords } from "./records.ts";
import { showMoment } from "./times.ts";

const HOW = `Records are kept where your code says so:
  import { recordFile } from "@aiwaf/core/records/node";
  waf.subscribe(recordFile("requests.jsonl").listener);
To keep none, take that line out.
`;

interface FileStatus {
  readonly file: string;
  readonly bytes: number;
  readonly records: number;
  readonly from: number | null;
  readonly to: number | null;
}

/** Tells how large each file is, how many records it has and of when; without files, how records are kept at all. @returns the exit code, 0. */
export async function logsStatus(files: readonly string[], isJson: boolean, io: Io): Promise<number> {
  const found: FileStatus[] = [];
  for (const file of files) found.push(await statusOf(file));
  if (isJson) await io.out.write(`${escapeControls(JSON.stringify({ files: found, how: HOW }, undefined, 2))}\n`);
  else if (found.length === 0) await io.out.write(HOW);
  else await io.out.write(statusText(found, io));
  return 0;
}

async function statusOf(file: string): Promise<FileStatus> {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) throw new UsageError(`${file}: there is no such file`);
  let records = 0;
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  await readRecords([file], ({ at }) => {
    records++;
    if (typeof at !== "number" || !Number.isFinite(at)) return;
    from = Math.min(from, at);
    to = Math.max(to, at);
  });
  return { file, bytes: stats.size, records, from: Number.isFinite(from) ? from : null, to: Number.isFinite(to) ? to : null };
}

const FILE_COLUMNS = COLUMNS - 12 - 12 - 21 - 3;

function statusText(found: readonly FileStatus[], io: Io): string {
  const paint = painter(io.out);
  const table = plainTable(
    ["File", "Bytes", "Records", "Newest"].map((text) => paint("bold", text)),
    [FILE_COLUMNS, 12, 12, 21],
    1,
  );
  for (const { file, bytes, records, to } of found)
    table.push([printable(file, FILE_COLUMNS), number(bytes), number(records), to === null ? "–" : showMoment(to)]);
  return `${trimLines(table.toString())}\n`;
}

/**
 * Empties the files, packed ones are deleted. The one that a running firewall writes may be among them: it goes on at the beginning.
 *
 * @returns the exit code: 0, or 1 when the question was answered with no.
 */
export async function logsClear(
  files: readonly string[],
  flags: { readonly confirm?: boolean; readonly json?: boolean },
  io: Io,
): Promise<number> {
  if (files.length === 0) throw new UsageError("which files? name them: aiwaf logs --clear requests.jsonl --confirm");
  for (const file of files) {
    if (!existsSync(file)) throw new UsageError(`${file}: there is no such file`);
    if (!statSync(file).isFile()) throw new UsageError(`${file}: is not a file`);
    if (isTable(file))
      throw new UsageError(`${file}: records in SQLite end by themselves (keepMs); to drop all, delete the file while nobody writes it`);
  }
  // A slip of the hand must not empty another program's file.
  for (const { file, bytes, records } of await Promise.all(files.map(statusOf)))
    if (bytes > 0 && records === 0) throw new UsageError(`${file}: has no records of aiwaf; nothing was cleared`);
  if (flags.confirm !== true && !(await isConfirmed(files, flags.json === true))) {
    await io.out.write(flags.json === true ? '{"cleared":[]}\n' : "Nothing was cleared.\n");
    return 1;
  }
  for (const file of files) {
    try {
      if (/\.(?:gz|zst)$/.test(file)) rmSync(file);
      else truncateSync(file);
    } catch (error) {
      throw new UsageError(`${file}: ${messageOf(error)}`);
    }
  }
  await io.out.write(
    flags.json === true ? `${escapeControls(JSON.stringify({ cleared: files }))}\n` : `Cleared ${printable(files.join(", "), 400)}\n`,
  );
  return 0;
}

async function isConfirmed(files: readonly string[], isJson: boolean): Promise<boolean> {
  if (!process.stdin.isTTY || isJson) throw new UsageError("nobody is here to confirm it; add --confirm");
  try {
    return await confirm({ message: `Drop all records in ${printable(files.join(", "), 200)}?`, default: false });
  } catch {
    // Ctrl-C at the question is a no.
    return false;
  }
}

/**
 * `aiwaf ranges`: takes the ranges that a crawler's operator publishes, checks them, and keeps them for `goodBots` and `aiwaf whois`.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { publishedRanges } from "@aiwaf/core/detectors";
import { escapeControls } from "../json-text.ts";
import { plainTable, trimLines } from "../plain-table.ts";
import { COLUMNS, type Io, painter, printable } from "../terminal.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { writeWhole } from "../write-whole.ts";
import { fetchPublished } from "./fetch-published.ts";
import { keptRanges, RANGES_FOLDER } from "./published.ts";
import { specialRange } from "./special-ranges.ts";

/** The flags of `aiwaf ranges`. */
export interface RangesFlags {
  readonly folder?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const FILE_LIMIT_BYTES = 4 * 1024 * 1024;
/** Wider than this is more than any crawler has: a list with such a range is a mistake, or somebody else's. */
const WIDEST = { ipv4: 8, ipv6: 20 } as const;

/**
 * Takes the ranges of `name` from `sources`, files or https addresses; without a name, shows what is kept.
 *
 * @returns the exit code, 0.
 * @throws UsageError for a source that cannot be read and for ranges that cannot be right; what was kept before stays.
 */
export async function ranges(name: string | undefined, sources: readonly string[], flags: RangesFlags, io: Io): Promise<number> {
  const folder = flags.folder ?? RANGES_FOLDER;
  if (name === undefined) return show(folder, flags, io);
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(name))
    throw new UsageError(`${JSON.stringify(name.slice(0, 60))} is no name of a crawler; write it in lower case, such as googlebot`);
  if (sources.length === 0) throw new UsageError(`where does the operator of ${name} publish them? name the https address, or a file`);
  const found = new Set<string>();
  for (const source of sources) {
    const taken = publishedRanges(await textOf(source));
    if (taken.length === 0) throw new UsageError(`${source}: has no ranges; nothing was changed`);
    const wrong = taken.find(isImplausible);
    if (wrong !== undefined) throw new UsageError(`${source}: ${wrong} is no crawler's range; nothing was changed`);
    for (const range of taken) found.add(range);
  }
  const before = keptRanges(folder).find((kept) => kept.name === name)?.ranges ?? [];
  const added = [...found].filter((range) => !before.includes(range));
  const removed = before.filter((range) => !found.has(range));
  if (removed.length > before.length / 2 && flags.force !== true)
    throw new UsageError(
      `${name}: ${removed.length} of ${before.length} ranges are gone; if that is right, add --force. Nothing was changed`,
    );
  const file = join(folder, `${name}.json`);
  if (flags.dryRun !== true) keep(folder, file, { name, sources, taken_at: new Date().toISOString(), ranges: [...found] });
  const value = { name, file, ranges: found.size, added, removed, written: flags.dryRun !== true };
  await io.out.write(
    flags.json === true
      ? `${escapeControls(JSON.stringify(value, undefined, 2))}\n`
      : `${printable(name, 60)}: ${found.size} ranges, ${added.length} new, ${removed.length} gone. ${flags.dryRun === true ? "Dry run: nothing was written." : `Kept in ${file}`}\n`,
  );
  return 0;
}

function keep(folder: string, file: string, value: object): void {
  try {
    mkdirSync(folder, { recursive: true });
    writeWhole(file, `${JSON.stringify(value, undefined, 2)}\n`);
  } catch (error) {
    throw new UsageError(`${file}: ${messageOf(error)}`);
  }
}

async function textOf(source: string): Promise<string> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(source)) return fetchPublished(source, FILE_LIMIT_BYTES);
  const stats = statSync(source, { throwIfNoEntry: false });
  if (stats === undefined || !existsSync(source)) throw new UsageError(`${source}: there is no such file, and it is no https address`);
  if (stats.size > FILE_LIMIT_BYTES) throw new UsageError(`${source}: is larger than 4 MiB`);
  try {
    return readFileSync(source, "utf8");
  } catch (error) {
    throw new UsageError(`${source}: ${messageOf(error)}`);
  }
}

function isImplausible(range: string): boolean {
  const [base = "", bits] = range.split("/");
  const widest = base.includes(":") ? WIDEST.ipv6 : WIDEST.ipv4;
  return (bits !== undefined && Number(bits) < widest) || specialRange(base) !== undefined;
}

async function show(folder: string, flags: RangesFlags, io: Io): Promise<number> {
  const kept = keptRanges(folder);
  if (flags.json === true) {
    const value = kept.map(({ name, file, takenAt, ranges: list }) => ({ name, file, taken_at: takenAt, ranges: list.length }));
    await io.out.write(`${escapeControls(JSON.stringify(value, undefined, 2))}\n`);
    return 0;
  }
  if (kept.length === 0) {
    await io.out.write(`No ranges are kept in ${printable(folder, 200)}. Take some: aiwaf ranges NAME ADDRESS\n`);
    return 0;
  }
  const paint = painter(io.out);
  const table = plainTable(
    ["Crawler", "Ranges", "Taken"].map((text) => paint("bold", text)),
    [40, 10, COLUMNS - 52],
    1,
  );
  for (const { name, takenAt, ranges: list } of kept)
    table.push([printable(name, 40), String(list.length), takenAt?.slice(0, 16).replace("T", " ") ?? "unknown"]);
  await io.out.write(`${trimLines(table.toString())}\n`);
  return 0;
}

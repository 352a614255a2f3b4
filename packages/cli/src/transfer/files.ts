/**
 * Where state is read from and written to: our own document, and the files of other implementations.
 *
 * @module
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import type { ListEntry, StateDocument } from "@aiwaf/core/lists";
import { messageOf, UsageError } from "../usage-error.ts";
import { writeWhole } from "../write-whole.ts";
import { fromCsv, type Row, toCsv } from "./csv.ts";
import { readDatabase } from "./database.ts";
import { addKeyValue } from "./key-values.ts";
import { addRow, banRow, type Found, nothingFound, tableOf } from "./tables.ts";

const FILE_LIMIT_BYTES = 256 * 1024 * 1024;

/** The column of what other implementations have no column for. */
const INFORMATION = "extended_request_info";

/** The files of BEHAVIOUR 6.2, and one of our own for what those have no place for. */
const dated = ({ since, until, from }: ListEntry, rest: Row): Row => ({
  ...rest,
  added_date: new Date(since).toISOString(),
  ...((until !== undefined || from !== undefined) && { [INFORMATION]: JSON.stringify({ until, from }) }),
});

/** The CSV files of a document, by name. */
export function csvFilesOf({ lists, bans }: StateDocument): ReadonlyMap<string, string> {
  const rowsOf = (entries: readonly ListEntry[] | undefined, column: string): Row[] =>
    (entries ?? []).map((entry) => dated(entry, { [column]: entry.name, reason: entry.reason, count: entry.count }));
  const table = (columns: readonly string[], rows: readonly Row[]): string => {
    // Without its end or the detectors it is from, an exemption would come back as one for ever and from all.
    const more = ["reason", "count", INFORMATION].filter((column) => !columns.includes(column) && rows.some((row) => Boolean(row[column])));
    return toCsv([...columns, ...more], rows);
  };
  return new Map([
    ["whitelist.csv", table(["ip", "added_date"], rowsOf(lists.exempt, "ip"))],
    ["blacklist.csv", toCsv(["ip", "reason", "added_date", INFORMATION], [...rowsOf(lists.block, "ip"), ...bans.map(banRow)])],
    ["keywords.csv", table(["keyword", "added_date"], rowsOf(lists.keyword, "keyword"))],
    ["exempt_keywords.csv", table(["keyword", "added_date"], rowsOf(lists["exempt-keyword"], "keyword"))],
    ["geo_blocked_countries.csv", table(["country", "added_date"], rowsOf(lists.country, "country"))],
    ["path_exemptions.csv", table(["path", "reason", "added_date"], rowsOf(lists["exempt-path"], "path"))],
  ]);
}

/** Writes a file for this user alone, whole or not at all: it holds clients' addresses. */
export function writePrivate(path: string, text: string): void {
  try {
    writeWhole(path, text);
  } catch (error) {
    throw new UsageError(`${path}: ${messageOf(error)}`);
  }
}

/** Writes the CSV files into a folder, which is made if need be. */
export function writeFolder(folder: string, files: ReadonlyMap<string, string>): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new UsageError(`${folder}: ${messageOf(error)}`);
  }
  for (const [name, text] of files) writePrivate(join(folder, name), text);
}

/** A document as `importState` takes it, and notes for people. */
export interface ReadState {
  readonly document: unknown;
  readonly notes: readonly string[];
}

/**
 * Reads what stands at a path: a document of `aiwaf export`, a CSV file, a folder of such, a SQLite database or a JSON file of another implementation.
 *
 * @throws UsageError for what is none of those.
 */
export function readState(path: string, now: number): ReadState {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new UsageError(`${path}: there is no such file`);
  if (stats.isDirectory()) return readFolder(path, now);
  if (stats.size > FILE_LIMIT_BYTES) throw new UsageError(`${path}: is larger than ${FILE_LIMIT_BYTES / 1024 / 1024} MiB`);
  const bytes = readFileSync(path);
  if (bytes.subarray(0, 15).toString("latin1") === "SQLite format 3") return asState(readDatabase(path), path, now);
  const text = bytes.toString("utf8").replace(/^\ufeff/, "");
  if (extname(path).toLowerCase() === ".csv") {
    const found = nothingFound();
    if (!addCsv(found, path, text))
      throw new UsageError(`${path}: its name says nothing to aiwaf; call it blacklist.csv, whitelist.csv, keywords.csv …`);
    return asState(found, path, now);
  }
  return readJson(path, text, now);
}

function readFolder(folder: string, now: number): ReadState {
  const found = nothingFound();
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (!name.toLowerCase().endsWith(".csv") || !statSync(path).isFile() || statSync(path).size > FILE_LIMIT_BYTES) continue;
    addCsv(found, path, readFileSync(path, "utf8"));
  }
  const data = join(folder, "aiwaf_data.json");
  if (existsSync(data)) addJson(found, data, readFileSync(data, "utf8"));
  return asState(found, folder, now);
}

function addCsv(found: Found, path: string, text: string): boolean {
  const table = tableOf(basename(path, extname(path)));
  const rows = fromCsv(text, path);
  // FastAPI's store writes its key-value pairs as CSV too.
  if (rows[0] !== undefined && "key" in rows[0] && "value" in rows[0]) {
    for (const row of rows) addKeyValue(found, String(row["key"]), parsed(row["value"]), row["expires_at"]);
    return true;
  }
  if (table === undefined) return false;
  if ("left" in table) found.notes.push(`${basename(path)}: ${rows.length} rows left: ${table.left}`);
  else {
    for (const row of rows) addRow(found, table.target, row);
    found.notes.push(`${basename(path)}: ${rows.length} rows`);
  }
  return true;
}

const parsed = (value: unknown): unknown => {
  try {
    return JSON.parse(String(value));
  } catch {
    return undefined;
  }
};

function readJson(path: string, text: string, now: number): ReadState {
  const value = jsonOf(path, text);
  if ((value as { format?: unknown } | null)?.format === "aiwaf-state") return { document: value, notes: [] };
  const found = nothingFound();
  addJson(found, path, text);
  return asState(found, path, now);
}

function jsonOf(path: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`${path}: is no JSON: ${messageOf(error)}`);
  }
}

/** `aiwaf_data.json` holds keys with `value` and `expires_at`, `dynamic_keywords.json` words with counts. */
function addJson(found: Found, path: string, text: string): void {
  const value = jsonOf(path, text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  for (const [key, entry] of Object.entries(value as Row)) {
    if (typeof entry === "number") found.lists.keyword.push({ name: key, reason: "", count: entry });
    else if (typeof entry === "object" && entry !== null) addKeyValue(found, key, (entry as Row)["value"], (entry as Row)["expires_at"]);
  }
}

function asState({ lists, bans, notes }: Found, path: string, now: number): ReadState {
  if (notes.length === 0 && bans.length === 0 && Object.values(lists).every((list) => list.length === 0))
    throw new UsageError(`${path}: holds nothing that aiwaf knows`);
  return { document: { format: "aiwaf-state", version: 1, exportedAt: now, lists, bans }, notes };
}

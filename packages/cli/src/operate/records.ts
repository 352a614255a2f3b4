/**
 * Kept records, from the files that the firewall writes.
 *
 * @module
 */
import { readLines } from "../lines.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import type { KeptRecord } from "./record-counts.ts";
import { isTable, tableRecords } from "./record-table.ts";

/** Reads a line; `undefined` for what is no record. Never throws. */
export function parseKept(text: string | undefined): KeptRecord | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "action" in value ? (value as KeptRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** Hands each record of the files, plain, compressed or SQLite (newest first), to `take`. @returns how many lines were none. @throws UsageError for a file that cannot be read. */
export async function readRecords(files: readonly string[], take: (record: KeptRecord) => void): Promise<number> {
  let bad = 0;
  for (const path of files) {
    try {
      if (isTable(path)) {
        for (const record of tableRecords(path)) take(record);
        continue;
      }
      for await (const lines of readLines(path, "utf8")) {
        for (const { text } of lines) {
          const record = parseKept(text);
          if (record !== undefined) take(record);
          else if (text !== "") bad++;
        }
      }
    } catch (error) {
      throw new UsageError(`${path}: ${messageOf(error)}`);
    }
  }
  return bad;
}

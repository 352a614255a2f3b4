import { readFileSync } from "node:fs";
import type { TrafficRecord } from "../types.ts";

/**
 * The records of a JSONL traffic file, in file order, with `repeat` written out. Empty lines are skipped.
 *
 * Throws an `Error` that names the file and the line when a line is no record or an id repeats: the files are committed, so that is a
 * mistake of ours and never input.
 */
export function loadTraffic(file: string | URL): TrafficRecord[] {
  const records: TrafficRecord[] = [];
  const ids = new Set<string>();
  const lines = readFileSync(file, "utf8").split("\n");
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const record = parseRecord(line);
    if (record === undefined) throw new Error(`${file}:${index + 1}: not a traffic record`);
    if (ids.has(record.id)) throw new Error(`${file}:${index + 1}: the id "${record.id}" is used twice`);
    ids.add(record.id);
    const { repeat, ...once } = record;
    if (repeat === undefined) records.push(record);
    else for (let count = 1; count <= Math.min(repeat, 10_000); count += 1) records.push({ ...once, id: `${record.id}#${count}` });
  }
  return records;
}

function parseRecord(line: string): TrafficRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const fields = value as Partial<Record<keyof TrafficRecord, unknown>>;
  const texts = [fields.id, fields.label, fields.class, fields.method, fields.url];
  if (!texts.every((text) => typeof text === "string" && text !== "")) return undefined;
  if (typeof fields.headers !== "object" || fields.headers === null) return undefined;
  if (fields.body !== null && typeof fields.body !== "string") return undefined;
  return value as TrafficRecord;
}

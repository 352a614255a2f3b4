import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UsageError } from "../usage-error.ts";

/** What stands behind a log's name once it was rotated: `.1`, `-20260131`, `.2026-01-31`, each perhaps packed. */
const ROTATED = /^(?:[.-](\d{1,6}|\d{4}-?\d\d-?\d\d(?:[-_T]?\d{2,6})?))?(\.(?:gz|zst))?$/;

interface Part {
  readonly path: string;
  /** Counts up from the newest: numbers do, dates do not. */
  readonly number: number | undefined;
  readonly date: string;
}

/**
 * The files of one log, oldest first: `access.log.2.gz`, `access.log.1`, `access.log`. Of a part that is there both packed and not, the unpacked one.
 *
 * @throws UsageError when there is none of them.
 */
export function rotatedLogs(path: string): readonly string[] {
  const folder = dirname(path);
  const name = basename(path);
  const found: Part[] = [];
  const names = readNames(folder);
  for (const one of names) {
    const match = one.startsWith(name) ? ROTATED.exec(one.slice(name.length)) : null;
    if (match === null) continue;
    if (match[2] !== undefined && names.includes(one.slice(0, -match[2].length))) continue;
    const mark = match[1] ?? "";
    const isNumber = mark !== "" && mark.length < 7;
    found.push({
      path: join(folder, one),
      number: mark === "" ? 0 : isNumber ? Number(mark) : undefined,
      date: isNumber ? "" : mark.replace(/\D/g, ""),
    });
  }
  if (found.length === 0) throw new UsageError(`${path}: there is no such file, and none that was rotated away from it`);
  return found.sort(compare).map((part) => part.path);
}

function readNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    throw new UsageError(`${folder}: cannot be read`);
  }
}

/** Dated parts first, oldest first; then numbered ones, the largest number first; the running log last. */
function compare(left: Part, right: Part): number {
  if (left.number === undefined || right.number === undefined) {
    if (left.number === right.number) return left.date < right.date ? -1 : 1;
    return left.number === undefined ? -1 : 1;
  }
  return right.number - left.number;
}

/** The files to read, in the order given; with `withRotated`, each with those rotated away from it. No file twice. */
export function logFiles(paths: readonly string[], withRotated: boolean): readonly string[] {
  const files = paths.flatMap((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory()) throw new UsageError(`${path}: is a folder; name the files in it`);
    if (withRotated) return rotatedLogs(path);
    if (stats === undefined) throw new UsageError(`${path}: there is no such file`);
    return [path];
  });
  const readable = files.filter((path) => !statSync(path).isDirectory());
  for (const path of readable) checkPacking(path);
  return [...new Set(readable)];
}

/** Files that say they are packed and are not end a long run late; this costs four bytes. */
function checkPacking(path: string): void {
  const magic = path.endsWith(".gz") ? [0x1f, 0x8b] : path.endsWith(".zst") ? [0x28, 0xb5, 0x2f, 0xfd] : undefined;
  if (magic === undefined) return;
  const bytes = Buffer.alloc(4);
  const file = openSync(path, "r");
  try {
    readSync(file, bytes, 0, 4, 0);
  } finally {
    closeSync(file);
  }
  if (!magic.every((byte, index) => bytes[index] === byte)) throw new UsageError(`${path}: is not packed as its name says`);
}

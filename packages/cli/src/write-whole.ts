import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * Writes a file that has its name only once it is whole and on the disk: whenever the process ends, the name holds what was there before, or all of
 * `text`.
 *
 * @param mode - Of a new file; without it, for this user alone.
 */
export function writeWhole(path: string, text: string, mode = 0o600): void {
  const draft = `${path}.${process.pid}.part`;
  const file = openSync(draft, "wx", mode);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}

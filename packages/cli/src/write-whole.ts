import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * Writes a file that has its name only once it is whole and on the disk: whenever the process ends, the name holds what was there before, or all of
 * `text`. For this user alone.
 */
export function writeWhole(path: string, text: string): void {
  const draft = `${path}.${process.pid}.part`;
  const file = openSync(draft, "wx", 0o600);
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

/**
 * Ranges that crawlers' operators publish, as `aiwaf ranges` keeps them: one file a crawler.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { publishedRanges } from "@aiwaf/core/detectors";

/** Where they are kept unless a flag says otherwise. */
export const RANGES_FOLDER = ".aiwaf/ranges";

/** The ranges of one crawler. */
export interface KeptRanges {
  readonly name: string;
  readonly file: string;
  /** When they were taken, as the file says; `null` for a file from elsewhere. */
  readonly takenAt: string | null;
  readonly ranges: readonly string[];
}

/** What is kept in `folder`, by name; nothing where there is no such folder. A file that cannot be read has no ranges. */
export function keptRanges(folder: string): readonly KeptRanges[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => /^[a-z0-9][a-z0-9._-]{0,62}\.json$/.test(file))
    .sort()
    .map((file) => {
      const text = textOf(join(folder, file));
      return { name: file.slice(0, -5), file: join(folder, file), takenAt: takenAt(text), ranges: publishedRanges(text) };
    });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function takenAt(text: string): string | null {
  try {
    const { taken_at: at } = JSON.parse(text) as { readonly taken_at?: unknown };
    return typeof at === "string" && /^\d{4}-[\dT:.Z-]{5,25}$/.test(at) ? at : null;
  } catch {
    return null;
  }
}

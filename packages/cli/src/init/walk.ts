import { readdirSync } from "node:fs";
import { join } from "node:path";

const MAX_FILES = 50_000;
const LEFT_OUT = new Set(["node_modules", ".git", ".next", ".nuxt", ".output", ".svelte-kit", "dist", "build"]);

/** Files below `folder`, paths with `/` relative to it, in order of their names. Empty when there is no such folder; never follows links. */
export function filesBelow(folder: string): readonly string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    let entries: ReturnType<typeof read>;
    try {
      entries = read(join(folder, path));
    } catch {
      return;
    }
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      if (found.length >= MAX_FILES) return;
      const below = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory() && !LEFT_OUT.has(entry.name)) visit(below);
      else if (entry.isFile()) found.push(below);
    }
  };
  visit("");
  return found;
}

const read = (path: string) => readdirSync(path, { withFileTypes: true });

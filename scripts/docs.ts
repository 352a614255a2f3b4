/**
 * Writes the pages of docs/reference from the code: `node scripts/docs.ts`. That they are up to date is part of `node scripts/checks/index.ts docs`.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readRepository } from "./checks/files.ts";
import { loadCommandHelp } from "./reference/cli.ts";
import { loadTables } from "./reference/options.ts";
import { generateReference } from "./reference/pages.ts";

const root = resolve(import.meta.dirname, "..");
const files = readRepository(root);
const { pages, problems } = generateReference(files, await loadTables(files, root), await loadCommandHelp(root));
for (const [path, text] of pages) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  console.log(`${files.get(path) === text ? "unchanged" : "written  "} ${path}`);
}
for (const problem of problems) console.error(`  ${problem}`);
if (problems.length > 0) process.exitCode = 1;

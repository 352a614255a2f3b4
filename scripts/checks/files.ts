/**
 * What every checker is handed and gives back. Checkers are functions of a file map, so that a test can show one a bad repository of three files.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";

/** Text of each file by its path from the repository's root, with `/`. */
export type FileMap = ReadonlyMap<string, string>;

export interface CheckResult {
  /** One line each: the file with its line, then what is wrong and what to do. Empty when the law holds. */
  readonly problems: readonly string[];
  /** Measurements worth printing when all is well. */
  readonly figures?: readonly string[];
}

/** Every text file that git tracks or would track: what is ignored is nobody's business, what is new is checked before it is committed. */
export function readRepository(root: string): FileMap {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], { cwd: root, encoding: "utf8" });
  const files = new Map<string, string>();
  for (const path of listed.split("\0")) {
    if (path === "" || statSync(join(root, path), { throwIfNoEntry: false })?.isFile() !== true) continue;
    const text = readFileSync(join(root, path), "utf8");
    if (!text.includes("\0")) files.set(path, text);
  }
  return files;
}

export const isSource = (path: string): boolean => /\.(?:[cm]?[jt]sx?|svelte|vue)$/.test(path) && !path.endsWith(".d.ts");

const parsed = new Map<string, { readonly text: string; readonly file: ts.SourceFile }>();

/** The syntax tree of a TypeScript or JavaScript text, kept for the next checker. */
export function parse(path: string, text: string): ts.SourceFile {
  const known = parsed.get(path);
  if (known?.text === text) return known.file;
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  parsed.set(path, { text, file });
  return file;
}

/** `path:line` of a node. */
export const at = (file: ts.SourceFile, node: ts.Node): string =>
  `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}`;

/** Calls `visit` for a node and all below it; where it returns false, what lies below is left out. */
export function walk(node: ts.Node, visit: (node: ts.Node) => unknown): void {
  if (visit(node) === false) return;
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** The innermost workspace folder a path belongs to: `packages/core`, `examples/express`, `sandbox`, `scripts`; `""` for the root's own files. */
export function workspaceOf(path: string): string {
  return /^(?:packages|examples)\/[^/]+|^(?:sandbox|bench|scripts)(?=\/)/.exec(path)?.[0] ?? "";
}

interface Manifest {
  readonly name?: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A workspace's `package.json`; empty when it has none. */
export function manifestOf(files: FileMap, workspace: string): Manifest {
  return JSON.parse(files.get(posix.join(workspace, "package.json")) ?? "{}") as Manifest;
}

/** The folders of all published packages. */
export function publishedPackages(files: FileMap): string[] {
  return [...files.keys()]
    .filter((path) => /^packages\/[^/]+\/package\.json$/.test(path))
    .map((path) => posix.dirname(path))
    .filter((folder) => manifestOf(files, folder).private !== true)
    .sort();
}

/** Source files behind a package's `exports`, by subpath: `./dist/stores/memory.js` comes from `src/stores/memory.ts`. */
export function entriesOf(files: FileMap, workspace: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (const [subpath, target] of Object.entries(manifestOf(files, workspace).exports ?? {})) {
    const file = /"\.\/dist\/([^"]+)\.js"/.exec(JSON.stringify(target))?.[1];
    if (file !== undefined) entries.set(subpath, posix.join(workspace, "src", `${file}.ts`));
  }
  return entries;
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import type { CheckResult } from "./files.ts";

export interface SizeSubject {
  readonly name: string;
  /** Built file, absolute. */
  readonly entry: string;
  /** Packages that stay outside, subpaths included. */
  readonly external: readonly string[];
  /** Bytes after minifying and gzip; `undefined` only measures. */
  readonly limitBytes: number | undefined;
}

/** Built pages that a browser loads. */
export interface PageSubject {
  readonly name: string;
  /** Folder of everything that is served, absolute. */
  readonly folder: string;
  /** Bytes of all files together, each gzipped. */
  readonly limitBytes: number;
}

/** What pages weigh, all files together. */
export function checkPages(subjects: readonly PageSubject[]): CheckResult {
  const problems: string[] = [];
  const figures: string[] = [];
  for (const { name, folder, limitBytes } of subjects) {
    if (!existsSync(folder)) {
      problems.push(`${name}: not built; run the build first`);
      continue;
    }
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const bytes = files.reduce(
      (sum, { parentPath, name: file }) => sum + gzipSync(readFileSync(join(parentPath, file)), { level: 9 }).byteLength,
      0,
    );
    figures.push(`${name} ${bytes} B of ${limitBytes}`);
    if (bytes > limitBytes) problems.push(`${name}: ${bytes} bytes, at most ${limitBytes}`);
  }
  return { problems, figures };
}

/** What a user downloads or loads: each entry bundled, minified and gzipped, and the core without a runtime dependency. */
export async function checkSize(subjects: readonly SizeSubject[], coreDependencies: readonly string[]): Promise<CheckResult> {
  const problems = coreDependencies.map((name) => `packages/core/package.json: ${name} is a runtime dependency; the core has none`);
  const figures: string[] = [];
  for (const { name, entry, external, limitBytes } of subjects) {
    if (!existsSync(entry)) {
      problems.push(`${name}: not built; run the build first`);
      continue;
    }
    const bytes = await bundledBytes(entry, external);
    figures.push(`${name} ${bytes} B${limitBytes === undefined ? "" : ` of ${limitBytes}`}`);
    if (limitBytes !== undefined && bytes > limitBytes) problems.push(`${name}: ${bytes} bytes, at most ${limitBytes}`);
  }
  return { problems, figures };
}

async function bundledBytes(entry: string, external: readonly string[]): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: external.flatMap((name) => [name, `${name}/*`]),
    logLevel: "silent",
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).byteLength;
}

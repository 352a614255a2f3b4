import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import type { CheckResult } from "./files.ts";

const run = promisify(execFile);

export interface PackageSubject {
  /** The package's folder, absolute. */
  readonly folder: string;
  readonly name: string;
  /** True when it is published for `import` only. */
  readonly isEsmOnly: boolean;
}

/** What users of a published package would trip over: publint on its manifest and files, attw on its types under every way to resolve them. */
export async function checkPackages(subjects: readonly PackageSubject[], attw: string): Promise<CheckResult> {
  const results = await Promise.all(subjects.map((subject) => checkOne(subject, attw)));
  return { problems: results.flat(), figures: [`${subjects.map(({ name }) => name).join(", ")} by publint and attw`] };
}

async function checkOne({ folder, name, isEsmOnly }: PackageSubject, attw: string): Promise<string[]> {
  if (!existsSync(join(folder, "dist"))) return [`${name}: not built; run the build first`];
  const { messages, pkg } = await publint({ pkgDir: folder, pack: "npm", strict: true });
  const named = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { readonly files?: readonly string[] };
  const absent = (named.files ?? [])
    .filter((file) => !existsSync(join(folder, file)))
    .map((file) => `${name}: package.json lists ${file}, which is missing`);
  const lint = messages.map((message) => `${name}: publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`);
  return [...absent, ...lint, ...(await wrongTypes(folder, isEsmOnly, attw)).map((problem) => `${name}: attw: ${problem}`)];
}

interface AttwOutput {
  readonly problems?: Readonly<
    Record<string, readonly { readonly kind: string; readonly entrypoint?: string; readonly resolutionKind?: string }[]>
  >;
  readonly analysis?: { readonly types: unknown };
}

/** Ends with an exit code of 1 when it finds something, and says what as JSON either way. */
async function wrongTypes(folder: string, isEsmOnly: boolean, attw: string): Promise<string[]> {
  const args = ["--pack", folder, "--format", "json", "--profile", isEsmOnly ? "esm-only" : "node16", "--no-definitely-typed"];
  const { stdout, stderr } = await run(process.execPath, [attw, ...args], { maxBuffer: 64 * 1024 * 1024, timeout: 120_000 }).catch(
    (error: { stdout?: string; stderr?: string }) => ({ stdout: error.stdout ?? "", stderr: error.stderr ?? "" }),
  );
  try {
    const output = JSON.parse(stdout) as AttwOutput;
    if (output.analysis?.types === false) return ["the package has no types"];
    // The list also holds what the profile leaves out: resolution without `exports`, and `require` of a package that has only `import`.
    const ignored = isEsmOnly ? ["node10", "node16-cjs"] : ["node10"];
    return Object.values(output.problems ?? {})
      .flat()
      .filter(({ resolutionKind }) => !ignored.includes(resolutionKind ?? ""))
      .map(({ kind, entrypoint, resolutionKind }) => [kind, entrypoint, resolutionKind].filter(Boolean).join(" "));
  } catch {
    return [`gave no answer: ${(stderr || stdout).slice(0, 300)}`];
  }
}

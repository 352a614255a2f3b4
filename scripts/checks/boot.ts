import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import type { CheckResult } from "./files.ts";

export interface BootSubject {
  /** The folder of the build, absolute. */
  readonly dist: string;
  /** All entries, by their path in that folder. */
  readonly modules: readonly string[];
  /** Those that run in browsers and on edge runtimes. */
  readonly neutral: readonly string[];
}

/** Law 4: nothing happens at import or in `createWaf`, and the neutral entries bundle for the browser platform without a `node:` import. */
export async function checkBoot({ dist, modules, neutral }: BootSubject): Promise<CheckResult> {
  const absent = modules.filter((module) => !existsSync(join(dist, module)));
  if (absent.length > 0) return { problems: [`${absent.join(", ")} not built; run the build first`] };
  const problems = [...bootProblems(dist, modules), ...(await bundleProblems(dist, neutral))];
  return { problems, figures: [`${modules.length} entries loaded, ${neutral.length} bundled for browsers`] };
}

/** Loads the modules in a child that may read the build and nothing else: no other file, no process, no worker. */
function bootProblems(dist: string, modules: readonly string[]): string[] {
  const child = join(import.meta.dirname, "boot-child.ts");
  const args = [
    "--permission",
    `--allow-fs-read=${dist}/*`,
    `--allow-fs-read=${packageScope(dist)}`,
    `--allow-fs-read=${import.meta.dirname}/*`,
  ];
  args.push(`--allow-fs-read=${packageScope(import.meta.dirname)}`, "--no-warnings", child, dist, ...modules);
  try {
    const output = execFileSync(process.execPath, args, { encoding: "utf8", timeout: 120_000, stdio: ["ignore", "pipe", "pipe"] });
    return (JSON.parse(output) as string[]).map((violation) => `at import or in createWaf: ${violation}`);
  } catch (error) {
    return [`the boot process failed: ${String((error as { stderr?: string }).stderr ?? error).slice(0, 600)}`];
  }
}

/** Node reads the nearest `package.json` to know what `.js` means. */
function packageScope(folder: string): string {
  const file = join(folder, "package.json");
  return existsSync(file) || dirname(folder) === folder ? file : packageScope(dirname(folder));
}

async function bundleProblems(dist: string, neutral: readonly string[]): Promise<string[]> {
  const problems: string[] = [];
  for (const module of neutral) {
    try {
      const result = await build({
        entryPoints: [join(dist, module)],
        bundle: true,
        write: false,
        format: "esm",
        platform: "browser",
        metafile: true,
        logLevel: "silent",
      });
      for (const { imports } of Object.values(result.metafile.inputs)) {
        for (const { path, external } of imports) {
          if (external === true) problems.push(`${module} needs ${path}, which a browser does not have`);
        }
      }
    } catch (error) {
      problems.push(`${module} does not bundle for the browser platform: ${String((error as Error).message).slice(0, 300)}`);
    }
  }
  return problems;
}

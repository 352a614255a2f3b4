import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fromManifest } from "@aiwaf/core/manifest";
import { escapeControls } from "../json-text.ts";
import { type Io, painter, printable } from "../terminal.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { writeWhole } from "../write-whole.ts";
import { classify, type ManifestEntry } from "./classify.ts";
import { readExpress } from "./express.ts";
import type { FoundApp } from "./found-route.ts";
import { readNext } from "./next.ts";
import { readNuxt } from "./nuxt.ts";
import { readSvelteKit } from "./sveltekit.ts";

export interface InitFlags {
  readonly check?: boolean;
  readonly app?: string;
  readonly out?: string;
  readonly json?: boolean;
}

interface ManifestFile {
  readonly schema_version: "1.0";
  readonly framework: string;
  readonly context_hash: string;
  readonly generated_at: string;
  readonly routes: Readonly<Record<string, ManifestEntry>>;
}

/** Writes `.aiwaf/paths.json` for the application in `folder`; with `check`, only says whether it still fits. Returns the exit code. */
export async function init(folder: string, flags: InitFlags, { out, err }: Io): Promise<number> {
  const root = resolve(folder);
  const found = await readApp(root, flags);
  const file = resolve(root, flags.out ?? ".aiwaf/paths.json");
  const manifest = toManifest(found, new Date());
  // What this writes must be what the firewall reads.
  fromManifest(manifest);
  const shown = flags.out ?? ".aiwaf/paths.json";
  const known = flags.check === true ? readKnown(file) : undefined;
  const fits = known?.context_hash === manifest.context_hash;
  const changes = known === undefined || fits ? [] : difference(known, manifest);
  if (flags.check !== true) write(file, `${JSON.stringify(sorted(manifest), null, 2)}\n`);
  const routes = Object.keys(manifest.routes).length;
  if (flags.json === true) {
    const { framework } = found;
    const value = {
      file: shown,
      framework,
      routes,
      notes: found.notes,
      written: flags.check !== true,
      fits: flags.check === true ? fits : true,
      changes,
    };
    await out.write(`${escapeControls(JSON.stringify(value, undefined, 2))}\n`);
    return flags.check === true && !fits ? 1 : 0;
  }
  for (const note of found.notes) await err.write(`${painter(err)("yellow", "note:")} ${printable(note, 300)}\n`);
  if (flags.check !== true) {
    await out.write(`Wrote ${shown}: ${routes} routes of ${found.framework}.\n`);
    return 0;
  }
  if (fits) return 0;
  const wrong = known === undefined ? "is missing or cannot be read" : "no longer fits the application";
  await err.write(`aiwaf: ${shown} ${wrong}; run aiwaf init\n`);
  for (const line of changes.slice(0, 20)) await err.write(`  ${printable(line, 120)}\n`);
  if (changes.length > 20) await err.write(`  and ${changes.length - 20} more\n`);
  return 1;
}

/** As a whole or not at all; readable by everyone, as it is committed with the application. */
function write(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeWhole(file, text, 0o644);
  } catch (error) {
    throw new UsageError(`${file}: ${messageOf(error)}`);
  }
}

async function readApp(root: string, { app }: InitFlags): Promise<FoundApp> {
  if (app !== undefined) return readExpress(root, app);
  const file = join(root, "package.json");
  if (!existsSync(file)) throw new UsageError(`${file} is missing; name the application's folder`);
  let uses: Readonly<Record<string, unknown>>;
  try {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(file, "utf8")) as Record<string, Record<string, unknown>>;
    uses = { ...devDependencies, ...dependencies };
  } catch {
    throw new UsageError(`${file} is no JSON`);
  }
  if ("next" in uses) return readNext(root);
  if ("nuxt" in uses) return readNuxt(root);
  if ("@sveltejs/kit" in uses) return readSvelteKit(root);
  if ("express" in uses)
    throw new UsageError("Express keeps its routes in memory: name the module that exports the application, --app src/app.ts");
  throw new UsageError(`${file} names neither next, nuxt, @sveltejs/kit nor express`);
}

/** The manifest of what was found: one entry a pattern, methods of the same pattern together, our own paths left out. */
export function toManifest({ framework, routes: found, context }: FoundApp, now: Date): ManifestFile {
  const routes: Record<string, ManifestEntry> = {};
  for (const route of found) {
    if (/^\/\.?aiwaf(?:\/|$)/.test(route.pattern)) continue;
    const known = routes[route.pattern];
    const methods =
      known === undefined
        ? route.methods
        : known.methods.length === 0 || route.methods.length === 0
          ? []
          : [...new Set([...known.methods, ...route.methods])];
    const kind = known?.response_type === "html" ? "page" : route.kind;
    routes[route.pattern] = classify({ ...route, kind, methods, view: known === undefined ? route.view : `${known.view}, ${route.view}` });
  }
  const hashed = JSON.stringify(sorted({ framework, routes, app_context: context }));
  return {
    schema_version: "1.0",
    framework,
    context_hash: createHash("sha256").update(hashed).digest("hex"),
    generated_at: `${now.toISOString().slice(0, 19)}Z`,
    routes,
  };
}

/** The same with its keys in order, at every depth. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

function readKnown(file: string): ManifestFile | undefined {
  try {
    const known = JSON.parse(readFileSync(file, "utf8")) as ManifestFile;
    fromManifest(known);
    return known;
  } catch {
    return undefined;
  }
}

function difference(known: ManifestFile, now: ManifestFile): readonly string[] {
  const patterns = [...new Set([...Object.keys(known.routes), ...Object.keys(now.routes)])].sort();
  return patterns.flatMap((pattern) => {
    const [before, after] = [known.routes[pattern], now.routes[pattern]];
    if (before === undefined) return [`+ ${pattern}`];
    if (after === undefined) return [`- ${pattern}`];
    return JSON.stringify(sorted(before)) === JSON.stringify(sorted(after)) ? [] : [`~ ${pattern}`];
  });
}

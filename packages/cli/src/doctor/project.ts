/**
 * A project's dependencies as they are declared and installed.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf, UsageError } from "../usage-error.ts";

/** One declared dependency. */
export interface Dependency {
  readonly name: string;
  /** The range of package.json. */
  readonly range: string;
  readonly isDevelopment: boolean;
  /** The version in node_modules; `undefined` when it is not installed. */
  readonly installed: string | undefined;
}

/** What is declared about peers and runtimes, of one installed package. */
export interface Demands {
  readonly name: string;
  readonly peers: Readonly<Record<string, string>>;
  readonly optionalPeers: ReadonlySet<string>;
  readonly node: string | undefined;
}

/** A project on disk. */
export interface Project {
  readonly folder: string;
  readonly dependencies: readonly Dependency[];
  /** What the installed direct dependencies demand of others. */
  readonly demands: readonly Demands[];
  readonly manager: "npm" | "pnpm" | "yarn";
  readonly lockFile: string | undefined;
}

const LOCK_FILES = [
  ["package-lock.json", "npm"],
  ["npm-shrinkwrap.json", "npm"],
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
] as const;

const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** @throws UsageError when there is no readable package.json. */
export function readProject(folder: string): Project {
  const manifest = readManifest(join(folder, "package.json"));
  if (manifest === undefined)
    throw new UsageError(`${join(folder, "package.json")}: there is no such file; run this in your project's folder`);
  const of = (field: string, isDevelopment: boolean): Dependency[] =>
    Object.entries(textsOf(manifest[field])).map(([name, range]) => ({ name, range, isDevelopment, installed: versionOf(folder, name) }));
  const dependencies = [...of("dependencies", false), ...of("devDependencies", true)];
  const lock = LOCK_FILES.find(([name]) => existsSync(join(folder, name)));
  return {
    folder,
    dependencies,
    demands: dependencies.flatMap(({ name }) => demandsOf(folder, name) ?? []),
    manager: lock?.[1] ?? "npm",
    lockFile: lock?.[0],
  };
}

function readManifest(path: string): Readonly<Record<string, unknown>> | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const text = readFileSync(path, "utf8");
    if (text.length > MAX_MANIFEST_BYTES) throw new Error("is too large");
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
    throw new Error("is no object");
  } catch (error) {
    throw new UsageError(`${path}: ${messageOf(error)}`);
  }
}

/** Names as npm allows them: nothing that could leave node_modules or be taken for a flag. */
const isName = (name: string): boolean => /^(?:@[a-z0-9~][\w.~-]*\/)?[a-z0-9~][\w.~-]*$/i.test(name) && name.length <= 214;

const textsOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(typeof value === "object" && value !== null ? value : {}).filter(
      (entry): entry is [string, string] => isName(entry[0]) && typeof entry[1] === "string",
    ),
  );

function installedManifest(folder: string, name: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return readManifest(join(folder, "node_modules", name, "package.json"));
  } catch {
    return undefined;
  }
}

function versionOf(folder: string, name: string): string | undefined {
  const version = installedManifest(folder, name)?.["version"];
  return typeof version === "string" ? version : undefined;
}

function demandsOf(folder: string, name: string): Demands | undefined {
  const manifest = installedManifest(folder, name);
  return manifest === undefined ? undefined : readDemands(name, manifest);
}

/** What a package's manifest, installed or published, demands. */
export function readDemands(name: string, manifest: Readonly<Record<string, unknown>>): Demands {
  const meta = (manifest["peerDependenciesMeta"] ?? {}) as Readonly<Record<string, { readonly optional?: unknown } | undefined>>;
  const peers = textsOf(manifest["peerDependencies"]);
  const node = (manifest["engines"] as { readonly node?: unknown } | undefined)?.node;
  return {
    name,
    peers,
    optionalPeers: new Set(Object.keys(peers).filter((peer) => meta[peer]?.optional === true)),
    node: typeof node === "string" ? node : undefined,
  };
}

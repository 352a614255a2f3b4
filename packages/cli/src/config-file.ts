import { readFileSync, statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, UsageError } from "./usage-error.ts";

/** A configuration as it was found: an object, its options not yet checked. */
export interface LoadedConfig {
  /** For people: the file, the variables of the environment, or both. */
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Tried in this order in the working folder, where nothing else is named. */
export const CONFIG_FILES = [
  "aiwaf.config.ts",
  "aiwaf.config.mts",
  "aiwaf.config.js",
  "aiwaf.config.mjs",
  "aiwaf.config.cjs",
  "aiwaf.config.json",
];

const MODULES = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];
/** Names under which a module may export its options, in the order they are tried. */
const EXPORTS = ["default", "config", "options"];
const JSON_LIMIT_BYTES = 1024 * 1024;

/**
 * Loads `path`: JSON, or a module (TypeScript as far as Node strips types) whose default export, `config` or `options` is an object. A module is
 * run, so it can do what any program can: load only your own.
 *
 * @throws UsageError in one line, naming the file and what is wrong with it.
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new UsageError(`--config ${path}: there is no such file`);
  if (!stats.isFile()) throw new UsageError(`--config ${path}: is not a file`);
  const extension = extname(path).toLowerCase();
  if (extension === ".json") return { name: path, options: asOptions(path, readJson(path, stats.size)) };
  if (!MODULES.includes(extension)) throw new UsageError(`--config ${path}: must end in .json, .js, .mjs, .cjs, .ts, .mts or .cts`);
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new UsageError(`--config ${path}: ${messageOf(error)}`);
  }
  const name = EXPORTS.find((one) => module[one] !== undefined);
  if (name === undefined) throw new UsageError(`--config ${path}: exports no options; export them as default, config or options`);
  return { name: path, options: asOptions(path, module[name]) };
}

function readJson(path: string, size: number): unknown {
  if (size > JSON_LIMIT_BYTES) throw new UsageError(`--config ${path}: is larger than 1 MiB`);
  try {
    return JSON.parse(readFileSync(path, "utf8").replace(/^\ufeff/, ""));
  } catch (error) {
    throw new UsageError(`--config ${path}: ${messageOf(error)}`);
  }
}

function asOptions(path: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof (value as { readonly inspect?: unknown } | null)?.inspect === "function")
    throw new UsageError(`--config ${path}: exports a built firewall, whose clock and store are fixed; export the options it is made of`);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  throw new UsageError(`--config ${path}: must give an object of options, not ${Array.isArray(value) ? "a list" : typeof value}`);
}

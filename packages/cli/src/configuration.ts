/**
 * The configuration that a command goes by, put together from flags, environment and file.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { fromSettings } from "@aiwaf/core/settings";
import { CONFIG_FILES, type LoadedConfig, loadConfig } from "./config-file.ts";
import { isComplete } from "./replay-engine.ts";
import type { Io } from "./terminal.ts";

/** The flags that choose a configuration, and whether notes may stand beside the output. */
export interface ConfigurationFlags {
  readonly config?: string;
  readonly json?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Options = Readonly<Record<string, unknown>>;

/** The file: the flag's, else AIWAF_CONFIG's, else the `aiwaf.config` of this folder; `undefined` where there is none. */
export function configPath(flag: string | undefined, environment: Environment = process.env): string | undefined {
  return flag ?? (environment["AIWAF_CONFIG"] || CONFIG_FILES.find((name) => existsSync(name)));
}

/** Variables of this command line, which no firewall reads. */
const OWN_VARIABLES = new Set([
  "AIWAF_CONFIG",
  "AIWAF_SQLITE",
  "AIWAF_REDIS_URL",
  "AIWAF_REDIS_PREFIX",
  "AIWAF_TOKEN",
  "AIWAF_UPSTREAM",
  "AIWAF_NODE",
]);

/** What the settings in the environment (`AIWAF_RATE_MAX` and its kind) come to. */
export function environmentOptions(environment: Environment = process.env): {
  readonly options: Options;
  /** The variables that have an effect here. */
  readonly names: readonly string[];
  readonly warnings: readonly { readonly setting: string; readonly message: string }[];
} {
  const own = Object.entries(environment).filter(
    ([name, value]) => name.startsWith("AIWAF_") && !OWN_VARIABLES.has(name) && value !== undefined,
  );
  const { options, applied, warnings } = fromSettings(Object.fromEntries(own));
  const isUsed = Object.keys(options).length > 0;
  const names = applied.filter(({ setting, to }) => setting.startsWith("AIWAF_") && /^(?:options|exemptPaths)\b/.test(to));
  return { options: isUsed ? { ...options } : {}, names: isUsed ? [...new Set(names.map(({ setting }) => setting))] : [], warnings };
}

/**
 * The configuration of a command: what the environment says, laid over what the file says, option by option. A complete firewall of a file
 * (`detectors` and `store`) is taken as it is. What was not named on the command line is told on standard error, but not beside `--json`.
 *
 * @returns `undefined` where neither says anything: the recommended set.
 * @throws UsageError for a file that cannot be loaded.
 */
export async function loadConfiguration(
  flags: ConfigurationFlags,
  io: Io,
  environment: Environment = process.env,
): Promise<LoadedConfig | undefined> {
  const path = configPath(flags.config, environment);
  const file = path === undefined ? undefined : await loadConfig(path);
  const { options, names } = file !== undefined && isComplete(file.options) ? { options: {}, names: [] } : environmentOptions(environment);
  const isFound = flags.config === undefined && file !== undefined;
  const said = [...(isFound ? [file.name] : []), ...names];
  if (said.length > 0 && flags.json !== true) await io.err.write(`Configuration: ${said.join(", ")}\n`);
  if (names.length === 0) return file;
  const name = [...(file === undefined ? [] : [file.name]), ...names].join(", ");
  return { name, options: laidOver(file?.options ?? {}, options) } satisfies LoadedConfig;
}

/** Plain objects are merged, key by key; anything else is replaced. */
export function laidOver(under: Options, over: Options): Options {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(under, key) ? under[key] : undefined;
    merged[key] = isPlain(below) && isPlain(value) ? laidOver(below, value) : value;
  }
  return merged;
}

const isPlain = (value: unknown): value is Options =>
  typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);

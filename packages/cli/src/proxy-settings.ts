/**
 * What `aiwaf proxy` goes by: flags over environment over the configuration file.
 *
 * @module
 */
import { createWaf, type Store, type WafOptions } from "@aiwaf/core";
import { loadConfig } from "./config-file.ts";
import { configPath, environmentOptions, laidOver } from "./configuration.ts";
import { isComplete } from "./replay-engine.ts";
import type { Io } from "./terminal.ts";
import { messageOf, UsageError } from "./usage-error.ts";

/** The flags of the proxy itself. */
export interface ServingFlags {
  readonly upstream?: string;
  readonly config?: string;
  readonly listen?: string;
  /** False for `--no-control`. */
  readonly control?: string | false;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly report?: boolean;
  readonly workers?: string;
  /** A SQLite file for the firewall's state. */
  readonly sqlite?: string;
  readonly json?: boolean;
}

/** Where something listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The settings of one start. */
export interface ProxySettings {
  /** For `createProxy`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** For the console, as the file has it. */
  readonly console: unknown;
  readonly site: Address;
  readonly control: Address | undefined;
  /** Processes; `undefined` for this one alone. */
  readonly workers: number | undefined;
}

type Options = Readonly<Record<string, unknown>>;

/** Other implementations name it `PYWAF_UPSTREAM`. */
const UPSTREAM_VARIABLES = ["AIWAF_UPSTREAM", "PYWAF_UPSTREAM"] as const;
const DEFAULT_LISTEN = "0.0.0.0:8080";
const DEFAULT_CONTROL = "127.0.0.1:8081";
const MAX_WORKERS = 256;
/** What a file of options for the proxy has, and one for the firewall alone never. */
const OF_THE_PROXY = new Set(
  (
    "upstream firewall host tls console uploadLimitBytes headLimitBytes headTimeoutMs minBytesPerSecond keepAliveMs maxConnections upstreamConnections " +
    "connectTimeoutMs responseTimeoutMs idleTimeoutMs drainMs"
  ).split(" "),
);

/**
 * Puts the settings together. The file is the flag's, else AIWAF_CONFIG's, else the `aiwaf.config` of this folder, and holds options of the proxy or,
 * as for other commands, of its firewall alone.
 *
 * @throws UsageError for wrong flags, and for a file that cannot be loaded.
 */
export async function readProxySettings(flags: ServingFlags, io: Io, environment: NodeJS.ProcessEnv): Promise<ProxySettings> {
  const { console: consoleOptions, ...options } = await readFile(flags, io, environment);
  const upstream = flags.upstream ?? options["upstream"] ?? UPSTREAM_VARIABLES.map((name) => environment[name]).find((text) => text);
  if (upstream === undefined)
    throw new UsageError("an upstream is missing; name the server behind, for example --upstream http://127.0.0.1:9000");
  if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined)) throw new UsageError("--tls-cert and --tls-key go together");
  const tls = flags.tlsCert === undefined ? {} : { tls: { certFile: flags.tlsCert, keyFile: flags.tlsKey } };
  const site = addressOf("--listen", flags.listen ?? DEFAULT_LISTEN);
  const control = flags.control === false ? undefined : addressOf("--control", flags.control ?? DEFAULT_CONTROL);
  const workers = flags.workers === undefined ? undefined : Number(flags.workers);
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 1 && workers <= MAX_WORKERS))
    throw new UsageError(`--workers ${JSON.stringify(flags.workers?.slice(0, 20))}: must be a whole number from 1 to ${MAX_WORKERS}`);
  const firewall = await firewallOf(options["firewall"], flags, environment);
  return { options: { ...options, ...tls, ...firewall, upstream }, console: consoleOptions, site, control, workers };
}

async function readFile(flags: ServingFlags, io: Io, environment: NodeJS.ProcessEnv): Promise<Options> {
  const path = configPath(flags.config, environment);
  const { options = {}, name = "" } = path === undefined ? {} : await loadConfig(path);
  const isOfProxy = Object.keys(options).some((key) => OF_THE_PROXY.has(key)) || Object.keys(options).length === 0;
  const ofProxy: Options = isOfProxy ? options : { firewall: options };
  const firewall = (ofProxy["firewall"] ?? {}) as Options | false;
  const { options: over, names } =
    firewall === false || isComplete(firewall) ? { options: {}, names: [] } : environmentOptions(environment);
  const said = [...(flags.config === undefined && name !== "" ? [name] : []), ...names];
  if (said.length > 0 && flags.json !== true) await io.err.write(`Configuration: ${said.join(", ")}\n`);
  return names.length === 0 ? ofProxy : { ...ofProxy, firewall: laidOver(firewall as Options, over) };
}

async function firewallOf(given: unknown, flags: ServingFlags, environment: NodeJS.ProcessEnv): Promise<Options> {
  const hasStore = (given as Options | undefined)?.["store"] !== undefined;
  const file = flags.sqlite ?? (hasStore ? undefined : environment["AIWAF_SQLITE"] || undefined);
  const mode = flags.report === true ? { mode: "report" as const } : {};
  if (given === false && flags.report !== true) return { firewall: false };
  const store = file === undefined ? {} : { store: await openSqlite(file) };
  const firewall: Partial<WafOptions> = { ...(given as object | undefined), ...store, ...mode };
  if (!isComplete(firewall)) return { firewall };
  try {
    return { firewall: createWaf(firewall) };
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

async function openSqlite(path: string): Promise<Store> {
  const { sqliteStore } = await import("@aiwaf/core/stores/sqlite");
  try {
    return sqliteStore({ path });
  } catch (error) {
    throw new UsageError(`--sqlite ${path}: ${messageOf(error)}`);
  }
}

/** An address is HOST:PORT, [IPv6]:PORT or a port. */
function addressOf(flag: string, text: string): Address {
  const [, host = "127.0.0.1", digits = ""] = /^(?:(\[[0-9a-f:.]+\]|[\w.-]+):)?(\d{1,5})$/i.exec(text) ?? [];
  if (digits === "" || Number(digits) > 65_535)
    throw new UsageError(`${flag} ${JSON.stringify(text.slice(0, 60))}: give HOST:PORT, such as 127.0.0.1:8080`);
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(digits) };
}

/**
 * `aiwaf diagnose`: is everything there that a running firewall needs, and if not, what to do.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createWaf, type Store, type WafOptions } from "@aiwaf/core";
import { LIST_NAMES, listBans, listEntries } from "@aiwaf/core/lists";
import { readManifest } from "@aiwaf/core/manifest";
import { modelFolder } from "@aiwaf/core/models/file";
import { type RecommendedOptions, recommended } from "@aiwaf/core/recommended";
import semver from "semver";
import manifest from "../../package.json" with { type: "json" };
import { type LoadedConfig, loadConfig } from "../config-file.ts";
import { configPath, environmentOptions } from "../configuration.ts";
import { escapeControls } from "../json-text.ts";
import { isComplete } from "../replay-engine.ts";
import { type Io, painter, printable, wrap } from "../terminal.ts";
import { messageOf } from "../usage-error.ts";
import { type OpenStore, openStore, type StoreFlags } from "./open-store.ts";
import { showMoment } from "./times.ts";

/** The flags of `aiwaf diagnose`. */
export interface DiagnoseFlags extends StoreFlags {
  readonly json?: boolean;
}

/** One thing that was looked at. */
interface Check {
  readonly check: string;
  readonly state: "ok" | "note" | "problem";
  readonly says: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** Looks at everything. @returns the exit code: 1 when there is a problem. */
export async function diagnose(flags: DiagnoseFlags, io: Io): Promise<number> {
  const path = configPath(flags.config);
  const checks: Check[] = [checkRuntime(process.version), ...checkPackages()];
  const { check, config } = await checkConfig(path);
  checks.push(check);
  if (config !== undefined) checks.push(...checkOptions(config));
  checks.push(...checkEnvironment(), ...(await checkStore(flags, path, config)), ...(await checkModel()), checkManifest());
  const problems = checks.filter(({ state }) => state === "problem").length;
  await io.out.write(flags.json === true ? `${escapeControls(JSON.stringify({ problems, checks }, undefined, 2))}\n` : report(checks, io));
  return problems > 0 ? 1 : 0;
}

/** Is `version` of Node one that the packages' `engines` name. */
export function checkRuntime(version: string): Check {
  const range = manifest.engines.node;
  return semver.satisfies(version, range)
    ? { check: "runtime", state: "ok", says: `Node ${version}` }
    : { check: "runtime", state: "problem", says: `Node ${version} is not supported`, fix: `install a Node of ${range}` };
}

const PACKAGES = ["@aiwaf/core", "@aiwaf/express", "@aiwaf/next", "@aiwaf/sveltekit", "@aiwaf/nuxt"];

/** Versions that belong together, and whether an adapter is there at all. */
function checkPackages(): readonly Check[] {
  const found = PACKAGES.flatMap((name) => {
    const manifest = readJson(join("node_modules", name, "package.json")) as { version?: unknown } | undefined;
    return typeof manifest?.version === "string" ? [[name, manifest.version] as const] : [];
  });
  if (found.length === 0)
    return [
      {
        check: "packages",
        state: "note",
        says: "no package of AIWAF is installed in this folder",
        fix: "run this in your project's folder, or npm install @aiwaf/express",
      },
    ];
  const versions = new Set(found.map(([, version]) => version));
  const says = found.map(([name, version]) => `${name} ${version}`).join(", ");
  if (versions.size > 1)
    return [
      {
        check: "packages",
        state: "problem",
        says: `versions that do not belong together: ${says}`,
        fix: `npm install ${found.map(([name]) => `${name}@latest`).join(" ")}`,
      },
    ];
  const hasAdapter = found.some(([name]) => name !== "@aiwaf/core");
  return [
    hasAdapter
      ? { check: "packages", state: "ok", says }
      : {
          check: "packages",
          state: "note",
          says: `${says}, and no adapter`,
          fix: "install the one of your framework, for example @aiwaf/express",
        },
  ];
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

async function checkConfig(path: string | undefined): Promise<{ readonly check: Check; readonly config: LoadedConfig | undefined }> {
  if (path === undefined)
    return {
      check: {
        check: "configuration",
        state: "note",
        says: "none in this folder: options given to protect() are not seen here",
        fix: "keep them in aiwaf.config.ts, and give that to protect()",
      },
      config: undefined,
    };
  try {
    const config = await loadConfig(path);
    const options = config.options as Partial<WafOptions>;
    createWaf(isComplete(options) ? options : recommended(options as RecommendedOptions));
    return { check: { check: "configuration", state: "ok", says: `${path} is valid` }, config };
  } catch (error) {
    return {
      check: {
        check: "configuration",
        state: "problem",
        says: messageOf(error),
        fix: "correct that option; docs/reference/options.md lists all",
      },
      config: undefined,
    };
  }
}

function checkOptions({ options }: LoadedConfig): readonly Check[] {
  const checks: Check[] = [];
  const mode = options["mode"] ?? "enforce";
  checks.push(
    mode === "enforce"
      ? { check: "mode", state: "ok", says: "enforcing" }
      : {
          check: "mode",
          state: "note",
          says: mode === "report" ? "reporting only: nothing is blocked" : "off: nothing is looked at",
          fix: 'set mode: "enforce" when aiwaf replay on your own logs shows no false block',
        },
  );
  checks.push(
    options["client"] === undefined
      ? {
          check: "proxies",
          state: "note",
          says: "no proxy is trusted: the client is the socket's peer",
          fix: 'behind a proxy, all clients look like one: name it in client: { proxies: ["10.0.0.0/8"] }',
        }
      : {
          check: "proxies",
          state: "ok",
          says: `the client's address comes through ${Object.keys(options["client"] as object).join(", ")}`,
        },
  );
  return checks;
}

/** Settings of other implementations in the environment; none at all is what most have. */
function checkEnvironment(): readonly Check[] {
  const { names, warnings } = environmentOptions();
  return [
    ...(names.length === 0
      ? []
      : [
          {
            check: "environment",
            state: "ok" as const,
            says: `${names.join(", ")}: taken by this command line, over the configuration`,
            fix: "the application takes them where it says protect(fromSettings(process.env).options)",
          },
        ]),
    ...warnings.map(({ setting, message }) => ({
      check: "environment",
      state: "note" as const,
      says: `${setting} ${message}`,
      fix: "remove it, or write it as docs/reference/options.md does",
    })),
  ];
}

async function checkStore(flags: StoreFlags, path: string | undefined, config: LoadedConfig | undefined): Promise<readonly Check[]> {
  const isNamed = [flags.sqlite, flags.redis, process.env["AIWAF_SQLITE"], process.env["AIWAF_REDIS_URL"]].some(
    (one) => one !== undefined && one !== "",
  );
  const configured = config?.options["store"] as Store | undefined;
  if (!isNamed && (configured === undefined || configured.name === "memory")) {
    const cores = availableParallelism();
    return [
      {
        check: "store",
        state: "note",
        says: `memory: every process counts for itself, and a restart forgets bans (this machine has ${cores} cores)`,
        fix: "give the configuration a sqliteStore() or redisStore(): docs/stores.md",
      },
    ];
  }
  try {
    const { config: _, ...named } = flags;
    const opened = await openStore(isNamed || path === undefined ? named : { config: path });
    try {
      return [await tryStore(opened.store, opened.name), await checkClock(opened)];
    } finally {
      await opened.close();
    }
  } catch (error) {
    return [
      {
        check: "store",
        state: "problem",
        says: messageOf(error),
        fix: "start the server, or correct its address or the file's permissions",
      },
    ];
  }
}

/** Clocks may differ by so much: bans and limits are then at most this much too long or too short. */
const CLOCK_TOLERANCE_MS = 5_000;

/** Everything that ends by itself ends by this machine's clock: it must agree with the server's, and with those who wrote into the store. */
async function checkClock({ store, serverTime }: OpenStore): Promise<Check> {
  const startedAt = Date.now();
  const there = await serverTime?.();
  const now = Date.now();
  const apart = there === undefined ? 0 : there - (startedAt + now) / 2;
  const written = [
    ...(await listBans(store, {}, now)),
    ...(await Promise.all(LIST_NAMES.map((list) => listEntries(store, list, now)))).flat(),
  ];
  const newest = written.reduce((latest, { since }) => Math.max(latest, since), 0);
  const fix = "keep the clocks of all machines together with NTP (timedatectl set-ntp true)";
  if (Math.abs(apart) > CLOCK_TOLERANCE_MS) {
    const by = `${(Math.abs(apart) / 1_000).toFixed(1)} s ${apart > 0 ? "ahead of" : "behind"}`;
    return { check: "clock", state: "problem", says: `the server's clock is ${by} this machine's`, fix };
  }
  if (newest > now + CLOCK_TOLERANCE_MS)
    return {
      check: "clock",
      state: "problem",
      says: `the store holds an entry made in the future, at ${showMoment(newest)}; here it is ${showMoment(now)}`,
      fix,
    };
  return {
    check: "clock",
    state: "ok",
    says: `${showMoment(now)}${there === undefined ? "" : ", as the server's"}, and nothing in the store is later`,
  };
}

/** Writes, counts, reads and removes under a name of its own, so that nothing of the site's is touched. */
async function tryStore(store: Store, name: string): Promise<Check> {
  const key = `diagnose:${process.pid}:${Date.now()}`;
  const now = Date.now();
  const startedAt = performance.now();
  await store.set(key, '"written"', 60_000, now);
  const { value } = await store.increment(key, 1, 60_000, now);
  const read = await store.get(key, now);
  await store.delete(key);
  const took = (performance.now() - startedAt).toFixed(1);
  return value === 1 && read === '"written"'
    ? { check: "store", state: "ok", says: `${name}: written, counted, read and removed in ${took} ms` }
    : {
        check: "store",
        state: "problem",
        says: `${name}: does not read what was written`,
        fix: "check that no other program uses these keys or this file",
      };
}

const MODEL_PATH = join(".aiwaf", "model.json");

async function checkModel(): Promise<readonly Check[]> {
  if (!existsSync(MODEL_PATH))
    return [
      { check: "model", state: "note", says: "none is trained: the anomaly stage goes by fixed rules", fix: "aiwaf train access.log" },
    ];
  try {
    const versions = await modelFolder(MODEL_PATH).list();
    return [{ check: "model", state: "ok", says: `${MODEL_PATH}, ${versions.length} ${versions.length === 1 ? "version" : "versions"}` }];
  } catch (error) {
    return [{ check: "model", state: "problem", says: messageOf(error), fix: "aiwaf model rollback, or train again" }];
  }
}

const MANIFEST_PATH = join(".aiwaf", "paths.json");

function checkManifest(): Check {
  if (!existsSync(MANIFEST_PATH))
    return { check: "routes", state: "note", says: "no manifest: the firewall does not know the application's routes", fix: "aiwaf init" };
  try {
    const { routes } = readManifest(JSON.parse(readFileSync(MANIFEST_PATH, "utf8")));
    const says = `${MANIFEST_PATH} has ${Object.keys(routes).length} routes; aiwaf init --check says whether they are current`;
    return { check: "routes", state: "ok", says };
  } catch (error) {
    return { check: "routes", state: "problem", says: `${MANIFEST_PATH}: ${messageOf(error)}`, fix: "aiwaf init" };
  }
}

const MARKS = { ok: ["green", "ok     "], note: ["yellow", "note   "], problem: ["red", "problem"] } as const;

function report(checks: readonly Check[], io: Io): string {
  const paint = painter(io.out);
  const lines = checks.flatMap(({ check, state, says, fix }) => {
    const [color, mark] = MARKS[state];
    const indented = (text: string): string => wrap(printable(text, 600), 55).replaceAll("\n", `\n${" ".repeat(24)}`);
    return [
      `${paint(color, mark)}  ${check.padEnd(13)}  ${indented(says)}`,
      ...(fix === undefined ? [] : [`${" ".repeat(24)}${indented(`> ${fix}`)}`]),
    ];
  });
  const problems = checks.filter(({ state }) => state === "problem").length;
  return `${lines.join("\n")}\n\n${problems === 0 ? paint("green", "No problem found.") : paint("red", `${problems} ${problems === 1 ? "problem" : "problems"}.`)}\n`;
}

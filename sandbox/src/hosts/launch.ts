/**
 * Starts a built application as its framework's documentation says, with a host imported before it.
 *
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { connect, createServer } from "node:net";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The frameworks whose built applications the sandbox has. */
export type Framework = "next" | "sveltekit" | "nuxt";

/** What `bench-host` answers: microseconds of processor time, and of standing still to collect garbage, since the process began. */
export interface BenchReport {
  readonly cpuMicros: number;
  readonly collectingMicros: number;
}

interface BuiltApp {
  /** From the application's folder. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env: (port: number) => Readonly<Record<string, string>>;
}

const APPS: Readonly<Record<Framework, BuiltApp>> = {
  next: {
    file: "node_modules/next/dist/bin/next",
    args: ["start"],
    env: (port) => ({ PORT: `${port}`, HOSTNAME: "127.0.0.1", NEXT_TELEMETRY_DISABLED: "1" }),
  },
  sveltekit: { file: "build/index.js", args: [], env: (port) => ({ PORT: `${port}`, HOST: "127.0.0.1", BODY_SIZE_LIMIT: "20M" }) },
  nuxt: { file: ".output/server/index.mjs", args: [], env: (port) => ({ NITRO_PORT: `${port}`, NITRO_HOST: "127.0.0.1" }) },
};

/** A guard against hanging: on a busy machine a framework has taken twenty seconds to listen. */
const START_LIMIT_MS = 90_000;

/** The folder of an application that `npm run versions` built on another version of its framework; `undefined` in any other run. */
export function versionApp(name: string): URL | undefined {
  const { AIWAF_VERSION_APPS: folder } = process.env;
  if (folder === undefined) return undefined;
  const app = pathToFileURL(`${folder}/${name}/`);
  return existsSync(app) ? app : undefined;
}

/** A started application. */
export interface LaunchedApp {
  readonly port: number;
  readonly child: ChildProcess;
  /** What it printed so far. */
  output(): string;
  stop(): Promise<void>;
}

/** The framework of a target of that name: of `protected_next` and of `direct_next`, `next`. */
export function frameworkOf(target: string): Framework | undefined {
  const name = target.replace(/^(?:protected|direct)_/, "");
  return Object.hasOwn(APPS, name) ? (name as Framework) : undefined;
}

/**
 * Starts the built application of a framework on a free loopback port and waits until it answers connections.
 *
 * @param host - File of `sandbox/src/hosts` without `.ts`; without one, the application is what it is.
 * @param folder - Of an application that is not the sandbox's own.
 * @throws when it ends or does not listen within 90 seconds, with what it printed.
 */
export async function launchApp(
  framework: Framework,
  host: string | undefined,
  env: Readonly<Record<string, string>> = {},
  folder: URL = new URL(`../../apps/${framework}/`, import.meta.url),
): Promise<LaunchedApp> {
  const { file, args, env: own } = APPS[framework];
  const port = await freePort();
  const child = fork(fileURLToPath(new URL(file, folder)), args, {
    cwd: fileURLToPath(folder),
    env: { ...process.env, NODE_ENV: "production", ...own(port), ...env },
    execArgv: host === undefined ? [] : ["--import", new URL(`./${host}.ts`, import.meta.url).href],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let output = "";
  const keep = (text: Buffer): void => {
    output = (output + text).slice(-20_000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  };
  for (const startedAt = performance.now(); !(await answers(port)); ) {
    if (child.exitCode !== null || performance.now() - startedAt > START_LIMIT_MS) {
      await stop();
      throw new Error(`The built ${framework} application did not start. Is it built? ${output}`);
    }
  }
  return { port, child, output: () => output, stop };
}

/** Ports that systems give neither to connections nor to servers that ask for any: nobody takes one between here and the framework. */
const FIRST_PORT = 15_000;
const PORTS = 17_000;
const given = new Set<number>();

/**
 * Frameworks take a port from the environment and none of them tells which one "any" became. Several start at once, so none is given twice.
 *
 * @throws when a hundred ports are taken.
 */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = FIRST_PORT + randomInt(PORTS);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`No free port from ${FIRST_PORT} to ${FIRST_PORT + PORTS}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (isUp: boolean) => (): void => {
      socket.destroy();
      setTimeout(resolve, isUp ? 0 : 50, isUp);
    };
    socket.once("connect", end(true));
    socket.once("error", end(false));
  });
}

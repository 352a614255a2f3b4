/**
 * Real Redis servers for tests: on a free port of 127.0.0.1, without files, ended with the test.
 *
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a skipped test says. */
export const ENABLE_REDIS = "needs redis-server 6 or newer: apt-get install -y redis-server";

const answers = (file: string, ...args: readonly string[]): boolean => {
  try {
    execFileSync(file, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

/** True when there is a server to start; installs one where that needs nobody's leave: as root on Debian. */
export function provisionRedis(): boolean {
  const there = (): boolean => answers("redis-server", "--version");
  if (there()) return true;
  if (process.getuid?.() !== 0 || !answers("apt-get", "--version")) return false;
  const install = ["install", "-y", "--no-install-recommends", "redis-server"];
  return (answers("apt-get", ...install) || (answers("apt-get", "update") && answers("apt-get", ...install))) && there();
}

export interface RedisServer {
  readonly port: number;
  readonly pid: number;
  /** Ends the server as a crash would; nothing it held is left. */
  kill(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Starts a server and waits until it answers. `settings` are further arguments, such as `--maxmemory`, `1mb`. */
export async function startRedis(settings: readonly string[] = [], port?: number): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startAt(port ?? (await freePort()), settings);
    } catch (error) {
      // Another program may have taken the port meanwhile.
      if (attempt === 5) throw error;
    }
  }
}

async function startAt(at: number, settings: readonly string[]): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "aiwaf-redis-"));
  const args = ["--port", `${at}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder, ...settings];
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => {
    child.on("close", () => {
      process.removeListener("exit", killNow);
      rmSync(folder, { recursive: true, force: true });
      resolve();
    });
  });
  const killNow = (): void => void child.kill("SIGKILL");
  process.on("exit", killNow);
  await ready(child);
  return {
    port: at,
    pid: child.pid!,
    async kill() {
      killNow();
      await ended;
    },
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    child.on("error", reject);
    child.on("close", (code) => reject(new Error(`redis-server ended with ${code}: ${log}`)));
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      if (log.length < 10_000) log += text;
      if (text.includes("Ready to accept connections")) resolve();
    });
  });
}

/**
 * Stores for the operator's commands to work on: a SQLite file, and a Redis server of the test's own.
 *
 * @module
 */
import { execFileSync, spawn } from "node:child_process";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Awaitable, Store } from "@aiwaf/core";
import { redisStore } from "@aiwaf/core/stores/redis";
import { sqliteStore } from "@aiwaf/core/stores/sqlite";
import { Redis } from "ioredis";

/** A store that the commands work on, and its flags. */
export interface Place {
  readonly flags: readonly string[];
  /** The same data through a connection of the test's own. */
  with<T>(use: (store: Store) => Awaitable<T>): Promise<T>;
}

let made = 0;

/** An empty SQLite file in `folder`. */
export function sqlitePlace(folder: string): Place {
  made++;
  const path = join(folder, `store-${made}.db`);
  sqliteStore({ path }).close?.();
  return {
    flags: ["--sqlite", path],
    async with(use) {
      const store = sqliteStore({ path, busyTimeoutMs: 5_000 });
      try {
        return await use(store);
      } finally {
        await store.close?.();
      }
    },
  };
}

/** What a skipped test says. */
export const ENABLE_REDIS = "needs redis-server 6 or newer: apt-get install -y redis-server";

export const hasRedis = ((): boolean => {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** Starts a Redis server on a free port of this machine, without files. */
export async function startRedis(): Promise<{ readonly url: string; stop(): void }> {
  const port = await new Promise<number>((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port: free } = probe.address() as { port: number };
      probe.close(() => resolve(free));
    });
  });
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", tmpdir()];
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
  const stop = (): void => void child.kill("SIGKILL");
  process.on("exit", stop);
  await new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => reject(new Error(`redis-server ended with ${code}`)));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (text.includes("Ready to accept connections")) resolve();
    });
  });
  return { url: `redis://127.0.0.1:${port}`, stop };
}

/** A prefix of its own on the server at `url`. */
export function redisPlace(url: string): Place {
  made++;
  const prefix = `t${made}:`;
  return {
    flags: ["--redis", url, "--prefix", prefix],
    async with(use) {
      const client = new Redis(url);
      const store = redisStore({ prefix, send: ([name, ...args]) => client.call(name, ...args) });
      try {
        return await use(store);
      } finally {
        await store.close?.();
        client.disconnect();
      }
    },
  };
}

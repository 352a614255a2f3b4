/**
 * The store that a command works on: a SQLite file, a Redis server, or the one of a configuration.
 *
 * @module
 */
import { existsSync } from "node:fs";
import type { Store } from "@aiwaf/core";
import { redisStore } from "@aiwaf/core/stores/redis";
import { sqliteStore } from "@aiwaf/core/stores/sqlite";
import { Redis } from "ioredis";
import { loadConfig } from "../config-file.ts";
import { configPath } from "../configuration.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { inShellWords } from "./aliases.ts";
import { type Change, commitRedis, commitSqlite } from "./at-once.ts";

/** The flags that name a store. */
export interface StoreFlags {
  readonly sqlite?: string;
  readonly redis?: string;
  readonly prefix?: string;
  readonly config?: string;
}

/** A store that is ready, and how to leave it. */
export interface OpenStore {
  readonly store: Store;
  /** For people: which one it is, without a password. */
  readonly name: string;
  /** What the server takes for now, in milliseconds since the epoch; absent where there is no server. */
  readonly serverTime?: () => Promise<number>;
  /** Makes all changes, or none; absent where the store cannot. */
  readonly commit?: (changes: readonly Change[], now: number) => Promise<void>;
  close(): Promise<void>;
}

/** The command with the flags that named the store, to be typed next: without them it would work on another store, or on none. */
export const onSameStore = (words: readonly string[], { sqlite, redis, prefix, config }: StoreFlags): string =>
  inShellWords([
    ...words,
    ...(sqlite === undefined ? [] : ["--sqlite", sqlite]),
    ...(redis === undefined ? [] : ["--redis", maskPassword(redis)]),
    ...(prefix === undefined ? [] : ["--prefix", prefix]),
    ...(config === undefined ? [] : ["--config", config]),
  ]);

/** Nobody named a store, and none is configured. */
export class NoStoreError extends UsageError {}

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Opens the store of the flags, else of AIWAF_SQLITE or AIWAF_REDIS_URL, else of the configuration in this folder.
 *
 * @throws UsageError when none is named, two are, or it cannot be opened. A file that is not there is not made: a mistyped name would be an empty store.
 */
export async function openStore(flags: StoreFlags): Promise<OpenStore> {
  const named = [flags.sqlite, flags.redis, flags.config].filter((flag) => flag !== undefined);
  if (named.length > 1) throw new UsageError("name one store: --sqlite, --redis or --config");
  if (flags.prefix !== undefined && flags.redis === undefined) throw new UsageError("--prefix belongs to --redis");
  if (flags.sqlite !== undefined) return openSqlite(flags.sqlite);
  if (flags.redis !== undefined) return openRedis(flags.redis, flags.prefix);
  if (flags.config !== undefined) return openConfigured(flags.config);
  const { AIWAF_SQLITE, AIWAF_REDIS_URL } = process.env;
  if (AIWAF_SQLITE) return openSqlite(AIWAF_SQLITE);
  if (AIWAF_REDIS_URL) return openRedis(AIWAF_REDIS_URL, process.env["AIWAF_REDIS_PREFIX"]);
  const found = configPath(undefined);
  if (found !== undefined) return openConfigured(found);
  throw new NoStoreError("which store? name it: --sqlite FILE, --redis URL, or --config FILE that has one");
}

function openSqlite(path: string): OpenStore {
  if (!existsSync(path)) throw new UsageError(`--sqlite ${path}: there is no such file`);
  try {
    const store = sqliteStore({ path, busyTimeoutMs: 2_000 });
    return {
      store,
      name: `SQLite ${path}`,
      commit: async (changes, now) => commitSqlite(path, changes, now),
      close: async () => store.close?.(),
    };
  } catch (error) {
    throw new UsageError(`--sqlite ${path}: ${messageOf(error)}`);
  }
}

async function openRedis(address: string, prefix: string | undefined): Promise<OpenStore> {
  const shown = withoutPassword(address);
  const client = new Redis(address, {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    enableAutoPipelining: true,
  });
  let problem: unknown;
  client.on("error", (error) => {
    problem = error;
  });
  try {
    await client.connect();
    const store = redisStore({ ...(prefix !== undefined && { prefix }), send: ([name, ...args]) => client.call(name, ...args) });
    return {
      store,
      name: `Redis ${shown}`,
      commit: (changes, now) => commitRedis(client, prefix, changes, now),
      async serverTime() {
        const [seconds, microseconds] = await client.time();
        return Number(seconds) * 1_000 + Number(microseconds) / 1_000;
      },
      async close() {
        await store.close?.();
        client.disconnect();
      },
    };
  } catch (error) {
    client.disconnect();
    throw new UsageError(`--redis ${shown}: ${messageOf(problem ?? error)}`);
  }
}

function withoutPassword(address: string): string {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw new UsageError("--redis: must be an address such as redis://127.0.0.1:6379");
  }
  if (!/^rediss?:$/.test(url.protocol)) throw new UsageError("--redis: must begin with redis:// or rediss://");
  return `${url.protocol}//${url.host}${url.pathname === "/" ? "" : url.pathname}`;
}

/** A terminal's text is kept and passed on: the word stands where the password has to be put. */
function maskPassword(address: string): string {
  const url = URL.parse(address);
  if (url === null || url.password === "") return address;
  url.password = "PASSWORD";
  return url.href;
}

async function openConfigured(path: string): Promise<OpenStore> {
  const { options } = await loadConfig(path);
  const store = options["store"] as Store | undefined;
  if (store === undefined || store.name === "memory")
    throw new UsageError(
      `--config ${path}: has no store that outlives its process; give it sqliteStore() or redisStore(), or name one with --sqlite or --redis`,
    );
  return { store, name: `${store.name} store of ${path}`, close: async () => store.close?.() };
}

/**
 * Real stores, and how to break and mend each: what the fault matrix is made of.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Store } from "@aiwaf/core";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { sqliteStore } from "@aiwaf/core/stores/sqlite";
import { tieredStore } from "@aiwaf/core/stores/tiered";
import { startFaultProxy } from "./fault-proxy.ts";
import { connectIoredis, recipes } from "./redis-recipes.ts";
import { startRedis } from "./redis-server.ts";
import { connectResp } from "./resp.ts";

export const FAULTS = ["down", "slow", "flapping", "full", "read-only", "wrong type"] as const;
export type Fault = (typeof FAULTS)[number];

/** A store that can be broken. */
export interface Subject {
  readonly store: Store;
  /** Breaks it; returns what mends it. */
  break(fault: Fault): Promise<() => Promise<void>>;
  end(): Promise<void>;
}

/** How fast something flaps. */
const FLAP_MS = 60;
const MINUTE = 60_000;

/** Switches between broken and whole until it is mended. */
function flap(breakIt: () => void, mendIt: () => void): () => Promise<void> {
  let isBroken = true;
  breakIt();
  const timer = setInterval(() => {
    isBroken = !isBroken;
    if (isBroken) breakIt();
    else mendIt();
  }, FLAP_MS);
  return async () => {
    clearInterval(timer);
    mendIt();
  };
}

/** Fills a store as a flood of clients does: many times as many counters as it may hold. Its bounds mend it. */
async function flood(store: Store): Promise<() => Promise<void>> {
  const now = Date.now();
  for (let index = 0; index < 30_000; index++) store.increment(`rate::flood:${index}`, 1, MINUTE, now);
  return async () => {};
}

export async function memorySubject(): Promise<Subject> {
  const store = memoryStore({ maxCounters: 1_000, maxValues: 1_000, maxBytes: 1_048_576 });
  return { store, break: () => flood(store), end: async () => {} };
}

export async function sqliteSubject(): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), "aiwaf-fault-"));
  const path = join(folder, "state.db");
  const store = sqliteStore({ path, maxBytes: 1_048_576, busyTimeoutMs: 50 });
  // Another process that holds the file for writing.
  const other = new DatabaseSync(path, { timeout: 1_000 });
  const lock = (): void => other.exec("BEGIN IMMEDIATE");
  const release = (): void => {
    if (other.isTransaction) other.exec("COMMIT");
  };
  return {
    store,
    async break(fault) {
      if (fault === "full") return flood(store);
      if (fault === "flapping") return flap(lock, release);
      lock();
      // Held for less than the store's patience: another process that is busy.
      if (fault === "slow") {
        const worker = setInterval(() => (other.isTransaction ? release() : lock()), 10);
        return async () => {
          clearInterval(worker);
          release();
        };
      }
      return async () => release();
    },
    async end() {
      release();
      other.close();
      await store.close?.();
      rmSync(folder, { recursive: true });
    },
  };
}

export async function redisSubject(tiered = false): Promise<Subject> {
  const server = await startRedis(["--maxmemory-policy", "noeviction"]);
  const proxy = await startFaultProxy(server.port);
  const client = connectIoredis("127.0.0.1", proxy.port);
  const admin = await connectResp(server.port);
  const shared = recipes.ioredis(client, "fault");
  const store = tiered ? tieredStore({ shared, failures: 2, slowMs: 20, pauseMs: 50 }) : shared;
  const config = (name: string, value: string): Promise<unknown> => admin.send(["CONFIG", "SET", name, value]);
  const breaks: Readonly<Record<Fault, () => Promise<() => Promise<void>>>> = {
    async down() {
      proxy.set("down");
      return async () => proxy.set("pass");
    },
    async slow() {
      proxy.set("slow");
      return async () => proxy.set("pass");
    },
    flapping: async () =>
      flap(
        () => proxy.set("down"),
        () => proxy.set("pass"),
      ),
    async full() {
      await config("maxmemory", "1");
      return async () => void (await config("maxmemory", "0"));
    },
    async "read-only"() {
      await admin.send(["REPLICAOF", "127.0.0.1", "1"]);
      return async () => void (await admin.send(["REPLICAOF", "NO", "ONE"]));
    },
    async "wrong type"() {
      const names = (await admin.send(["KEYS", "*10.18.*"])) as string[];
      const kept = await Promise.all(names.map(async (name) => [name, (await admin.send(["GET", name])) as string] as const));
      const spoil = async (name: string): Promise<void> => {
        await admin.send(["DEL", name]);
        await admin.send(["RPUSH", name, "not ours"]);
      };
      for (const name of names) await spoil(name);
      return async () => {
        for (const [name, text] of kept) {
          await admin.send(["DEL", name]);
          await admin.send(["SET", name, text, "PX", `${10 * MINUTE}`]);
        }
      };
    },
  };
  return {
    store,
    break: (fault) => breaks[fault](),
    async end() {
      client.disconnect();
      admin.close();
      await proxy.close();
      await server.kill();
    },
  };
}

/**
 * Changes to a store that happen all at once: whenever the process ends, in any way, the store holds what was there before, or all of them.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import type { Store } from "@aiwaf/core";
import { redisStore } from "@aiwaf/core/stores/redis";
import type { Redis } from "ioredis";
import { messageOf } from "../usage-error.ts";

/** One change, as the store would have been asked for it. */
export type Change =
  | { readonly kind: "set"; readonly key: string; readonly value: string; readonly ttlMs: number | undefined }
  | { readonly kind: "delete"; readonly key: string }
  | { readonly kind: "count"; readonly key: string; readonly by: number; readonly ttlMs: number };

/** A store, and the way to change it all at once where there is one. */
interface Changeable {
  readonly store: Store;
  readonly commit?: (changes: readonly Change[], now: number) => Promise<void>;
}

/**
 * Runs `work` on a store that reads what is there and only notes what is to change, and then changes it all at once. Of a store that has no way to do
 * so (one that a configuration brings), the changes are made one by one.
 */
export async function atOnce<T>({ store, commit }: Changeable, now: number, work: (store: Store) => Promise<T>): Promise<T> {
  const changes: Change[] = [];
  const result = await work(notingStore(store, changes));
  if (commit !== undefined) await commit(changes, now);
  else for (const change of changes) await apply(store, change, now);
  return result;
}

function notingStore(store: Store, changes: Change[]): Store {
  return {
    name: store.name,
    get: (key, now) => store.get(key, now),
    list: (prefix, limit, now) => store.list(prefix, limit, now),
    ...(store.entries !== undefined && { entries: store.entries.bind(store) }),
    increment(key, by, ttlMs, now) {
      if (by === 0) return store.increment(key, 0, ttlMs, now);
      changes.push({ kind: "count", key, by, ttlMs });
      // Nobody reads it: what is counted here was deleted a moment before.
      return { value: by, expiresAt: now + ttlMs };
    },
    set: (key, value, ttlMs) => void changes.push({ kind: "set", key, value, ttlMs }),
    delete: (key) => void changes.push({ kind: "delete", key }),
  };
}

function apply(store: Store, change: Change, now: number): unknown {
  if (change.kind === "delete") return store.delete(change.key);
  if (change.kind === "set") return store.set(change.key, change.value, change.ttlMs, now);
  return store.increment(change.key, change.by, change.ttlMs, now);
}

const BUSY_MS = 5_000;

/** In one transaction of a connection of its own, on the two tables that the SQLite store keeps. */
export function commitSqlite(path: string, changes: readonly Change[], now: number): void {
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    database.exec("PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
    const deleting = ["value", "counter"].map((table) => database.prepare(`DELETE FROM ${table} WHERE key = ?`));
    const setting = database.prepare("INSERT OR REPLACE INTO value (key, value, expires_at) VALUES (?, ?, ?)");
    const counting = database.prepare(
      "INSERT INTO counter (key, value, expires_at) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = value + excluded.value",
    );
    for (const change of changes) {
      if (change.kind === "delete") for (const statement of deleting) statement.run(change.key);
      else if (change.kind === "set") setting.run(change.key, change.value, change.ttlMs === undefined ? null : now + change.ttlMs);
      else counting.run(change.key, change.by, now + change.ttlMs);
    }
    database.exec("COMMIT");
  } finally {
    // What was not committed is rolled back with the connection.
    database.close();
  }
}

/**
 * In one MULTI. The commands are the Redis store's own: a second store of the same prefix hands them over instead of sending them, and gets the
 * answers of EXEC.
 */
export async function commitRedis(client: Redis, prefix: string | undefined, changes: readonly Change[], now: number): Promise<void> {
  const named = prefix === undefined ? {} : { prefix };
  // Within MULTI it would be too late to send the counting script that the server does not have yet.
  if (changes.some(({ kind }) => kind === "count"))
    await redisStore({ ...named, send: ([name, ...args]) => client.call(name, ...args) }).increment("script:sent", 1, 1_000, now);
  const queued: { readonly command: readonly string[]; resolve(answer: unknown): void; reject(error: unknown): void }[] = [];
  const store = redisStore({
    ...named,
    maxPending: 1_000_000,
    send: (command) => new Promise((resolve, reject) => void queued.push({ command, resolve, reject })),
  });
  const settled = Promise.all(changes.map((change) => apply(store, change, now)));
  // The store asks from within promises of its own: all has been asked when those had their turn.
  await new Promise(setImmediate);
  const multi = client.multi();
  for (const { command } of queued) multi.call(...(command as [string, ...string[]]));
  const answers = await multi.exec();
  if (answers === null) throw new Error("the server did not take the changes; nothing was changed");
  for (const [index, [error, answer]] of answers.entries()) {
    if (error === null) queued[index]!.resolve(answer);
    else queued[index]!.reject(new Error(messageOf(error)));
  }
  await settled;
}

import type { DatabaseSync } from "node:sqlite";
import { WafError } from "../errors.ts";
import { any, integer, invalid, isText, type OptionTable, oneOf, readOptions } from "../options.ts";
import type { Counter, Store } from "../types.ts";
import { endOf } from "./ends.ts";
import { createDurably, createPatience, inTransaction, openSqliteFile, type Patience } from "./sqlite-file.ts";
import { createKeptRead, type KeptRead } from "./sqlite-kept-read.ts";
import { createSweeper, type Sweeper } from "./sqlite-sweeper.ts";
import { createWindowCounts, createWindowIds } from "./sqlite-windows.ts";

const PATH = "the path of a file";

/** How each option is checked, and what holds without it. */
export const SQLITE_STORE_OPTIONS = {
  path: any<string>(undefined, PATH, isText),
  maxBytes: integer(1_073_741_824, 1_048_576, 1_099_511_627_776),
  busyTimeoutMs: integer(50, 0, 60_000),
  survives: oneOf("kill", ["kill", "power-loss"]),
  shared: any<boolean, true>(true, "true or false", (value) => typeof value === "boolean"),
} as const satisfies OptionTable;

/** What `sqliteStore` takes. */
export interface SqliteStoreOptions {
  /**
   * The file; made for this user alone when it is not there, its folder must be. Beside it SQLite keeps `-wal` and `-shm`. On a local disk, not a
   * network share.
   */
  readonly path: string;
  /**
   * Bytes the tables may take on disk, 1 MiB to 1 TiB; the write-ahead log comes on top, usually 8 to 16 MB, some hundred where several processes
   * write without a pause. Default 1 GiB.
   */
  readonly maxBytes?: number;
  /**
   * Longest wait for another process that is writing, in milliseconds, 0 to 60,000. It blocks the thread, so keep it below `deadlineMs`; then the
   * call throws and the path's `onFailure` decides. Later calls do not wait until one has got through. Default 50.
   */
  readonly busyTimeoutMs?: number;
  /**
   * What a returned write outlives. `kill`: the end of the process in any way, also `kill -9`; after a power cut the last writes may be gone, the
   * file is whole. `power-loss`: that too for bans and lists, each of which waits for the disk, often milliseconds; counters never do. Default `kill`.
   */
  readonly survives?: "kill" | "power-loss";
  /** `false`: no other process may open the file; a count is a third faster, a read takes a fifth of the time. Default `true`. */
  readonly shared?: boolean;
}

/**
 * Keeps all state in a SQLite file: it outlives the process, and several processes of one machine share it. Uses Node's own `node:sqlite`; of Node
 * 22 it needs 22.20 or newer, because earlier ones refuse numbered parameters.
 *
 * The file is opened, checked and brought to the current schema here, so that a wrong path ends the start and not a request. Every call answers in
 * the same tick and returns no promise; it throws when SQLite cannot do it (locked for longer than `busyTimeoutMs`, disk full, file damaged).
 * The next call tries again: recovery needs no restart.
 *
 * - Counting is one atomic statement: processes that count the same key lose nothing. Between counts a lock of readers is kept, for a second at most;
 *   it makes nobody wait and keeps no process alive.
 * - Expiry is exact by the `now` of each call: at `now >= expiresAt` a counter or value is gone, swept or not. What has ended is deleted a few rows
 *   at a time while others are written, not by a timer.
 * - Windows are told apart by a secret 64-bit hash of their key, as `memoryStore` tells all counters apart. After the clock was set back by more than
 *   a window they begin anew.
 * - Full (`maxBytes`): of a few counters those with the smallest counts go; when there are no more, the values that end first. Values without a
 *   time to live are never dropped; when only such are left, `set` throws `AIWAF_STORE_FULL` and changes nothing.
 * - Hostile numbers do what they do in `memoryStore`. Half surrogates in keys and values become U+FFFD, so keys that differ only there are one.
 *
 * @throws WafError for an option that is unknown or out of range, and `AIWAF_STORE_FILE` for a file that cannot be used.
 * @example
 * const store = sqliteStore({ path: "aiwaf.db" });
 */
export function sqliteStore(options: SqliteStoreOptions): Store {
  const { path, maxBytes, busyTimeoutMs, survives, shared } = readOptions("sqliteStore", SQLITE_STORE_OPTIONS, options);
  if (path === undefined) throw invalid("sqliteStore.path", path, PATH);
  const database = openSqliteFile({ path, shared, maxBytes });
  const durably = createDurably(database, survives);
  // Apart: readers never wait for a writer, so their success says nothing about the lock.
  const patience = { reading: createPatience(busyTimeoutMs), writing: createPatience(busyTimeoutMs) };
  const kept = createKeptRead(database, shared);
  const sweeper = createSweeper(database, maxBytes, kept);
  const parts: Parts = { database, ...patience, kept, sweeper, durably };
  return {
    name: "sqlite",
    ...createCounters(parts),
    ...createWindowCounts(database, patience, kept, sweeper.afterWrite),
    ...createValues(parts),
    delete: createDelete(parts),
    close() {
      if (!database.isOpen) return;
      kept.close();
      database.close();
    },
  };
}

/** What the parts of one store have in common. */
interface Parts {
  readonly database: DatabaseSync;
  readonly reading: Patience;
  readonly writing: Patience;
  readonly kept: KeptRead;
  readonly sweeper: Sweeper;
  readonly durably: ReturnType<typeof createDurably>;
}

const MISSING: Counter = Object.freeze({ value: 0, expiresAt: 0 });

const toCounter = (row: Record<string, unknown> | undefined): Counter =>
  row === undefined ? MISSING : { value: row["value"] as number, expiresAt: row["expires_at"] as number };

function createCounters({ database, reading, writing, kept, sweeper }: Parts): Pick<Store, "increment"> {
  const finding = database.prepare("SELECT value, expires_at FROM counter WHERE key = ?1 AND expires_at > ?2");
  let amount = 0;
  let now = 0;
  let counted = 0;
  let endsAt = 0;
  // SQLite asks for the sum instead of telling it: what RETURNING gives is first collected in a temporary table, which took 1.5 µs of 11.
  database.function("aiwaf_counted", { directOnly: true }, (value, expiresAt) => {
    if ((expiresAt as number) <= now) return amount;
    counted = Math.min((value as number) + amount, Number.MAX_SAFE_INTEGER);
    endsAt = expiresAt as number;
    return counted;
  });
  const adding = database.prepare(`
    INSERT INTO counter (key, value, expires_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (key) DO UPDATE SET
      value = aiwaf_counted(value, expires_at),
      expires_at = CASE WHEN expires_at > ?4 THEN expires_at ELSE excluded.expires_at END`);
  // Without a time to live of its own an increment still counts for a counter that runs.
  const addingOnly = database.prepare("UPDATE counter SET value = aiwaf_counted(value, expires_at) WHERE key = ?1 AND expires_at > ?2");
  return {
    increment(key, by, ttlMs, at) {
      if (!Number.isFinite(at)) return MISSING;
      if (!(by > 0 && by < Infinity)) return toCounter(reading(() => kept.read(() => finding.get(key, at))));
      const end = endOf(at, ttlMs);
      now = at;
      amount = Math.min(by, Number.MAX_SAFE_INTEGER);
      writing(() =>
        kept.write(() => {
          counted = end === undefined ? 0 : amount;
          endsAt = end ?? 0;
          return end === undefined ? addingOnly.run(key, at) : adding.run(key, amount, end, at);
        }),
      );
      const counter = endsAt === 0 ? MISSING : { value: counted, expiresAt: endsAt };
      sweeper.afterWrite(at);
      return counter;
    },
  };
}

// Read as bytes: on Node 22 a text ends at its first NUL. The mark U+FEFF is a character like any other.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const toText = (bytes: unknown): string => utf8.decode(bytes as Uint8Array);

const ENTRY_BYTES = 64;

function createValues({ database, reading, writing, kept, sweeper, durably }: Parts): Pick<Store, "get" | "set" | "list" | "entries"> {
  const getting = database.prepare(
    "SELECT CAST(value AS BLOB) AS value FROM value WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
  );
  const setting = database.prepare(`
    INSERT INTO value (key, value, expires_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`);
  const removing = database.prepare("DELETE FROM value WHERE key = ?1");
  // A range, because LIKE and GLOB have wildcards. No UTF-8 text holds the byte FF, so all that start with the prefix sort before prefix + FF.
  const listing = database.prepare(`
    SELECT CAST(key AS BLOB) AS key FROM value
    WHERE key >= ?1 AND key < ?1 || CAST(x'FF' AS TEXT) AND (expires_at IS NULL OR expires_at > ?2) LIMIT ?3`);
  const listingBoth = database.prepare(`
    SELECT CAST(key AS BLOB) AS key, CAST(value AS BLOB) AS value FROM value
    WHERE key >= ?1 AND key < ?1 || CAST(x'FF' AS TEXT) AND (expires_at IS NULL OR expires_at > ?2) LIMIT ?3`);
  return {
    get(key, now) {
      if (!Number.isFinite(now)) return undefined;
      const row = reading(() => kept.read(() => getting.get(key, now)));
      return row === undefined ? undefined : toText(row["value"]);
    },
    set(key, value, ttlMs, now) {
      if (!Number.isFinite(now)) return;
      const end = ttlMs === undefined ? null : endOf(now, ttlMs);
      kept.drop();
      if (end === undefined) {
        writing(() => durably(() => removing.run(key)));
        return;
      }
      // The key stands in the index too. At most 3 bytes a UTF-16 unit.
      const bytes = ENTRY_BYTES + 3 * (2 * key.length + value.length);
      if (!writing(() => sweeper.makeRoom(bytes, now))) {
        throw new WafError(
          "AIWAF_STORE_FULL",
          `The SQLite store has no room (maxBytes) for a value of up to ${bytes} bytes: what it holds are values without a time to live.`,
        );
      }
      writing(() => durably(() => setting.run(key, value, end)));
      sweeper.afterWrite(now);
    },
    list(prefix, limit, now) {
      if (!(limit > 0) || !Number.isFinite(now)) return [];
      const rows = reading(() => kept.read(() => listing.all(prefix, now, Math.min(Math.ceil(limit), 2 ** 31))));
      return rows.map((row) => toText(row["key"]));
    },
    entries(prefix, limit, now) {
      if (!(limit > 0) || !Number.isFinite(now)) return [];
      const rows = reading(() => kept.read(() => listingBoth.all(prefix, now, Math.min(Math.ceil(limit), 2 ** 31))));
      return rows.map((row) => [toText(row["key"]), toText(row["value"])] as const);
    },
  };
}

function createDelete({ database, writing, kept, durably }: Parts): Store["delete"] {
  const statements = ["counter", "value"].map((table) => database.prepare(`DELETE FROM ${table} WHERE key = ?1`));
  const removingWindows = database.prepare("DELETE FROM sliding WHERE id = ?1");
  const idOf = createWindowIds(database);
  return (key) => {
    kept.drop();
    writing(() =>
      durably(() =>
        inTransaction(database, "IMMEDIATE", () => {
          for (const statement of statements) statement.run(key);
          removingWindows.run(idOf(key));
        }),
      ),
    );
  };
}

/**
 * The file of a SQLite store: recognised before anything is written to it, brought to the current schema, and guarded against other processes'
 * locks.
 *
 * @module
 */
import { closeSync, openSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { WafError } from "../errors.ts";

export interface SqliteFileSettings {
  readonly path: string;
  readonly shared: boolean;
  readonly maxBytes: number;
}

/** "AIWF": written into the file's header, so that no other program's database is ever taken for a store. */
const APPLICATION_ID = 0x41495746;

/** Migration n brings a file from version n to n + 1. Released ones never change. */
const MIGRATIONS: readonly string[] = [
  // Counters have no index on their end: keeping it would cost as much as the counter itself, and a walk in key order sweeps as well.
  // REAL, because a request may count as half a one; SQLite stores whole numbers in a REAL column as integers.
  `CREATE TABLE counter (key TEXT PRIMARY KEY, value REAL NOT NULL, expires_at REAL NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE value (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at REAL) STRICT;
   CREATE INDEX value_end ON value (expires_at) WHERE expires_at IS NOT NULL;`,
  // The least a row can take, because each client has one: no text, and no index beside it.
  `CREATE TABLE sliding (id INTEGER PRIMARY KEY, value REAL NOT NULL, previous REAL NOT NULL, expires_at REAL NOT NULL) STRICT;
   CREATE TABLE secret (hash_key INTEGER NOT NULL) STRICT;
   INSERT INTO secret VALUES (random());`,
];

/** How long opening waits for another process that is creating or migrating the same file. */
const OPEN_WAIT_MS = 2_000;
/** Every changed page is checksummed and written whole to the log; a counter's change is 30 bytes. 4 KiB pages make an increment half as slow again. */
const PAGE_BYTES = 1_024;
const CHECKPOINT_PAGES = 8_000;
/** SQLite cuts the log to this when it begins anew. */
const LOG_BYTES = 2 * CHECKPOINT_PAGES * PAGE_BYTES;
const CACHE_KIB = 8_192;
/** Beyond `maxBytes`, for what grows between two looks at the size: then SQLite itself refuses. */
const HARD_LIMIT_SHARE = 1.125;

/**
 * Opens the file, or makes it. A file of another program is left as it was.
 *
 * @throws WafError `AIWAF_STORE_FILE`.
 */
export function openSqliteFile(settings: SqliteFileSettings): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    makePrivate(settings.path);
    const opened = new DatabaseSync(settings.path, { timeout: 0 });
    database = opened;
    createPatience(OPEN_WAIT_MS)(() => prepareFile(opened, settings));
    return opened;
  } catch (error) {
    database?.close();
    throw error instanceof WafError ? error : unusable(settings.path, reasonOf(error));
  }
}

/** Makes a missing file, for this user alone: it will hold clients' addresses. SQLite gives the files beside it the same mode. */
function makePrivate(path: string): void {
  // Names that mean no file to SQLite.
  if (/^(?::memory:|file:)/.test(path)) return;
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch {
    // It is there already and keeps its mode, or cannot be made: then SQLite says so next.
  }
}

const unusable = (path: string, reason: string): WafError =>
  new WafError("AIWAF_STORE_FILE", `The SQLite store cannot use ${JSON.stringify(path)}: ${reason}.`);

const numberOf = (database: DatabaseSync, query: string): number => Number(Object.values(database.prepare(query).get() ?? {})[0]);

/** Runs `run` in one transaction; nothing of it stays when it throws. */
export function inTransaction<T>(database: DatabaseSync, kind: "DEFERRED" | "IMMEDIATE", run: () => T): T {
  database.exec(`BEGIN ${kind}`);
  try {
    const result = run();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** May run again after it failed halfway because another process held the file. */
function prepareFile(database: DatabaseSync, { path, shared, maxBytes }: SqliteFileSettings): void {
  // A crafted file may define triggers and views: none of its SQL gets to call functions with side effects.
  database.exec("PRAGMA trusted_schema = OFF");
  if (!shared) database.exec("PRAGMA locking_mode = EXCLUSIVE");
  // One transaction, so that both numbers are of one moment: another process may be creating the tables right now.
  const version = inTransaction(database, "DEFERRED", () => versionOf(database, path));
  if (version === 0) database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
  const mode = database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
  if (mode !== "wal") throw unusable(path, `write-ahead logging is not possible there (journal mode ${String(mode)})`);
  const pages = Math.ceil((maxBytes * HARD_LIMIT_SHARE) / numberOf(database, "PRAGMA page_size"));
  database.exec(`
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA journal_size_limit = ${LOG_BYTES};
    PRAGMA cache_size = -${CACHE_KIB};
    PRAGMA max_page_count = ${Math.min(pages, 4_294_967_294)};`);
  // Also when nothing is to be migrated: a file that may not be written to shows here and not at the first request.
  inTransaction(database, "IMMEDIATE", () => {
    for (const migration of MIGRATIONS.slice(versionOf(database, path))) database.exec(migration);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}`);
  });
}

/** The schema version, 0 for an empty file. Throws for a file that is not ours or newer than this code. */
function versionOf(database: DatabaseSync, path: string): number {
  const application = numberOf(database, "PRAGMA application_id");
  const version = numberOf(database, "PRAGMA user_version");
  const tables = numberOf(database, "SELECT count(*) FROM sqlite_schema");
  if (application === 0 && version === 0 && tables === 0) return 0;
  if (application !== APPLICATION_ID) throw unusable(path, "it is a database of another program");
  if (version < 1 || version > MIGRATIONS.length) {
    throw unusable(path, `it has schema version ${version}, and this version of @aiwaf/core knows 1 to ${MIGRATIONS.length}`);
  }
  return version;
}

/**
 * Has a log of more than 128 MB written back and begun anew; throws where it did not come about. SQLite begins a log anew only while nobody reads, and
 * where several processes write without a pause somebody always does. Not sooner, because other writers wait for the disk meanwhile.
 */
export function createLogShortener(database: DatabaseSync): () => void {
  const file = `${database.location()}-wal`;
  // The first without the lock of writers, so that little is left to be done under it.
  const steps = ["PASSIVE", "RESTART"].map((mode) => database.prepare(`PRAGMA wal_checkpoint(${mode})`));
  return () => {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) <= 8 * LOG_BYTES) return;
    for (const step of steps) step.get();
  };
}

/** SQLite's primary result codes, see https://sqlite.org/rescode.html. */
const BUSY = 5;
const REASONS: Readonly<Record<number, string>> = {
  [BUSY]: "another process holds it locked",
  8: "this process may not write to it or to its folder",
  11: "it is damaged",
  13: "the disk is full",
  14: "it cannot be opened or made; its folder must exist and be writable",
  26: "it is not a SQLite database",
};

function resultCodeOf(error: unknown): number | undefined {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  return typeof errcode === "number" ? errcode & 0xff : undefined;
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const known = REASONS[resultCodeOf(error) ?? 0];
  return known === undefined ? message : `${known} (${message})`;
}

/**
 * Runs writes whose loss would matter, bans and lists, so that they outlive what the store shall outlive. Counters do not need it: after a power cut
 * a window that lost some counts is over before anybody notices, and a wait for the disk with every request would cost milliseconds. The log is
 * written in order, so a durable write takes all that came before it to the disk too.
 */
export function createDurably(database: DatabaseSync, survives: "kill" | "power-loss"): <T>(run: () => T) => T {
  if (survives === "kill") return (run) => run();
  return (run) => {
    database.exec("PRAGMA synchronous = FULL");
    try {
      return run();
    } finally {
      database.exec("PRAGMA synchronous = NORMAL");
    }
  };
}

export type Patience = <T>(run: () => T) => T;

/**
 * Repeats what failed because another process was writing, for at most `waitMs`, and blocks this thread meanwhile. SQLite's own waiting sleeps
 * 1, 2, 5, 10 … ms between attempts; a write here takes some 10 µs, so naps of up to half a millisecond at random find the gap sooner. Four
 * processes that did nothing but write, 80,000 times in all with a wait of 50 ms, gave up once; with SQLite's waiting, 12 times.
 *
 * After it gave up it does not wait again until something succeeds: a process that is stuck with the lock would otherwise stop this one too, for
 * `waitMs` with every request. So each kind of call that can succeed while others cannot needs a patience of its own.
 */
export function createPatience(waitMs: number): Patience {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  let isHopeless = false;
  return (run) => {
    let deadline: number | undefined;
    for (;;) {
      try {
        const result = run();
        isHopeless = false;
        return result;
      } catch (error) {
        if (resultCodeOf(error) !== BUSY || isHopeless) throw error;
        const now = performance.now();
        deadline ??= now + waitMs;
        if (now >= deadline) {
          isHopeless = true;
          throw error;
        }
        Atomics.wait(nap, 0, 0, 0.05 + Math.random() * 0.45);
      }
    }
  };
}

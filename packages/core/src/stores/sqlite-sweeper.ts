import type { DatabaseSync } from "node:sqlite";
import { createLogShortener, inTransaction } from "./sqlite-file.ts";
import type { KeptRead } from "./sqlite-kept-read.ts";

/** Keeps a SQLite store within its bounds: deletes what has ended, and what has not when there is no room. */
export interface Sweeper {
  /** Called after each write; every 64th looks at 256 counters, 256 clients' windows and the values that ended. Never throws. */
  afterWrite(now: number): void;
  /** Makes room for so many bytes by dropping what may be dropped. False when that is not enough. */
  makeRoom(bytes: number, now: number): boolean;
}

/** A look is a transaction of its own, so it pays to look seldom and at much: every 16 writes at 64 made a write a tenth dearer. */
const SWEEP_EVERY = 64;
const SWEEP_WINDOW = 256;
const LOOK_AT_LOG_EVERY = 2 * SWEEP_EVERY;
const EVICT_WINDOW = 128;
const EVICT_ROWS = 64;
/** 64 writes add 64 rows at most; more are dropped only when a smaller `maxBytes` was set. */
const STEPS_A_SWEEP = 16;

export function createSweeper(database: DatabaseSync, maxBytes: number, kept: KeptRead): Sweeper {
  const pageBytes = Number(database.prepare("PRAGMA page_size").get()?.["page_size"]);
  const usedPages = database.prepare(
    "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count) AS used",
  );
  const walks = [
    // Keys travel as bytes: on Node 22 a text that is read ends at its first NUL, and the walk would go round in circles.
    createWalk(
      database,
      { table: "counter", key: "key", given: "CAST(key AS BLOB)", taken: (at) => `CAST(${at} AS TEXT)` },
      new Uint8Array(0),
    ),
    createWalk(database, { table: "sliding", key: "id", given: "id", taken: (at) => at }, -(2n ** 63n)),
  ];
  const sweepValues = database.prepare(
    `DELETE FROM value WHERE key IN (SELECT key FROM value WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ${SWEEP_WINDOW})`,
  );
  const evictValues = database.prepare(
    `DELETE FROM value WHERE key IN (SELECT key FROM value WHERE expires_at IS NOT NULL ORDER BY expires_at LIMIT ${EVICT_ROWS})`,
  );

  const shortenLog = createLogShortener(database);
  let writes = 0;

  const sweep = (now: number): void => {
    inTransaction(database, "IMMEDIATE", () => {
      for (const walk of walks) walk.sweep(now);
      sweepValues.run(now);
    });
  };

  const overflows = (bytes: number): boolean => Number(usedPages.get()?.["used"]) * pageBytes + bytes > maxBytes;

  /** One step: counts before values, because clients that never came before may make any number of counts, but bans only by offending. */
  const evict = (): boolean => {
    let dropped = 0;
    for (const walk of walks) dropped += walk.evict();
    return dropped > 0 || evictValues.run().changes > 0;
  };

  const evictUntilFits = (bytes: number, maxSteps: number): boolean => {
    let fits = !overflows(bytes);
    for (let step = 0; step < maxSteps && !fits && evict(); step++) fits = !overflows(bytes);
    return fits;
  };

  return {
    afterWrite(now) {
      if (++writes % SWEEP_EVERY !== 0) return;
      kept.rest();
      try {
        sweep(now);
        evictUntilFits(0, STEPS_A_SWEEP);
        if (writes % LOOK_AT_LOG_EVERY === 0) shortenLog();
      } catch {
        // What the caller asked for is stored. Another process may be writing just now, and this can wait; a broken file shows at the next write.
      }
    },
    makeRoom(bytes, now) {
      if (bytes > maxBytes) return false;
      if (!overflows(bytes)) return true;
      sweep(now);
      return evictUntilFits(bytes, Infinity);
    },
  };
}

/** A table of counts; `given` is its key as it is read, `taken` makes a parameter of that kind a key again. */
interface WalkedTable {
  readonly table: string;
  readonly key: string;
  readonly given: string;
  readonly taken: (parameter: string) => string;
}

interface Walk {
  /** Deletes what has ended among the next 256 rows. */
  sweep(now: number): void;
  /** Deletes the 64 smallest of the next 128 rows, or what is left; says how many. */
  evict(): number;
}

/** Goes round a table in the order of its keys, a few rows each time: an index on the ends would cost as much as the counts themselves. */
function createWalk<Key extends Uint8Array | bigint>(database: DatabaseSync, { table, key, given, taken }: WalkedTable, start: Key): Walk {
  const windowEnd = database.prepare(
    `SELECT ${given} AS next FROM ${table} WHERE ${key} >= ${taken("?1")} ORDER BY ${key} LIMIT 1 OFFSET ${SWEEP_WINDOW}`,
  );
  windowEnd.setReadBigInts(true);
  const sweepWindow = database.prepare(
    `DELETE FROM ${table} WHERE ${key} >= ${taken("?1")} AND ${key} < ${taken("?2")} AND expires_at <= ?3`,
  );
  const sweepRest = database.prepare(`DELETE FROM ${table} WHERE ${key} >= ${taken("?1")} AND expires_at <= ?2`);
  const evicting = database.prepare(`
    DELETE FROM ${table} WHERE ${key} IN (
      SELECT ${key} FROM (SELECT ${key}, value FROM ${table} WHERE ${key} >= ${taken("?1")} ORDER BY ${key} LIMIT ${EVICT_WINDOW})
      ORDER BY value LIMIT ${EVICT_ROWS})`);
  /** Where sweep and eviction look next. */
  let hand = start;
  const endOfWindow = (): Key | undefined => windowEnd.get(hand)?.["next"] as Key | undefined;
  return {
    sweep(now) {
      const end = endOfWindow();
      if (end === undefined) sweepRest.run(hand, now);
      else sweepWindow.run(hand, end, now);
      hand = end ?? start;
    },
    evict() {
      // Few that are left to the end would all go, the heavy ones too.
      if (endOfWindow() === undefined) hand = start;
      return Number(evicting.run(hand).changes);
    },
  };
}

import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "./sqlite-file.ts";

/** Keeps a SQLite store within its bounds: deletes what has ended, and what has not when there is no room. */
export interface Sweeper {
  /** Called after each write; every 64th looks at 256 counters and at the values that ended. Never throws. */
  afterWrite(now: number): void;
  /** Makes room for so many bytes by dropping what may be dropped. False when that is not enough. */
  makeRoom(bytes: number, now: number): boolean;
}

const START = new Uint8Array(0);
/** A look is a transaction of its own, so it pays to look seldom and at much: every 16 writes at 64 made a write a tenth dearer. */
const SWEEP_EVERY = 64;
const SWEEP_WINDOW = 256;
const EVICT_WINDOW = 128;
const EVICT_ROWS = 64;
/** 64 writes add 64 rows at most; more are dropped only when a smaller `maxBytes` was set. */
const STEPS_A_SWEEP = 16;

export function createSweeper(database: DatabaseSync, maxBytes: number): Sweeper {
  const pageBytes = Number(database.prepare("PRAGMA page_size").get()?.["page_size"]);
  const usedPages = database.prepare(
    "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count) AS used",
  );
  // Keys travel as bytes: on Node 22 a text that is read ends at its first NUL, and the walk would go round in circles.
  const windowEnd = database.prepare(
    `SELECT CAST(key AS BLOB) AS next FROM counter WHERE key >= CAST(?1 AS TEXT) ORDER BY key LIMIT 1 OFFSET ${SWEEP_WINDOW}`,
  );
  const sweepWindow = database.prepare("DELETE FROM counter WHERE key >= CAST(?1 AS TEXT) AND key < CAST(?2 AS TEXT) AND expires_at <= ?3");
  const sweepRest = database.prepare("DELETE FROM counter WHERE key >= CAST(?1 AS TEXT) AND expires_at <= ?2");
  const sweepValues = database.prepare(
    `DELETE FROM value WHERE key IN (SELECT key FROM value WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ${SWEEP_WINDOW})`,
  );
  const evictCounters = database.prepare(`
    DELETE FROM counter WHERE key IN (
      SELECT key FROM (SELECT key, value FROM counter WHERE key >= CAST(?1 AS TEXT) ORDER BY key LIMIT ${EVICT_WINDOW})
      ORDER BY value LIMIT ${EVICT_ROWS})`);
  const evictValues = database.prepare(
    `DELETE FROM value WHERE key IN (SELECT key FROM value WHERE expires_at IS NOT NULL ORDER BY expires_at LIMIT ${EVICT_ROWS})`,
  );

  /** Where sweep and eviction look next. */
  let hand: Uint8Array = START;
  let writes = 0;

  const sweep = (now: number): void => {
    inTransaction(database, "IMMEDIATE", () => sweepOnce(now));
  };
  const sweepOnce = (now: number): void => {
    const end = windowEnd.get(hand)?.["next"] as Uint8Array | undefined;
    if (end === undefined) sweepRest.run(hand, now);
    else sweepWindow.run(hand, end, now);
    hand = end ?? START;
    sweepValues.run(now);
  };

  const overflows = (bytes: number): boolean => Number(usedPages.get()?.["used"]) * pageBytes + bytes > maxBytes;

  /** One step: counters before values, because clients that never came before may make any number of counters, but bans only by offending. */
  const evict = (): boolean => {
    // Few that are left to the end would all go, the heavy ones too.
    if (windowEnd.get(hand) === undefined) hand = START;
    return evictCounters.run(hand).changes > 0 || evictValues.run().changes > 0;
  };

  const evictUntilFits = (bytes: number, maxSteps: number): boolean => {
    let fits = !overflows(bytes);
    for (let step = 0; step < maxSteps && !fits && evict(); step++) fits = !overflows(bytes);
    return fits;
  };

  return {
    afterWrite(now) {
      if (++writes % SWEEP_EVERY !== 0) return;
      try {
        sweep(now);
        evictUntilFits(0, STEPS_A_SWEEP);
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

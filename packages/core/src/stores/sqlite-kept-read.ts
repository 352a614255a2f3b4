import type { DatabaseSync, StatementSync } from "node:sqlite";

/**
 * Lets counters' writes follow each other, or the read before them, under one lock of a reader.
 *
 * Of the six system calls for locks that a write takes, four are for the reading that SQLite begins and ends around it; they were 3 of an
 * increment's 10 µs. A statement that has not come to its end keeps that lock. Writes stay atomic and exact: SQLite refuses one whose reading began
 * before another process's last write, and it is then run again as without the lock.
 */
export interface KeptRead {
  /** Runs one write that commits by itself, and leaves the lock for the next. */
  write<T>(run: () => T): T;
  /** Runs reads that see what every process wrote before. Their lock is left for the next write, if the last one came after a read too. */
  read<T>(run: () => T): T;
  /** Gives the lock back: before a transaction, and before any other write. */
  drop(): void;
  /** Also lets the next write do without: SQLite writes its log back into the file with a write, and not while its own process is reading. */
  rest(): void;
  close(): void;
}

/** A log cannot be written over while somebody reads it, so an idle process gives the lock back. */
const IDLE_MS = 1_000;
/** Beyond so many writes in a row without the lock it is tried again, however busy the other processes are. */
const MAX_PAUSE = 63;
/** Fewer writes under one lock do not pay for taking it and for a write that was refused. */
const WORTH_WRITES = 8;

const NOTHING_KEPT: KeptRead = { write: (run) => run(), read: (run) => run(), drop() {}, rest() {}, close() {} };

/** @param shared - Without it the file is locked for good, and there is nothing to keep. */
export function createKeptRead(database: DatabaseSync, shared: boolean): KeptRead {
  if (!shared) return NOTHING_KEPT;
  // Has rows in every file of ours, so after the first it is not at its end.
  const statement = database.prepare("SELECT 1 FROM sqlite_schema");
  statement.setReturnArrays(true);
  const [begin, commit, rollback] = ["BEGIN", "COMMIT", "ROLLBACK"].map((sql) => database.prepare(sql)) as [
    StatementSync,
    StatementSync,
    StatementSync,
  ];
  let kept: ReturnType<StatementSync["iterate"]> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Writes under the lock that is kept. */
  let writes = 0;
  /** Writes left without it, and how many there are after the next refusal. */
  let pause = 0;
  let nextPause = 1;
  /** A read began a transaction for the write that comes next; or the last write came so. */
  let isBegun = false;
  let isAfterRead = false;

  const drop = (): void => {
    kept?.return?.();
    kept = undefined;
    writes = 0;
    if (isBegun && database.isTransaction) rollback.run();
    isBegun = false;
  };
  const dropWhenIdle = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (database.isOpen) drop();
    }, IDLE_MS).unref();
  };
  const take = (): void => {
    const rows = statement.iterate();
    rows.next();
    kept = rows;
    dropWhenIdle();
  };
  const writeBegun = <T>(run: () => T): T => {
    try {
      const result = run();
      commit.run();
      isBegun = false;
      isAfterRead = true;
      return result;
    } catch {
      drop();
      return run();
    }
  };

  return {
    write(run) {
      if (isBegun) return writeBegun(run);
      if (kept === undefined) {
        if (pause > 0) {
          pause -= 1;
          return run();
        }
        take();
      }
      try {
        const result = run();
        writes += 1;
        return result;
      } catch {
        // Mostly that another process wrote. Several that write in turn would be refused each time, so they go without for a while.
        if (writes >= WORTH_WRITES) nextPause = 1;
        pause = nextPause;
        nextPause = Math.min(2 * nextPause + 1, MAX_PAUSE);
        drop();
        return run();
      }
    },
    read(run) {
      // A request reads whether its client is banned, then counts it. A transaction of both costs less here than a statement that is kept.
      const isBeforeWrite = isAfterRead || writes > 0;
      isAfterRead = false;
      drop();
      if (isBeforeWrite) {
        begin.run();
        isBegun = true;
        dropWhenIdle();
      }
      return run();
    },
    drop,
    rest() {
      drop();
      pause = Math.max(pause, 1);
    },
    close() {
      clearTimeout(timer);
      drop();
    },
  };
}

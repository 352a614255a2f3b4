import type { DatabaseSync } from "node:sqlite";
import type { Store, WindowCount } from "../types.ts";
import { endOf } from "./ends.ts";
import { hashText } from "./keyed-hash.ts";
import type { Patience } from "./sqlite-file.ts";
import type { KeptRead } from "./sqlite-kept-read.ts";

const NOTHING: WindowCount = Object.freeze({ current: 0, previous: 0 });

/** The count of the running window, of the one before, and when both have ended. */
type Row = readonly [value: number, previous: number, expiresAt: number];

/**
 * Finds a key's counts: by a secret 64-bit hash in place of the key, which halves the table and spares it most of its splits (clients in random
 * order: 13 µs a count in place of 18). The secret stands in the file, for all its processes. The chance that any two of n clients count together is
 * below n²/2^65, and nobody can raise it from outside.
 */
export function createWindowIds(database: DatabaseSync): (key: string) => bigint {
  const reading = database.prepare("SELECT hash_key FROM secret");
  reading.setReadBigInts(true);
  const secret = reading.get()?.["hash_key"] as bigint;
  const [key0, key1] = new Int32Array(BigInt64Array.of(secret).buffer);
  const hash = new Int32Array(2);
  const id = new BigInt64Array(hash.buffer);
  return (key) => {
    hashText(key, key0!, key1!, hash);
    return id[0]!;
  };
}

/**
 * Counts in windows, one row a key for all its windows: a client's next window is written over its last, where counters of their own would have to
 * be added and deleted.
 */
export function createWindowCounts(
  database: DatabaseSync,
  patience: { readonly reading: Patience; readonly writing: Patience },
  kept: KeptRead,
  afterWrite: (now: number) => void,
): Required<Pick<Store, "incrementWindow">> {
  const idOf = createWindowIds(database);
  const finding = database.prepare("SELECT value, previous, expires_at FROM sliding WHERE id = ?1");
  finding.setReturnArrays(true);
  let amount = 0;
  let end = 0;
  let endBefore = 0;
  let endAfter = 0;
  let current = 0;
  let previous = 0;
  // As for counters: asked for the sum, not told.
  database.function("aiwaf_slid", { directOnly: true }, (value, before, expiresAt) => {
    if (expiresAt === end) {
      previous = before as number;
      current = Math.min((value as number) + amount, Number.MAX_SAFE_INTEGER);
      return current;
    }
    if (expiresAt === endBefore) previous = value as number;
    if (expiresAt !== endAfter) return amount;
    current = Math.min((before as number) + amount, Number.MAX_SAFE_INTEGER);
    return value as number;
  });
  // ?4 is the end of a row that was last written in the window before; ?5 of one that another process already moved to the next.
  const adding = database.prepare(`
    INSERT INTO sliding (id, value, previous, expires_at) VALUES (?1, ?2, 0, ?3)
    ON CONFLICT (id) DO UPDATE SET
      value = aiwaf_slid(value, previous, expires_at),
      previous = CASE expires_at
        WHEN ?3 THEN previous WHEN ?4 THEN value WHEN ?5 THEN min(previous + ?2, ${Number.MAX_SAFE_INTEGER}) ELSE 0 END,
      expires_at = CASE expires_at WHEN ?5 THEN expires_at ELSE ?3 END`);
  return {
    incrementWindow(key, by, windowMs, now) {
      const endsAt = endOf(Math.floor(now / windowMs) * windowMs, 2 * windowMs);
      if (endsAt === undefined || now >= endsAt) return NOTHING;
      const id = idOf(key);
      if (!(by > 0 && by < Infinity)) {
        const row = patience.reading(() => kept.read(() => finding.get(id))) as unknown as Row | undefined;
        return row === undefined ? NOTHING : seenFrom(row, endsAt, windowMs);
      }
      amount = Math.min(by, Number.MAX_SAFE_INTEGER);
      end = endsAt;
      endBefore = endsAt - windowMs;
      endAfter = endsAt + windowMs;
      patience.writing(() =>
        kept.write(() => {
          current = amount;
          previous = 0;
          return adding.run(id, amount, end, endBefore, endAfter);
        }),
      );
      const count = { current, previous };
      afterWrite(now);
      return count;
    },
  };
}

function seenFrom([value, previous, expiresAt]: Row, end: number, windowMs: number): WindowCount {
  if (expiresAt === end) return { current: value, previous };
  if (expiresAt === end - windowMs) return { current: 0, previous: value };
  return expiresAt === end + windowMs ? { current: previous, previous: 0 } : NOTHING;
}

/** Counts clients of its own in the SQLite store of the file it is given, without a pause, until it is killed. Says when it began. */
import { sqliteStore } from "@aiwaf/core/stores/sqlite";

const store = sqliteStore({ path: process.argv[2]! });
for (let count = 0; ; count++) {
  try {
    store.incrementWindow?.(`other:${count % 256}`, 1, 60_000, Date.now());
  } catch {
    // The one that is measured held the file for too long; its next write waits for this one.
  }
  if (count === 100) process.stdout.write("began\n");
}

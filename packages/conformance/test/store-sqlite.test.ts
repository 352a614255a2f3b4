import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Store } from "@aiwaf/core";
import { sqliteStore } from "@aiwaf/core/stores/sqlite";
import { afterAll, test } from "vitest";
import { behindPromises } from "../src/behind-promises.ts";
import type { RawRead } from "../src/store-case.ts";
import { storeSuite } from "../src/store-suite.ts";

const folder = mkdtempSync(join(tmpdir(), "aiwaf-sqlite-suite-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const paths = new WeakMap<Store, string>();
const make = (): Store => {
  const path = join(folder, `${files++}.db`);
  const store = sqliteStore({ path });
  paths.set(store, path);
  return store;
};

/** A connection of its own each time: it sees what is in the file, not what the store's connection has cached. Bytes, because of NUL on Node 22. */
const rawRead: RawRead = (store, space, key) => {
  const database = new DatabaseSync(paths.get(store)!, { readOnly: true });
  try {
    const row = database.prepare(`SELECT CAST(value AS BLOB) AS value, expires_at FROM ${space} WHERE key = ?`).get(key);
    if (row === undefined) return undefined;
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(row["value"] as Uint8Array);
    return { value: space === "counter" ? Number(text) : text, expiresAt: (row["expires_at"] as number | null) ?? undefined };
  } finally {
    database.close();
  }
};

storeSuite({ name: "SQLite store", test, make, rawRead });
storeSuite({
  name: "SQLite store behind promises",
  test,
  make: () => {
    const store = make();
    const promising = behindPromises(store);
    paths.set(promising, paths.get(store)!);
    return promising;
  },
  rawRead,
  steps: 500,
});
storeSuite({
  name: "SQLite store of one process",
  test,
  make: () => sqliteStore({ path: join(folder, `${files++}.db`), shared: false }),
  skips: ["raw-counter", "raw-value", "raw-delete"].map((id) => ({
    case: id,
    reason: "the file is locked against every second path; the shared store's storage is the same and is read",
  })),
});

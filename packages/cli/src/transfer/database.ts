import { DatabaseSync } from "node:sqlite";
import { messageOf, UsageError } from "../usage-error.ts";
import type { Row } from "./csv.ts";
import { addKeyValue } from "./key-values.ts";
import { addRow, type Found, nothingFound, tableOf } from "./tables.ts";

const MAX_ROWS = 1_000_000;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Reads the tables that another implementation keeps in a SQLite database. Opens it for reading alone, and runs none of the database's own SQL: views
 * and virtual tables are left.
 *
 * @throws UsageError for a file that SQLite cannot read.
 */
export function readDatabase(path: string): Found {
  const found = nothingFound();
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 2_000 });
    database.exec("PRAGMA trusted_schema = OFF");
    const tables = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name")
      .all() as { name: string }[];
    for (const { name } of tables) readTable(database, name, found);
    return found;
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`${path}: ${messageOf(error)}`);
  } finally {
    database?.close();
  }
}

function readTable(database: DatabaseSync, name: string, found: Found): void {
  const isKeyValue = name.toLowerCase() === "kv_store";
  const table = tableOf(name);
  if (table === undefined && !isKeyValue) return;
  if (table !== undefined && "left" in table) {
    const count = Number(database.prepare(`SELECT count(*) AS n FROM ${quoted(name)}`).get()?.["n"]);
    found.notes.push(`${name}: ${count} rows left: ${table.left}`);
    return;
  }
  let rows = 0;
  for (const row of database.prepare(`SELECT * FROM ${quoted(name)} LIMIT ${MAX_ROWS}`).iterate()) {
    rows += 1;
    const fields = Object.fromEntries(Object.entries(row as Row).map(([column, cell]) => [column.toLowerCase(), cell]));
    if (table !== undefined) addRow(found, table.target, fields);
    else addKeyValue(found, String(fields["key"]), parsed(fields["value"]), fields["expires_at"]);
  }
  found.notes.push(`${name}: ${rows} rows`);
}

const parsed = (value: unknown): unknown => {
  try {
    return JSON.parse(String(value));
  } catch {
    return undefined;
  }
};

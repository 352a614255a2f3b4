import { constants, DatabaseSync, type SQLInputValue, type SQLOutputValue } from "node:sqlite";
import { secrets } from "./secrets.ts";
import { passwordHash, products, type SeedUser, users } from "./seed.ts";
import { inspectStatement, type PlanLine, planCost, splitStatements, sqlLengthLimit } from "./sql-guard.ts";
import { matchesWildcards } from "./wildcards.ts";

export type Row = Record<string, SQLOutputValue>;

/** A row by position: an injected query may bring any column names, and several statements each their own. */
export type Cells = readonly SQLOutputValue[];

/** What a query gave. */
export interface QueryResult {
  /** Rows of all statements one after the other, at most 200. */
  readonly rows: readonly Cells[];
  /** What the emulated sleep functions asked for, at most 300 ms. The page that asked waits that long. */
  readonly delayMs: number;
}

/** An SQL error as a careless shop shows it: the database's message and the statement. */
export class SqlError extends Error {
  readonly sql: string;
  constructor(message: string, sql: string) {
    super(message);
    this.name = "SqlError";
    this.sql = sql;
  }
}

/** The shop's data. In memory, gone with the shop. */
export interface Database {
  /**
   * Runs SQL text that may hold whatever a visitor wrote, several statements included. Everything it changes is taken back at the end: an
   * injected DROP TABLE succeeds and hurts nobody after it. Throws {@link SqlError}.
   */
  query(sql: string): QueryResult;
  /** Runs one fixed statement with parameters, and keeps what it changed. Rows of reviews are capped: the oldest go. */
  run(sql: string, ...parameters: SQLInputValue[]): readonly Row[];
  close(): void;
}

const rowLimit = 200;
/** Characters of one value that a page gets to see. */
const cellLimit = 4000;
const delayLimitMs = 300;
const reviewLimit = 120;
/** Row visits times tokens that one statement may cost: about 100 ms. */
const costLimit = 1_500_000;

/** A fresh, seeded database. `readFile` is what `load_file()` of an injected statement reads: the emulated tree, never a disk. */
export function createDatabase(readFile: (path: string) => string | undefined): Database {
  const sqlite = new DatabaseSync(":memory:");
  let delayMs = 0;
  const sleep = (seconds: unknown) => {
    delayMs = Math.min(delayLimitMs, delayMs + Math.max(0, Number(seconds) || 0) * 1000);
    return 0;
  };
  addFunctions(sqlite, sleep, readFile);
  seed(sqlite);
  lock(sqlite);
  const countReviews = sqlite.prepare("DELETE FROM reviews WHERE id <= (SELECT max(id) FROM reviews) - ?");

  function runStatement(statement: string, rows: Cells[]): void {
    const waitFor = /^\s*waitfor\s+delay\s+'(\d+):(\d+):(\d+)/i.exec(statement);
    if (waitFor !== null) {
      sleep(Number(waitFor[1]) * 3600 + Number(waitFor[2]) * 60 + Number(waitFor[3]));
      return;
    }
    const shape = inspectStatement(statement);
    if (shape.refused !== undefined) throw new Error(shape.refused);
    if (shape.nested) {
      const plan = sqlite.prepare(`EXPLAIN QUERY PLAN ${statement}`).all() as unknown as PlanLine[];
      if (planCost(plan) * shape.tokens > costLimit) throw new Error("statement timeout");
    }
    const prepared = sqlite.prepare(statement);
    prepared.setReturnArrays(true);
    for (const row of prepared.iterate()) {
      rows.push((row as unknown as Cells).map((cell) => (typeof cell === "string" ? cell.slice(0, cellLimit) : cell)));
      if (rows.length >= rowLimit) break;
    }
  }

  return {
    query(sql) {
      if (sql.length > sqlLengthLimit) throw new SqlError("statement too long", sql);
      delayMs = 0;
      const rows: Cells[] = [];
      const statements = splitStatements(sql).slice(0, 8);
      const changing = statements.some((statement) => !/^\s*select\b/i.test(statement));
      if (changing) sqlite.exec("SAVEPOINT visitor");
      try {
        for (const statement of statements) runStatement(statement, rows);
      } catch (error) {
        throw new SqlError(error instanceof Error ? error.message : String(error), sql);
      } finally {
        if (changing) sqlite.exec("ROLLBACK TO visitor; RELEASE visitor");
      }
      return { rows, delayMs };
    },
    run(sql, ...parameters) {
      const rows = sqlite.prepare(sql).all(...parameters);
      if (sql.startsWith("INSERT INTO reviews")) countReviews.run(reviewLimit);
      return rows;
    },
    close: () => sqlite.close(),
  };
}

function seed(sqlite: DatabaseSync): void {
  sqlite.exec(`
    CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, category TEXT, price_cents INTEGER, description TEXT, released INTEGER);
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name TEXT, password TEXT, password_hash TEXT, role TEXT);
    CREATE TABLE reviews (id INTEGER PRIMARY KEY AUTOINCREMENT, product_id INTEGER, name TEXT, text TEXT);
    CREATE TABLE partners (id INTEGER PRIMARY KEY, name TEXT, api_key TEXT);
    CREATE TABLE vault (id INTEGER PRIMARY KEY, label TEXT, secret TEXT);
    CREATE TABLE dual (dummy TEXT);
    ATTACH ':memory:' AS information_schema;
    CREATE TABLE information_schema.tables (table_schema TEXT, table_name TEXT);
  `);
  const addProduct = sqlite.prepare("INSERT INTO products VALUES (?, ?, ?, ?, ?, ?)");
  for (const item of products) addProduct.run(item.id, item.name, item.category, item.priceCents, item.description, item.released ? 1 : 0);
  const addUser = sqlite.prepare("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?)");
  for (const user of users) addUser.run(user.id, user.email, user.name, user.password, passwordHash(user as SeedUser), user.role);
  const addReview = sqlite.prepare("INSERT INTO reviews (product_id, name, text) VALUES (?, ?, ?)");
  addReview.run(1, "Lars", "Solid mug. Survived two falls and one tide.");
  addReview.run(3, "Ivy", "Bright enough to read by; the hook could be bigger.");
  addReview.run(8, "George", "My third one: I gave away the first two.");
  sqlite.prepare("INSERT INTO partners VALUES (1, 'Lighthouse Logistics', 'partner-key-lighthouse')").run();
  sqlite.prepare("INSERT INTO partners VALUES (2, 'Quayside Press', 'partner-key-quayside')").run();
  sqlite.prepare("INSERT INTO vault VALUES (1, 'payment gateway', ?)").run(secrets.vaultRow);
  sqlite.prepare("INSERT INTO dual VALUES ('X')").run();
  const addTable = sqlite.prepare("INSERT INTO information_schema.tables VALUES ('shop', ?)");
  for (const name of ["products", "users", "reviews", "partners", "vault"]) addTable.run(name);
}

/** Functions of other databases that attackers try, emulated; and bounded stand-ins for two of SQLite's own that can run for minutes. */
function addFunctions(sqlite: DatabaseSync, sleep: (seconds: unknown) => number, readFile: (path: string) => string | undefined): void {
  sqlite.function("sleep", { varargs: true }, (seconds) => sleep(seconds));
  sqlite.function("pg_sleep", { varargs: true }, (seconds) => sleep(seconds));
  sqlite.function("benchmark", { varargs: true }, (times) => sleep(Number(times) / 1_000_000));
  sqlite.function("load_file", { varargs: true }, (path) => readFile(String(path)) ?? null);
  sqlite.function("pg_read_file", { varargs: true }, (path) => readFile(String(path)) ?? null);
  sqlite.function("version", { varargs: true }, () => "8.0.36-shop");
  sqlite.function("user", { varargs: true }, () => "shop@localhost");
  sqlite.function("database", { varargs: true }, () => "shop");
  sqlite.function("concat", { varargs: true }, (...parts) => joinBounded(parts));
  sqlite.function("extractvalue", { varargs: true }, (_document, path) => {
    throw new Error(`XPATH syntax error: '${String(path).slice(0, 200)}'`);
  });
  sqlite.function("like", (pattern, text) => (matchesWildcards(String(text ?? ""), String(pattern ?? ""), "%", "_") ? 1 : 0));
  sqlite.function("glob", (pattern, text) => (matchesWildcards(String(text ?? ""), String(pattern ?? ""), "*", "?") ? 1 : 0));
}

function joinBounded(parts: readonly SQLOutputValue[]): string {
  let text = "";
  for (const part of parts) {
    text += String(part ?? "");
    if (text.length > 10_000) return text.slice(0, 10_000);
  }
  return text;
}

/** A second wall behind `inspectStatement`, on runtimes that have it: no files, no other databases, no endless recursion, no huge values. */
function lock(sqlite: DatabaseSync): void {
  const denied = new Set([constants.SQLITE_ATTACH, constants.SQLITE_DETACH, constants.SQLITE_PRAGMA, constants.SQLITE_RECURSIVE]);
  sqlite.setAuthorizer?.((action) => (denied.has(action) ? constants.SQLITE_DENY : constants.SQLITE_OK));
  const limits = (sqlite as { limits?: { length: number } }).limits;
  if (limits !== undefined) limits.length = 4_000_000;
}

/**
 * Keeps the shop's database really injectable and still harmless: what an injected statement may cost is bounded before it runs, because
 * `node:sqlite` is synchronous and nothing can stop a statement once it runs.
 *
 * @module
 */

/** One piece of SQL text. */
export interface SqlToken {
  readonly kind: "word" | "string" | "number" | "symbol";
  /** Words in lower case; strings without their quotes. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const tokenPattern =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]{0,200}\]|[\p{L}_][\p{L}\p{N}_$]*|0x[0-9a-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?|\|\||[<>!=]=|<>|\S/giu;

/** Splits SQL text into tokens, without comments and white space. Linear in its length; never throws. */
export function tokenizeSql(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  for (const match of sql.matchAll(tokenPattern)) {
    const text = match[0];
    if (text.startsWith("--") || text.startsWith("/*")) continue;
    const start = match.index;
    const end = start + text.length;
    const first = text.charAt(0);
    if (/^['"`[]/.test(text) && text.length > 1) tokens.push({ kind: "string", text: text.slice(1, -1), start, end });
    else if (/[\p{L}_]/u.test(first)) tokens.push({ kind: "word", text: text.toLowerCase(), start, end });
    else if (/\d/.test(first)) tokens.push({ kind: "number", text, start, end });
    else tokens.push({ kind: "symbol", text, start, end });
  }
  return tokens;
}

/** The statements of SQL text, split at top-level semicolons the way a driver with "multiple statements" does. Empty ones are dropped. */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let from = 0;
  for (const token of tokenizeSql(sql)) {
    if (token.kind !== "symbol" || token.text !== ";") continue;
    statements.push(sql.slice(from, token.start));
    from = token.end;
  }
  statements.push(sql.slice(from));
  return statements.filter((statement) => tokenizeSql(statement).length > 0);
}

/** How a statement may begin. ATTACH, DETACH, VACUUM and PRAGMA are not among them: they name files or change the connection. */
const statementWords = new Set(["select", "values", "with", "insert", "update", "delete", "drop"]);

/**
 * Functions a statement may call: those whose cost and result are bounded by their input, and the emulated ones. Left out are the ones that
 * grow text without bound (`hex`, `quote`, `replace`, `printf`, `zeroblob`, `randomblob`), the table-valued ones and extensions.
 */
const functionWords = new Set(
  (
    "abs avg benchmark cast ceil char coalesce concat count database date datetime exists extractvalue floor group_concat if ifnull iif instr " +
    "length load_file lower ltrim max min nullif pg_read_file pg_sleep random round row_number rtrim sleep sqlite_version strftime substr " +
    "substring sum time total trim typeof unicode upper user version " +
    // Words of the language itself that may stand before a parenthesis, and the tables an INSERT may name.
    "all and as between by case distinct else filter from having in into is join like limit not offset on or order over returning select set " +
    "then union using values when where partners products reviews users vault"
  ).split(" "),
);

/** Longest SQL text that is looked at, in characters: the tokenizer and the caps below are sized for it. */
export const sqlLengthLimit = 8000;

/** What the guard found out about one statement. */
export interface StatementShape {
  /** Why it may not run. */
  readonly refused: string | undefined;
  readonly tokens: number;
  /** True when it reads more than its one table, so that the plan must be priced first. */
  readonly nested: boolean;
}

/** Looks at one statement before it is prepared. Linear in its length; never throws. */
export function inspectStatement(statement: string): StatementShape {
  const tokens = tokenizeSql(statement);
  let selects = 0;
  let joins = 0;
  let concatenations = 0;
  let refused = statementWords.has(tokens[0]?.text ?? "") ? undefined : `near "${(tokens[0]?.text ?? "").slice(0, 40)}": not authorized`;
  for (const [index, token] of tokens.entries()) {
    if (token.text === "||" && token.kind === "symbol") concatenations += 1;
    const next = tokens[index + 1];
    const called = token.kind !== "number" && token.kind !== "symbol" && next?.kind === "symbol" && next.text === "(";
    if (called && !functionWords.has(token.text.toLowerCase())) refused ??= `not authorized to use function: ${token.text.slice(0, 40)}`;
    if (token.kind !== "word") continue;
    if (token.text === "select" || token.text === "values") selects += 1;
    if (token.text === "join") joins += 1;
    if (token.text === "recursive" || token.text.startsWith("pragma_")) refused ??= `near "${token.text}": not authorized`;
  }
  // Each level of nesting may multiply the length of a text built with ||, so both numbers together bound it (about 4 MB here).
  if (selects > 6 || joins > 3 || concatenations > 16) refused ??= "statement too complex";
  return { refused, tokens: tokens.length, nested: selects !== 1 || joins > 0 };
}

/** One line of `EXPLAIN QUERY PLAN`. */
export interface PlanLine {
  readonly id: number;
  readonly parent: number;
  readonly detail: string;
}

/** Rows that a base table may hold at most; see the caps of `database.ts`. */
const largestTable = 120;

/**
 * An upper bound of the row visits of a query, from its plan: nested loops and correlated subqueries multiply, branches of a compound query
 * and one-off subqueries add up.
 */
export function planCost(lines: readonly PlanLine[]): number {
  const children = new Map<number, PlanLine[]>();
  for (const line of lines) children.set(line.parent, [...(children.get(line.parent) ?? []), line]);
  const named = new Map<string, number>();
  return blockCost(0, children, named);
}

function blockCost(parent: number, children: ReadonlyMap<number, readonly PlanLine[]>, named: Map<string, number>): number {
  let product = 1;
  let sum = 0;
  for (const line of children.get(parent) ?? []) {
    const source = /^(?:SCAN|SEARCH) (\S+)/.exec(line.detail)?.[1];
    if (source !== undefined) product *= Math.max(named.get(source.toLowerCase()) ?? largestTable, 1);
    const inner = blockCost(line.id, children, named);
    const materialized = /^(?:MATERIALIZE|CO-ROUTINE) (\S+)/.exec(line.detail)?.[1];
    if (materialized !== undefined) {
      named.set(materialized.toLowerCase(), inner);
      sum += inner;
    } else if (line.detail.startsWith("CORRELATED")) product *= inner;
    else if (/^(?:COMPOUND|LEFT-MOST|UNION|EXCEPT|INTERSECT|MERGE|LEFT|RIGHT|SCALAR|LIST|USE TEMP|MULTI-INDEX|INDEX)/.test(line.detail))
      sum += inner;
    else product *= inner;
  }
  return product + sum;
}

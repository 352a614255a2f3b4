/**
 * The rules of SQL injection, for the documentation and for findings.
 *
 * @module
 */
import type { RuleTable } from "./hits.ts";

export const SQL_RULES: RuleTable = {
  /**
   * `or 1=1`, `' or 'a'='a`, `and user='admin`: a condition added after the end of the value.
   *
   * Passes logic in prose, search syntax, homework such as "2 and 2 = 4", `AND(A1>1,A1<9)` of spreadsheets, names with apostrophes.
   *
   * Exempt search fields that take conditions.
   */
  "sql/tautology": [8, "A condition behind the value"],
  /**
   * `union select`, `union all values`, with a list that fits.
   *
   * Passes "credit union select checking account".
   *
   * Exempt fields that are named for statements are not read at all: name them `sql` or `query_sql`.
   */
  "sql/union": [9, "A second SELECT behind the value"],
  /**
   * `; drop table x`, `; exec xp_…`, `;waitfor delay '…'`: a second statement.
   *
   * Passes "drop the table; update us" and other prose.
   *
   * Exempt fields that take statements.
   */
  "sql/stacked": [9, "A second statement behind the value"],
  /**
   * `admin'--`, `1') #`: the rest of the query commented away right after the value's end.
   *
   * Passes dashes in prose, signatures of mails, hash tags.
   *
   * Exempt nothing but fields that take statements.
   */
  "sql/comment": [6, "The rest of the query commented away"],
  /**
   * `(select … from …)`, and whole SELECT statements sent as a value.
   *
   * Passes "select a size from the list".
   *
   * Exempt fields that take statements, and query interfaces such as ADQL.
   */
  "sql/select": [8, "A SELECT inside the value"],
  /**
   * Calls that wait, read files, run programs or leak through errors: `sleep(5)`, `load_file(`, `xp_cmdshell`.
   *
   * Passes the names in prose, "sleep (8 hours)", spreadsheet formulas.
   *
   * Exempt fields that take statements.
   */
  "sql/function": [9, "A call that only injected SQL makes"],
  /**
   * `information_schema`, `sqlite_master`, `@@version`, `v$version`.
   *
   * Passes names of columns that merely resemble them.
   *
   * Exempt consoles of databases.
   */
  "sql/catalogue": [8, "A name of the database's catalogue"],
  /**
   * `' order by 5`, `1 group by x having 1`: clauses that probe the query's shape.
   *
   * Passes "order by phone", `sort=name` and other parameters for sorting.
   *
   * Exempt fields that take statements.
   */
  "sql/clause": [7, "A clause behind the value"],
  /**
   * `'||(…)||'`, `'+…+'`, `'='`: an expression glued to the value's end.
   *
   * Passes cited formulas, nested quotes, arithmetic.
   *
   * Exempt fields that take expressions.
   */
  "sql/expression": [7, "An operator behind the value"],
  /**
   * `id='`, `product=1'`: a lone quote in a parameter that names a record, or in any short one of a server script.
   *
   * Passes measures (`waist=32'`), search boxes, names.
   *
   * Exempt a parameter named like a record that takes free text.
   */
  "sql/probe": [5, "A lone quote in an identifier"],
  /**
   * `select` or `union` cut up by comments, or executed comments around words of SQL.
   *
   * Passes comments of other languages.
   *
   * Exempt nothing: people do not write so.
   */
  "sql/obfuscation": [8, "Words of SQL hidden by comments"],
};

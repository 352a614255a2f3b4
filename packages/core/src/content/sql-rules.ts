/**
 * The rules of SQL injection, for the documentation and for findings.
 *
 * @module
 */
import type { RuleTable } from "./hits.ts";

export const SQL_RULES: RuleTable = {
  /** `or 1=1`, `' or 'a'='a`, `and user='admin`: a condition added after the end of the value. Passes logic in prose and search syntax. */
  "sql/tautology": { severity: 8, description: "A condition joined to the query behind the value" },
  /** `union select`, `union all values`, with a list that fits. Passes "credit union select checking account". */
  "sql/union": { severity: 9, description: "A second SELECT joined to the query" },
  /** `; drop table x`, `; exec xp_…`, `;waitfor delay '…'`: a second statement. */
  "sql/stacked": { severity: 9, description: "A second statement behind the value" },
  /** `admin'--`, `1') #`: the rest of the query commented away right after the value's end. */
  "sql/comment": { severity: 6, description: "The rest of the query commented away" },
  /** `(select … from …)`, and whole SELECT statements sent as a value. */
  "sql/select": { severity: 8, description: "A SELECT inside the value" },
  /** Calls that wait, read files, run programs or leak through errors. */
  "sql/function": { severity: 9, description: "A call that only injected SQL makes" },
  /** `information_schema`, `sqlite_master`, `@@version`, `xp_cmdshell`. */
  "sql/catalogue": { severity: 8, description: "A name of the database's own catalogue" },
  /** `' order by 5`, `1 group by x having 1`: clauses that probe the query's shape. */
  "sql/clause": { severity: 7, description: "A clause added behind the value" },
  /** `'||(…)||'`, `'+…+'`, `'='`: an expression glued to the value's end. */
  "sql/expression": { severity: 7, description: "An operator and operand glued to the value's end" },
  /** `id='`, `product=1'`: a lone quote in a parameter that names a record. Passes measures and search boxes. */
  "sql/probe": { severity: 5, description: "A lone quote in an identifier" },
  /** `select` or `union` cut up by comments, or executed comments around words of SQL. */
  "sql/obfuscation": { severity: 8, description: "Words of SQL hidden by comments" },
};

/**
 * CSV as other implementations read and write it, through a real codec: nothing that a client sent becomes a formula in a spreadsheet.
 *
 * @module
 */
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { messageOf, UsageError } from "../usage-error.ts";

export type Row = Readonly<Record<string, unknown>>;

const ROW_LIMIT_BYTES = 1024 * 1024;
/** What `escape_formulas` sets before a cell that a spreadsheet would run. */
const GUARD = /^'(?=[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20])/;

/** Rows with a header line; cells that begin as a formula get an apostrophe before them. */
export const toCsv = (columns: readonly string[], rows: readonly Row[]): string =>
  stringify([...rows], { header: true, columns: [...columns], escape_formulas: true, record_delimiter: "unix" });

/**
 * The rows of a CSV text by the names of its header line, in lower case. Rows with more or fewer cells are read as far as they go.
 *
 * @throws UsageError for a text that is no CSV.
 */
export function fromCsv(text: string, name: string): Row[] {
  try {
    const rows: unknown = parse(text, {
      bom: true,
      columns: (header: readonly string[]) => header.map((column) => column.trim().toLowerCase()),
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: ROW_LIMIT_BYTES,
    });
    return (rows as Record<string, string>[]).map((row) =>
      Object.fromEntries(Object.entries(row).map(([column, cell]) => [column, cell.replace(GUARD, "")])),
    );
  } catch (error) {
    throw new UsageError(`${name}: is no CSV: ${messageOf(error)}`);
  }
}

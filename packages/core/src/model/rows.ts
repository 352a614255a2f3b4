import { WafError } from "../errors.ts";
import { MAX_FEATURES } from "./limits.ts";

/** One observation: a finite number for each feature, in a fixed order. */
export type Row = readonly number[] | Float64Array;

/** Observations: a list of rows of one width, or all values one row after the other in a `Float64Array`, whose width is given beside it. */
export type Rows = readonly Row[] | Float64Array;

/** Checked rows, one after the other. */
export interface Matrix {
  readonly values: Float64Array;
  readonly count: number;
  readonly width: number;
}

/** Matrices beyond this do not fit a typed array of every runtime. */
const MAX_VALUES = 2 ** 28;

const wrong = (message: string): WafError => new WafError("AIWAF_MODEL_ROWS_INVALID", message);

/**
 * Checks rows and lays them out. A `Float64Array` is used as it is, never copied and never changed.
 *
 * @param expected the width that the rows must have; `undefined` takes the rows' own.
 * @throws WafError naming the row and column that is not a finite number, or the row whose width differs.
 */
export function readRows(rows: Rows, width: number | undefined, expected: number | undefined): Matrix {
  if (rows instanceof Float64Array) {
    const columns = width ?? expected;
    if (columns === undefined) throw wrong("Rows in one Float64Array need a width: how many of its values make one row.");
    checkWidth(columns, expected);
    if (rows.length % columns !== 0) throw wrong(`A Float64Array of ${rows.length} values cannot be cut into rows of ${columns}.`);
    checkFinite(rows, columns);
    return { values: rows, count: rows.length / columns, width: columns };
  }
  if (!Array.isArray(rows)) throw wrong("Rows must be a list of lists of numbers, or a Float64Array with a width.");
  if (rows.length === 0) return { values: new Float64Array(0), count: 0, width: expected ?? 0 };
  const columns = expected ?? lengthOf(rows[0], 0);
  if (width !== undefined && width !== columns) throw wrong(`The width is given as ${width}, but rows have ${columns} values.`);
  checkWidth(columns, undefined);
  if (rows.length * columns > MAX_VALUES)
    throw wrong(`${rows.length} rows of ${columns} values are more than ${MAX_VALUES} values at once.`);
  const values = new Float64Array(rows.length * columns);
  let at = 0;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as Row;
    if (lengthOf(row, index) !== columns) throw wrong(`Row ${index} has ${row.length} values instead of ${columns}.`);
    for (let column = 0; column < columns; column++) {
      const value = row[column]!;
      // Only numbers pass: a text "1" would compare, and subtract, like one.
      if (typeof value !== "number") throw notFinite(value, index, column);
      values[at++] = value;
    }
  }
  checkFinite(values, columns);
  return { values, count: rows.length, width: columns };
}

/**
 * Copies one row into `into`, checked.
 *
 * @throws WafError as `readRows` does.
 */
export function copyRow(row: Row, width: number, into: Float64Array): void {
  if (lengthOf(row, 0) !== width) throw wrong(`The row has ${row.length} values instead of ${width}.`);
  if (row instanceof Float64Array) {
    // A number less itself is 0, or not a number for what is not finite.
    let rest = 0;
    for (let column = 0; column < width; column++) {
      const value = row[column]!;
      into[column] = value;
      rest += value - value;
    }
    if (rest !== 0) checkFinite(row, width);
    return;
  }
  for (let column = 0; column < width; column++) {
    const value = row[column]!;
    if (typeof value !== "number" || value - value !== 0) throw notFinite(value, 0, column);
    into[column] = value;
  }
}

function lengthOf(row: unknown, index: number): number {
  if (!Array.isArray(row) && !(row instanceof Float64Array)) throw wrong(`Row ${index} is not a list of numbers.`);
  return row.length;
}

function checkWidth(width: number, expected: number | undefined): void {
  if (!Number.isInteger(width) || width < 0 || width > MAX_FEATURES) {
    throw wrong(`The width must be a whole number up to ${MAX_FEATURES}; it is ${String(width).slice(0, 40)}.`);
  }
  if (expected !== undefined && width !== expected) throw wrong(`Rows have ${width} values instead of ${expected}.`);
  if (width === 0) throw wrong("Rows need at least one value.");
}

function checkFinite(values: Float64Array, width: number): void {
  // A number less itself is 0, or not a number for what is not finite: no branch a value. Four sums, so that none waits for the one before.
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = values.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    a += values[at]! - values[at]!;
    b += values[at + 1]! - values[at + 1]!;
    c += values[at + 2]! - values[at + 2]!;
    d += values[at + 3]! - values[at + 3]!;
  }
  for (let at = whole; at < values.length; at++) a += values[at]! - values[at]!;
  if (a + b + c + d === 0) return;
  const at = values.findIndex((value) => value - value !== 0);
  throw notFinite(values[at], Math.floor(at / width), at % width);
}

function notFinite(value: unknown, row: number, column: number): WafError {
  const shown = typeof value === "number" ? String(value) : `a value of type ${typeof value}`;
  return wrong(`Row ${row}, column ${column} must be a finite number; it is ${shown}.`);
}

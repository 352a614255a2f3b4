/**
 * How options are described, checked and filled in. Each owner (the firewall, a detector, a store) has one table next to its code;
 * checks, defaults and the generated reference page all come from that table.
 *
 * @module
 */
import { WafError } from "./errors.ts";

/** One option: what it accepts, in code and in words, and what holds when it is not given. */
export interface Option<Value, Default = Value | undefined> {
  readonly default: Default;
  /** Completes the sentence "must be …". */
  readonly allowed: string;
  accepts(value: unknown): boolean;
  /** Only carries the type. */
  readonly type?: Value;
}

/** The options that one owner takes, by name. */
export type OptionTable = Readonly<Record<string, Option<unknown, unknown>>>;

/** The checked options: every field of the table, defaults filled in. */
export type Settings<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer Value, infer Default> ? Value | Default : never;
};

const option = <Value, Default>(fallback: Default, allowed: string, accepts: (value: unknown) => boolean): Option<Value, Default> => ({
  default: fallback,
  allowed,
  accepts,
});

/** A whole number within bounds, both included. */
export const integer = <const Default extends number | undefined>(
  fallback: Default,
  minimum: number,
  maximum: number,
): Option<number, Default> =>
  option(
    fallback,
    `a whole number from ${minimum} to ${maximum}`,
    (value) => Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum,
  );

/** One of a few words. */
export const oneOf = <const Word extends string, const Default extends Word | undefined>(
  fallback: Default,
  words: readonly Word[],
): Option<Word, Default> =>
  option(fallback, `one of ${words.map((word) => JSON.stringify(word)).join(", ")}`, (value) => words.includes(value as Word));

/** A list whose every element passes `accepts`. */
export const listOf = <Element, const Default>(
  fallback: Default,
  what: string,
  accepts: (value: unknown) => boolean,
): Option<readonly Element[], Default> => option(fallback, `a list of ${what}`, (value) => Array.isArray(value) && value.every(accepts));

/** Anything that passes `accepts`. */
export const any = <Value, const Default = undefined>(
  fallback: Default,
  allowed: string,
  accepts: (value: unknown) => boolean,
): Option<Value, Default> => option(fallback, allowed, accepts);

export const isText = (value: unknown): value is string => typeof value === "string" && value.length > 0;
export const isFunction = (value: unknown): boolean => typeof value === "function";
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const hasMethods = (value: unknown, ...names: readonly string[]): boolean =>
  (isRecord(value) || typeof value === "function") && names.every((name) => isFunction((value as Record<string, unknown>)[name]));

/**
 * Checks `given` against `table` and returns it with the defaults filled in.
 *
 * @throws WafError naming the option in full (`owner.name`), what was given, what is allowed, and the nearest known name of a typo.
 */
export function readOptions<Table extends OptionTable>(owner: string, table: Table, given: unknown): Settings<Table> {
  if (given !== undefined && !isRecord(given)) throw invalid(owner, given, "an object of options");
  const values = given ?? {};
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(table, name)) throw unknown(qualified(owner, name), Object.keys(table), owner);
  }
  const settings: Record<string, unknown> = {};
  for (const [name, { default: fallback, allowed, accepts }] of Object.entries(table)) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined && !accepts(value)) throw invalid(qualified(owner, name), value, allowed);
    settings[name] = value === undefined ? fallback : value;
  }
  return settings as Settings<Table>;
}

/** The error for a value that an option does not accept. */
export function invalid(name: string, value: unknown, allowed: string): WafError {
  return new WafError("AIWAF_OPTION_INVALID", `Option "${name}" must be ${allowed}; it is ${show(value)}.`);
}

function unknown(name: string, known: readonly string[], owner: string): WafError {
  const near = nearest(name.slice(owner === "" ? 0 : owner.length + 1), known);
  return new WafError(
    "AIWAF_OPTION_UNKNOWN",
    `Option "${name}" is not known.${near === undefined ? "" : ` Did you mean "${near}"?`} Known here: ${known.join(", ")}.`,
  );
}

const qualified = (owner: string, name: string): string => (owner === "" ? name : `${owner}.${name}`);

/** A short, safe picture of any value, for error messages. */
function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (Array.isArray(value)) return `a list of ${value.length} (${value.slice(0, 3).map(show).join(", ")}${value.length > 3 ? ", …" : ""})`;
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

/** The known name with the fewest edits, when it is near enough to be a typo. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const word = name.slice(0, 40).toLowerCase();
  let best: string | undefined;
  let fewest = Math.max(2, Math.ceil(word.length / 3)) + 1;
  for (const candidate of known) {
    const edits = distance(word, candidate.toLowerCase());
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best;
}

/** Levenshtein distance, one row at a time. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[right.length]!;
}

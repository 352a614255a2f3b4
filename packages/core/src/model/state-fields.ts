import { WafError } from "../errors.ts";

/** Reads the fields of one object of a state from anywhere: own fields only, so nothing inherited is ever taken for data. */
export interface Fields {
  /** What the object is called in messages. */
  readonly name: string;
  /** The field's value; `undefined` when the object itself has none. */
  value(field: string): unknown;
  whole(field: string, least: number, most: number): number;
  finite(field: string): number;
  flag(field: string): boolean;
  list(field: string, most: number): readonly unknown[];
}

/** The error for a part of a state that is not what it must be: `what` and `why` make a sentence. */
export const refuse = (what: string, why: string): WafError => new WafError("AIWAF_MODEL_STATE_INVALID", `${what} ${why}.`);

/** The error for a part of a state that is larger than a model may have. */
export const tooMany = (what: string, given: number, most: number): WafError =>
  new WafError("AIWAF_MODEL_TOO_LARGE", `${given} ${what} are more than the ${most} that a model may have.`);

export const isWhole = (value: unknown, least: number, most: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;

export const isFiniteNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

export const isListWithin = (value: unknown, least: number, most: number): value is readonly unknown[] =>
  Array.isArray(value) && value.length >= least && value.length <= most;

/**
 * A reader of the own fields of an object of a state from anywhere.
 *
 * @throws WafError when `object` is not an object.
 */
export function fields(name: string, object: unknown): Fields {
  if (typeof object !== "object" || object === null || Array.isArray(object)) throw refuse(name, "must be an object");
  const value = (field: string): unknown => (Object.hasOwn(object, field) ? (object as Record<string, unknown>)[field] : undefined);
  const full = (field: string): string => (name === "The state" ? field : `${name}.${field}`);
  return {
    name,
    value,
    whole(field, least, most) {
      const given = value(field);
      if (!isWhole(given, least, most)) throw refuse(full(field), `must be a whole number from ${least} to ${most}`);
      return given;
    },
    finite(field) {
      const given = value(field);
      if (!isFiniteNumber(given)) throw refuse(full(field), "must be a finite number");
      return given;
    },
    flag(field) {
      const given = value(field);
      if (typeof given !== "boolean") throw refuse(full(field), "must be true or false");
      return given;
    },
    list(field, most) {
      const given = value(field);
      if (!Array.isArray(given)) throw refuse(full(field), "must be a list");
      if (given.length > most) throw tooMany(full(field), given.length, most);
      return given;
    },
  };
}

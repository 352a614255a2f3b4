/**
 * What the server answered, checked: clients disagree about shapes, and a key may hold another program's data.
 *
 * @module
 */
import { WafError } from "../errors.ts";

/** When a stored value ends; the beginning of what is stored is enough. */
export function endOfStored(command: string, stored: unknown): number {
  const [head] = typeof stored === "string" ? (/^[^|]{0,24}(?=\|)/.exec(stored) ?? []) : [];
  const end = head === "" ? Infinity : Number(head);
  if (!(end > 0)) throw unexpected(command, "a value of this store", stored);
  return end;
}

/** The text of a stored value, `undefined` once it ended. */
export function textOfStored(command: string, stored: unknown, now: number): string | undefined {
  const end = endOfStored(command, stored);
  return now < end ? (stored as string).slice((stored as string).indexOf("|") + 1) : undefined;
}

/** One step of SCAN or HSCAN. */
export function readPage(command: string, answer: unknown): { readonly cursor: string; readonly keys: readonly string[] } {
  const [cursor, keys] = Array.isArray(answer) ? (answer as readonly unknown[]) : [];
  const known = typeof cursor === "string" || typeof cursor === "number";
  if (!known || !Array.isArray(keys) || !keys.every((key) => typeof key === "string"))
    throw unexpected(command, "a cursor and a list of keys", answer);
  return { cursor: String(cursor), keys: keys as readonly string[] };
}

/** The error for an answer of the wrong type. */
export function unexpected(command: string, wanted: string, answer: unknown): WafError {
  const shown = typeof answer === "string" ? JSON.stringify(answer.slice(0, 60)) : Array.isArray(answer) ? "a list" : String(answer);
  return new WafError("AIWAF_STORE_ANSWER", `The Redis store asked for ${wanted} (${command}) and got ${shown}.`);
}

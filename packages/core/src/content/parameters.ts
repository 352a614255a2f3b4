/**
 * Parameters of queries and forms: each value and name by itself, and repeated ones joined as frameworks join them.
 *
 * @module
 */
import type { Inspection } from "./inspection.ts";
import { eachPair } from "./pairs.ts";
import { fromTransport } from "./transport.ts";
import { isPlainValue, isWordlike } from "./value-shapes.ts";

/** A label for `where`: names come from the client, so they are cut and stripped of control characters. */
export function label(name: string): string {
  const cut = name.length > 60 ? `${name.slice(0, 60)}…` : name;
  return cut.replace(/[\u0000-\u001f\u007f]/g, "?");
}

/** Parameters that are remembered for being repeated, and how long a joined one may become. */
const REMEMBERED = 64;
const JOINED_MAX = 4096;
/** Names that cannot be the beginning of a payload that was cut in two at its equals sign: `?<a href=…`, `?onfocus=…`. */
const CUT_IN_TWO = /^(on[a-z]{3,40}$|%22|%27|["'<(;{|]|%3c|[^=[]{0,80}(%3c|<|%22|"))/i;

/** Values of repeated parameters, in the order they came. */
export class Repeated {
  readonly #names: string[] = [];
  readonly #values: string[] = [];
  #isAny = false;

  add(name: string, value: string): void {
    if (this.#names.length === REMEMBERED) return;
    this.#isAny ||= this.#names.includes(name);
    this.#names.push(name);
    this.#values.push(value);
  }

  /** Visits every repeated parameter in the ways it is put together: with commas, with nothing, and with blanks where a comment may be cut. */
  each(visit: (name: string, joined: string) => void): void {
    if (!this.#isAny) return;
    for (const name of new Set(this.#names)) {
      const values = this.#values.filter((_, at) => this.#names[at] === name);
      const joined = values.join(",");
      if (values.length < 2 || joined.length > JOINED_MAX) continue;
      visit(name, joined);
      if (!/[^\w.,-]/.test(joined)) continue;
      visit(name, values.join(""));
      if (/%2f\*|\/\*|%27|'/i.test(joined)) visit(name, values.join(" "));
    }
  }
}

/** True for pairs of words that can hold nothing, each of another name: what most links have. False for some others of that kind. */
export function arePlainPairs(text: string): boolean {
  let names = 0;
  for (let from = 0, to = 0; from < text.length; from = to + 1) {
    const sign = text.indexOf("=", from);
    to = text.indexOf("&", from);
    if (to < 0) to = text.length;
    if (sign <= from || sign > to) return false;
    const name = text.slice(from, sign);
    const value = text.slice(sign + 1, to);
    const bit = 1 << (name.charCodeAt(0) + 5 * name.length);
    if ((names & bit) !== 0 || !isPlainKey(name) || !isPlainValue("query", name.toLowerCase(), value)) return false;
    names |= bit;
  }
  return true;
}

/** True for a name that needs no look of its own. */
const isPlainKey = (name: string): boolean => name !== "" && !name.startsWith("on") && isWordlike(name) && !name.includes("__");

/** Inspects the pairs of a query or form as sent. */
export function pairs(text: string, place: "query" | "form", inspection: Inspection): void {
  const prefix = place === "query" ? "query" : "body";
  const repeated = new Repeated();
  eachPair(text, (name, value, hasValue) => {
    if (!hasValue) {
      inspection.value(place, "", value, "form", () => `${prefix}:`);
      if (value.includes("__proto__") || value.includes("$")) inspection.name(value, "form", false, () => `${prefix}:`);
      return;
    }
    const plain = isPlainKey(name);
    const key = plain
      ? name.toLowerCase()
      : name.length > 64
        ? ""
        : (name.includes("%") ? fromTransport("form", name) : name).toLowerCase();
    if (name !== "") repeated.add(key, value);
    if (plain && isPlainValue(place, key, value)) return;
    const where = (): string => `${prefix}:${label(name)}`;
    if (value !== "") inspection.value(place, key, value, "form", where);
    if (!plain) {
      inspection.name(name, "form", false, where);
      if (CUT_IN_TWO.test(name)) inspection.value(place, "", `${name}=${value}`, "form", where);
    }
  });
  repeated.each((name, joined) => inspection.value(place, name, joined, "form", () => `${prefix}:${label(name)}`));
}

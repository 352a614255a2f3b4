/**
 * Parameters of queries and forms: each value and name by itself, and repeated ones joined as frameworks join them.
 *
 * @module
 */
import type { Inspection } from "./inspection.ts";
import { eachPair } from "./pairs.ts";
import { fromTransport } from "./transport.ts";
import { isPlainPair, isWordlike } from "./value-shapes.ts";

/** A label for `where`: names come from the client, so they are cut and stripped of control characters. */
export function label(name: string): string {
  const cut = name.length > 60 ? `${name.slice(0, 60)}…` : name;
  return cut.replace(/[\u0000-\u001f\u007f]/g, "?");
}

/** Parameters of different names that are remembered for being repeated, and how long a joined one may become. */
const REMEMBERED = 64;
const JOINED_MAX = 4096;
/** Names that cannot be the beginning of a payload that was cut in two at its equals sign: `?<a href=…`, `?onfocus=…`. */
const CUT_IN_TWO = /^(?:on[a-z]{3,30}$|%22|%27|["'<(;{|]|%3c|[^=[]{0,60}(?:%3c|<|%22|"))/i;

/** Values of repeated parameters, in the order they came. */
export class Repeated {
  // A few names are found faster in a row than in a map, and most requests have a few.
  #names: string[] | undefined;
  readonly #values: string[] = [];
  #joined: Map<string, string[]> | undefined;

  add(name: string, value: string): void {
    this.#names ??= [];
    const index = this.#names.indexOf(name);
    if (index < 0) {
      if (this.#names.length < REMEMBERED) {
        this.#names.push(name);
        this.#values.push(value);
      }
      return;
    }
    this.#joined ??= new Map();
    const all = this.#joined.get(name);
    if (all === undefined) this.#joined.set(name, [this.#values[index]!, value]);
    else if (all.length < REMEMBERED) all.push(value);
  }

  /** Visits every repeated parameter in the ways it is put together: with commas, with nothing, and with blanks where a comment may be cut. */
  each(visit: (name: string, joined: string) => void): void {
    for (const [name, values] of this.#joined ?? []) {
      const joined = values.join(",");
      if (joined.length > JOINED_MAX) continue;
      visit(name, joined);
      if (!/[^\w.,-]/.test(joined)) continue;
      visit(name, values.join(""));
      if (/%2f\*|\/\*|%27|'/i.test(joined)) visit(name, values.join(" "));
    }
  }
}

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
    const plain = name !== "" && !name.startsWith("on") && isWordlike(name) && !name.includes("__");
    const key = plain
      ? name.toLowerCase()
      : name.length > 64
        ? ""
        : (name.includes("%") ? fromTransport("form", name) : name).toLowerCase();
    if (name !== "") repeated.add(key, value);
    if (plain && isPlainPair(place, name, key, value)) return;
    const where = (): string => `${prefix}:${label(name)}`;
    if (value !== "") inspection.value(place, key, value, "form", where);
    if (!plain) {
      inspection.name(name, "form", false, where);
      if (CUT_IN_TWO.test(name)) inspection.value(place, "", `${name}=${value}`, "form", where);
    }
  });
  repeated.each((name, joined) => inspection.value(place, name, joined, "form", () => `${prefix}:${label(name)}`));
}

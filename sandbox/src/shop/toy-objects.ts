/**
 * A model of JavaScript's objects and prototypes, small enough to pollute without harm: the roots live as long as one request, and the
 * process's own `Object.prototype` is never reachable from here.
 *
 * @module
 */

/** A value in the toy world. */
export type ToyValue = string | number | boolean | null | ToyObject;

/** An object in the toy world: own properties, and a prototype that lookups fall through to. */
export interface ToyObject {
  readonly own: Map<string, ToyValue>;
  readonly prototype: ToyObject | undefined;
}

/** One request's toy world. */
export interface ToyRealm {
  /** What every object of this realm inherits from. */
  readonly root: ToyObject;
  create(): ToyObject;
}

const depthLimit = 12;
const propertyLimit = 500;

/** A fresh realm with a clean root. */
export function createToyRealm(): ToyRealm {
  const root: ToyObject = { own: new Map(), prototype: undefined };
  return { root, create: () => ({ own: new Map(), prototype: root }) };
}

/** The property as a script would see it: own first, then inherited. */
export function readToy(object: ToyObject, name: string): ToyValue | undefined {
  for (let holder: ToyObject | undefined = object; holder !== undefined; holder = holder.prototype) {
    const value = holder.own.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/**
 * The naive deep merge that the weakness is about: `__proto__` walks to the prototype and `constructor.prototype` to the root, and what is
 * below them is written there. At most 500 properties and 12 levels.
 */
export function mergeToy(realm: ToyRealm, target: ToyObject, source: Readonly<Record<string, unknown>>): void {
  let budget = propertyLimit;
  const merge = (into: ToyObject, from: Readonly<Record<string, unknown>>, depth: number): void => {
    if (depth > depthLimit) return;
    for (const [name, value] of Object.entries(from)) {
      budget -= 1;
      if (budget < 0) return;
      if (!isRecord(value)) {
        into.own.set(name.slice(0, 100), toToyLeaf(value));
        continue;
      }
      const prototype = isRecord(value["prototype"]) ? value["prototype"] : undefined;
      if (name === "__proto__") merge(into.prototype ?? realm.root, value, depth + 1);
      else if (name === "constructor" && prototype !== undefined) merge(realm.root, prototype, depth + 1);
      else {
        const known = into.own.get(name);
        const inner = typeof known === "object" && known !== null ? known : realm.create();
        into.own.set(name.slice(0, 100), inner);
        merge(inner, value, depth + 1);
      }
    }
  };
  merge(target, source, 0);
}

function toToyLeaf(value: unknown): ToyValue {
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  return String(value).slice(0, 1000);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

import { type AddressSet, compileAddressSet } from "../addresses.ts";
import { any, isRecord, isText, type OptionTable, readOptions } from "../options.ts";
import { compilePaths, type PolicyLookup } from "../paths.ts";
import { PLAIN_POLICY } from "../policy.ts";
import { readTarget } from "../request.ts";
import { joinSnapshots, type StoreSnapshot, storeSnapshot } from "../snapshots.ts";
import { detectorsOf, REQUEST_DETECTORS } from "../stages.ts";
import { type ListEntry, type ListName, listPrefix, readEntry } from "../stored-lists.ts";
import type { Detector, PathRule, WafRequest } from "../types.ts";

/** What is exempt, and from what: a list exempts from everything that an exemption of its kind can, a record from what it names. */
export type Exempt = readonly string[] | Readonly<Record<string, readonly string[]>>;

/** What `exemptions` takes. Detectors, rules and stages may be named. */
export interface ExemptionsOptions {
  /** Clients by address or CIDR range. In a list: nothing looks at them, nothing bans them, and no ban or blocklist holds them. Default: none. */
  readonly addresses?: Exempt;
  /**
   * Patterns as in `paths`. In a list: no detector that judges requests looks at them; the blocklist, rate limits and countries still hold. A path that
   * could be read in two ways is exempt only if every reading is. Default: none.
   */
  readonly paths?: Exempt;
  /** Patterns of the application's routes, as `request.route` has them. In a list: as in `paths`. Default: none. */
  readonly routes?: Exempt;
  /**
   * Also heed the store's lists `exempt` and `exempt-path` (`aiwaf add exempt …`): read from memory, effective on every process within a second.
   * Stored paths hold for all below them, unless they have a wildcard; `/` holds for itself. Default `true`.
   */
  readonly stored?: boolean;
}

const isNames = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const exempt = any<Exempt, Exempt>([], "a list, or an object of lists of detectors, rules or stages", (value) =>
  isRecord(value) ? Object.values(value).every(isNames) : isNames(value),
);

export const EXEMPTIONS_OPTIONS = {
  addresses: exempt,
  paths: exempt,
  routes: exempt,
  stored: any<boolean, true>(true, "true or false", (value) => typeof value === "boolean"),
} as const satisfies OptionTable;

/** What an exemption leaves out; `all` exempts from everything. */
type Left = readonly string[] | "all";
/** Finds what is left out for a request; `undefined`: nothing. */
type Lookup<Key> = ((key: Key) => Left | undefined) | undefined;

/**
 * Leaves out what you exempt: clients, paths and routes, from everything or from single detectors and rules. Nothing is exempt by default; login and
 * administration least of all. First in the list of detectors, although it works wherever it stands.
 *
 * @throws WafError for an address or a pattern that cannot be read.
 * @example
 * exemptions({ addresses: ["203.0.113.7"], paths: { "/webhooks/**": ["headers", "rate-limit"] } })
 */
export function exemptions(options?: ExemptionsOptions): Detector {
  const { addresses, paths, routes, stored } = readOptions("exemptions", EXEMPTIONS_OPTIONS, options);
  const byAddress = compileAddresses(entriesOf(addresses, "all"));
  const byPath = compilePatterns(entriesOf(paths, REQUEST_DETECTORS));
  const byRoute = new Map(entriesOf(routes, REQUEST_DETECTORS));
  const storedLists = joinSnapshots(
    [
      storedList("exempt", (entries) => compileAddresses(entries.map(({ name, from }) => [name, leftOf(from, "all")]))),
      storedList("exempt-path", compileStoredPaths),
    ],
    // Nobody pays for lists that are empty, as they mostly are.
    (addressList, pathList) => (addressList.entries.length + pathList.entries.length === 0 ? undefined : { addressList, pathList }),
  );
  return {
    name: "exemptions",
    phase: "head",
    rules: [],
    inspect: () => undefined,
    exempt(request, services) {
      const { client, receivedAt: now } = request;
      const lists = stored ? storedLists(services, now) : undefined;
      let left: Left | undefined;
      if (client.address !== "") {
        left = byAddress?.(client.address);
        if (lists !== undefined) left = join(left, lookupAt(lists.addressList, now)?.(client.address));
        if (left === "all") return left;
      }
      if (byPath !== undefined) left = join(left, byPath(request));
      if (lists !== undefined) left = join(left, lookupAt(lists.pathList, now)?.(request));
      if (byRoute.size > 0 && request.route !== undefined) left = join(left, byRoute.get(request.route.pattern));
      return left;
    },
  };
}

const join = (left: Left | undefined, right: Left | undefined): Left | undefined =>
  left === undefined || right === undefined ? (left ?? right) : left === "all" || right === "all" ? "all" : [...left, ...right];

const leftOf = <All extends Left>(names: readonly string[] | undefined, all: All): readonly string[] | All =>
  names === undefined ? all : detectorsOf(names);

const entriesOf = <All extends Left>(given: Exempt, all: All): (readonly [string, readonly string[] | All])[] =>
  Array.isArray(given) ? given.map((key: string) => [key, all]) : Object.entries(given).map(([key, names]) => [key, detectorsOf(names)]);

/** One set of addresses for each thing they are exempt from, so that most lists cost one look. */
function compileAddresses(entries: readonly (readonly [string, Left])[]): Lookup<string> {
  const groups = new Map<string, { readonly left: Left; readonly list: string[] }>();
  for (const [address, left] of entries) {
    const key = left === "all" ? left : `names:${left.join()}`;
    const group = groups.get(key) ?? { left, list: [] };
    group.list.push(address);
    groups.set(key, group);
  }
  if (groups.size === 0) return undefined;
  const sets = [...groups.values()].map(({ left, list }): readonly [AddressSet, Left] => [
    compileAddressSet(list, "exemptions.addresses"),
    left,
  ]);
  return (address) => sets.reduce<Left | undefined>((found, [holds, left]) => (holds(address) ? join(found, left) : found), undefined);
}

/** Path rules that only skip: what holds for a path that could be read in two ways, and for another case, is decided where all rules are. */
function compilePatterns(entries: readonly (readonly [string, readonly string[]])[]): Lookup<WafRequest> {
  if (entries.length === 0) return undefined;
  const rules: Record<string, PathRule> = Object.fromEntries(entries.map(([pattern, skip]) => [pattern, { skip }]));
  const policyOf: PolicyLookup = compilePaths(rules, PLAIN_POLICY);
  return ({ path, query, target, canonical }) => {
    const { skip } = policyOf(canonical ? { path, query, canonical, rawPath: path } : readTarget(target));
    return skip.length === 0 ? undefined : skip;
  };
}

/** A prefix, as other implementations store it, becomes a pattern. `undefined` for what is neither. */
function patternOf(stored: string): string | undefined {
  const path = stored.replace(/\/{2,}/g, "/").replace(/(?!^)\/$/, "");
  const pattern = path === "/" || /\/(?:\*|:[A-Za-z_])/.test(path) ? path : `${path}/**`;
  try {
    compilePaths({ [pattern]: {} }, PLAIN_POLICY);
    return pattern;
  } catch {
    return undefined;
  }
}

/** Of two entries for one pattern, case and names of wildcards apart, both hold. Compiling refuses such pairs, so they are joined first. */
function compileStoredPaths(entries: readonly ListEntry[]): Lookup<WafRequest> {
  const patterns = new Map<string, readonly [string, readonly string[]]>();
  for (const { name, from } of entries) {
    const pattern = patternOf(name);
    if (pattern === undefined) continue;
    const key = decoded(pattern)
      .toLowerCase()
      .replace(/\/:\w+/g, "/*");
    const before = patterns.get(key);
    const names = leftOf(from, REQUEST_DETECTORS);
    // Written in two cases, the path means two things to some routers: then neither is exempt.
    if (before !== undefined && before[0] !== pattern) patterns.set(key, [pattern, []]);
    else patterns.set(key, [pattern, [...(before?.[1] ?? []), ...names]]);
  }
  return compilePatterns([...patterns.values()]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const STORED_LIMIT = 10_000;

/** A stored list as compiled last, and when the first of its entries ends. */
interface Compiled<Key> {
  readonly compile: (entries: readonly ListEntry[]) => Lookup<Key>;
  entries: readonly ListEntry[];
  lookup: Lookup<Key>;
  endsAt: number;
}

const compiled = <Key>(compile: Compiled<Key>["compile"], entries: readonly ListEntry[]): Compiled<Key> => ({
  compile,
  entries,
  lookup: compile(entries),
  endsAt: entries.reduce((first, { until = Infinity }) => Math.min(first, until), Infinity),
});

const storedList = <Key>(list: ListName, compile: Compiled<Key>["compile"]): StoreSnapshot<Compiled<Key>> =>
  storeSnapshot({
    prefix: listPrefix(list),
    read: (name, value) => readEntry(list, name, value),
    build: (entries) => compiled(compile, [...entries.values()]),
    limit: STORED_LIMIT,
  });

/** The list is only read again when it changed, and an exemption must not outlast its end until then. */
function lookupAt<Key>(list: Compiled<Key>, now: number): Lookup<Key> {
  if (now >= list.endsAt) {
    const left = list.entries.filter(({ until = Infinity }) => until > now);
    Object.assign(list, compiled(list.compile, left));
  }
  return list.lookup;
}

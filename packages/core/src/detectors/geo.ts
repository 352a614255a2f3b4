import { compileAddressSet } from "../addresses.ts";
import { chain } from "../awaitable.ts";
import { any, hasMethods, invalid, listOf, type OptionTable, oneOf, readOptions } from "../options.ts";
import { storeSnapshot } from "../snapshots.ts";
import { listPrefix, readEntry } from "../stored-lists.ts";
import type { Detector, Finding, Place, RuleId, WafRequest } from "../types.ts";

/** Says where an address is registered, at once. `openGeoDatabase` of `@aiwaf/geo` is one. */
export interface GeoLookup {
  /** `undefined`: not in the database. Never throws, never waits. */
  lookup(address: string): Place | undefined;
}

/** What `geo` takes. */
export interface GeoOptions {
  /** Where addresses are looked up, usually `openGeoDatabase("country.mmdb")` of `@aiwaf/geo`. Required. */
  readonly database: GeoLookup;
  /** Countries that get 403, of two letters (ISO 3166-1). Default: none. */
  readonly block?: readonly string[];
  /** When not empty, only these countries pass, and `block` and the stored list say nothing. Default: none. */
  readonly allow?: readonly string[];
  /** Also block the countries of the store's list `country` (`aiwaf add country …`): effective on every process within a second. Default `true`. */
  readonly stored?: boolean;
  /** What becomes of a client whose country nobody knows. Addresses of private networks are in no country and always pass. Default `"allow"`. */
  readonly unknown?: "allow" | "block";
}

const isCountry = (value: unknown): boolean => typeof value === "string" && /^[A-Za-z]{2}$/.test(value);

export const GEO_OPTIONS = {
  database: any<GeoLookup>(
    undefined,
    'what openGeoDatabase() of @aiwaf/geo returns, for example openGeoDatabase("country.mmdb")',
    (value) => hasMethods(value, "lookup"),
  ),
  block: listOf<string, readonly string[]>([], "countries of two letters", isCountry),
  allow: listOf<string, readonly string[]>([], "countries of two letters", isCountry),
  stored: any<boolean, true>(true, "true or false", (value) => typeof value === "boolean"),
  unknown: oneOf<"allow" | "block", "allow">("allow", ["allow", "block"]),
} as const satisfies OptionTable;

export const RULES = {
  /** The client's country is blocked, or is not among those that pass. 403, never a ban: a traveller is welcome again at home. */
  "geo/country": 100,
  /** Nobody knows the client's country, and `unknown` is `"block"`. Addresses of private networks pass. */
  "geo/unknown": 100,
} as const satisfies Record<RuleId, number>;

/** Networks that no country has: private, shared, loopback and link-local ones. */
const LOCAL = [
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::1",
  "fc00::/7",
  "fe80::/10",
];

/** The list in the store that holds blocked countries. */
const STORED = "country";

const unknownCountry: Finding = { rule: "geo/unknown", score: RULES["geo/unknown"], block: { status: 403 } };

/**
 * Notes the client's country and network on the request (`request.place`), so that records and dashboards know them, and blocks countries that you
 * block. Without any list it only notes.
 *
 * @throws WafError without a database.
 * @example
 * geo({ database: openGeoDatabase("country.mmdb"), block: ["KP"] })
 */
export function geo(options: GeoOptions): Detector {
  const { database, block, allow, stored, unknown } = readOptions("geo", GEO_OPTIONS, options);
  if (database === undefined) throw invalid("geo.database", database, GEO_OPTIONS.database.allowed);
  const blocked = new Set(block.map(upper));
  const allowed = new Set(allow.map(upper));
  const isLocal = compileAddressSet(LOCAL, "geo");
  const list = storeSnapshot({
    prefix: listPrefix(STORED),
    read: (name, value) => readEntry(STORED, name, value),
    build: (entries) => new Map([...entries.values()].map(({ name, until = Infinity }) => [name, until])),
    limit: 1_000,
  });
  return {
    name: "geo",
    phase: "head",
    rules: Object.keys(RULES) as RuleId[],
    inspect(request, services) {
      const { address } = request.client;
      if (address === "") return undefined;
      const place = database.lookup(address);
      if (place !== undefined) (request as { -readonly [Field in keyof WafRequest]: WafRequest[Field] }).place = place;
      const country = place?.country;
      if (country === undefined) return unknown === "block" && !isLocal(address) ? unknownCountry : undefined;
      if (allowed.size > 0) return allowed.has(country) ? undefined : refused(country);
      if (blocked.has(country)) return refused(country);
      if (!stored) return undefined;
      // A list that blocks is waited for on a process's first request, so that a restart opens no door.
      return chain(list.fresh(services, request.receivedAt), (ends) =>
        request.receivedAt < (ends.get(country) ?? 0) ? refused(country) : undefined,
      );
    },
  };
}

const upper = (code: string): string => code.toUpperCase();

const refused = (country: string): Finding => ({
  rule: "geo/country",
  score: RULES["geo/country"],
  block: { status: 403 },
  note: `country ${country}`,
});

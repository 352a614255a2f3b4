/**
 * The lists that operators and detectors keep in the store: what is blocked, exempt or learned, for all processes that share it.
 *
 * An entry is one value, `list:<list>:<name>`, so that two writers never undo each other. Detectors read lists through `storeSnapshot`.
 *
 * @module
 */
import { compileAddressSet, formatAddress, parseAddress } from "./addresses.ts";
import { chain } from "./awaitable.ts";
import { WafError } from "./errors.ts";
import { changed, readEntries } from "./snapshots.ts";
import type { Awaitable, Store } from "./types.ts";

/** The lists there are. */
export type ListName = "block" | "exempt" | "exempt-path" | "keyword" | "exempt-keyword" | "country";

/** One entry as it is stored. */
export interface ListEntry {
  /** Address, range, path, word or country, in its one spelling. */
  readonly name: string;
  /** Why it is there: at most 200 characters, for people. */
  readonly reason: string;
  /** Since when, in milliseconds since the epoch. */
  readonly since: number;
  /** Until when; absent: until it is removed. */
  readonly until?: number;
  /** How often a learned word was seen. */
  readonly count?: number;
  /** The detectors or rules that an exemption leaves out; absent: all that one of its kind can. */
  readonly from?: readonly string[];
}

/** An entry to add; its name in any spelling. */
export interface NewListEntry {
  readonly name: string;
  readonly reason?: string;
  /** Milliseconds since the epoch; the entry then ends by itself. Default: it stays until it is removed. */
  readonly until?: number;
  /** When it was made, for entries that come from elsewhere. Default: now. */
  readonly since?: number;
  readonly count?: number;
  /** Of an exemption: only these detectors or rules, at most 20. Default: all that one of its kind can leave out. */
  readonly from?: readonly string[];
}

const MAX_REASON = 200;
/** Most entries of one list that are read back. */
const MAX_ENTRIES = 100_000;
const WRITES_AT_ONCE = 100;

/** Where a list's entries begin, for `storeSnapshot`. */
export const listPrefix = (list: ListName): string => `list:${list}:`;

const spellAddress = (text: string): string | undefined => {
  const address = parseAddress(text.trim());
  if (address !== undefined) return formatAddress(address);
  const [base, bits] = text.trim().split("/");
  const first = parseAddress(base ?? "");
  if (first === undefined || bits === undefined) return undefined;
  const range = `${formatAddress(first)}/${bits}`;
  try {
    compileAddressSet([range], "list");
    return range;
  } catch {
    return undefined;
  }
};

const spellPath = (text: string): string | undefined =>
  text.startsWith("/") && text.length <= 500 && !hasControls(text) ? text : undefined;

const spellWord = (text: string): string | undefined => {
  const word = text.trim().toLowerCase();
  return word.length > 0 && word.length <= 100 && !hasControls(word) ? word : undefined;
};

const spellCountry = (text: string): string | undefined => {
  const code = text.trim().toUpperCase();
  return /^[A-Z]{2}$/.test(code) ? code : undefined;
};

const hasControls = (text: string): boolean => /[\p{Cc}\p{Cs}]/u.test(text);

/** Each list, what its entries are, and the one spelling of an entry. */
const LISTS: Readonly<Record<ListName, { readonly what: string; readonly spell: (text: string) => string | undefined }>> = {
  block: { what: "an address or a CIDR range", spell: spellAddress },
  exempt: { what: "an address or a CIDR range", spell: spellAddress },
  "exempt-path": { what: "a path that starts with a slash, at most 500 characters", spell: spellPath },
  keyword: { what: "a word of at most 100 characters", spell: spellWord },
  "exempt-keyword": { what: "a word of at most 100 characters", spell: spellWord },
  country: { what: "a country of two letters (ISO 3166-1)", spell: spellCountry },
};

/** The names of all lists. */
export const LIST_NAMES = Object.keys(LISTS) as readonly ListName[];

/** The one spelling of an entry's name, or `undefined` when it is none of that list. Never throws. */
export const spellEntry = (list: ListName, name: string): string | undefined => LISTS[list].spell(name);

/** Reads a stored entry; `undefined` for what is none of this list, whoever wrote it. Fits `storeSnapshot`. */
export function readEntry(list: ListName, name: string, value: string): ListEntry | undefined {
  if (spellEntry(list, name) !== name) return undefined;
  let stored: unknown;
  try {
    stored = JSON.parse(value);
  } catch {
    return undefined;
  }
  if (typeof stored !== "object" || stored === null) return undefined;
  const { reason, since, until, count, from } = stored as Readonly<Record<string, unknown>>;
  // What ends at a time that cannot be read must not hold for ever.
  if (until != null && !isTime(until)) return undefined;
  return {
    name,
    reason: typeof reason === "string" ? tidy(reason) : "",
    since: isTime(since) ? since : 0,
    ...(until != null && { until }),
    ...(isTime(count) && { count }),
    // An exemption from what cannot be read must not become one from everything.
    ...(from !== undefined && { from: Array.isArray(from) ? from.filter(isRuleName).slice(0, 20) : [] }),
  };
}

const isRuleName = (value: unknown): value is string => typeof value === "string" && /^[\w./-]{1,100}$/.test(value);
const isTime = (value: unknown): value is number => typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
const tidy = (text: string): string => text.slice(0, MAX_REASON).replace(/[\p{Cc}\p{Cs}]/gu, " ");

/** The entries of a list, sorted by name; at most `limit`, 100,000 by default. */
export function listEntries(store: Store, list: ListName, now: number, limit = MAX_ENTRIES): Awaitable<readonly ListEntry[]> {
  const prefix = listPrefix(list);
  return chain(readEntries(store, prefix, limit, now), (pairs) =>
    pairs
      .map(([key, value]) => readEntry(list, key.slice(prefix.length), value))
      .filter((entry) => entry !== undefined)
      .sort((one, other) => (one.name < other.name ? -1 : 1)),
  );
}

/**
 * Adds entries, or replaces those of the same names; every process acts on them within a second. An entry whose `until` has passed is left out.
 *
 * @returns How many were stored.
 * @throws WafError `AIWAF_LIST_ENTRY` for a name that is none of this list; then nothing is stored.
 */
export async function addEntries(store: Store, list: ListName, entries: readonly NewListEntry[], now: number): Promise<number> {
  const ready = entries
    .map((entry) => ({ ...entry, name: spelled(list, entry.name) }))
    .filter(({ until }) => until === undefined || until > now);
  for (let from = 0; from < ready.length; from += WRITES_AT_ONCE) {
    await Promise.all(
      ready.slice(from, from + WRITES_AT_ONCE).map(({ name, reason = "", until, since = now, count, from: exemptFrom }) => {
        const value = JSON.stringify({ reason: tidy(reason), since, until, count, from: exemptFrom });
        return store.set(listPrefix(list) + name, value, until === undefined ? undefined : until - now, now);
      }),
    );
  }
  if (ready.length > 0) await changed(store, listPrefix(list), now);
  return ready.length;
}

/**
 * Removes entries by name; every process acts on it within a second. Names that are not there are fine.
 *
 * @returns How many were there.
 * @throws WafError `AIWAF_LIST_ENTRY` for a name that is none of this list; then nothing is removed.
 */
export async function removeEntries(store: Store, list: ListName, names: readonly string[], now: number): Promise<number> {
  const keys = [...new Set(names.map((name) => listPrefix(list) + spelled(list, name)))];
  let removed = 0;
  for (const key of keys) {
    if ((await store.get(key, now)) === undefined) continue;
    await store.delete(key);
    removed += 1;
  }
  if (removed > 0) await changed(store, listPrefix(list), now);
  return removed;
}

function spelled(list: ListName, name: string): string {
  const spelling = spellEntry(list, name);
  if (spelling === undefined)
    throw new WafError(
      "AIWAF_LIST_ENTRY",
      `${JSON.stringify(name.slice(0, 60))} is no entry of the list "${list}": it takes ${LISTS[list].what}.`,
    );
  return spelling;
}

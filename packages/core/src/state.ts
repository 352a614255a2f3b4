/**
 * Everything that is worth moving from one store to another, as one plain document: stored lists and running bans. Counters are not in it; they end
 * within minutes.
 *
 * @module
 */
import { addBans, type ListedBan, listBans } from "./ban-list.ts";
import { WafError } from "./errors.ts";
import { addEntries, LIST_NAMES, type ListEntry, type ListName, listEntries, readEntry, spellEntry } from "./stored-lists.ts";
import type { Store } from "./types.ts";

/** What `exportState` gives and `importState` takes. JSON. */
export interface StateDocument {
  readonly format: "aiwaf-state";
  readonly version: 1;
  /** Milliseconds since the epoch. */
  readonly exportedAt: number;
  readonly lists: Readonly<Partial<Record<ListName, readonly ListEntry[]>>>;
  readonly bans: readonly ListedBan[];
}

/** What became of a document. */
export interface ImportSummary {
  /** Entries stored, of each list, and bans. */
  readonly added: Readonly<Record<ListName | "bans", number>>;
  /** Entries and bans whose time was over. */
  readonly ended: number;
  /** What was left out, at most 100 of it, and why. */
  readonly refused: readonly { readonly list: string; readonly name: string; readonly reason: string }[];
  /** How many were left out in all. */
  readonly refusedCount: number;
}

const MAX_SHOWN = 100;

/** The lists and the running bans of a store, whichever it is. */
export async function exportState(store: Store, now: number): Promise<StateDocument> {
  const lists: Partial<Record<ListName, readonly ListEntry[]>> = {};
  for (const list of LIST_NAMES) lists[list] = await listEntries(store, list, now);
  return { format: "aiwaf-state", version: 1, exportedAt: now, lists, bans: await listBans(store, {}, now) };
}

/**
 * Adds what a document holds to a store, beside what is there. The document may be anything: what is none of ours is refused as a whole, and an entry
 * that cannot be read is left out and told.
 *
 * @throws WafError `AIWAF_STATE_INVALID` for what is no such document, or of a newer version; then nothing is stored.
 */
export async function importState(store: Store, document: unknown, now: number): Promise<ImportSummary> {
  const { lists, bans } = readDocument(document);
  const added = Object.fromEntries([...LIST_NAMES, "bans"].map((name) => [name, 0])) as Record<ListName | "bans", number>;
  const refused: { list: string; name: string; reason: string }[] = [];
  let refusedCount = 0;
  let ended = 0;
  const refuse = (list: string, name: unknown, reason: string): void => {
    refusedCount += 1;
    if (refused.length < MAX_SHOWN) refused.push({ list, name: String(name).slice(0, 100), reason });
  };
  for (const name of Object.keys(lists)) if (!(LIST_NAMES as readonly string[]).includes(name)) refuse(name, "", "there is no such list");
  for (const list of LIST_NAMES) {
    const good: ListEntry[] = [];
    for (const given of asList(lists[list])) {
      const entry = readGiven(list, given);
      if (entry === undefined) refuse(list, (given as { name?: unknown } | null)?.name, "is no entry of this list");
      else if (entry.until !== undefined && entry.until <= now) ended += 1;
      else good.push(entry);
    }
    added[list] = await addEntries(store, list, good, now);
  }
  const running: ListedBan[] = [];
  for (const given of asList(bans)) {
    const ban = readBanGiven(given);
    if (ban === undefined) refuse("bans", (given as { client?: unknown } | null)?.client, "is no ban");
    else if (ban.until <= now) ended += 1;
    else running.push(ban);
  }
  added.bans = await addBans(store, running, now);
  return { added, ended, refused, refusedCount };
}

function readDocument(document: unknown): { readonly lists: Readonly<Record<string, unknown>>; readonly bans: unknown } {
  const refuse = (what: string): never => {
    throw new WafError("AIWAF_STATE_INVALID", `The document ${what}.`);
  };
  if (typeof document !== "object" || document === null) return refuse("is no object");
  const { format, version, lists, bans } = document as Readonly<Record<string, unknown>>;
  if (format !== "aiwaf-state") return refuse('has no "format": "aiwaf-state"');
  if (version !== 1) return refuse(`has version ${JSON.stringify(version)?.slice(0, 20)}; this one reads version 1`);
  if (typeof lists !== "object" || lists === null || Array.isArray(lists)) return refuse("has no object of lists");
  return { lists: lists as Readonly<Record<string, unknown>>, bans };
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function readGiven(list: ListName, given: unknown): ListEntry | undefined {
  const { name } = (given ?? {}) as { readonly name?: unknown };
  const spelled = typeof name === "string" ? spellEntry(list, name) : undefined;
  return spelled === undefined ? undefined : readEntry(list, spelled, JSON.stringify(given));
}

const isTime = (value: unknown): value is number => typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;

function readBanGiven(given: unknown): ListedBan | undefined {
  const { client, rule, since, until, strike } = (given ?? {}) as Readonly<Record<string, unknown>>;
  // A client's key is an address, or a /64 as ranges are spelled.
  const key = typeof client === "string" ? spellEntry("block", client) : undefined;
  if (key === undefined || typeof rule !== "string" || !/^[\w.-]{1,60}\/[\w.-]{1,60}$/.test(rule) || !isTime(until)) return undefined;
  return {
    client: key,
    rule: rule as ListedBan["rule"],
    since: isTime(since) ? since : 0,
    until,
    strike: Number.isInteger(strike) && (strike as number) >= 1 && (strike as number) <= 1_000 ? (strike as number) : 1,
  };
}

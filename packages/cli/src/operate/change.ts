/**
 * `aiwaf add` and `aiwaf remove`: one entry, or some, at run time and for all processes within a second.
 *
 * @module
 */
import { addEntries, type BanFilter, clientKeyOf, listEntries, removeEntries, spellEntry, undoBans } from "@aiwaf/core/lists";
import { escapeControls } from "../json-text.ts";
import { type Io, printable } from "../terminal.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { atOnce } from "./at-once.ts";
import { readKind, readListName, TITLES } from "./names.ts";
import { openStore, type StoreFlags } from "./open-store.ts";
import { readDuration, readMoment, showMoment } from "./times.ts";

/** The flags of `aiwaf add`. */
export interface AddFlags extends StoreFlags {
  readonly reason?: string;
  readonly for?: string;
  readonly only?: readonly string[];
  readonly json?: boolean;
}

/** Adds entries. @returns the exit code, 0. @throws UsageError for what is no entry of that list; then nothing was added. */
export async function add(word: string, entries: readonly string[], flags: AddFlags, io: Io): Promise<number> {
  const list = readListName(word);
  const now = Date.now();
  const lasts = flags.for === undefined ? undefined : readDuration("--for", flags.for);
  if (flags.only !== undefined && list !== "exempt" && list !== "exempt-path")
    throw new UsageError("--only belongs to exemptions: it says from which detectors or rules");
  const from = flags.only === undefined ? undefined : await (await import("./rule-names.ts")).readRules(flags.only, flags.config);
  const opened = await openStore(flags);
  try {
    const before = new Set((await listEntries(opened.store, list, now)).map(({ name }) => name));
    const known = entries.filter((name) => before.has(spellEntry(list, name) ?? ""));
    const added = entries.map((name) => ({
      name,
      ...(flags.reason !== undefined && { reason: flags.reason }),
      ...(lasts !== undefined && { until: now + lasts }),
      ...(from !== undefined && { from }),
    }));
    await atOnce(opened, now, (store) => addEntries(store, list, added, now));
    const shown = entries.map((name) => spellEntry(list, name) ?? name);
    const only = from === undefined ? "" : `, only from ${from.join(", ")}`;
    const until = lasts === undefined ? "" : ` until ${showMoment(now + lasts)}`;
    const again =
      known.length === 0
        ? ""
        : ` (${known.length === 1 ? "it was there already and was replaced" : `${known.length} were there already and were replaced`})`;
    await io.out.write(
      flags.json === true
        ? `${escapeControls(JSON.stringify({ list, added: shown, replaced: known.length }))}\n`
        : `${TITLES[list]}: added ${printable(shown.join(", "), 400)}${only}${until}${again}\n`,
    );
    return 0;
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(messageOf(error));
  } finally {
    await opened.close();
  }
}

/** The flags of `aiwaf remove`. */
export interface RemoveFlags extends StoreFlags {
  readonly rule?: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

/** Removes entries or undoes bans. @returns the exit code: 0, also when nothing was there. */
export async function remove(word: string, entries: readonly string[], flags: RemoveFlags, io: Io): Promise<number> {
  const kind = readKind(word);
  const now = Date.now();
  const isFiltered = flags.rule !== undefined || flags.from !== undefined || flags.to !== undefined;
  if (kind !== "bans" && isFiltered) throw new UsageError("--rule, --from and --to belong to bans");
  if (entries.length === 0 && !isFiltered)
    throw new UsageError(
      kind === "bans"
        ? "which bans? name clients, or give --rule, --from or --to; aiwaf reset --bans undoes all"
        : "which entries? name them, or type aiwaf reset",
    );
  const opened = await openStore(flags);
  try {
    const count = await atOnce(opened, now, (store) =>
      kind === "bans" ? undo(store, entries, flags, now) : removeEntries(store, kind, entries, now),
    );
    await io.out.write(flags.json === true ? `${JSON.stringify({ list: kind, removed: count })}\n` : `${TITLES[kind]}: removed ${count}\n`);
    return 0;
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(messageOf(error));
  } finally {
    await opened.close();
  }
}

async function undo(store: Parameters<typeof undoBans>[0], clients: readonly string[], flags: RemoveFlags, now: number): Promise<number> {
  const filter: BanFilter = {
    ...(flags.rule !== undefined && { rule: flags.rule as `${string}/${string}` }),
    ...(flags.from !== undefined && { from: readMoment("--from", flags.from, now) }),
    ...(flags.to !== undefined && { to: readMoment("--to", flags.to, now) }),
  };
  if (clients.length === 0) return (await undoBans(store, filter, now)).length;
  let undone = 0;
  for (const client of clients) undone += (await undoBans(store, { ...filter, client: clientKey(client) }, now)).length;
  return undone;
}

function clientKey(text: string): string {
  const key = clientKeyOf(text);
  if (key === undefined)
    throw new UsageError(`${JSON.stringify(text.slice(0, 60))} is no address; bans are of one IPv4 address or one IPv6 /64`);
  return key;
}

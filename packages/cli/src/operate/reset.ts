/**
 * `aiwaf reset`: empties lists, after a question and with a file that undoes it.
 *
 * @module
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import type { Store } from "@aiwaf/core";
import {
  addEntries,
  banKey,
  clientKeyOf,
  LIST_NAMES,
  type ListEntry,
  type ListedBan,
  type ListName,
  listBans,
  listEntries,
  removeEntries,
  undoBans,
} from "@aiwaf/core/lists";
import confirm from "@inquirer/confirm";
import { type Io, painter } from "../terminal.ts";
import { uninterrupted } from "../uninterrupted.ts";
import { messageOf, UsageError } from "../usage-error.ts";
import { writeWhole } from "../write-whole.ts";
import { atOnce } from "./at-once.ts";
import { KINDS, type Kind, TITLES } from "./names.ts";
import { type OpenStore, onSameStore, openStore, type StoreFlags } from "./open-store.ts";

/** The flags of `aiwaf reset`. */
export interface ResetFlags extends StoreFlags {
  readonly bans?: boolean;
  readonly block?: boolean;
  readonly exemptions?: boolean;
  readonly paths?: boolean;
  readonly keywords?: boolean;
  readonly exemptKeywords?: boolean;
  readonly countries?: boolean;
  readonly confirm?: boolean;
  readonly undo?: string;
  readonly undoFile?: string;
  readonly json?: boolean;
}

/** What is kept to undo a reset. */
interface UndoFile {
  readonly format: "aiwaf-undo";
  readonly version: 1;
  readonly at: string;
  readonly bans: readonly ListedBan[];
  readonly lists: Partial<Record<ListName, readonly ListEntry[]>>;
}

const MAX_UNDO_BYTES = 512 * 1024 * 1024;

/**
 * Empties the lists of the flags: bans and blocked addresses, exemptions and keywords where none is given. What is removed is first written to the
 * undo file, whole, on disk and under its own name; then all of it goes at once.
 *
 * @returns the exit code: 0, or 1 when the question was answered with no.
 */
export async function reset(flags: ResetFlags, io: Io): Promise<number> {
  if (flags.undo !== undefined) return undo(flags.undo, flags, io);
  const kinds = kindsOf(flags);
  const now = Date.now();
  const undoFile = flags.undoFile ?? `aiwaf-undo-${new Date(now).toISOString().replace(/[:.]/g, "-")}.json`;
  if (existsSync(undoFile))
    throw new UsageError(`--undo-file ${undoFile}: is there already; name another, so that what it could undo is not lost`);
  const opened = await openStore(flags);
  try {
    const kept = await collect(kinds, opened, now);
    const counts = kinds.map((kind) => `${TITLES[kind]}: ${kind === "bans" ? kept.bans.length : (kept.lists[kind]?.length ?? 0)}`);
    const total = kept.bans.length + Object.values(kept.lists).reduce((sum, entries) => sum + entries.length, 0);
    if (total === 0) {
      await io.out.write(flags.json === true ? toJson(0, null) : `${counts.join("\n")}\nNothing to remove.\n`);
      return 0;
    }
    if (flags.confirm !== true && !(await isConfirmed(counts, opened, flags, io))) {
      await io.out.write(flags.json === true ? toJson(0, null) : "Nothing was removed.\n");
      return 1;
    }
    writeWhole(undoFile, `${JSON.stringify(kept)}\n`);
    const removed = await uninterrupted(() => atOnce(opened, now, (store) => removeAll(kept, store, now)));
    await io.out.write(
      flags.json === true
        ? toJson(removed, undoFile)
        : `${counts.join("\n")}\nRemoved ${removed}. To undo it: ${onSameStore(["aiwaf", "reset", "--undo", undoFile], flags)}\n`,
    );
    return 0;
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(messageOf(error));
  } finally {
    await opened.close();
  }
}

const toJson = (removed: number, undoFile: string | null): string => `${JSON.stringify({ removed, undo_file: undoFile })}\n`;

function kindsOf(flags: ResetFlags): readonly Kind[] {
  const chosen: Record<Kind, boolean | undefined> = {
    bans: flags.bans,
    block: flags.block,
    exempt: flags.exemptions,
    "exempt-path": flags.paths,
    keyword: flags.keywords,
    "exempt-keyword": flags.exemptKeywords,
    country: flags.countries,
  };
  const kinds = KINDS.filter((kind) => chosen[kind] === true);
  return kinds.length > 0 ? kinds : ["bans", "block", "exempt", "keyword"];
}

async function collect(kinds: readonly Kind[], { store }: OpenStore, now: number): Promise<UndoFile> {
  const lists: Partial<Record<ListName, readonly ListEntry[]>> = {};
  for (const kind of kinds) if (kind !== "bans") lists[kind] = await listEntries(store, kind, now);
  const bans = kinds.includes("bans") ? await listBans(store, {}, now) : [];
  return { format: "aiwaf-undo", version: 1, at: new Date(now).toISOString(), bans, lists };
}

async function isConfirmed(counts: readonly string[], { name }: OpenStore, flags: ResetFlags, io: Io): Promise<boolean> {
  if (!process.stdin.isTTY || flags.json === true) throw new UsageError("nobody is here to confirm it; add --confirm");
  await io.out.write(`${counts.join("\n")}\n`);
  try {
    return await confirm({ message: `Remove all of this from ${name}?`, default: false });
  } catch {
    // Ctrl-C at the question is a no.
    return false;
  }
}

async function removeAll({ bans, lists }: UndoFile, store: Store, now: number): Promise<number> {
  let removed = 0;
  // Bans that were made since the question stay: they are nobody's mistake yet.
  if (bans.length > 0) removed += (await undoBans(store, { to: now + 1 }, now)).length;
  for (const [list, entries] of Object.entries(lists) as [ListName, readonly ListEntry[]][])
    removed += await removeEntries(
      store,
      list,
      entries.map(({ name }) => name),
      now,
    );
  return removed;
}

async function undo(path: string, flags: ResetFlags, io: Io): Promise<number> {
  const { bans, lists } = readUndo(path);
  const now = Date.now();
  const opened = await openStore(flags);
  try {
    const restored = await uninterrupted(() => atOnce(opened, now, (store) => restoreAll({ bans, lists }, store, now)));
    const paint = painter(io.out);
    await io.out.write(flags.json === true ? `${JSON.stringify({ restored })}\n` : `${paint("green", `Restored ${restored}.`)}\n`);
    return 0;
  } catch (error) {
    throw new UsageError(messageOf(error));
  } finally {
    await opened.close();
  }
}

async function restoreAll({ bans, lists }: Pick<UndoFile, "bans" | "lists">, store: Store, now: number): Promise<number> {
  let restored = 0;
  for (const { client, ...ban } of bans) {
    if (ban.until <= now) continue;
    await store.set(banKey(client), JSON.stringify(ban), Math.min(ban.until - now, MAX_TTL_MS), now);
    restored++;
  }
  for (const [list, entries] of Object.entries(lists) as [ListName, readonly ListEntry[]][])
    restored += await addEntries(store, list, entries, now);
  return restored;
}

const MAX_TTL_MS = 365 * 86_400_000;

/** Data from a file is data: checked for its shape here, and entry by entry where it is stored. */
function readUndo(path: string): UndoFile {
  const wrong = (why: string): UsageError => new UsageError(`--undo ${path}: ${why}`);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw wrong("there is no such file");
  if (stats.size > MAX_UNDO_BYTES) throw wrong("is too large for an undo file");
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw wrong("is no JSON");
  }
  const { format, version, bans, lists } = (value ?? {}) as Partial<UndoFile>;
  if (format !== "aiwaf-undo" || version !== 1) throw wrong("is no undo file of aiwaf reset");
  if (!Array.isArray(bans) || !bans.every(isBan)) throw wrong("has bans that cannot be read");
  if (typeof lists !== "object" || lists === null || !Object.entries(lists).every(isList)) throw wrong("has lists that cannot be read");
  return value as UndoFile;
}

const isBan = (value: unknown): boolean => {
  const { client, rule, since, until, strike } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof client === "string" &&
    clientKeyOf(client) === client &&
    typeof rule === "string" &&
    [since, until, strike].every((number) => typeof number === "number")
  );
};

const isList = ([name, entries]: [string, unknown]): boolean =>
  (LIST_NAMES as readonly string[]).includes(name) &&
  Array.isArray(entries) &&
  entries.every((entry) => typeof (entry as { name?: unknown } | null)?.name === "string");

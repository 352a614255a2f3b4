/**
 * `aiwaf list`: what is banned, blocked, exempt and learned.
 *
 * @module
 */
import { type ListEntry, type ListedBan, listBans, listEntries } from "@aiwaf/core/lists";
import { escapeControls } from "../json-text.ts";
import { plainTable, trimLines } from "../plain-table.ts";
import { COLUMNS, type Io, painter, printable, wrap } from "../terminal.ts";
import { readCount } from "./counts.ts";
import { KINDS, type Kind, readKind, TITLES } from "./names.ts";
import { type OpenStore, openStore, type StoreFlags } from "./open-store.ts";
import { readMoment, showMoment, showUntil } from "./times.ts";

/** The flags of `aiwaf list`. */
export interface ListFlags extends StoreFlags {
  readonly json?: boolean;
  readonly limit?: string;
  readonly order?: "newest" | "oldest";
  readonly since?: string;
  readonly rule?: string;
  readonly onlyNames?: boolean;
}

/** One thing that is listed, bans and entries alike. */
interface Listed {
  readonly name: string;
  readonly why: string;
  readonly since: number;
  readonly until: number | undefined;
  readonly value: ListEntry | ListedBan;
}

/** @returns the exit code, 0. @throws UsageError for wrong flags and for a store that cannot be opened. */
export async function list(word: string | undefined, flags: ListFlags, io: Io): Promise<number> {
  const kinds = word === undefined ? (["bans"] as const) : word === "all" ? KINDS : [readKind(word)];
  const now = Date.now();
  const limit = readCount("--limit", flags.limit ?? "100", 1_000_000);
  const isOldestFirst = flags.order === "oldest";
  const since = flags.since === undefined ? 0 : readMoment("--since", flags.since, now);
  const opened = await openStore(flags);
  try {
    const found: [Kind, readonly Listed[]][] = [];
    for (const kind of kinds) {
      const all = (await entriesOf(kind, opened, now)).filter(
        (entry) => entry.since >= since && (flags.rule === undefined || entry.why === flags.rule),
      );
      const sorted = all.sort((one, other) => (isOldestFirst ? one.since - other.since : other.since - one.since));
      found.push([kind, sorted]);
    }
    await io.out.write(
      flags.json === true ? toJson(found, limit) : flags.onlyNames === true ? names(found, limit) : tables(found, limit, opened, now, io),
    );
    return 0;
  } finally {
    await opened.close();
  }
}

async function entriesOf(kind: Kind, { store }: OpenStore, now: number): Promise<Listed[]> {
  if (kind === "bans") {
    const bans = await listBans(store, {}, now);
    return bans.map((ban) => ({ name: ban.client, why: ban.rule, since: ban.since, until: ban.until, value: ban }));
  }
  const entries = await listEntries(store, kind, now);
  const why = ({ from, reason }: ListEntry): string =>
    [...(from === undefined ? [] : [`only ${from.join(", ")}`]), ...(reason === "" ? [] : [reason])].join("; ");
  return entries.map((entry) => ({ name: entry.name, why: why(entry), since: entry.since, until: entry.until, value: entry }));
}

function toJson(found: readonly (readonly [Kind, readonly Listed[]])[], limit: number): string {
  const value = Object.fromEntries(
    found.map(([kind, all]) => [kind, { count: all.length, entries: all.slice(0, limit).map((entry) => entry.value) }]),
  );
  return `${escapeControls(JSON.stringify(value, undefined, 2))}\n`;
}

const names = (found: readonly (readonly [Kind, readonly Listed[]])[], limit: number): string =>
  found
    .map(([, all]) =>
      all
        .slice(0, limit)
        .map(({ name }) => `${printable(name, 600)}\n`)
        .join(""),
    )
    .join("");

const NAME_COLUMNS = 30;
const WHY_COLUMNS = COLUMNS - NAME_COLUMNS - 21 - 2;

function tables(found: readonly (readonly [Kind, readonly Listed[]])[], limit: number, { name }: OpenStore, now: number, io: Io): string {
  const paint = painter(io.out);
  const sections = found.map(([kind, all]) => {
    const title = `${paint("bold", TITLES[kind])} (${all.length})`;
    if (all.length === 0) return title;
    const head = [kind === "bans" ? "Client" : "Entry", kind === "bans" ? "Rule" : "Reason", "Since"];
    const table = plainTable(
      head.map((text) => paint("bold", text)),
      [NAME_COLUMNS, WHY_COLUMNS, 21],
      3,
    );
    for (const entry of all.slice(0, limit)) {
      const until = entry.until === undefined ? "" : `\n${showUntil(entry.until, now)}`;
      table.push([printable(entry.name, NAME_COLUMNS), wrap(printable(entry.why, 200), WHY_COLUMNS), showMoment(entry.since) + until]);
    }
    return `${title}\n${trimLines(table.toString())}${all.length > limit ? `\nand ${all.length - limit} more; --limit shows them` : ""}`;
  });
  return `${printable(name, COLUMNS)}\n\n${sections.join("\n\n")}\n`;
}

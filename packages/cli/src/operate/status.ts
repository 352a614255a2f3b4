/**
 * `aiwaf status`: how much is in force, and why.
 *
 * @module
 */
import { listBans, listEntries } from "@aiwaf/core/lists";
import { escapeControls } from "../json-text.ts";
import { number, plainTable, trimLines } from "../plain-table.ts";
import { COLUMNS, type Io, painter, printable } from "../terminal.ts";
import { KINDS, type Kind, TITLES } from "./names.ts";
import { openStore, type StoreFlags } from "./open-store.ts";
import { showMoment } from "./times.ts";

/** The flags of `aiwaf status`. */
export interface StatusFlags extends StoreFlags {
  readonly json?: boolean;
}

const RULES_SHOWN = 10;

/** Counts every list, and bans by rule. @returns the exit code, 0. */
export async function status(flags: StatusFlags, io: Io): Promise<number> {
  const now = Date.now();
  const opened = await openStore(flags);
  try {
    const bans = await listBans(opened.store, {}, now);
    const counts: Partial<Record<Kind, number>> = { bans: bans.length };
    for (const kind of KINDS) if (kind !== "bans") counts[kind] = (await listEntries(opened.store, kind, now)).length;
    const rules = new Map<string, number>();
    for (const { rule } of bans) rules.set(rule, (rules.get(rule) ?? 0) + 1);
    const byRule = [...rules].sort(([, one], [, other]) => other - one);
    const newest = bans[0];
    if (flags.json === true) {
      const value = { store: opened.name, counts, bans_by_rule: Object.fromEntries(byRule), newest_ban: newest ?? null };
      await io.out.write(`${escapeControls(JSON.stringify(value, undefined, 2))}\n`);
      return 0;
    }
    const paint = painter(io.out);
    const counted = (head: string, rows: readonly (readonly [string, number])[]): string => {
      const table = plainTable([paint("bold", head), ""], [50, 12], 1);
      for (const [name, count] of rows) table.push([printable(name, 50), number(count)]);
      return trimLines(table.toString());
    };
    const kinds = KINDS.map((kind) => [TITLES[kind], counts[kind]!] as const);
    const sections = [printable(opened.name, COLUMNS), counted("In force", kinds)];
    if (byRule.length > 0) sections.push(counted("Bans by rule", byRule.slice(0, RULES_SHOWN)));
    if (newest !== undefined)
      sections.push(`Newest ban: ${printable(newest.client, 50)} since ${showMoment(newest.since)}, by ${printable(newest.rule, 50)}`);
    await io.out.write(`${sections.join("\n\n")}\n`);
    return 0;
  } finally {
    await opened.close();
  }
}

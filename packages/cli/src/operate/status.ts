/**
 * `aiwaf status`: how much is in force, and why.
 *
 * @module
 */
import { listBans, listEntries } from "@aiwaf/core/lists";
import Table from "cli-table3";
import { escapeControls } from "../json-text.ts";
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
    const table = new Table({ style: { head: [], border: [], compact: true }, colAligns: ["left", "right"] });
    for (const kind of KINDS) table.push([TITLES[kind], counts[kind]!.toLocaleString("en-US")]);
    const sections = [printable(opened.name, COLUMNS), table.toString()];
    if (byRule.length > 0) {
      const ruleTable = new Table({
        head: ["Bans by rule", ""].map((text) => paint("bold", text)),
        style: { head: [], border: [], compact: true },
        colAligns: ["left", "right"],
      });
      for (const [rule, count] of byRule.slice(0, RULES_SHOWN)) ruleTable.push([printable(rule, 50), count.toLocaleString("en-US")]);
      sections.push(ruleTable.toString());
    }
    if (newest !== undefined)
      sections.push(`Newest ban: ${printable(newest.client, 50)} since ${showMoment(newest.since)}, by ${printable(newest.rule, 50)}`);
    await io.out.write(`${sections.join("\n\n")}\n`);
    return 0;
  } finally {
    await opened.close();
  }
}

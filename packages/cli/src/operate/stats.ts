/**
 * `aiwaf stats` and `aiwaf geo summary`: what kept records say on one screen.
 *
 * @module
 */

import { percent } from "../fail-over.ts";
import { escapeControls } from "../json-text.ts";
import { number, plainTable, trimLines } from "../plain-table.ts";
import { COLUMNS, type Io, painter, printable } from "../terminal.ts";
import { readCount } from "./counts.ts";
import { addRecord, createCounts, lastHours, type RecordCounts, sparkline, top } from "./record-counts.ts";
import { readRecords } from "./records.ts";
import { readMoment, showMoment } from "./times.ts";

/** The flags of `aiwaf stats`. */
export interface StatsFlags {
  readonly since?: string;
  readonly top?: string;
  readonly json?: boolean;
}

/** Sums up the records of `files`. @returns the exit code, 0. */
export async function stats(files: readonly string[], flags: StatsFlags, io: Io): Promise<number> {
  const limit = readCount("--top", flags.top ?? "10", 1_000);
  const since = flags.since === undefined ? Number.NEGATIVE_INFINITY : readMoment("--since", flags.since, Date.now());
  const counts = createCounts();
  const bad = await readRecords(files, (record) => {
    if (!(typeof record.at === "number" && record.at < since)) addRecord(counts, record);
  });
  await io.out.write(flags.json === true ? statsJson(counts, limit, bad) : statsText(counts, limit, bad, io));
  return 0;
}

function statsJson(counts: RecordCounts, limit: number, bad: number): string {
  const { total, blocked, wouldBlock, from, to, durations } = counts;
  const pairs = (names: ReadonlyMap<string, number>): Record<string, number> => Object.fromEntries(top(names, limit));
  const value = {
    total,
    blocked,
    would_block: wouldBlock,
    bad_lines: bad,
    from: total === 0 || from === Number.POSITIVE_INFINITY ? null : from,
    to: total === 0 || to === Number.NEGATIVE_INFINITY ? null : to,
    statuses: Object.fromEntries([...counts.statuses].sort()),
    rules: pairs(counts.rules),
    clients: pairs(counts.clients),
    paths: pairs(counts.paths),
    countries: Object.fromEntries(counts.countries),
    duration_ms: { p50: ms(durations.percentile(0.5)), p95: ms(durations.percentile(0.95)), p99: ms(durations.percentile(0.99)) },
    hours: [...counts.hours].sort(([one], [other]) => one - other).map(([at, sums]) => ({ at, ...sums })),
  };
  return `${escapeControls(JSON.stringify(value, undefined, 2))}\n`;
}

const ms = (microseconds: number | undefined): number | null => (microseconds === undefined ? null : Math.round(microseconds / 10) / 100);

const HOURS_SHOWN = 48;

function statsText(counts: RecordCounts, limit: number, bad: number, io: Io): string {
  const paint = painter(io.out);
  const { total, blocked, wouldBlock, from, to, durations, statuses } = counts;
  if (total === 0) return `No records${bad === 0 ? "" : `; ${number(bad)} lines that are none`}.\n`;
  const span = Number.isFinite(from) ? `${showMoment(from)} to ${showMoment(to)}` : "no times";
  const share = percent(blocked / total);
  const would = wouldBlock === 0 ? "" : `, ${number(wouldBlock)} more would have been`;
  const classes = [...statuses].sort().map(([name, count]) => `${name} ${number(count)}`);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((one) => ms(durations.percentile(one)));
  const head = [
    `${paint("bold", `${number(total)} requests`)}, ${paint(blocked > 0 ? "red" : "green", `${number(blocked)} blocked`)} (${share})${would}`,
    span,
    ...(classes.length === 0 ? [] : [`Answers: ${classes.join(", ")}`]),
    ...(p50 === null ? [] : [`Time to answer: p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms`]),
  ];
  const hours = lastHours(counts, HOURS_SHOWN);
  const lines = Number.isFinite(to)
    ? [
        `Last ${HOURS_SHOWN} hours, up to ${showMoment(to)}`,
        `  requests ${paint("cyan", sparkline(hours.map(({ requests }) => requests)))} ${number(Math.max(...hours.map(({ requests }) => requests)))} at most`,
        `  blocked  ${paint("red", sparkline(hours.map((one) => one.blocked)))} ${number(Math.max(...hours.map((one) => one.blocked)))} at most`,
      ]
    : [];
  const ranked = (title: string, names: ReadonlyMap<string, number>): string[] => {
    if (names.size === 0) return [];
    const table = plainTable([paint("bold", title), ""], [COLUMNS - 14, 12], 1);
    for (const [name, count] of top(names, limit)) table.push([printable(name, COLUMNS - 14), number(count)]);
    return [trimLines(table.toString())];
  };
  return `${[
    head.join("\n"),
    ...(lines.length === 0 ? [] : [lines.join("\n")]),
    ...ranked("Rules that blocked", counts.rules),
    ...ranked("Clients that were blocked", counts.clients),
    ...ranked("Paths of blocked requests", counts.paths),
    ...(bad === 0 ? [] : [`${number(bad)} lines are no records and were left out.`]),
  ].join("\n\n")}\n`;
}

/** The flags of `aiwaf geo summary`. */
export interface GeoFlags {
  readonly top?: string;
  readonly json?: boolean;
}

/** Traffic by country, as far as the firewall looked it up. @returns the exit code, 0. */
export async function geoSummary(files: readonly string[], flags: GeoFlags, io: Io): Promise<number> {
  const limit = readCount("--top", flags.top ?? "10", 1_000);
  const counts = createCounts();
  await readRecords(files, (record) => addRecord(counts, record));
  const sorted = [...counts.countries].sort(([, one], [, other]) => other.requests - one.requests);
  const known = sorted.reduce((sum, [, { requests }]) => sum + requests, 0);
  if (flags.json === true) {
    const countries = sorted.slice(0, limit).map(([country, sums]) => ({ country, ...sums }));
    await io.out.write(`${JSON.stringify({ total: counts.total, unknown: counts.total - known, countries }, undefined, 2)}\n`);
    return 0;
  }
  const paint = painter(io.out);
  const table = plainTable(
    ["Country", "Requests", "Share", "Blocked"].map((text) => paint("bold", text)),
    [20, 12, 10, 12],
    1,
  );
  for (const [country, { requests, blocked }] of sorted.slice(0, limit))
    table.push([country, number(requests), percent(requests / Math.max(1, counts.total)), number(blocked)]);
  const unknown = counts.total - known;
  const hint = known === 0 ? "\nNo record has a country: the geo detector looks it up, with a database of yours." : "";
  await io.out.write(
    `${trimLines(table.toString())}\n\n${number(unknown)} of ${number(counts.total)} requests without a country.${hint}\n`,
  );
  return 0;
}

/**
 * What `aiwaf train` prints: one screen, what was read first, what changed last.
 *
 * @module
 */
import { modelDiff } from "@aiwaf/core/models";
import type { ForestReport, TrainingReport } from "@aiwaf/core/train";
import { percent } from "../fail-over.ts";
import { number, plainTable, trimLines } from "../plain-table.ts";
import { COLUMNS, type Output, painter, printable, wrap } from "../terminal.ts";
import type { TrainResult } from "./train-result.ts";

type Paint = ReturnType<typeof painter>;

/** The whole report. */
export function renderTraining(result: TrainResult, out: Output): string {
  const paint = painter(out);
  const sections = [
    headline(result, paint),
    modelLines(result, paint),
    banTable(result.report, paint),
    wordTable(result.report, paint),
    countryTable(result.report, paint),
    applied(result),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

const day = (at: number): string => (at > 0 ? new Date(at).toISOString().slice(0, 16).replace("T", " ") : "");

function headline({ files, counts, report, seconds }: TrainResult, paint: Paint): string {
  const rate = Math.round(counts.lines / Math.max(0.001, seconds));
  const of = files.length === 1 ? "1 file" : `${number(files.length)} files`;
  const first = `${number(counts.lines)} lines of ${of} in ${seconds.toFixed(1)} s (${number(rate)} a second)`;
  const left = [
    counts.unparsed > 0
      ? `${number(counts.unparsed)} lines (${percent(counts.unparsed / Math.max(1, counts.lines))}) of no known format`
      : "",
    counts.withoutRequest > 0 ? `${number(counts.withoutRequest)} without a request` : "",
    report.blocked > 0 ? `${number(report.blocked)} blocked requests left out` : "",
    report.exempt > 0 ? `${number(report.exempt)} exempt requests left out` : "",
    report.attacks > 0 ? `${number(report.attacks)} attacks left out` : "",
  ].filter((text) => text !== "");
  const span =
    report.requests === 0
      ? "No request was read."
      : `${number(report.requests)} requests of ${number(report.clients)} clients, ${day(report.from)} to ${day(report.to)}.`;
  return [paint("bold", first), span, ...(left.length > 0 ? [wrap(`${left.join("; ")}.`, COLUMNS)] : [])].join("\n");
}

function modelLines({ report, version, isPromoted, before, after }: TrainResult, paint: Paint): string {
  if (report.withoutModel !== undefined) return wrap(`No model: ${report.withoutModel}.`, COLUMNS);
  const lines = [
    paint("bold", `Model ${version ?? "(not saved)"}`),
    forestLine("requests", report.request),
    forestLine("behaviour", report.behaviour),
  ];
  if (report.withheld !== undefined)
    lines.push(wrap(paint("yellow", `Withheld: ${report.withheld}. The model before it stays in use.`), COLUMNS));
  else if (isPromoted) lines.push("In use from now on: running servers load it within seconds.");
  else if (version !== undefined) lines.push(`Not in use yet: aiwaf model promote ${version}`);
  if (before === undefined || after === undefined) return lines.join("\n");
  const changes = modelDiff(before, after);
  return [
    ...lines,
    changes.length === 0 ? "Nothing changed that counts." : `Changed since the model of ${day(before.createdAt)}:`,
    ...changes.slice(0, 12).map((text) => `  ${printable(text, COLUMNS - 2)}`),
  ].join("\n");
}

function forestLine(what: string, forest: ForestReport | undefined): string {
  if (forest === undefined) return "";
  const { rows, features, dropped, threshold, holdout } = forest;
  const flagged = `${number(holdout.flagged)} of ${number(holdout.rows)} held-out rows above ${threshold.toFixed(3)}`;
  return indented(
    `${what}: ${number(rows)} rows, ${features.length} features${dropped.length > 0 ? ` (without ${dropped.join(", ")}, which never vary)` : ""}; ${flagged}`,
  );
}

const indented = (text: string): string =>
  wrap(text, COLUMNS - 4)
    .split("\n")
    .map((line, index) => `${index === 0 ? "  " : "    "}${line}`)
    .join("\n");

const SHOWN = 10;

function banTable({ bans }: TrainingReport, paint: Paint): string {
  if (bans.length === 0) return "";
  const rows = plainTable(["Proposed bans", "Requests", "404s", "Attacks", "  Asked for"], [24, 9, 7, 8, 30], 9);
  for (const { client, requests, missing, attacks, samples, country } of bans.slice(0, SHOWN)) {
    const who = country === undefined ? client : `${client} ${country}`;
    rows.push([
      printable(who, 24),
      number(requests).padStart(8),
      number(missing).padStart(6),
      number(attacks).padStart(7),
      `  ${printable(samples.join(" "), 26, true)}`,
    ]);
  }
  return more(paint, "bans", rows.toString(), bans.length);
}

function wordTable({ words }: TrainingReport, paint: Paint): string {
  if (words.length === 0) return "";
  const rows = plainTable(["Proposed words", "Times", "  Missing path"], [30, 7, 40], 9);
  for (const { word, count, samples } of words.slice(0, SHOWN))
    rows.push([printable(word, 30, true), number(count).padStart(6), `  ${printable(samples[0] ?? "", 36, true)}`]);
  return more(paint, "words", rows.toString(), words.length);
}

function countryTable({ countries }: TrainingReport, paint: Paint): string {
  if (countries.length === 0) return "";
  const rows = plainTable(["Countries", "Requests", "Proposed bans"], [20, 12, 15], 1);
  for (const { country, requests, proposedBans } of countries) rows.push([printable(country, 20), number(requests), number(proposedBans)]);
  return more(paint, "countries", rows.toString(), countries.length);
}

function more(paint: Paint, what: string, table: string, count: number): string {
  const [head = "", ...rest] = trimLines(table).split("\n");
  const tail = count > SHOWN && what !== "countries" ? [`and ${number(count - SHOWN)} more; --json lists all`] : [];
  return [paint("bold", head), ...rest, ...tail].join("\n");
}

function applied({ applied: done, report }: TrainResult): string {
  if (done !== undefined)
    return `Applied: ${number(done.bans)} bans, ${number(done.words)} words; ${number(done.unbanned)} exempt clients unbanned, ${number(done.purged)} exempt words dropped.`;
  return report.bans.length + report.words.length > 0 ? "Nothing was changed by these proposals; --apply carries them out." : "";
}

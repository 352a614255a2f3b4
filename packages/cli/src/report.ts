/**
 * The tables of `aiwaf replay`, 80 columns wide.
 *
 * @module
 */
import { percent } from "./fail-over.ts";
import type { LatencyHistogram } from "./latency-histogram.ts";
import { trimLines as lines, number, plainTable as table } from "./plain-table.ts";
import type { ReplayEngine } from "./replay-engine.ts";
import type { Count, RuleTally, Tally } from "./tally.ts";
import { COLUMNS, type Output, painter, printable, wrap } from "./terminal.ts";
import { logAnswer } from "./traffic/log-answer.ts";
import type { LogTally } from "./traffic/log-tally.ts";
import { wilsonInterval } from "./wilson.ts";

type Paint = ReturnType<typeof painter>;

/** The whole report. */
export function renderReport(tally: Tally, logs: LogTally, engine: ReplayEngine, milliseconds: number, out: Output): string {
  const paint = painter(out);
  const sections = [
    headline(tally, engine, milliseconds, paint),
    ...logAnswer(logs, paint),
    countTable(tally, paint),
    ruleTable("Rules that blocked benign requests", tally.benignRules, paint),
    failureList(tally, paint),
    latencyLine(tally.latency),
    ...trailer(tally),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function headline({ files }: Tally, { detectors, threshold }: ReplayEngine, milliseconds: number, paint: Paint): string {
  const requests = files.reduce((sum, file) => sum + file.requests, 0);
  const seconds = Math.max(0.001, milliseconds / 1000);
  const of = files.length === 1 ? "1 file" : `${number(files.length)} files`;
  const first = `${number(requests)} requests of ${of} in ${seconds.toFixed(1)} s (${number(Math.round(requests / seconds))} a second)`;
  const names = wrap(`Threshold ${threshold}; detectors: ${detectors.map((name) => printable(name, 60)).join(", ")}`, COLUMNS);
  return `${paint("bold", first)}\n${names}`;
}

const NAME_COLUMNS = 33;

function countTable({ files, labels, tiers }: Tally, paint: Paint): string {
  const rows = table(["File and class", "Requests", "Blocked", "Rate", "95 % interval"], [NAME_COLUMNS, 9, 9, 10, 15], 1);
  rows.options.head = rows.options.head.map((cell) => paint("bold", cell));
  for (const file of files) {
    const classes = [...file.classes.values()].sort(
      (left, right) => left.label.localeCompare(right.label) || right.requests - left.requests,
    );
    rows.push(row(tail(file.path), file, paint));
    for (const { label, name, ...one } of classes) rows.push(row(`  ${label} ${name}`.trimEnd(), one, (_, text) => text));
  }
  const sums: readonly (readonly [string, Count])[] = [
    ["All attack", labels.attack],
    ["All benign", labels.benign],
    ...[...tiers].map(([tier, one]) => [`  tier ${tier}`, one] as const),
    ["All unknown", labels.unknown],
  ];
  for (const [name, one] of sums) if (one.requests > 0) rows.push(row(name, one, paint));
  return lines(rows.toString());
}

function row(name: string, { requests, blocked }: Count, paint: Paint): string[] {
  const [low, high] = wilsonInterval(blocked, requests);
  const interval = requests === 0 ? "" : `${(low * 100).toFixed(2)} – ${(high * 100).toFixed(2)}`;
  const rate = requests === 0 ? "" : percent(blocked / requests);
  return [paint("bold", printable(name, NAME_COLUMNS)), number(requests), number(blocked), rate, interval];
}

/** The end of a long path says more than its beginning. */
function tail(path: string): string {
  const shown = printable(path, 4_096);
  return shown.length <= NAME_COLUMNS ? shown : `…${shown.slice(shown.length - NAME_COLUMNS + 1)}`;
}

const RULES_SHOWN = 30;
const RULE_COLUMNS = 26;
const EXAMPLE_COLUMNS = COLUMNS - RULE_COLUMNS - 12;

function ruleTable(title: string, rules: ReadonlyMap<string, RuleTally>, paint: Paint): string {
  if (rules.size === 0) return "";
  const rows = table(["Rule", "Requests", "  Example"], [RULE_COLUMNS, 9, EXAMPLE_COLUMNS + 3], 9);
  rows.options.head = rows.options.head.map((cell) => paint("bold", cell));
  const sorted = [...rules].sort(([, left], [, right]) => right.count - left.count);
  for (const [rule, { count, example }] of sorted.slice(0, RULES_SHOWN)) {
    const shown = [printable(example.id, EXAMPLE_COLUMNS), printable(example.request, EXAMPLE_COLUMNS, true)];
    const { where, match, note } = example.finding ?? {};
    const what = match === undefined ? note : JSON.stringify(match.text);
    if (what !== undefined) shown.push(printable([where, what].filter(Boolean).join("  "), EXAMPLE_COLUMNS));
    rows.push([printable(rule, RULE_COLUMNS), number(count).padStart(8), shown.map((text) => `  ${text}`).join("\n")]);
  }
  const rest = sorted.length > RULES_SHOWN ? `\nand ${sorted.length - RULES_SHOWN} more rules` : "";
  return `${paint("bold", title)}\n${lines(rows.toString())}${rest}`;
}

function failureList({ failures }: Tally, paint: Paint): string {
  if (failures.size === 0) return "";
  const shown = [...failures].map(([what, times]) => `  ${number(times)} × ${printable(what, COLUMNS - 16)}`);
  return [paint("bold", "Failures of detectors"), ...shown].join("\n");
}

function latencyLine(latency: LatencyHistogram): string {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => latency.percentile(share));
  if (p50 === undefined) return "";
  return `Time in inspect: p50 ${microseconds(p50)}, p95 ${microseconds(p95!)}, p99 ${microseconds(p99!)}`;
}

const microseconds = (value: number): string => `${value >= 100 ? number(Math.round(value)) : value.toPrecision(2)} µs`;

/** What was read but is not in the counts. */
function trailer({ files }: Tally): string[] {
  const bad = files.reduce((sum, file) => sum + file.badLines, 0);
  const skipped = files.reduce((sum, file) => sum + file.skipped, 0);
  return [
    bad === 0 ? "" : `${number(bad)} bad ${bad === 1 ? "line" : "lines"} left out; standard error names them`,
    skipped === 0 ? "" : `${number(skipped)} logged ${skipped === 1 ? "line holds" : "lines hold"} no HTTP request`,
  ];
}

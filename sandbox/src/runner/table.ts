/**
 * The comparison as a newcomer reads it: plain text, at most 100 columns wide.
 *
 * @module
 */
import { referenceOf } from "./command-line.ts";
import type { Budget, GateResult } from "./gates.ts";
import type { Aggregate, Part, PartSummary } from "./results.ts";
import { wilsonInterval } from "./statistics.ts";

/** Colours a text, or does not. Gets padded text and must not change its width on screen. */
export type Paint = (style: "bold" | "dim" | "green" | "red" | "yellow", text: string) => string;

export interface TableInput {
  readonly folded: Aggregate;
  readonly budget: Budget;
  readonly gates: readonly GateResult[];
  readonly durationMs: number;
  /** Without it, no colours. */
  readonly paint?: Paint;
}

const labelWidth = 38;
const classWidth = 24;
const rulesShown = 12;
const quantiles = [
  ["p50", "p50_ms"],
  ["p95", "p95_ms"],
  ["p99", "p99_ms"],
] as const;

/** Everything that is printed after a run, without a line break at the end. */
export function renderTable(input: TableInput): string {
  const paint: Paint = input.paint ?? ((_style, text) => text);
  const sections = [headline(input, paint), overview(input, paint), byClass(input, paint), byRule(input, paint), gateLines(input, paint)];
  return sections.filter((section) => section !== "").join("\n\n");
}

function summaryOf({ folded }: TableInput, target: string, part: Part): PartSummary | undefined {
  return folded.aggregate.targets[target]?.[part];
}

/** The twins of the frameworks have no columns of their own: each is what its protected target's times are multiples of. */
function targetsOf({ folded }: TableInput): string[] {
  return Object.keys(folded.aggregate.targets).filter((target) => !target.startsWith("direct_"));
}

/** The first summary of a part: all targets get the same traffic, so its totals are everybody's. */
function anyOf(input: TableInput, part: Part): PartSummary | undefined {
  return targetsOf(input)
    .map((target) => summaryOf(input, target, part))
    .find((summary) => summary !== undefined);
}

function headline(input: TableInput, paint: Paint): string {
  const { iterations } = input.folded.aggregate;
  const [normal, attacks] = [anyOf(input, "normal"), anyOf(input, "attacks")];
  const sent = [
    ...(normal === undefined ? [] : [`${count(normal.total_requests)} normal`]),
    ...(attacks === undefined ? [] : [`2 × ${count(attacks.total_requests)} attack`]),
  ].join(" + ");
  const facts = [`${iterations} iteration${iterations === 1 ? "" : "s"}`, `${sent} requests per target`, duration(input.durationMs)];
  return `${paint("bold", "AIWAF sandbox")}  ${facts.join(" · ")}`;
}

type Cell = readonly [text: string, style?: "green" | "red" | "yellow" | "dim"];

function overview(input: TableInput, paint: Paint): string {
  const targets = targetsOf(input);
  const width = columnWidth(labelWidth, targets.length, 20);
  const known = new Set(Object.keys(input.folded.aggregate.targets));
  const lines = [`${" ".repeat(labelWidth)}${targets.map((target) => paint("bold", shortName(target, width).padStart(width))).join("")}`];
  const section = (
    part: Part,
    title: string,
    rows: (add: (label: string, cell: (summary: PartSummary, target: string) => Cell) => void) => void,
  ): void => {
    if (anyOf(input, part) === undefined) return;
    if (lines.length > 1) lines.push("");
    lines.push(paint("bold", title));
    rows((label, cell) => {
      const cells = targets.map((target) => {
        const summary = summaryOf(input, target, part);
        const [text, style] = summary === undefined ? (["-"] as Cell) : cell(summary, target);
        return style === undefined ? text.padStart(width) : paint(style, text.padStart(width));
      });
      lines.push(`  ${label.padEnd(labelWidth - 2)}${cells.join("")}`);
    });
  };
  const judged = (value: number, target: string): Cell =>
    [count(value), target === "direct" ? undefined : value === 0 ? "green" : "red"] as Cell;
  const times = (part: Part, add: (label: string, cell: (summary: PartSummary, target: string) => Cell) => void): void => {
    // In narrow columns each quantile gets a row of its own.
    const rows = width >= 20 ? [quantiles] : quantiles.map((each) => [each]);
    for (const row of rows) {
      const label = row.map(([name]) => name).join(" / ");
      add(`answer time, ms (${label})`, (summary) => [row.map(([, field]) => threeDigits(summary[field])).join(" / ")]);
    }
    if (targets.length === 1) return;
    for (const row of rows.slice(0, 1)) {
      const label = row.map(([name]) => name).join(" / ");
      add(row.length === 1 ? `${label} as a multiple of its twin's` : "  as multiples of its twin's", (summary, target) => {
        const reference = summaryOf(input, referenceOf(target, known), part);
        if (target === "direct" || reference === undefined) return [""];
        return [row.map(([, field]) => (reference[field] > 0 ? (summary[field] / reference[field]).toFixed(2) : "-")).join(" / ")];
      });
    }
  };

  section("normal", "HONEST VISITORS", (add) => {
    add(`blocked by mistake, of ${count(anyOf(input, "normal")?.total_requests ?? 0)}`, (summary, target) =>
      judged(summary.total_blocked, target),
    );
    add("true rate (95 % confidence)", (summary) => {
      const { low, high } = wilsonInterval(summary.total_blocked, summary.total_requests);
      return [`${percent(low)}–${percent(high)} %`];
    });
    add("unanswered or answered differently", (summary, target) =>
      judged(summary.total_errors + summary.total_changed + summary.total_refused, target),
    );
    times("normal", add);
  });
  for (const [part, title] of [
    ["attacks", "ATTACKERS, each from an address of its own"],
    ["attacks_single", "ATTACKERS, all from one address"],
  ] as const) {
    section(part, title, (add) => {
      add(`exploits that worked, of ${count(anyOf(input, part)?.observable ?? 0)}`, (summary, target) => judged(summary.exploited, target));
      add("requests blocked", (summary) => [`${summary.blocked_pct.toFixed(1)} %`]);
      add(`attacks stopped, of ${count(anyOf(input, part)?.scenarios ?? 0)}`, (summary) => [count(summary.scenarios_stopped)]);
      if (targets.some((target) => (summaryOf(input, target, part)?.total_looks ?? 0) > 0)) {
        add("looks at what was left, not counted", (summary) => [count(summary.total_looks), "dim"]);
      }
      if (targets.some((target) => (summaryOf(input, target, part)?.total_refused ?? 0) > 0)) {
        add("refused by Node's own HTTP parser", (summary) => [count(summary.total_refused), "dim"]);
      }
      if (targets.some((target) => (summaryOf(input, target, part)?.total_errors ?? 0) > 0)) {
        add("unanswered", (summary) => [count(summary.total_errors), "yellow"]);
      }
      times(part, add);
    });
  }
  return lines.join("\n");
}

function byClass(input: TableInput, paint: Paint): string {
  const reference = anyOf(input, "attacks");
  if (reference === undefined) return "";
  const targets = targetsOf(input);
  const width = columnWidth(classWidth + 10, targets.length, 20);
  const half = Math.floor(width / 2);
  const head = `${paint("bold", "BY CLASS".padEnd(classWidth))}${" ".repeat(10)}${targets.map((target) => paint("bold", shortName(target, width - 2).padStart(width))).join("")}`;
  const columns = `${" ".repeat(classWidth)}${"requests".padStart(10)}${targets.map(() => `${(width < 16 ? "block" : "blocked").padStart(width - half)}${(width < 16 ? "work" : "worked").padStart(half)}`).join("")}`;
  const rows = reference.classes.map(({ attack_type, requests_sent }) => {
    const cells = targets.map((target) => {
      const found = summaryOf(input, target, "attacks")?.classes.find((type) => type.attack_type === attack_type);
      if (found === undefined) return "-".padStart(width);
      const blocked = (found.requests_sent === found.refused ? "refused" : `${Math.floor(found.blocked_pct)} %`).padStart(width - half);
      const worked = (found.observable === 0 ? "·" : count(found.exploited)).padStart(half);
      const safe = target !== "direct" && found.observable > 0;
      return blocked + (safe ? paint(found.exploited === 0 ? "green" : "red", worked) : worked);
    });
    return `${`  ${attack_type}`.padEnd(classWidth)}${count(requests_sent).padStart(10)}${cells.join("")}`;
  });
  const note = "worked: exploits whose effect was seen in the answer (·: none of the class shows one).";
  return [head, paint("dim", columns), ...rows, paint("dim", note)].join("\n");
}

function byRule(input: TableInput, paint: Paint): string {
  const targets = targetsOf(input).filter((target) => target !== "direct");
  const rulesOf = (target: string): Readonly<Record<string, number>> => summaryOf(input, target, "attacks")?.blocked_by_rule ?? {};
  const total = (rule: string): number => targets.reduce((sum, target) => sum + (rulesOf(target)[rule] ?? 0), 0);
  const rules = [...new Set(targets.flatMap((target) => Object.keys(rulesOf(target))))].sort((one, other) => total(other) - total(one));
  if (rules.length === 0) return "";
  const width = columnWidth(labelWidth, targets.length, 20);
  const head = `${paint("bold", "BLOCKED BY RULE".padEnd(labelWidth))}${targets.map((target) => paint("bold", shortName(target, width).padStart(width))).join("")}`;
  const rows = rules
    .slice(0, rulesShown)
    .map(
      (rule) => `  ${rule.padEnd(labelWidth - 2)}${targets.map((target) => count(rulesOf(target)[rule] ?? 0).padStart(width)).join("")}`,
    );
  const rest = rules.length > rulesShown ? [paint("dim", `  and ${rules.length - rulesShown} more rules in the result files`)] : [];
  return [head, ...rows, ...rest].join("\n");
}

function gateLines({ gates }: TableInput, paint: Paint): string {
  const failed = gates.filter((gate) => gate.passed === false);
  const passed = gates.filter((gate) => gate.passed === true);
  const skipped = gates.length - failed.length - passed.length;
  const notes = skipped === 0 ? "" : `, ${skipped} not played`;
  if (failed.length === 0) return `${paint("green", "PASSED")}  ${passed.length} gates of sandbox/budget.json${notes}`;
  return [
    `${paint("red", "FAILED")}  ${failed.length} of ${failed.length + passed.length} gates of sandbox/budget.json${notes}`,
    ...failed.map((gate) => `  ${paint("red", "✗")} ${gate.target}, ${gate.text}`),
  ].join("\n");
}

function columnWidth(taken: number, columns: number, widest: number): number {
  return Math.max(12, Math.min(widest, Math.floor((100 - taken) / Math.max(1, columns))));
}

/** `protected_sveltekit` is wider than a column of five; the second half says it all. */
function shortName(target: string, width: number): string {
  return target.length < width ? target : target.replace(/^protected_/, "+ ");
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** `0.9`, `43.4`, `1235`: no wider than it is exact. */
function threeDigits(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0);
}

function percent(share: number): string {
  const value = share * 100;
  return value === 0 || value === 100 ? String(value) : value.toFixed(value < 1 ? 2 : 1);
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

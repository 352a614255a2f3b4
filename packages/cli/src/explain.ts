/**
 * A decision for people: what was decided, by which rules, on which characters, and what would be answered.
 *
 * @module
 */
import { type Blocked, type Finding, renderBlocked } from "@aiwaf/core";
import { type Excerpt, excerptOf } from "@aiwaf/core/records";
import type { Measured } from "./replay-engine.ts";
import type { RequestParts } from "./request-record.ts";
import { COLUMNS, type Output, painter, printable, printableCharacter, widthOf, wrap } from "./terminal.ts";

type Paint = ReturnType<typeof painter>;

const INDENT = "     ";
/** Characters of the value shown before and after the match. */
const CONTEXT_LENGTH = 24;
const ROWS_MAX = 5;

/** The whole explanation. */
export function explain(measured: Measured, parts: RequestParts, notes: readonly string[], out: Output): string {
  const paint = painter(out);
  const { decision } = measured;
  const sections = [
    [verdictLine(measured, paint), requestLine(measured), ...notes.map((note) => wrap(`Note: ${note}`, COLUMNS))].join("\n"),
    ...decision.findings.map((finding, index) => findingText(finding, index, decision.score, parts, paint)),
    decision.findings.length === 0 ? "No rule found anything." : "",
    decision.failures.map(({ detector, kind, message }) => printable(`Failure of ${detector} (${kind}): ${message}`, COLUMNS)).join("\n"),
    answerText(measured, paint),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function verdictLine({ decision, verdict }: Measured, paint: Paint): string {
  const sum = `score ${decision.score}, threshold ${decision.request.policy.threshold}`;
  if (verdict === undefined) return `${paint(["bold", "green"], "ALLOW")}  ${sum}`;
  return `${paint(["bold", "red"], "BLOCK")}  ${verdict.status}  ${paint("bold", printable(verdict.rule, 40))}  ${sum}`;
}

function requestLine({ decision: { request } }: Measured): string {
  const sent = printable(`${request.method} ${request.target}`, COLUMNS, true);
  const [path] = request.target.split("?");
  return path === request.path ? sent : `${sent}\n${printable(`path read as ${request.path}`, COLUMNS)}`;
}

function findingText(finding: Finding, index: number, sum: number, parts: RequestParts, paint: Paint): string {
  const { rule, score, where, match, note, block } = finding;
  const share = sum > 0 && score !== sum ? ` of ${sum} (${Math.round((score / sum) * 100)} %)` : "";
  const title = [paint("bold", printable(rule, 40)), `score ${score}${share}`, where === undefined ? "" : printable(where, 30)];
  const lines = [`${String(index + 1).padStart(3)}  ${title.filter((part) => part !== "").join("   ")}`];
  const excerpt = excerptOf(finding, parts);
  if (excerpt !== undefined) lines.push(...underlined(excerpt, paint));
  if (match !== undefined) {
    if (excerpt?.isAsSent === true && excerpt.value.slice(excerpt.start, excerpt.end) !== match.text)
      lines.push(detail("reads", match.text));
    if (match.decoded.length > 0) lines.push(detail("decoded", match.decoded.join(" → ")));
    if (excerpt?.isAsSent !== true) lines.push(detail("place", `characters ${match.start} to ${match.end} of the value as sent`));
  }
  if (note !== undefined) lines.push(detail("note", note));
  if (block !== undefined) lines.push(detail("effect", `blocks with ${block.status} whatever the score${banOf(block.banMs)}`));
  return lines.join("\n");
}

const banOf = (banMs: number | undefined): string => (banMs === undefined ? "" : `, and bans the client for ${Math.round(banMs / 1000)} s`);

const detail = (name: string, text: string): string => `${INDENT}${name.padEnd(9)}${printable(text, COLUMNS - INDENT.length - 9)}`;

interface Cell {
  readonly shown: string;
  readonly width: number;
  readonly isMatch: boolean;
}

/** The value around the match, with carets under the match; several rows where it is long. */
export function underlined(excerpt: Excerpt, paint: Paint): string[] {
  const columns = COLUMNS - INDENT.length;
  const lines: string[] = [];
  let row: Cell[] = [];
  let width = 0;
  const flush = (): void => {
    // The match is one stretch of the row.
    const from = row.findIndex(({ isMatch }) => isMatch);
    const to = row.findLastIndex(({ isMatch }) => isMatch) + 1;
    const shown = (start: number, end?: number): string =>
      row
        .slice(start, end)
        .map((cell) => cell.shown)
        .join("");
    const text = from < 0 ? shown(0) : shown(0, from) + paint("red", shown(from, to)) + shown(to);
    lines.push(`${INDENT}${text}`);
    const carets = row
      .map((cell) => (cell.isMatch ? "^" : " ").repeat(cell.width))
      .join("")
      .trimEnd();
    if (carets !== "") lines.push(`${INDENT}${paint("red", carets)}`);
    row = [];
    width = 0;
  };
  let rows = 0;
  for (const cell of cellsOf(excerpt)) {
    if (width + cell.width > columns) {
      flush();
      if (++rows === ROWS_MAX) return [...lines, `${INDENT}…`];
    }
    row.push(cell);
    width += cell.width;
  }
  if (row.length > 0) flush();
  return lines;
}

function* cellsOf({ value, start, end, isBytes }: Excerpt): Generator<Cell> {
  const from = Math.max(0, start - CONTEXT_LENGTH);
  const to = Math.min(value.length, end + CONTEXT_LENGTH);
  const ellipsis = { shown: "…", width: 1, isMatch: false };
  if (from > 0) yield ellipsis;
  for (let at = from; at < to; ) {
    const character = String.fromCodePoint(value.codePointAt(at)!);
    const shown = printableCharacter(character, isBytes);
    yield { shown, width: widthOf(shown), isMatch: at + character.length > start && at < end };
    at += character.length;
  }
  if (to < value.length) yield ellipsis;
}

/** The decision as the blocked answer it stands for, also on a path that only reports. */
export function blockedOf({ decision, verdict }: Measured): Blocked | undefined {
  if (verdict === undefined) return undefined;
  if (decision.action === "block") return decision;
  const { wouldBlock: _, ...rest } = decision;
  return { ...rest, ...verdict, action: "block" };
}

function answerText(measured: Measured, paint: Paint): string {
  const blocked = blockedOf(measured);
  if (blocked === undefined) return "The request goes on to the application.";
  const { status, headers, body } = renderBlocked(blocked);
  const fields = Object.entries(headers).map(([name, value]) => `  ${printable(`${name}: ${value}`, COLUMNS - 2)}`);
  const kind = headers["content-type"] ?? "";
  const shown = kind.includes("html")
    ? [`  (an HTML page of ${body.length} bytes)`]
    : body
        .trimEnd()
        .split("\n")
        .map((line) => `  ${printable(line, COLUMNS - 2)}`);
  const reports = measured.decision.action === "allow" ? "\nThis path only reports: the request would go on to the application." : "";
  return [paint("bold", "What would be answered"), `  ${status}`, ...fields, "", ...shown].join("\n") + reports;
}

/**
 * The answer of a log's replay, in one screen: what would have been blocked, by which rule, whom, and what of it looks wrong.
 *
 * @module
 */
import { percent } from "../fail-over.ts";
import { number, plainTable, trimLines } from "../plain-table.ts";
import { COLUMNS, type painter, printable, wrap } from "../terminal.ts";
import { type LikelyMistake, type LogTally, likelyMistakes } from "./log-tally.ts";
import { lineOf } from "./suggestions.ts";

type Paint = ReturnType<typeof painter>;

const RULES_SHOWN = 8;
const MISTAKES_SHOWN = 4;

/** The sections of a log's replay; none when no log was replayed. */
export function logAnswer(tally: LogTally, paint: Paint): string[] {
  if (tally.requests === 0) return [];
  return [summary(tally, paint), ruleTable(tally, paint), mistakeList(tally, paint)];
}

const shareOf = (part: number, whole: number): string => (whole === 0 ? "" : ` (${percent(part / whole)})`);

function summary(tally: LogTally, paint: Paint): string {
  const { blocked, requests, answered, answeredBlocked, blockedClients, clients, knownClients, lateOfBlocked } = tally;
  const rows: readonly (readonly [string, string])[] = [
    ["would have been blocked", `${number(blocked)} of ${number(requests)} requests${shareOf(blocked, requests)}`],
    ["of them answered 2xx or 3xx", `${number(answeredBlocked)} of ${number(answered)}${shareOf(answeredBlocked, answered)}`],
    ["clients with a block", `${number(blockedClients)} of ${number(clients)}; ${number(knownClients)} answered before their first block`],
    [
      "their requests after the 20th",
      lateOfBlocked.requests === 0
        ? "none"
        : `${number(lateOfBlocked.blocked)} of ${number(lateOfBlocked.requests)} blocked${shareOf(lateOfBlocked.blocked, lateOfBlocked.requests)}`,
    ],
  ];
  return [paint("bold", "Access logs"), ...rows.map(([name, value]) => `  ${name.padEnd(29)} ${value}`)].join("\n");
}

function ruleTable({ rules }: LogTally, paint: Paint): string {
  if (rules.size === 0) return "";
  const rows = plainTable(["Blocked by", "Requests", "Clients", "Answered 2xx or 3xx"], [33, 11, 11, 22], 1);
  rows.options.head = rows.options.head.map((cell) => paint("bold", cell));
  const sorted = [...rules.values()].sort((left, right) => right.requests - left.requests);
  for (const { rule, requests, clients, answered } of sorted.slice(0, RULES_SHOWN))
    rows.push([printable(rule, 33), number(requests), number(clients.size), number(answered)]);
  const rest = sorted.length > RULES_SHOWN ? `\nand ${sorted.length - RULES_SHOWN} more rules` : "";
  return `${trimLines(rows.toString())}${rest}`;
}

function mistakeList(tally: LogTally, paint: Paint): string {
  const mistakes = likelyMistakes(tally);
  if (mistakes.length === 0)
    return tally.blocked === 0
      ? ""
      : wrap("Nothing that was blocked looks wrong: no client with a blocked answer had 3 other requests answered.", COLUMNS);
  const rest = mistakes.length > MISTAKES_SHOWN ? [`and ${number(mistakes.length - MISTAKES_SHOWN)} more; --html FILE lists them`] : [];
  return [
    paint("bold", "Look at these first: clients that were answered before and after"),
    ...mistakes.slice(0, MISTAKES_SHOWN).map(mistakeText),
    ...rest,
  ].join("\n");
}

function mistakeText(mistake: LikelyMistake): string {
  const { rule, requests, clients, standing, example, suggestion } = mistake;
  const who = `${number(requests)} × ${rule}, ${number(clients.size)} ${clients.size === 1 ? "client" : "clients"} with up to ${number(standing)} other requests answered`;
  const line = suggestion === undefined ? "no path rule can name this path without naming others" : lineOf(suggestion);
  return [
    `  ${printable(who, COLUMNS - 2)}`,
    `    ${printable(`${example.method} ${example.target}`, COLUMNS - 4, true)}`,
    `    to let it pass: ${suggestion === undefined ? line : printable(line, 400)}`,
  ].join("\n");
}

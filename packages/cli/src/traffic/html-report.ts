/**
 * The replay of logs as one HTML file: no script, nothing loaded, everything from the log escaped.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { percent } from "../fail-over.ts";
import { number } from "../plain-table.ts";
import { type LikelyMistake, type LogTally, likelyMistakes } from "./log-tally.ts";
import { lineOf } from "./suggestions.ts";
import { barChart, escapeMarkup, timeChart } from "./svg-chart.ts";

const STYLE = `:root{color-scheme:light dark;--bad:#c0392b;--good:#7f9db9;--doubt:#e6a23c}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:currentColor}
.passed{fill:var(--good)}.blocked{fill:var(--bad)}.doubt{fill:var(--doubt)}.axis{stroke:currentColor}
table{border-collapse:collapse;width:100%}td,th{padding:.25rem .6rem;text-align:left;border-bottom:1px solid #8884;vertical-align:top}
td.n,th.n{text-align:right}code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}`;

const MISTAKES_MAX = 200;
const RULES_MAX = 25;

/** What the report says beside the tally. */
export interface ReportFacts {
  readonly files: readonly string[];
  readonly detectors: readonly string[];
  readonly threshold: number;
  readonly model: string | undefined;
  readonly madeAt: number;
}

/** The whole page. */
export function htmlReport(tally: LogTally, { files, detectors, threshold, model, madeAt }: ReportFacts): string {
  const hash = createHash("sha256").update(STYLE).digest("base64");
  const { widthMs, columns } = tally.timeline.columns();
  const rules = [...tally.rules.values()].sort((left, right) => right.requests - left.requests).slice(0, RULES_MAX);
  const mistakes = likelyMistakes(tally);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'">
<meta name="robots" content="noindex"><title>AIWAF replay</title><style>${STYLE}</style></head><body>
<h1>What AIWAF would have done</h1>
<p>${files.map((file) => `<code>${escapeMarkup(file)}</code>`).join(", ")}, replayed ${escapeMarkup(new Date(madeAt).toISOString())}.
Threshold ${threshold}; detectors: ${escapeMarkup(detectors.join(", "))}${model === undefined ? "" : `; model ${escapeMarkup(model)}`}.</p>
${facts(tally)}
<h2>Over time</h2>
<p>Blue passed, red would have been blocked.</p>
${timeChart(columns, widthMs)}
<h2>By rule</h2>
<p>The yellow part had been answered 2xx or 3xx.</p>
${barChart(
  "Blocked requests by rule",
  rules.map(({ rule, requests, answered }) => ({ name: rule, value: requests, part: answered })),
)}
<h2>Look at these first</h2>
${mistakes.length === 0 ? "<p>No blocked request looks wrong: no client with a blocked answer had 3 other requests answered.</p>" : mistakeTable(mistakes)}
</body></html>
`;
}

function facts({ requests, blocked, answered, answeredBlocked, clients, blockedClients, knownClients, lateOfBlocked }: LogTally): string {
  const rows: readonly (readonly [string, number, number])[] = [
    ["Requests that would have been blocked", blocked, requests],
    ["Requests answered 2xx or 3xx that would have been blocked", answeredBlocked, answered],
    ["Clients with a block", blockedClients, clients],
    ["Of them answered before their first block", knownClients, blockedClients],
    ["Their requests after the 20th that would have been blocked", lateOfBlocked.blocked, lateOfBlocked.requests],
  ];
  const cells = rows.map(
    ([name, part, whole]) =>
      `<tr><td>${name}</td><td class="n">${number(part)}</td><td class="n">of ${number(whole)}</td><td class="n">${whole === 0 ? "" : percent(part / whole)}</td></tr>`,
  );
  return `<table>${cells.join("")}</table>`;
}

function mistakeTable(mistakes: readonly LikelyMistake[]): string {
  const rows = mistakes
    .slice(0, MISTAKES_MAX)
    .map(
      ({ rule, requests, clients, standing, example, suggestion }) =>
        `<tr><td><code>${escapeMarkup(rule)}</code></td><td class="n">${number(requests)}</td><td class="n">${number(clients.size)}</td><td class="n">${number(standing)}</td>` +
        `<td><code>${escapeMarkup(`${example.method} ${example.target}`)}</code><br>${escapeMarkup(example.id)}, ${escapeMarkup(example.client)}<br>` +
        `${suggestion === undefined ? "No path rule can name this path without naming others." : `<code>${escapeMarkup(lineOf(suggestion))}</code>`}</td></tr>`,
    );
  return (
    "<p>Clients that the application answered before and after. The line lets requests like this one pass; add it only if they are honest.</p>" +
    `<table><tr><th>Rule</th><th class="n">Requests</th><th class="n">Clients</th><th class="n">Other answers</th><th>Example, and the line for your configuration</th></tr>${rows.join("")}</table>`
  );
}

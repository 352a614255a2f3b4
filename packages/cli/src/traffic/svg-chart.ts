/** Charts as inline SVG: shapes and text only, so they show under any content security policy and in a mail. */
import type { TimeColumn } from "./timeline.ts";

/** Text for HTML and SVG, in content and in quoted attributes; control characters become their names. */
export const escapeMarkup = (text: string): string =>
  text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]/gu, "\ufffd")
    .replace(/[&<>"'`=]/g, (character) => `&#${character.charCodeAt(0)};`);

const WIDTH = 900;
const HEIGHT = 200;
const LEFT = 50;
const BOTTOM = 24;

/** Requests over time, what passed below what was blocked. */
export function timeChart(columns: readonly TimeColumn[], widthMs: number): string {
  const highest = Math.max(1, ...columns.map(({ passed, blocked }) => passed + blocked));
  const step = (WIDTH - LEFT) / Math.max(1, columns.length);
  const scale = (HEIGHT - BOTTOM - 10) / highest;
  const bar = (kind: string, index: number, value: number, below: number): string =>
    value === 0
      ? ""
      : `<rect class="${kind}" x="${(LEFT + index * step).toFixed(1)}" y="${(HEIGHT - BOTTOM - (below + value) * scale).toFixed(1)}" width="${Math.max(0.5, step - 0.5).toFixed(1)}" height="${(value * scale).toFixed(1)}"/>`;
  const bars = columns
    .map(({ passed, blocked }, index) => bar("passed", index, passed, 0) + bar("blocked", index, blocked, passed))
    .join("");
  const ends = [columns[0], columns.at(-1)].map((column) =>
    column === undefined ? "" : new Date(column.at).toISOString().slice(0, 16).replace("T", " "),
  );
  const minutes = Math.round(widthMs / 60_000);
  return svg(
    HEIGHT,
    `Requests over time; one column is ${minutes} minutes; at most ${highest} requests`,
    `${bars}<line class="axis" x1="${LEFT}" y1="${HEIGHT - BOTTOM}" x2="${WIDTH}" y2="${HEIGHT - BOTTOM}"/>` +
      `<text x="${LEFT - 6}" y="14" text-anchor="end">${highest.toLocaleString("en-US")}</text>` +
      `<text x="${LEFT - 6}" y="${HEIGHT - BOTTOM}" text-anchor="end">0</text>` +
      `<text x="${LEFT}" y="${HEIGHT - 6}">${ends[0]}</text><text x="${WIDTH}" y="${HEIGHT - 6}" text-anchor="end">${ends[1]}</text>`,
  );
}

const ROW = 24;
const NAMES = 260;

/** One bar a name; a part of it, such as answered requests, in the second colour. */
export function barChart(title: string, rows: readonly { readonly name: string; readonly value: number; readonly part: number }[]): string {
  const highest = Math.max(1, ...rows.map(({ value }) => value));
  const scale = (WIDTH - NAMES - 90) / highest;
  const bars = rows.map(({ name, value, part }, index) => {
    const y = index * ROW + 4;
    return (
      `<text x="${NAMES - 8}" y="${y + 12}" text-anchor="end">${escapeMarkup(name.slice(0, 40))}</text>` +
      `<rect class="blocked" x="${NAMES}" y="${y}" width="${(value * scale).toFixed(1)}" height="${ROW - 8}"/>` +
      `<rect class="doubt" x="${NAMES}" y="${y}" width="${(part * scale).toFixed(1)}" height="${ROW - 8}"/>` +
      `<text x="${(NAMES + value * scale + 6).toFixed(1)}" y="${y + 12}">${value.toLocaleString("en-US")}</text>`
    );
  });
  return svg(rows.length * ROW + 4, title, bars.join(""));
}

const svg = (height: number, title: string, content: string): string =>
  `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeMarkup(title)}"><title>${escapeMarkup(title)}</title>${content}</svg>`;

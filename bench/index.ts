/** `npm run bench [-- NAME…]`: runs the benchmarks whose file or line name starts with one of NAME; prints a JSON line each, then a table. */
import { type Line, print } from "./measure.ts";

const SUITES: Readonly<Record<string, () => Promise<{ benches(): Line[] | Promise<Line[]> }>>> = {
  inspect: () => import("./inspect.ts"),
  content: () => import("./content.ts"),
  behaviour: () => import("./behaviour.ts"),
  paths: () => import("./paths.ts"),
  limiter: () => import("./limiter.ts"),
  store: () => import("./store.ts"),
  forest: () => import("./forest.ts"),
  autoencoder: () => import("./autoencoder.ts"),
  express: () => import("./express.ts"),
  frameworks: () => import("./frameworks.ts"),
  proxy: () => import("./proxy.ts"),
  console: () => import("./console.ts"),
  replay: () => import("./replay.ts"),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(SUITES, name));
if (unknown.length > 0) {
  console.error(`No benchmark is called ${unknown.join(", ")}. Known: ${Object.keys(SUITES).join(", ")}.`);
  process.exit(2);
}
const lines: Line[] = [];
for (const [name, load] of Object.entries(SUITES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const line of await (await load()).benches()) {
    print(line);
    lines.push(line);
  }
}
const rows = [
  ["bench", "median", "min", "wall", "mean", "p99", "unit", "ns/B", "ratio", "reference"],
  ...lines.map((line) => [
    line.bench,
    `${line.median}`,
    `${line.min ?? ""}`,
    `${line.wall ?? ""}`,
    `${line.mean ?? ""}`,
    `${line.p99}`,
    line.unit,
    `${line.nsPerByte ?? ""}`,
    `${line.ratio}`,
    line.reference,
  ]),
];
const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
console.log(
  `\n${rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")}`,
);

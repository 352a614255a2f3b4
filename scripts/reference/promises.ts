import ts from "typescript";
import { at, type FileMap, parse } from "../checks/files.ts";
import { GAPS } from "./promise-gaps.ts";
import { PRODUCTS, PROMISES } from "./promise-rows.ts";
import { cell, textOf } from "./syntax.ts";

/** A test whose title names a row. */
export interface PromiseTest {
  readonly row: string;
  /** The file it stands in. */
  readonly path: string;
  readonly where: string;
  /** Titles from the outermost `describe` to the test, without row ids. */
  readonly title: string;
}

const ROW = /\bS[1-9]-\d{3}\b/g;
const RUNNERS = new Set(["test", "it", "describe"]);

/** Every row that a title of a test, of a group of tests, or of a row of `test.each` names. */
export function readPromiseTests(files: FileMap): PromiseTest[] {
  const found: PromiseTest[] = [];
  for (const [path, text] of files) {
    if (!/\.test\.ts$/.test(path) || !ROW.test(text)) continue;
    const file = parse(path, text);
    const visit = (node: ts.Node, titles: readonly string[]): void => {
      const call = ts.isCallExpression(node) && isRunner(node.expression) ? node : undefined;
      const title = textOf(call?.arguments[0]);
      if (call === undefined || title === undefined) {
        ts.forEachChild(node, (child) => visit(child, titles));
        return;
      }
      const chain = [...titles, title];
      const told = bare(chain);
      for (const row of title.match(ROW) ?? []) found.push({ row, path, where: at(file, call), title: told });
      for (const { rows, name, line } of caseTitles(file, call)) {
        for (const row of rows) found.push({ row, path, where: line, title: bare([...titles, name]) });
      }
      ts.forEachChild(call, (child) => visit(child, chain));
    };
    visit(file, []);
  }
  return found.sort((left, right) => compare(left.row, right.row) || compare(left.path, right.path) || compare(left.title, right.title));
}

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** `test(…)`, `test.skipIf(…)(…)`, `describe.each(…)(…)` and their kind. */
function isRunner(expression: ts.Expression): boolean {
  if (ts.isIdentifier(expression)) return RUNNERS.has(expression.text);
  if (ts.isPropertyAccessExpression(expression)) return isRunner(expression.expression);
  return ts.isCallExpression(expression) && isRunner(expression.expression);
}

/** The rows of `each` whose first text names promises; their titles are what `%s` would make of them. */
function caseTitles(
  file: ts.SourceFile,
  call: ts.CallExpression,
): { readonly rows: readonly string[]; readonly name: string; readonly line: string }[] {
  const table = ts.isCallExpression(call.expression) ? call.expression.arguments[0] : undefined;
  const title = textOf(call.arguments[0]) ?? "";
  if (table === undefined || !/^%s/.test(title)) return [];
  const list = unwrapped(table);
  if (!ts.isArrayLiteralExpression(list)) return [];
  return list.elements.flatMap((element) => {
    const cells = ts.isArrayLiteralExpression(element) ? [...element.elements] : [element];
    const texts = cells.map((one) => textOf(one) ?? "…");
    const rows = texts[0]?.match(ROW) ?? [];
    let next = 0;
    const name = title.replace(/%[sdijo]/g, () => texts[next++] ?? "…");
    return rows.length === 0 ? [] : [{ rows, name, line: at(file, element) }];
  });
}

const unwrapped = (node: ts.Expression): ts.Expression =>
  ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node) ? unwrapped(node.expression) : node;

/** Titles without the rows and defects that they begin with or name, and without the commas between those. */
const bare = (titles: readonly string[]): string =>
  titles.map((title) => title.replace(/(?:\b(?:S[1-9]-\d{3}|D-\d{2})\b[,:;]?\s*)+/g, "").trim()).join(" › ");

/** Rows that no test names, by row: why, or which tests hold it without its id. */
export function readGaps(files: FileMap): { readonly reasons: ReadonlyMap<string, string>; readonly problems: readonly string[] } {
  const reasons = new Map<string, string>();
  const problems: string[] = [];
  const ids = [...PROMISES.keys()];
  for (const { rows, why, tests = [] } of GAPS) {
    for (const path of tests)
      if (![...files.keys()].some((known) => known === path || known.startsWith(`${path}/`)))
        problems.push(`promise-gaps: ${path} is gone`);
    for (const range of rows.split(" ")) {
      const [first = "", last = first] = range.split("..");
      const [from, to] = [ids.indexOf(first), ids.indexOf(last)];
      if (from < 0 || to < from) problems.push(`promise-gaps: ${range} is no range of rows`);
      for (const id of ids.slice(Math.max(0, from), to + 1)) {
        if (reasons.has(id)) problems.push(`promise-gaps: ${id} has two reasons`);
        reasons.set(id, tests.length === 0 ? why : `${why} (${tests.join(", ")})`);
      }
    }
  }
  return { reasons, problems };
}

/** Titles that name rows there are not, and rows with neither a test nor a reason. */
export function promiseProblems(files: FileMap, tests: readonly PromiseTest[]): string[] {
  const { reasons, problems } = readGaps(files);
  const tested = new Set(tests.map(({ row }) => row));
  return [
    ...problems,
    ...tests.filter(({ row }) => !PROMISES.has(row)).map(({ row, where }) => `${where}: ${row} is no row of the promises`),
    ...[...PROMISES.keys()]
      .filter((id) => !tested.has(id) && !reasons.has(id))
      .map((id) => `${id}: no test names it, and no reason says why`),
  ];
}

/** docs/reference/promises.md. */
export function promisesPage(files: FileMap, tests: readonly PromiseTest[]): string {
  const { reasons } = readGaps(files);
  const byRow = new Map<string, PromiseTest[]>();
  for (const test of tests) byRow.set(test.row, [...(byRow.get(test.row) ?? []), test]);
  const sections = Object.entries(PRODUCTS).map(([product, name]) => {
    const ids = [...PROMISES.keys()].filter((id) => id.startsWith(`${product}-`));
    const held = ids.filter((id) => byRow.has(id)).length;
    const rows = ids.map((id) => `| ${id} | ${cell(PROMISES.get(id)!)} | ${cell(evidence(byRow.get(id), reasons.get(id)))} |`);
    return `## ${product}: ${name}\n\n${held} of ${ids.length} rows have a test that names them.\n\n| row | promise | tests, or why there is none |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
  });
  const intro =
    "What the products that AIWAF learned from promise, and the tests that hold it here. A test holds a row when its title names it. Rows without such a test " +
    "say why: another part of the work, something that is no software, or tests that hold it without naming it.";
  return `# Promises\n\n<!-- Written by \`npm run docs\` from the titles of the tests and from scripts/reference/promise-*.ts. Edit those. -->\n\n${intro}\n\n${sections.join("\n")}`;
}

/** Many tests of one row are told by the first two: the files are where to look. */
const SHOWN = 2;

function evidence(tests: readonly PromiseTest[] | undefined, reason: string | undefined): string {
  if (tests === undefined) return `– ${reason ?? ""}`;
  const shown = tests
    .slice(0, SHOWN)
    .map(({ path, title }) => `${path.split("/").slice(-1)[0]}: ${title.length > 140 ? `${title.slice(0, 139)}…` : title}`);
  return [...shown, ...(tests.length > SHOWN ? [`and ${tests.length - SHOWN} more`] : [])].join("<br>");
}

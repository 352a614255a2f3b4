import ts from "typescript";
import { at, type FileMap, isSource, parse, walk } from "../checks/files.ts";
import { banner, docOf, exportedConstants, nameOf, textOf } from "./syntax.ts";

/** A rule as its table defines it. */
export interface RuleDoc {
  readonly id: string;
  /** `path:line`. */
  readonly where: string;
  readonly text: string;
  readonly score: number | undefined;
  readonly severity: number | undefined;
  readonly title: string | undefined;
}

export const RULE_ID = /^[a-z][a-z0-9-]*\/[a-z0-9][a-z0-9-]*$/;

/** The conformance suites bring detectors of their own to provoke a server; their rules are nobody's to configure. */
const sources = (files: FileMap): ts.SourceFile[] =>
  [...files]
    .filter(([path]) => /^packages\/(?!conformance\/)[^/]+\/src\//.test(path) && isSource(path))
    .map(([path, text]) => parse(path, text));

/** Every table of rules: an exported constant called `RULES` or `…_RULES` whose keys are rule ids, each with its docstring. */
export function readRules(files: FileMap): RuleDoc[] {
  return sources(files).flatMap((file) =>
    exportedConstants(file)
      .filter(({ name }) => /^(?:.*_)?RULES$/.test(name))
      .flatMap(({ value }) => (ts.isObjectLiteralExpression(value) ? value.properties.filter(ts.isPropertyAssignment) : []))
      .filter(({ name }) => RULE_ID.test(nameOf(name)))
      .map((property) => {
        const { initializer } = property;
        // A rule of content inspection is told by a pair of its severity and its title, another by its score.
        const [severity, title] = ts.isArrayLiteralExpression(initializer) ? initializer.elements : [];
        return {
          id: nameOf(property.name),
          where: at(file, property),
          text: docOf(property),
          score: numberOf(initializer),
          severity: numberOf(severity),
          title: textOf(title),
        };
      }),
  );
}

const numberOf = (node: ts.Expression | undefined): number | undefined =>
  node !== undefined && ts.isNumericLiteral(node) ? Number(node.text) : undefined;

/** Rules without a docstring, with two tables, that nothing emits, and ids that something emits and no table has. */
export function ruleProblems(files: FileMap, rules: readonly RuleDoc[]): string[] {
  const problems: string[] = [];
  const known = new Map(rules.map((rule) => [rule.id, rule]));
  const prefixes = new Set(rules.map(({ id }) => id.split("/")[0]));
  for (const rule of rules) {
    if (rule.severity !== undefined && !(/^Passes /m.test(rule.text) && /^Exempt /m.test(rule.text)))
      problems.push(`${rule.where}: ${rule.id} must say in paragraphs of their own what it "Passes …" and where to "Exempt …" it`);
    if (rule.text === "") problems.push(`${rule.where}: ${rule.id} has no docstring; say what it means and what it leaves alone`);
    if (known.get(rule.id) !== rule) problems.push(`${rule.where}: ${rule.id} stands in a second table`);
  }
  const emitted = new Set<string>();
  for (const file of sources(files)) {
    walk(file, (node) => {
      if (
        !ts.isStringLiteralLike(node) ||
        !RULE_ID.test(node.text) ||
        ts.isImportDeclaration(node.parent) ||
        ts.isExportDeclaration(node.parent)
      )
        return;
      if (ts.isPropertyAssignment(node.parent) && node.parent.name === node) return;
      emitted.add(node.text);
      const isRule = ts.isPropertyAssignment(node.parent) && nameOf(node.parent.name) === "rule";
      if (!known.has(node.text) && (isRule || prefixes.has(node.text.split("/")[0]!))) {
        problems.push(`${at(file, node)}: ${node.text} stands in no table of rules, so it is not documented`);
      }
    });
  }
  for (const { id, where } of rules) {
    if (!emitted.has(id)) problems.push(`${where}: ${id} is documented, but nothing emits it`);
  }
  return problems;
}

/** docs/reference/rules.md: a heading for each rule, so that every rule has an address. */
export function rulesPage(rules: readonly RuleDoc[]): string {
  const groups = new Map<string, RuleDoc[]>();
  for (const rule of rules) {
    const [group = ""] = rule.id.split("/");
    groups.set(group, [...(groups.get(group) ?? []), rule]);
  }
  const intro =
    "Every finding names one of these rules. A rule that blocks by itself does so at once; the scores of the others add up, and a request is blocked " +
    "when they reach the `threshold` of its path. `skip` in a path rule takes a rule's id, or the name before the slash for all rules of a detector.";
  const sections = [...groups]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([group, list]) => `## ${group}\n\n${list.map(section).join("\n")}`);
  return `${banner("Rules")}\n${intro}\n\n${sections.join("\n")}`;
}

function section({ id, title, text, score, severity }: RuleDoc): string {
  const facts = [score !== undefined && score > 0 && `Score ${score}.`, severity !== undefined && `Severity ${severity} of 10.`]
    .filter(Boolean)
    .join(" ");
  const lines = [
    title === undefined ? "" : `**${title}.** `,
    severity === undefined ? text : labelled(id, text),
    facts === "" ? "" : `\n\n${facts}`,
  ].join("");
  return `### ${id}\n\n${lines}\n`;
}

/** What a rule of content inspection hits, what it passes, and how to make an exception no wider than needed. */
function labelled(id: string, text: string): string {
  return text
    .split("\n\n")
    .map((paragraph) => {
      if (paragraph.startsWith("Passes ")) return `- **Passes:** ${paragraph.slice(7)}`;
      if (paragraph.startsWith("Exempt ") && /^Exempt (?:nothing|everything)/.test(paragraph)) return `- **Exempt:** ${paragraph.slice(7)}`;
      if (paragraph.startsWith("Exempt "))
        return `- **Exempt:** ${paragraph.slice(7)} On a path: \`skip: ["${id}"]\`; for a single parameter: \`exceptions\` of \`content()\`.`;
      return `Hits ${paragraph}`;
    })
    .join("\n\n")
    .replaceAll("\n\n- **", "\n- **")
    .replace("\n- **", "\n\n- **");
}

const TEXT_MAX = 240;

/** The first sentence of each rule's docstring, by its id, as JSON. */
export function ruleTexts(rules: readonly RuleDoc[]): string {
  const sentence = (text: string): string => (/^.*?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text).replace(/\s+/g, " ").slice(0, TEXT_MAX);
  const pairs = rules.map(({ id, text }) => [id, sentence(text)] as const).sort(([one], [other]) => (one < other ? -1 : 1));
  return `${JSON.stringify(Object.fromEntries(pairs), undefined, 1)}\n`;
}

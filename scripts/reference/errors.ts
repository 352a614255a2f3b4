import ts from "typescript";
import { at, type FileMap, isSource, parse, walk } from "../checks/files.ts";
import { banner, docOf, exportedConstants, nameOf, textOf } from "./syntax.ts";

export interface CodeDoc {
  readonly code: string;
  /** `path:line`. */
  readonly where: string;
  readonly text: string;
}

const ERRORS = "packages/core/src/errors.ts";

/** The codes of thrown errors, from their table. */
export function readErrors(files: FileMap): CodeDoc[] {
  const file = parse(ERRORS, files.get(ERRORS) ?? "");
  const table = exportedConstants(file).find(({ name }) => name === "ERROR_CODES")?.value;
  if (table === undefined || !ts.isObjectLiteralExpression(table)) return [];
  return table.properties.map((property) => ({ code: nameOf(property.name), where: at(file, property), text: docOf(property) }));
}

/** The codes of warnings, from the places that warn: the message is the documentation. */
export function readWarnings(files: FileMap): CodeDoc[] {
  return [...files]
    .filter(([path]) => /^packages\/[^/]+\/src\//.test(path) && isSource(path))
    .flatMap(([path, text]) => {
      const file = parse(path, text);
      const found: CodeDoc[] = [];
      walk(file, (node) => {
        if (!ts.isCallExpression(node) || !/(?:^|\.)warnOnce$/.test(node.expression.getText(file))) return;
        const [code, message] = node.arguments;
        const name = textOf(code);
        if (name?.startsWith("AIWAF_")) found.push({ code: name, where: at(file, node), text: textOf(message) ?? "" });
      });
      return found;
    });
}

/** Codes without a docstring, codes nothing throws, and one code for two warnings. */
export function codeProblems(files: FileMap, errors: readonly CodeDoc[], warnings: readonly CodeDoc[]): string[] {
  const problems: string[] = [];
  const code = [...files].filter(([path]) => /^packages\/[^/]+\/src\//.test(path) && path !== ERRORS).map(([, text]) => text);
  for (const { code: name, where, text } of errors) {
    if (text === "") problems.push(`${where}: ${name} has no docstring; say what is wrong and what to do`);
    if (!code.some((source) => source.includes(`"${name}"`))) problems.push(`${where}: ${name} is documented, but nothing throws it`);
  }
  for (const { code: name, where, text } of warnings) {
    if (text === "") problems.push(`${where}: the message of ${name} is put together elsewhere, so it cannot be documented`);
    if (warnings.find((other) => other.code === name)?.where !== where)
      problems.push(`${where}: ${name} warns about something else already`);
  }
  return problems;
}

/** docs/reference/errors.md. */
export function errorsPage(errors: readonly CodeDoc[], warnings: readonly CodeDoc[]): string {
  const list = (docs: readonly CodeDoc[]): string => docs.map(({ code, text }) => `### ${code}\n\n${text}\n`).join("\n");
  return [
    banner("Errors and warnings"),
    "## Errors\n",
    "Thrown as `WafError` while a firewall is being built, never while a request is being inspected. `error.code` is stable; the message names the option, what was given and what is allowed.\n",
    list(errors),
    "## Warnings\n",
    "Written to `log.warn` while requests are inspected, each at most once a process. `…` stands for what the message fills in.\n",
    list([...warnings].sort((left, right) => (left.code < right.code ? -1 : 1))),
  ].join("\n");
}

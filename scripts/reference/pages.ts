import type { FileMap } from "../checks/files.ts";
import { codeProblems, errorsPage, readErrors, readWarnings } from "./errors.ts";
import { optionsPage, readSections, type Tables } from "./options.ts";
import { readRules, ruleProblems, rulesPage } from "./rules.ts";

export interface Reference {
  /** Text of each page by its path. */
  readonly pages: ReadonlyMap<string, string>;
  /** What keeps the pages from being true: something undocumented, or documented and gone. */
  readonly problems: readonly string[];
  /** What a text may name. */
  readonly rules: ReadonlySet<string>;
  readonly codes: ReadonlySet<string>;
}

/** The whole reference, read from the code. */
export function generateReference(files: FileMap, tables: Tables): Reference {
  const rules = readRules(files);
  const errors = readErrors(files);
  const warnings = readWarnings(files);
  const { sections, problems } = readSections(files, tables);
  return {
    pages: new Map([
      ["docs/reference/options.md", optionsPage(sections)],
      ["docs/reference/rules.md", rulesPage(rules)],
      ["docs/reference/errors.md", errorsPage(errors, warnings)],
    ]),
    problems: [...problems, ...ruleProblems(files, rules), ...codeProblems(files, errors, warnings)],
    rules: new Set(rules.map(({ id }) => id)),
    codes: new Set([...errors, ...warnings].map(({ code }) => code.replace(/:.*$/, ""))),
  };
}

import type { FileMap } from "../checks/files.ts";
import { type CommandHelp, cliPage } from "./cli.ts";
import { codeProblems, errorsPage, readErrors, readWarnings } from "./errors.ts";
import { optionsPage, readSections, type Tables } from "./options.ts";
import { promiseProblems, promisesPage, readPromiseTests } from "./promises.ts";
import { readRules, ruleProblems, rulesPage, ruleTexts } from "./rules.ts";

export interface Reference {
  /** Text of each page by its path. */
  readonly pages: ReadonlyMap<string, string>;
  /** What keeps the pages from being true: something undocumented, or documented and gone. */
  readonly problems: readonly string[];
  /** What a text may name. */
  readonly rules: ReadonlySet<string>;
  readonly codes: ReadonlySet<string>;
}

/** The console shows what each rule does. */
const CONSOLE = "packages/dashboard/src/api.ts";
const PROMISES = "scripts/reference/promise-rows.ts";

/**
 * The whole reference, read from the code.
 *
 * @param commands The help of the command line, of `loadCommandHelp`; without it that page is left out.
 */
export function generateReference(files: FileMap, tables: Tables, commands?: readonly CommandHelp[]): Reference {
  const rules = readRules(files);
  const errors = readErrors(files);
  const warnings = readWarnings(files);
  const { sections, problems } = readSections(files, tables);
  // Without its lists of rows, as in the small repositories of the checkers' own tests, there is nothing to hold against tests.
  const promises = files.has(PROMISES) ? readPromiseTests(files) : undefined;
  return {
    pages: new Map([
      ["docs/reference/options.md", optionsPage(sections)],
      ["docs/reference/rules.md", rulesPage(rules)],
      ["docs/reference/errors.md", errorsPage(errors, warnings)],
      ...(files.has(CONSOLE) ? [["packages/dashboard/src/generated/rule-texts.json", ruleTexts(rules)] as const] : []),
      ...(commands === undefined ? [] : [["docs/reference/cli.md", cliPage(commands)] as const]),
      ...(promises === undefined ? [] : [["docs/reference/promises.md", promisesPage(files, promises)] as const]),
    ]),
    problems: [
      ...problems,
      ...ruleProblems(files, rules),
      ...codeProblems(files, errors, warnings),
      ...(promises === undefined ? [] : promiseProblems(files, promises)),
    ],
    rules: new Set(rules.map(({ id }) => id)),
    codes: new Set([...errors, ...warnings].map(({ code }) => code.replace(/:.*$/, ""))),
  };
}

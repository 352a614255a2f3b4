import { posix } from "node:path";
import ts from "typescript";
import type { Reference } from "../reference/pages.ts";
import { RULE_ID } from "../reference/rules.ts";
import { type CheckResult, entriesOf, type FileMap, publishedPackages } from "./files.ts";

/**
 * Law 7: public things are documented where they are defined, and the reference equals the code, in both directions.
 *
 * @param reference What the generator makes of these files.
 */
export function checkDocs(files: FileMap, reference: Reference): CheckResult {
  const exported = exportsOf(files);
  const problems = [
    ...exported.filter(({ isDocumented }) => !isDocumented).map(({ name, where }) => `${where}: ${name} is exported without a docstring`),
    ...reference.problems,
    ...stalePages(files, reference),
    ...mentions(files, reference),
  ];
  return { problems, figures: [`${exported.length} exports, ${reference.rules.size} rules, ${reference.codes.size} codes`] };
}

interface Exported {
  readonly name: string;
  readonly where: string;
  readonly isDocumented: boolean;
}

/** Everything that the public entries of published packages export, wherever it is defined. */
function exportsOf(files: FileMap): Exported[] {
  const entries = publishedPackages(files).flatMap((folder) => [...entriesOf(files, folder).values()].filter((path) => files.has(path)));
  const program = ts.createProgram(
    entries,
    { noLib: true, allowImportingTsExtensions: true, noEmit: true, module: ts.ModuleKind.ESNext },
    hostOf(files),
  );
  const checker = program.getTypeChecker();
  const found = new Map<string, Exported>();
  for (const entry of entries) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!);
    for (const symbol of module === undefined ? [] : checker.getExportsOfModule(module)) {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const declaration = target.declarations?.[0];
      // Another package's: documented where it is defined.
      if (declaration === undefined) continue;
      const file = declaration.getSourceFile();
      const where = `${file.fileName}:${file.getLineAndCharacterOfPosition(declaration.getStart(file)).line + 1}`;
      found.set(`${where} ${symbol.name}`, { name: symbol.name, where, isDocumented: target.getDocumentationComment(checker).length > 0 });
    }
  }
  return [...found.values()];
}

/** Only the repository's own files, and relative imports only: types of others are not ours to document. */
function hostOf(files: FileMap): ts.CompilerHost {
  return {
    getSourceFile: (path, target) => {
      const text = files.get(path);
      return text === undefined ? undefined : ts.createSourceFile(path, text, target, true);
    },
    fileExists: (path) => files.has(path),
    readFile: (path) => files.get(path),
    getDefaultLibFileName: () => "lib.d.ts",
    getCurrentDirectory: () => "",
    getCanonicalFileName: (path) => path,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => "\n",
    writeFile: () => {},
    resolveModuleNameLiterals: (literals, from) =>
      literals.map(({ text }) => {
        const path = posix.join(posix.dirname(from), text);
        return { resolvedModule: text.startsWith(".") && files.has(path) ? { resolvedFileName: path, extension: ".ts" } : undefined };
      }),
  };
}

function stalePages(files: FileMap, { pages }: Reference): string[] {
  const problems: string[] = [];
  for (const [path, text] of pages) {
    if (files.get(path) !== text) problems.push(`${path}: ${files.has(path) ? "differs from the code" : "is missing"}; run npm run docs`);
  }
  for (const path of files.keys()) {
    if (path.startsWith("docs/reference/") && !pages.has(path))
      problems.push(`${path}: nothing generates this page; guides stand in docs/`);
  }
  return problems;
}

/** Rules and codes that hand-written pages name in backticks must exist. */
function mentions(files: FileMap, { pages, rules, codes }: Reference): string[] {
  const prefixes = new Set([...rules].map((id) => id.split("/")[0]));
  return [...files].flatMap(([path, text]) => {
    if (!path.endsWith(".md") || pages.has(path) || posix.basename(path) === "CHANGELOG.md") return [];
    return text.split("\n").flatMap((line, index) =>
      [...line.matchAll(/`([^`]+)`/g)]
        .map(([, name = ""]) => name)
        .filter(
          (name) =>
            (RULE_ID.test(name) && prefixes.has(name.split("/")[0]) && !rules.has(name)) ||
            (/^AIWAF_[A-Z_]+$/.test(name) && !codes.has(name)),
        )
        .map((name) => `${path}:${index + 1}: \`${name}\` does not exist (any more)`),
    );
  });
}

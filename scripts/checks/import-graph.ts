import { posix } from "node:path";
import ts from "typescript";
import { ADAPTERS } from "./adapter-size.ts";
import { at, type CheckResult, entriesOf, type FileMap, isSource, manifestOf, parse, walk, workspaceOf } from "./files.ts";
import { ADAPTER_MAY, CORE_RULES, matches, NODE_ONLY } from "./import-rules.ts";

interface Import {
  readonly from: string;
  readonly specifier: string;
  /** `path:line`. */
  readonly where: string;
  /** The file in the repository, for a relative import. */
  readonly target: string | undefined;
}

/** Who imports whom: ARCHITECTURE section 5, type imports, re-exports and dynamic imports included. */
export function checkImportGraph(files: FileMap): CheckResult {
  const imports = [...files].filter(([path]) => isSource(path)).flatMap(([path, text]) => importsOf(path, text));
  const problems = [
    ...imports.flatMap((one) => [
      missing(one, files),
      foreign(one),
      nodeOnly(one),
      layered(one),
      adapted(one, files),
      declared(one, files),
    ]),
    ...barrels(files),
    ...circles(imports),
  ].filter((problem) => problem !== undefined);
  return { problems, figures: [`${imports.length} imports`] };
}

function importsOf(path: string, text: string): Import[] {
  const file = parse(path, text);
  const found: Import[] = [];
  const add = (node: ts.Node | undefined): void => {
    if (node === undefined || !ts.isStringLiteralLike(node)) return;
    const target = node.text.startsWith(".") ? posix.join(posix.dirname(path), node.text) : undefined;
    found.push({ from: path, specifier: node.text, where: at(file, node), target });
  };
  walk(file, (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal);
    else if (ts.isExternalModuleReference(node)) add(node.expression);
    else if (ts.isCallExpression(node)) {
      const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
      if (isImport || (ts.isIdentifier(node.expression) && node.expression.text === "require")) add(node.arguments[0]);
    }
  });
  return found;
}

function missing({ target, where, specifier }: Import, files: FileMap): string | undefined {
  // Frameworks generate some modules (`./$types`), and built examples import their own build.
  if (target === undefined || files.has(target) || !/^packages\/[^/]+\/(?:src|test)\//.test(where)) return undefined;
  return `${where}: ${specifier} is no file here; name the source file with its .ts`;
}

function foreign({ from, target, specifier, where }: Import): string | undefined {
  if (/^@aiwaf\/[^/]+\/(?:src|dist|test)\b/.test(specifier))
    return `${where}: ${specifier} reaches inside a package; import what it exports`;
  // Repository scripts look at packages from outside: the reference is generated from their sources.
  if (target === undefined || workspaceOf(from) === "scripts" || workspaceOf(target) === workspaceOf(from)) return undefined;
  return `${where}: ${specifier} reaches into ${workspaceOf(target) || "the root"}; import the package by its name`;
}

function nodeOnly({ from, specifier, where }: Import): string | undefined {
  if (!specifier.startsWith("node:") || workspaceOf(from) === "" || NODE_ONLY.some((pattern) => pattern.test(from))) return undefined;
  return `${where}: ${specifier} may only be named in node.ts, stores/sqlite and the tools that run on Node alone`;
}

const CORE = "packages/core/src/";

function layered({ from, target, specifier, where }: Import): string | undefined {
  if (!from.startsWith(CORE)) return undefined;
  const nameOf = (path: string): string => path.slice(CORE.length).replace(/\.ts$/, "");
  const rule = CORE_RULES.find(({ files }) => files.some((pattern) => matches(pattern, nameOf(from))));
  if (rule === undefined) return `${where}: no rule says what this file may import; add one to scripts/checks/import-rules.ts`;
  if (target === undefined)
    return specifier.startsWith("node:") ? undefined : `${where}: the core has no dependency, so not ${specifier} either`;
  if (!target.startsWith(CORE) || rule.may.some((pattern) => matches(pattern, nameOf(target)))) return undefined;
  return `${where}: ${nameOf(from)} may not import ${nameOf(target)}; it may import ${rule.may.join(", ") || "nothing"}`;
}

function adapted({ from, specifier, target, where }: Import, files: FileMap): string | undefined {
  const adapter = ADAPTERS.find((name) => from.startsWith(`packages/${name}/src/`));
  if (adapter === undefined || target !== undefined) return undefined;
  const frameworks = Object.keys(manifestOf(files, `packages/${adapter}`).peerDependencies ?? {});
  // `#imports` and `$app/…` are modules that a framework makes up while it builds.
  const isFramework = /^[#$]/.test(specifier) || frameworks.some((name) => specifier === name || specifier.startsWith(`${name}/`));
  if (isFramework || ADAPTER_MAY.includes(specifier)) return undefined;
  return `${where}: an adapter imports its framework and ${ADAPTER_MAY.join(", ")}, not ${specifier}`;
}

/** A package that is not in `package.json` works only for as long as something else happens to install it. */
function declared({ from, specifier, target, where }: Import, files: FileMap): string | undefined {
  const [, folder] = /^(packages\/[^/]+)\/src\//.exec(from) ?? [];
  if (folder === undefined || target !== undefined || /^(?:node:|[$#~]|virtual:)/.test(specifier)) return undefined;
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  const { name: own, dependencies, peerDependencies, optionalDependencies } = manifestOf(files, folder);
  if (name === own || name in { ...dependencies, ...peerDependencies, ...optionalDependencies }) return undefined;
  return `${where}: ${name} is not among the dependencies of ${folder}/package.json`;
}

/** Files that only pass on what others export hide where things are; a package's public entries are such files by purpose. */
function barrels(files: FileMap): string[] {
  return [...files].flatMap(([path, text]) => {
    if (!/^packages\/[^/]+\/src\//.test(path) || !isSource(path) || posix.basename(path) === "index.ts") return [];
    if ([...entriesOf(files, workspaceOf(path)).values()].includes(path)) return [];
    const { statements } = parse(path, text);
    const passesOn =
      statements.length > 0 && statements.every((statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier);
    return passesOn ? [`${path}:1: only re-exports, and is neither index.ts nor in the package's exports`] : [];
  });
}

/** One line for each import that closes a circle. */
function circles(imports: readonly Import[]): string[] {
  const next = new Map<string, Import[]>();
  for (const one of imports) {
    if (one.target !== undefined) next.set(one.from, [...(next.get(one.from) ?? []), one]);
  }
  const problems: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    path.push(file);
    for (const { target, where } of next.get(file) ?? []) {
      if (path.includes(target!)) problems.push(`${where}: closes a circle: ${[...path.slice(path.indexOf(target!)), target].join(" → ")}`);
      else if (!done.has(target!)) visit(target!);
    }
    path.pop();
    done.add(file);
  };
  for (const file of next.keys()) {
    if (!done.has(file)) visit(file);
  }
  return problems;
}

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { at, type FileMap, isSource, parse, walk, workspaceOf } from "../checks/files.ts";
import { banner, cell, docOf, exportedConstants, nameOf, summaryOf } from "./syntax.ts";

/** An option table as `packages/core/src/options.ts` defines it, as far as the reference reads it. */
export type Table = Readonly<Record<string, { readonly default: unknown; readonly allowed: string }>>;

/** Each exported `…_OPTIONS` constant: the file it stands in, and its value. */
export type Tables = ReadonlyMap<string, { readonly path: string; readonly table: Table }>;

const TYPES = "packages/core/src/types.ts";

/** Tables that belong to the firewall as a whole; all others belong to the factory that reads them, in the same file. */
const GENERAL: Readonly<Record<string, { readonly type: string; readonly title: string; readonly note?: string }>> = {
  WAF_OPTIONS: { type: "WafOptions", title: "The firewall" },
  CLIENT_OPTIONS: { type: "ClientSource", title: "`client`", note: "Exactly one of `proxies`, `hops` and `header` is given." },
  PATH_OPTIONS: {
    type: "PathPolicy",
    title: "`paths`: one rule",
    note: "A field that is left out comes from the more general rule, and at last from the firewall.",
  },
  RATE_OPTIONS: { type: "RateLimit", title: "`paths`: `rateLimit` of a rule" },
};

/** Loads the tables from the sources. They import nothing outside the package, and nothing happens at import. */
export async function loadTables(files: FileMap, root: string): Promise<Tables> {
  const tables = new Map<string, { path: string; table: Table }>();
  for (const [path, text] of files) {
    if (!/^packages\/[^/]+\/src\//.test(path) || !isSource(path) || !/_OPTIONS\b/.test(text)) continue;
    const names = exportedConstants(parse(path, text)).filter(({ name }) => /^[A-Z][A-Z_]*_OPTIONS$/.test(name));
    if (names.length === 0) continue;
    const module = (await import(pathToFileURL(join(root, path)).href)) as Readonly<Record<string, Table>>;
    for (const { name } of names) tables.set(name, { path, table: module[name]! });
  }
  return tables;
}

interface OptionDoc {
  readonly name: string;
  readonly text: string;
  readonly allowed: string;
  readonly default: unknown;
}

interface Section {
  readonly title: string;
  readonly intro: string;
  readonly options: readonly OptionDoc[];
}

/** Everything docs/reference/options.md says, and where code and docstrings differ. */
export function readSections(
  files: FileMap,
  tables: Tables,
): { readonly sections: readonly Section[]; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const general = Object.keys(GENERAL).filter((name) => tables.has(name));
  const others = [...tables.keys()].filter((name) => GENERAL[name] === undefined);
  const sections = [...general, ...others].map((name) => readSection(files, tables, name, problems));
  const recommended = readRecommended(files, problems);
  if (recommended !== undefined) sections.splice(1, 0, recommended);
  return { sections, problems: [...problems, ...hiddenTables(files, tables)] };
}

const RECOMMENDED = "packages/core/src/recommended.ts";

/** The recommended set hands its detectors their own options, so its section is read from its type alone. */
function readRecommended(files: FileMap, problems: string[]): Section | undefined {
  const declaration = findType(files, RECOMMENDED, "RecommendedOptions");
  if (declaration === undefined) return undefined;
  const options = [...membersOf(declaration)].map(([name, member]) => {
    const isDetector = member.type !== undefined && /^\w+Options \| false$/.test(member.type.getText());
    const text = docOf(member) || (isDetector ? `Options of \`${name}\`, see below; \`false\` leaves the detector out.` : "");
    if (text === "") problems.push(`${at(member.getSourceFile(), member)}: option RecommendedOptions.${name} has no docstring`);
    return { name, text, allowed: isDetector ? "an object of options, or false" : `as in the firewall`, default: undefined };
  });
  return {
    title: "The recommended set",
    intro: `${docOf(declaration)} Taken by \`recommended\` and by every adapter's \`protect\`.`,
    options,
  };
}

/** Tables that some function reads, but that are not exported, and so cannot be documented. */
function hiddenTables(files: FileMap, tables: Tables): string[] {
  const problems: string[] = [];
  for (const [path, text] of files) {
    if (!/^packages\/[^/]+\/src\//.test(path) || !isSource(path) || path === RECOMMENDED) continue;
    const file = parse(path, text);
    walk(file, (node) => {
      if (!ts.isCallExpression(node) || node.expression.getText(file) !== "readOptions") return;
      const table = node.arguments[1]?.getText(file) ?? "";
      if (!tables.has(table))
        problems.push(`${at(file, node)}: the option table ${table} is not exported, so its options are not documented`);
    });
  }
  return problems;
}

function readSection(files: FileMap, tables: Tables, tableName: string, problems: string[]): Section {
  const { path, table } = tables.get(tableName)!;
  const type = GENERAL[tableName]?.type ?? pascal(tableName);
  const declaration = findType(files, path, type) ?? findType(files, TYPES, type);
  const factory = GENERAL[tableName] === undefined ? findFactory(files, path, tableName) : undefined;
  const title =
    GENERAL[tableName]?.title ??
    (factory === undefined ? type : `\`${ts.isClassDeclaration(factory) ? "new " : ""}${factory.name!.text}(options)\``);
  const about = factory ?? declaration;
  const intro = [about === undefined ? "" : summaryOf(about), GENERAL[tableName]?.note ?? ""].filter((text) => text !== "").join(" ");
  if (declaration === undefined) {
    problems.push(`${path}: ${tableName} has no type ${type} that says what its options mean`);
    return { title, intro, options: [] };
  }
  const members = membersOf(declaration);
  const shared = tables.get("WAF_OPTIONS")?.table ?? {};
  const own = Object.entries(table).filter(([name, option]) => tableName === "WAF_OPTIONS" || shared[name] !== option);
  const options = own.map(([name, option]) => {
    const member = members.get(name);
    const text = member === undefined ? "" : docOf(member) || inheritedDoc(files, name, member);
    if (member === undefined) problems.push(`${path}: ${tableName} takes "${name}", which ${type} does not have`);
    else if (text === "") problems.push(`${at(member.getSourceFile(), member)}: option ${type}.${name} has no docstring`);
    problems.push(...contradictions(`${type}.${name}`, text, option));
    return { name, text, ...option };
  });
  for (const [name, member] of members) {
    if (table[name] === undefined)
      problems.push(`${at(member.getSourceFile(), member)}: ${type}.${name} is documented, but ${tableName} does not take it`);
  }
  return { title, intro, options };
}

const pascal = (constant: string): string => constant.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());

type TypeDeclaration = ts.InterfaceDeclaration | ts.TypeAliasDeclaration;

/** The type of that name, or with a longer name that ends so: `FOREST_OPTIONS` belongs to `IsolationForestOptions`. */
function findType(files: FileMap, path: string, name: string): TypeDeclaration | undefined {
  const declarations = parse(path, files.get(path) ?? "").statements.filter(
    (statement): statement is TypeDeclaration => ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement),
  );
  return declarations.find((one) => one.name.text === name) ?? declarations.find((one) => one.name.text.endsWith(name));
}

/** The exported function or class that reads its options by that table, from its own file or another of the package. */
function findFactory(files: FileMap, path: string, tableName: string): ts.FunctionDeclaration | ts.ClassDeclaration | undefined {
  const reads = (file: ts.SourceFile, declaration: ts.Node): boolean => {
    let found = false;
    walk(declaration, (node) => {
      if (ts.isCallExpression(node) && node.expression.getText(file) === "readOptions" && node.arguments[1]?.getText(file) === tableName)
        found = true;
    });
    return found;
  };
  const paths = [path, ...[...files.keys()].filter((other) => other.startsWith(`${workspaceOf(path)}/src/`) && isSource(other))];
  for (const candidate of paths) {
    const file = parse(candidate, files.get(candidate)!);
    for (const statement of file.statements) {
      if ((ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) && reads(file, statement)) return statement;
    }
  }
  return undefined;
}

/** The members of an interface, or of all object types of a union; the first of a name counts. */
function membersOf(declaration: TypeDeclaration): Map<string, ts.PropertySignature> {
  const members = new Map<string, ts.PropertySignature>();
  walk(declaration, (node) => {
    if (!ts.isPropertySignature(node)) return true;
    const name = nameOf(node.name);
    if (!members.has(name)) members.set(name, node);
    return false;
  });
  return members;
}

/** Where an option says nothing itself: what the path policy says about the field of that name, else what its type says. */
function inheritedDoc(files: FileMap, name: string, member: ts.PropertySignature): string {
  const policy = findType(files, TYPES, "PathPolicy");
  const field = policy === undefined ? undefined : membersOf(policy).get(name);
  if (field !== undefined && docOf(field) !== "") return docOf(field);
  const type = /^\w+/.exec(member.type?.getText() ?? "")?.[0] ?? "";
  const declaration = findType(files, member.getSourceFile().fileName, type) ?? findType(files, TYPES, type);
  return declaration === undefined ? "" : docOf(declaration);
}

const UNITS: Readonly<Record<string, number>> = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
const AMOUNT = "([\\d,]*\\d)(?: ([KMGT]iB))?";

const amount = (digits = "", unit = ""): number => Number(digits.replaceAll(",", "")) * UNITS[unit]!;

/** Numbers in a docstring that the table contradicts: a default, or the bounds. */
function contradictions(name: string, text: string, option: Table[string]): string[] {
  const problems: string[] = [];
  const [, value, unit] = new RegExp(`\\bDefault:? \`?${AMOUNT}\\b`).exec(text) ?? [];
  if (value !== undefined && typeof option.default === "number" && amount(value, unit) !== option.default) {
    problems.push(`${name}: its docstring says that the default is ${amount(value, unit)}, its table ${option.default}`);
  }
  const bounds = /from (\d+) to (\d+)$/.exec(option.allowed);
  const range = new RegExp(`${AMOUNT} to ${AMOUNT}(?![\\d^])`).exec(text);
  if (bounds !== null && range !== null) {
    const [low, high] = [amount(range[1], range[2]), amount(range[3], range[4])];
    if (low !== Number(bounds[1]) || high !== Number(bounds[2]))
      problems.push(`${name}: its docstring allows ${low} to ${high}, its table ${bounds[1]} to ${bounds[2]}`);
  }
  return problems;
}

/** docs/reference/options.md. */
export function optionsPage(sections: readonly Section[]): string {
  const intro = "A wrong type, a value out of range and an unknown name are refused when the firewall is built: see [errors](errors.md).";
  return `${banner("Options")}\n${intro}\n\n${sections.map(renderSection).join("\n")}`;
}

function renderSection({ title, intro, options }: Section): string {
  const rows = options.map(
    ({ name, text, allowed, default: value }) =>
      `| \`${name}\` | ${cell(showDefault(value))} | ${cell(grouped(allowed))} | ${cell(text)} |`,
  );
  return `## ${title}\n\n${intro === "" ? "" : `${intro}\n\n`}| Option | Default | Must be | What it does |\n| --- | --- | --- | --- |\n${rows.join("\n")}\n`;
}

/** Thousands in groups, as in the docstrings. */
const grouped = (text: string): string => text.replace(/\d{4,}/g, (digits) => Number(digits).toLocaleString("en-US"));

function showDefault(value: unknown): string {
  if (value === undefined) return "–";
  if (typeof value === "number") return grouped(String(value));
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map((element) => `\`${String(element)}\``).join(", ");
  if (typeof value === "object") return "none";
  return `\`${JSON.stringify(value)}\``;
}

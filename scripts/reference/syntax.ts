/**
 * What the reference needs to read from source texts.
 *
 * @module
 */
import ts from "typescript";

/** The docstring of a declaration without its tags, `""` when it has none. Lines of a paragraph are joined. */
export function docOf(node: ts.Node): string {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const text = ts.getTextOfJSDocComment(docs.at(-1)?.comment) ?? "";
  return text
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.replace(/\n(?!\s*- )\s*/g, " ").trim())
    .join("\n\n");
}

/** The first paragraph of a docstring. */
export const summaryOf = (node: ts.Node): string => docOf(node).split("\n\n")[0] ?? "";

/** The text of a string, of strings added together, and of templates, where each value becomes `…`. */
export function textOf(node: ts.Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) return node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join("");
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return undefined;
  const [left, right] = [textOf(node.left), textOf(node.right)];
  return left === undefined || right === undefined ? undefined : left + right;
}

/** The expression without `as const`, `satisfies T` and parentheses. */
export function bare(node: ts.Expression): ts.Expression {
  return ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node) ? bare(node.expression) : node;
}

/** Every `export const name = …` of a file. */
export function exportedConstants(file: ts.SourceFile): { readonly name: string; readonly value: ts.Expression }[] {
  return file.statements
    .filter(ts.isVariableStatement)
    .filter((statement) => statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
    .flatMap(({ declarationList }) => declarationList.declarations)
    .flatMap(({ name, initializer }) =>
      ts.isIdentifier(name) && initializer !== undefined ? [{ name: name.text, value: bare(initializer) }] : [],
    );
}

/** The name of an object's or an interface's member as written, without quotes. */
export const nameOf = (name: ts.PropertyName | undefined): string =>
  name !== undefined && (ts.isIdentifier(name) || ts.isStringLiteralLike(name)) ? name.text : "";

/** Text for one cell of a Markdown table. */
export const cell = (text: string): string => text.replace(/\s*\n\s*/g, " ").replaceAll("|", "\\|");

/** Opens every generated page. */
export const banner = (title: string): string =>
  `# ${title}\n\n<!-- Written by \`npm run docs\` from the docstrings and tables in the code. Edit those. -->\n`;

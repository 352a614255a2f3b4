import ts from "typescript";
import { type CheckResult, type FileMap, isSource, parse } from "./files.ts";

export const ADAPTERS = ["express", "next", "sveltekit", "nuxt"] as const;
const LIMIT_LINES = 80;

/** Law 1: an adapter translates, and translating takes at most 80 lines of code. */
export function checkAdapterSize(files: FileMap): CheckResult {
  const problems: string[] = [];
  const figures: string[] = [];
  for (const adapter of ADAPTERS) {
    const source = [...files].filter(([path]) => path.startsWith(`packages/${adapter}/src/`) && isSource(path));
    if (source.length === 0) continue;
    const lines = source.reduce((sum, [path, text]) => sum + codeLines(path, text), 0);
    figures.push(`${adapter} ${lines} lines`);
    if (lines > LIMIT_LINES) {
      problems.push(`packages/${adapter}/src: ${lines} lines of code, at most ${LIMIT_LINES}; what decides belongs into the core`);
    }
  }
  return { problems, figures };
}

/** Lines with code on them: neither blank nor all comment. */
export function codeLines(path: string, text: string): number {
  const file = parse(path, text);
  const lines = new Set<number>();
  const visit = (node: ts.Node): void => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(file);
    if (children.length > 0) {
      for (const child of children) visit(child);
      return;
    }
    const from = node.getStart(file);
    if (node.end <= from) return;
    const last = file.getLineAndCharacterOfPosition(node.end).line;
    for (let line = file.getLineAndCharacterOfPosition(from).line; line <= last; line++) lines.add(line);
  };
  visit(file);
  return lines.size;
}

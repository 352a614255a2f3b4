import ts from "typescript";
import { type Node, repeatsOf, sampleOf, search, TooManySteps, treeOf } from "./expression-tree.ts";
import { at, type CheckResult, type FileMap, parse, walk } from "./files.ts";

/** Where every text comes from a client. */
const INSPECTED = /^packages\/core\/src\/content\/[\w-]+\.ts$/;

/** Characters of the texts that expressions are tried on, and how many steps each may cost. */
const SMALL = 120;
const LARGE = 480;
export const STEPS_PER_CHARACTER = 600;

/**
 * Safety of the inspector: no expression takes more than linear time. By its form: nothing repeats without a bound but one set of characters
 * that nothing behind it can hand back. And by counting: texts made to keep each repetition busy cost a bounded number of steps a character,
 * in a matcher that backtracks like V8's.
 */
export function checkRegularExpressions(files: FileMap): CheckResult {
  const problems: string[] = [];
  let count = 0;
  let most = 0;
  for (const [path, text] of files) {
    if (!INSPECTED.test(path)) continue;
    const file = parse(path, text);
    walk(file, (node) => {
      if (!ts.isRegularExpressionLiteral(node)) return true;
      count++;
      const end = node.text.lastIndexOf("/");
      const { problem, steps } = judge(node.text.slice(1, end), node.text.slice(end + 1));
      most = Math.max(most, steps);
      if (problem !== undefined) problems.push(`${at(file, node)}: ${problem}: ${node.text.slice(0, 80)}`);
      return true;
    });
  }
  return { problems, figures: [`${count} expressions, at most ${Math.ceil(most)} steps a character`] };
}

/** What is wrong with an expression, and the most steps a character that any text cost. */
export function judge(source: string, flags: string): { readonly problem: string | undefined; readonly steps: number } {
  let tree: Node;
  try {
    tree = treeOf(source, flags);
  } catch (error) {
    return { problem: `cannot be read (${(error as Error).message})`, steps: 0 };
  }
  if (!isBounded(tree)) return { problem: "repeats without a bound what may have to be handed back", steps: 0 };
  let steps = 0;
  for (const text of hostileTexts(tree)) {
    for (const length of [SMALL, LARGE]) {
      const long = text(length);
      try {
        steps = Math.max(steps, search(tree, long, STEPS_PER_CHARACTER * (long.length + 1)).steps / (long.length + 1));
      } catch (error) {
        if (!(error instanceof TooManySteps)) throw error;
        return { problem: `takes more than ${STEPS_PER_CHARACTER} steps a character on ${JSON.stringify(long.slice(0, 60))}…`, steps: 0 };
      }
    }
  }
  return { problem: undefined, steps };
}

/**
 * True when only one set of characters repeats without a bound, and nothing behind it can fail: at the end of the expression; or before the end
 * of the text where the expression is tied to its beginning.
 */
function isBounded(tree: Node): boolean {
  const parts = tree.kind === "sequence" ? tree.parts : [tree];
  if (tree.kind === "choice") return tree.parts.every(isBounded);
  return parts.every((part, index) => {
    if (part.kind !== "repeat" || part.most !== Number.POSITIVE_INFINITY) return !hasUnbounded(part);
    if (part.part.kind !== "set") return false;
    const behind = parts.slice(index + 1);
    return behind.length === 0 || (parts[0]!.kind === "start" && behind.length === 1 && behind[0]!.kind === "end");
  });
}

function hasUnbounded(node: Node): boolean {
  if (node.kind === "repeat") return node.most === Number.POSITIVE_INFINITY || hasUnbounded(node.part);
  if (node.kind === "sequence" || node.kind === "choice") return node.parts.some(hasUnbounded);
  return node.kind === "look" && hasUnbounded(node.part);
}

/** For each repetition: what leads up to it, then what it repeats over and over, then something nothing matches; and the same without a lead. */
function hostileTexts(tree: Node): ((length: number) => string)[] {
  const seen = new Map<string, (length: number) => string>();
  for (let turn = 0; turn < 2; turn++) {
    repeatsOf(tree, "", turn, (repeat, before) => {
      const unit = sampleOf(repeat.part, turn) || "a";
      const lead = before.slice(-40);
      const fill = (piece: string, length: number): string => piece.repeat(Math.ceil(length / piece.length));
      seen.set(`${lead}|${unit}`, (length) => `${lead}${fill(unit, length)}\u0001`);
      seen.set(`${lead}${unit}`, (length) => `${fill(`${lead}${unit}`, length)}\u0001`);
      seen.set(`|${unit}`, (length) => `${fill(unit, length)}\u0001`);
    });
    const whole = sampleOf(tree, turn).slice(0, -1) || "a";
    seen.set(whole, (length) => `${whole.repeat(Math.ceil(length / whole.length))}\u0001`);
  }
  return [...seen.values()];
}

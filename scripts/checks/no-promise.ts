import ts from "typescript";
import { at, type CheckResult, type FileMap, parse, walk } from "./files.ts";

const CORE = "packages/core/src/";

/** Where a promise may not be made: on the way of a request. */
const SYNCHRONOUS = [
  /^(?:detectors|behaviour|content|model)\//,
  /^stores\/(?:memory|counter-table|value-table|keyed-hash)\.ts$/,
  /^(?:engine|deadlines|request|paths|client|addresses|respond|record|options|bans|ids|awaitable|errors|parsed-body)\.ts$/,
];

/** The functions that wait for what is already a promise. Each is reached only when something returned one. */
export const WAIT_POINTS: Readonly<Record<string, string>> = {
  "deadlines.ts peek": "waits for a body that the runtime has not received yet, or its deadline",
  "deadlines.ts settle": "waits once for all detectors that returned a promise, or their deadline",
  "detectors/rate-limit.ts both": "waits for two counters of a store that returned a promise for one of them",
};

/** Law 3: a promise only if something waited. No `async`, no `await`, no use of `Promise` outside the wait points. */
export function checkNoPromise(files: FileMap, waitPoints = WAIT_POINTS): CheckResult {
  const problems: string[] = [];
  const seen = new Set<string>();
  let checked = 0;
  for (const [path, text] of files) {
    const name = path.slice(CORE.length);
    if (!path.startsWith(CORE) || !SYNCHRONOUS.some((pattern) => pattern.test(name))) continue;
    checked++;
    const file = parse(path, text);
    walk(file, (node) => {
      // A type says what a store may return; it makes no promise.
      if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node)) return false;
      const what = promiseAt(node);
      if (what === undefined) return true;
      const point = `${name} ${enclosingFunction(node)}`;
      if (waitPoints[point] === undefined) problems.push(`${at(file, node)}: ${what} in code that must answer in the same tick`);
      else seen.add(point);
      return true;
    });
  }
  for (const point of Object.keys(waitPoints)) {
    if (!seen.has(point)) problems.push(`scripts/checks/no-promise.ts: the wait point "${point}" is gone; take it off the list`);
  }
  return { problems, figures: [`${checked} files, ${seen.size} wait points`] };
}

function promiseAt(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return "async";
  if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined)) return "await";
  return ts.isIdentifier(node) && node.text === "Promise" ? "Promise" : undefined;
}

/** The name of the function at module level that a node stands in. */
function enclosingFunction(node: ts.Node): string {
  let name = "";
  for (let up: ts.Node | undefined = node; up !== undefined; up = up.parent) {
    if ((ts.isFunctionDeclaration(up) || ts.isVariableDeclaration(up)) && up.name !== undefined && ts.isIdentifier(up.name))
      name = up.name.text;
  }
  return name;
}

import { isSupported, spokenRange } from "../supported-node.mjs";
import type { CheckResult, FileMap } from "./files.ts";

/** Where the lowest versions are said in words. */
const SAID_IN = ["README.md", "CONTRIBUTING.md"];
const WORKFLOW = /^\.github\/workflows\/[^/]+\.ya?ml$/;

interface Manifest {
  readonly private?: boolean;
  readonly engines?: { readonly node?: string };
}

/** One truth about Node: every published package demands what the root does, documents say it in words, and the workflows run nothing else. */
export function checkEngines(files: FileMap): CheckResult {
  const problems: string[] = [];
  const read = (path: string): Manifest => JSON.parse(files.get(path) ?? "{}") as Manifest;
  const range = read("package.json").engines?.node;
  if (range === undefined) return { problems: ["package.json: has no engines.node; say which Node the packages need"] };
  for (const path of files.keys()) {
    if (!/^(?:[^/]+\/){1,3}package\.json$/.test(path)) continue;
    const manifest = read(path);
    const own = manifest.engines?.node;
    const mustSay = /^packages\/[^/]+\/package\.json$/.test(path) && manifest.private !== true;
    if ((mustSay || own !== undefined) && own !== range)
      problems.push(`${path}: engines.node is ${JSON.stringify(own)}, the root's is ${JSON.stringify(range)}`);
  }
  const spoken = spokenRange(range);
  for (const path of SAID_IN)
    if (files.has(path) && !files.get(path)!.includes(spoken)) problems.push(`${path}: does not say "${spoken}", as engines.node does`);
  for (const [path, text] of files) {
    if (!WORKFLOW.test(path)) continue;
    // A major alone is its latest release.
    for (const [, version] of text.matchAll(/node(?:-version)?:\s*\[?\s*((?:"?[\d.]+"?(?:,\s*)?)+)/g))
      for (const one of version!.split(",").map((part) => part.trim().replaceAll('"', "")))
        if (!isSupported(one.includes(".") ? one : `${one}.999`, range))
          problems.push(`${path}: runs Node ${one}, which engines.node excludes`);
  }
  return { problems, figures: [range] };
}

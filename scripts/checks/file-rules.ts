import { type CheckResult, type FileMap, isSource, workspaceOf } from "./files.ts";

const LIMIT_LINES = 400;

interface Rule {
  readonly pattern: RegExp;
  readonly why: string;
  readonly holdsFor: (path: string) => boolean;
}

/** This file and its test name what they forbid. */
const isOwn = (path: string): boolean => /^scripts\/checks\/(?:file-rules|checks\.test)\.ts$/.test(path);
/** Attacks, and what recognises or replays them, name folders of the attacked machine. */
const isAboutAttacks = (path: string): boolean =>
  /^sandbox\/|^packages\/[^/]+\/test\/|^packages\/conformance\/|^packages\/core\/src\/(?:content|detectors)\//.test(path);
const everywhere = (path: string): boolean => !isOwn(path);
const inSource = (path: string): boolean => isSource(path) && !isOwn(path);

const RULES: readonly Rule[] = [
  {
    pattern: /\b(?:TODO|FIXME|XXX:|HACK:)/,
    why: "unfinished work belongs into an issue",
    holdsFor: (path) => inSource(path) || (path.endsWith(".md") && !isOwn(path)),
  },
  { pattern: /\bas any\b/, why: "`any` switches the type checker off; say what it is, or `unknown`", holdsFor: inSource },
  {
    pattern: /@ts-(?:ignore|nocheck)\b/,
    why: "hides every error of the line, also tomorrow's; use @ts-expect-error with a reason",
    holdsFor: inSource,
  },
  {
    pattern: /(?:^|[\s"'`(=:])\/work\//,
    why: "a path of one machine",
    holdsFor: (path) => everywhere(path) && !path.startsWith("sandbox/traffic/"),
  },
  {
    pattern: /(?:^|[\s"'`(=:])\/(?:root|tmp|home)\//,
    why: "a path of one machine; ask the system for its temporary folder",
    holdsFor: (path) => everywhere(path) && !isAboutAttacks(path),
  },
  {
    pattern: /\bregistry\.[a-z0-9-]+\.[a-z]{2,}|_authToken|\btarball: *http/,
    why: "which registry packages come from is the user's setting",
    holdsFor: (path) => everywhere(path) && !isAboutAttacks(path) && !path.startsWith(".github/workflows/"),
  },
];

/** House rules about single files: their size, and what must not stand in them. */
export function checkFileRules(files: FileMap): CheckResult {
  const problems: string[] = [];
  let longest = { path: "", lines: 0 };
  for (const [path, text] of files) {
    const lines = text.split("\n");
    const count = lines.length - (text.endsWith("\n") ? 1 : 0);
    if (isSource(path) && workspaceOf(path) !== "") {
      if (count > LIMIT_LINES) problems.push(`${path}: ${count} lines, at most ${LIMIT_LINES}; split it by its nouns`);
      if (count > longest.lines) longest = { path, lines: count };
    }
    for (const { pattern, why, holdsFor } of RULES) {
      if (!holdsFor(path)) continue;
      for (const [index, line] of lines.entries()) {
        const found = pattern.exec(line)?.[0].trim();
        if (found !== undefined) problems.push(`${path}:${index + 1}: "${found}": ${why}`);
      }
    }
  }
  return { problems, figures: [`${files.size} files, longest ${longest.path} with ${longest.lines} lines`] };
}

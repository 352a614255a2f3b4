import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const DIRECTORY = fileURLToPath(new URL("../../src/content/", import.meta.url));

/** Regular expression literals of a source text, found where an expression may begin. */
function literals(source: string): string[] {
  const found: string[] = [];
  for (const line of source.split("\n")) {
    if (/^\s*(?:\*|\/\/|\/\*)/.test(line)) continue;
    const start = /(?:^\s*|[(,=[:?&|!]\s*|return\s+)\/(?![/*])/g;
    for (let match = start.exec(line); match !== null; match = start.exec(line)) {
      let at = start.lastIndex;
      let inClass = false;
      for (; at < line.length; at++) {
        const character = line[at];
        if (character === "\\") at++;
        else if (character === "[") inClass = true;
        else if (character === "]") inClass = false;
        else if (character === "/" && !inClass) break;
      }
      if (at >= line.length) continue;
      found.push(line.slice(start.lastIndex, at));
      start.lastIndex = at + 1;
    }
  }
  return found;
}

/** Removes escapes and classes, so that what is left of `*`, `+` and `{n,}` are quantifiers. */
function quantifiers(pattern: string): string {
  return pattern.replace(/\\./g, "e").replace(/\[(?:[^\]])*\]/g, "c");
}

const FILES = readdirSync(DIRECTORY).filter((name) => name.endsWith(".ts"));

test.each(FILES)("%s repeats without a bound only a single character class", (file) => {
  for (const pattern of literals(readFileSync(`${DIRECTORY}${file}`, "utf8"))) {
    const bare = quantifiers(pattern);
    // `^c+$` and `c+`: one class, so every start fails or succeeds in one pass. Anything else must say how often.
    if (/^\^?[ec.]{1,2}[+*]\$?$/.test(bare)) continue;
    expect(bare.replace(/\(\?/g, "("), pattern).not.toMatch(/[^(|][+*]|\{\d+,\}/);
  }
});

test("patterns are found at all", () => {
  expect(FILES.flatMap((file) => literals(readFileSync(`${DIRECTORY}${file}`, "utf8"))).length).toBeGreaterThan(200);
});

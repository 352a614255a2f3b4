import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { readExpression } from "../../src/content/factors.ts";
import { surveyText } from "../../src/content/survey.ts";
import { noteTrigrams, Pattern } from "../../src/content/trigrams.ts";
import { benignTexts } from "../../tools/benign-texts.ts";
import { ENCODINGS, PAYLOADS } from "../../tools/evasion-matrix.ts";

const DIRECTORY = fileURLToPath(new URL("../../src/content/", import.meta.url));
const EXPRESSIONS: RegExp[] = readdirSync(DIRECTORY)
  .filter((name) => name.endsWith(".ts"))
  .flatMap((name) => {
    const found: RegExp[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) {
        const end = node.text.lastIndexOf("/");
        found.push(new RegExp(node.text.slice(1, end), node.text.slice(end + 1).replace(/[gy]/g, "")));
      }
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(name, readFileSync(`${DIRECTORY}${name}`, "utf8"), ts.ScriptTarget.Latest, true));
    return found;
  });

const FILLER = "kelp and sand, then more of it; we'd say (if asked) that it is fine. ".repeat(2);
const TEXTS = [
  ...Object.values(PAYLOADS)
    .flat()
    .flatMap((payload) => Object.values(ENCODINGS).map(({ encode }) => encode(payload))),
  ...benignTexts(300),
]
  .flatMap((text) => [text, `${FILLER}${text}`, `${text} ${FILLER}`])
  .map((text) => text.toLowerCase());

describe("a pattern that is only run where it could match", () => {
  test("answers as its expression, for every expression of content inspection", () => {
    expect(EXPRESSIONS.length).toBeGreaterThan(500);
    const patterns = EXPRESSIONS.map((expression) => new Pattern(expression));
    const wrong: string[] = [];
    for (const text of TEXTS.filter((_, index) => index % 3 === 1 || index % 7 === 0)) {
      noteTrigrams(text);
      for (const pattern of patterns) {
        if (pattern.test(text) !== pattern.expression.test(text)) wrong.push(`${pattern.expression} on ${text.slice(-100)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("knows for most expressions what a text must hold", () => {
    const known = EXPRESSIONS.filter(
      (expression) => !expression.source.startsWith("^") && readExpression(expression).factors !== undefined,
    );
    expect(known.length).toBeGreaterThan(150);
  });

  test.each([
    [/ab{2,3}c/, 4],
    [/a|bcd/, 1],
    [/^\s{1,4}(?:or|and)\b/, 3],
    [/(?=abc)a?/, 0],
    [/[^x]y\./, 3],
  ])("%s matches nothing shorter than %i", (expression, least) => {
    expect(readExpression(expression).least).toBe(least);
  });

  test("is asked of a text that was not noted, and matches all the same", () => {
    noteTrigrams(FILLER);
    expect(new Pattern(/union\s{1,4}select/).test(`${FILLER}union select`)).toBe(true);
  });

  test("finds what stands at the start, at the end, beside blanks of any kind, and across the pieces that long texts are noted in", () => {
    const pattern = new Pattern(/(?:^|[^\w.])document\s{0,3}\.\s{0,3}cookie$/);
    const long = "kelp ".repeat(40_000);
    for (const text of [
      "document.cookie",
      `${FILLER}document\u00a0.\u3000cookie`,
      `${long}document.cookie`,
      `${"k".repeat(65_530)} document.cookie`,
    ]) {
      noteTrigrams(text);
      expect(pattern.test(text), text.slice(-40)).toBe(true);
    }
  });
});

test("a long text is said to hold the words that its parts hold", () => {
  const long = benignTexts(120).map((text) => text.toLowerCase());
  const whole = surveyText(`${long.join("\n")}\n`).words;
  expect(whole).toBe(long.reduce((words, text) => words | surveyText(text).words, 0));
  expect(surveyText(`${"kelp ".repeat(400)}1union`).words).toBe(surveyText("1union").words);
  expect(surveyText(`${"orchard forum ".repeat(400)}`).words).toBe(0);
});

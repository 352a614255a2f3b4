import { describe, expect, test } from "vitest";
import { readRepository } from "../checks/files.ts";
import { PROMISES } from "./promise-rows.ts";
import { promiseProblems, promisesPage, readGaps, readPromiseTests } from "./promises.ts";

const found = (text: string) => readPromiseTests(new Map([["packages/x/test/one.test.ts", text]])).map(({ row, title }) => [row, title]);

describe("rows in titles", () => {
  test("are read from tests, groups and the rows of `each`, with the titles around them", () => {
    expect(
      found(`
        describe("S2-014 the blocklist", () => {
          test("S2-015 S3-017 changes at once", () => {});
          test("says why", () => {});
        });
        test.skipIf(true)("S2-016, S2-017, D-11: waits for S2-016", () => {});
        test.each<[string, string]>([["S2-064", "AIWAF_ACCESS_LOG"], ["S2-065 S3-001", "AIWAF_DISABLE_AI"]])("%s %s", () => {});
        test("S2-9999 and XS2-017 are no rows", () => {});
        const text = "S2-018 in a text is no title";
      `),
    ).toEqual([
      ["S2-014", "the blocklist"],
      ["S2-015", "the blocklist › changes at once"],
      ["S2-016", "waits for"],
      ["S2-016", "waits for"],
      ["S2-017", "waits for"],
      ["S2-064", "AIWAF_ACCESS_LOG"],
      ["S2-065", "AIWAF_DISABLE_AI"],
      ["S3-001", "AIWAF_DISABLE_AI"],
      ["S3-017", "the blocklist › changes at once"],
    ]);
  });

  test("that are no promise are a problem, and so is a promise with neither a test nor a reason", () => {
    const files = new Map([["packages/x/test/one.test.ts", 'test("S2-254 x", () => {});\ntest("S2-001 y", () => {});']]);
    const problems = promiseProblems(files, readPromiseTests(files));
    expect(problems).toContain("packages/x/test/one.test.ts:1: S2-254 is no row of the promises");
    expect(problems).toContain("S2-036: no test names it, and no reason says why");
    expect(problems.some((problem) => problem.startsWith("S2-001:"))).toBe(false);
    // Reasons that lean on tests which are gone are no reasons.
    expect(problems).toContain("promise-gaps: packages/core/test/options.test.ts is gone");
  });
});

describe("the page", () => {
  const files = readRepository(`${import.meta.dirname}/../..`);
  const page = promisesPage(files, readPromiseTests(files));

  test("has every row once, with tests or a reason", () => {
    const rows = page.split("\n").filter((line) => /^\| S\d-\d{3} \|/.test(line));
    expect(rows.map((line) => line.slice(2, 8))).toEqual([...PROMISES.keys()]);
    for (const line of rows) expect(line.split(/(?<!\\)\|/)[3]!.trim().length, line).toBeGreaterThan(10);
  });

  test("gives every reason for rows there are, and one each", () => {
    expect(readGaps(files).problems).toEqual([]);
    expect(PROMISES.size).toBe(58 + 253 + 112 + 45 + 41);
  });
});

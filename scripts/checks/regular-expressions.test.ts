import { describe, expect, test } from "vitest";
import { search, treeOf } from "./expression-tree.ts";
import { checkRegularExpressions, judge } from "./regular-expressions.ts";

describe("the matcher that counts", () => {
  test.each([
    ["a{2,4}b|cd?$", ["aab", "b", "aaaaab", "xc", "cd", "cde"]],
    ["^\\s{0,3}(?:x|yz)+\\b", ["x", "  yzx ", "   yzy", "    x"]],
    ["(?:^|[^\\w.])(?!ab)\\w{1,3}?-", [".abc-", " xy-", "-ab-", "q-"]],
    ["[^\\]a-c]\\.|\\u00e9\\x41", ["d.", "a.", "].", "\u00e9A"]],
    ["a(?=b)b|\\Bz", ["ab", "ac", "z", "az"]],
  ])("finds in %s what the engine finds", (source, texts) => {
    for (const text of texts) expect(search(treeOf(source, ""), text, 1e6).found, text).toBe(new RegExp(source).test(text));
  });
});

test.each([
  ["two repetitions without a bound that overlap", "\\w+\\d+"],
  ["a repetition of a repetition", "(?:a+)+"],
  ["an end that a run may have to be tried for from each of its characters", "\\s+$"],
  ["bounds so wide that they hardly are any", "(?:[ab]{1,40}[a-c]{1,40}){1,40}!"],
  ["a back reference", "(a)\\1"],
])("%s is refused", (_, source) => {
  expect(judge(source, "").problem).toBeDefined();
});

test.each(["^\\w+$", "\\s+", "[a-z]{1,24}\\s{0,3}\\(", "^[\\s(]{0,8}or\\b"])("%s passes", (source) => {
  expect(judge(source, "").problem).toBeUndefined();
});

test("a problem names the place", () => {
  const files = new Map([["packages/core/src/content/a.ts", "\nconst one = /a{1,3}b/;\nconst two = /(?:a|b)*c/;"]]);
  expect(checkRegularExpressions(files).problems).toEqual([expect.stringMatching(/^packages\/core\/src\/content\/a\.ts:3: /)]);
});

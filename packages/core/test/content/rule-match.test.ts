import { expect, test } from "vitest";
import { checkRules } from "../../src/content/rule-match.ts";

test("checkRules names rule, severity, text and offsets of what a raw text holds", () => {
  const raw = "id=7' union select login,secret from members--";
  const [first] = checkRules(raw);
  expect(first).toMatchObject({ severity: 9, description: expect.any(String) });
  expect(raw.slice(first!.start, first!.end)).toContain(first!.match);
});

test("checkRules finds nothing in prose and does not throw for any text", () => {
  expect(checkRules("O'Brien & Sons -- since 1904")).toEqual([]);
  for (const text of ["", "%", "\ud800", "\0".repeat(10), "a".repeat(200_000)]) expect(() => checkRules(text)).not.toThrow();
});

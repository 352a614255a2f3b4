import { describe, expect, test } from "vitest";
import { inspectHead, settingOf } from "../../src/content/request-parts.ts";
import { type ContentOptions, content } from "../../src/detectors/content.ts";
import type { Finding } from "../../src/types.ts";
import { request, score } from "./inspect.ts";

type Exceptions = NonNullable<ContentOptions["exceptions"]>;

const UNION = encodeURIComponent("1 union all select null,null,version()");
const SCRIPT = encodeURIComponent("<script>alert(document.domain)</script>");

function headOf(
  exceptions: Exceptions | undefined,
  target: string,
  headers: readonly (readonly [string, string])[] = [],
): readonly Finding[] {
  const [head] = content(exceptions === undefined ? {} : { exceptions });
  return (head.inspect(request({ target, headers }), undefined as never) ?? []) as readonly Finding[];
}

const only =
  (place: string, family: string, answer: boolean | number = true): Exceptions =>
  (_, where, rule) =>
    where === place && rule.startsWith(family) ? answer : false;

describe("exceptions by parameter", () => {
  test("let a rule pass at one place and nowhere else", () => {
    const exceptions = only("query:report", "sql/");
    expect(score(headOf(exceptions, `/a?report=${UNION}`))).toBeLessThan(100);
    expect(score(headOf(exceptions, `/a?other=${UNION}`))).toBeGreaterThanOrEqual(100);
    expect(score(headOf(exceptions, `/a?report=${UNION}&other=${UNION}`))).toBeGreaterThanOrEqual(100);
  });

  test("hide no other rule in the same value", () => {
    const findings = headOf(
      (_, where, rule) => where === "query:q" && (rule.startsWith("sql/") || rule === "score/tokens"),
      `/a?q=${UNION}${SCRIPT}`,
    );
    expect(score(findings)).toBeGreaterThanOrEqual(100);
    expect(findings.some(({ rule }) => rule.startsWith("xss/"))).toBe(true);
    expect(findings.some(({ rule }) => rule.startsWith("sql/"))).toBe(false);
  });

  test("use up none of the attention that other values get", () => {
    const many = Array.from({ length: 12 }, () => `free=${SCRIPT}`).join("&");
    const findings = headOf((_, where) => where === "query:free", `/a?${many}&q=${UNION}`);
    expect(findings.map(({ where }) => where)).toContain("query:q");
    expect(score(findings)).toBeGreaterThanOrEqual(100);
  });

  test("may see the request, and hold for every request on their own", () => {
    const exceptions: Exceptions = ({ path }, where) => path === "/free" && where === "header:x-note";
    const note = [["x-note", "<script>alert(document.domain)</script>"]] as const;
    expect(score(headOf(exceptions, "/free", note))).toBe(0);
    // What was let pass there must not be remembered as clean.
    expect(score(headOf(exceptions, "/paid", note))).toBeGreaterThanOrEqual(100);
    expect(score(headOf(undefined, "/free", note))).toBeGreaterThanOrEqual(100);
  });

  test("lower a score by a number from 0 to 1", () => {
    const full = score(headOf(undefined, `/a?q=${SCRIPT}`));
    const half = score(headOf(only("query:q", "", 0.3), `/a?q=${SCRIPT}`));
    expect(half).toBeLessThan(100);
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(full);
    expect(score(headOf(only("query:q", "", 0), `/a?q=${SCRIPT}`))).toBe(0);
  });

  test.each([false, 1, 2, -1, Number.NaN, Number.POSITIVE_INFINITY, "yes", null, undefined, {}])(
    "change nothing by answering %j",
    (answer) => {
      const exceptions = (() => answer) as unknown as Exceptions;
      expect(headOf(exceptions, `/a?q=${SCRIPT}`)).toEqual(headOf(undefined, `/a?q=${SCRIPT}`));
    },
  );

  test("change nothing by throwing", () => {
    const exceptions: Exceptions = () => {
      throw new Error("no");
    };
    expect(headOf(exceptions, `/a?q=${SCRIPT}`)).toEqual(headOf(undefined, `/a?q=${SCRIPT}`));
  });

  test("are a function or nothing", () => {
    expect(() => content({ exceptions: "sql/union" as unknown as Exceptions })).toThrow(/exceptions/);
  });
});

describe("presets", () => {
  const sure = (sensitivity: number, share: number): number => {
    const made = request({ target: "/a?q=%3A(" });
    const setting = settingOf(made, sensitivity, {
      opinion: (_: string, hits: { add(...hit: [`${string}/${string}`, number, number, number]): void }) =>
        hits.add("score/tokens", share, 0, 1),
    });
    return score(inspectHead(made, () => setting) ?? []);
  };

  test("lenient: the table alone never blocks, however sure it is", () => {
    expect(sure(0.8, 100)).toBeLessThan(50);
  });

  test("balanced: the table alone blocks only when it is as sure as can be", () => {
    expect(sure(1, 99)).toBeLessThan(50);
    expect(sure(1, 100)).toBe(100);
  });

  test("strict: three quarters of certainty are enough", () => {
    expect(sure(1.35, 74)).toBeLessThan(50);
    expect(sure(1.35, 75)).toBe(100);
  });
});

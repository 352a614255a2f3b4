import { expect, test } from "vitest";
import { knownTargets, readCommandLine } from "../src/runner/command-line.ts";
import { createProgress } from "../src/runner/progress.ts";
import { aggregate } from "../src/runner/results.ts";
import { type Paint, renderTable } from "../src/runner/table.ts";
import { comparison, outcome, record, report } from "./runner-fixtures.ts";

/** A run with large figures, so that the widest cells are seen. */
function table(targets: readonly string[], paint?: Paint): string {
  const records = ["probe", "prototype-pollution", "credential-stuffing"].flatMap((type) =>
    Array.from({ length: 1_500 }, (_, index) => record({ id: `${type}${index}`, class: type, oracle: "markup" })),
  );
  const direct = records.map((each) => outcome({ record: each, exploited: true, durationMs: 123.456 }));
  const outcomes = records.map((each) => outcome({ record: each, status: 403, decisionId: each.id, durationMs: 1_234.56 }));
  const decisions = records.map((each, index) => ({
    id: each.id,
    action: "block" as const,
    status: 403,
    rule: `rate-limit/some-long-rule-name-${index % 20}`,
    score: 100,
    rules: [],
  }));
  const reports = (mode: "normal" | "attacks") =>
    targets.map((target) => report(target === "direct" ? direct : outcomes, { target, mode, direct, decisions }));
  const folded = aggregate([comparison({ normal: reports("normal"), attacks: reports("attacks"), attacks_single: reports("attacks") })]);
  const gates = [{ target: "protected_express", text: "normal traffic: blocked requests 4500, budget at most 0", passed: false }];
  return renderTable({
    folded,
    budget: { targets: {} },
    gates,
    durationMs: 97_000,
    ...(paint === undefined ? {} : { paint }),
  });
}

test.each([1, 2, 3, 4, 5])("fits a hundred columns with %i targets", (number) => {
  const lines = table(knownTargets.slice(0, number)).split("\n");
  expect(lines.filter((line) => line.length > 100)).toEqual([]);
  expect(Math.max(...lines.map((line) => line.length))).toBeGreaterThan(60);
});

test("keeps its columns when it is coloured", () => {
  const plain = table(["direct", "protected_express"]);
  const coloured = table(["direct", "protected_express"], (style, text) => `\x1b[1m${style === "bold" ? text : text}\x1b[0m`);
  expect(coloured).not.toBe(plain);
  expect(coloured.replaceAll("\x1b[1m", "").replaceAll("\x1b[0m", "")).toBe(plain);
});

test("shows exploits, blocks, intervals, times with their ratio, rules, and each failed gate by name", () => {
  const text = table(["direct", "protected_express"]);
  expect(text).toMatch(/exploits that worked, of 4,500 +4,500 +0\n/);
  expect(text).toMatch(/requests blocked +0\.0 % +100\.0 %\n/);
  expect(text).toMatch(/true rate \(95 % confidence\) +0–0\.09 % +99\.9–100 %\n/);
  expect(text).toMatch(/answer time, ms \(p50 \/ p95 \/ p99\) +123 \/ 123 \/ 123 +1235 \/ 1235 \/ 1235\n/);
  expect(text).toMatch(/as multiples of its twin's +10\.00 \/ 10\.00 \/ 10\.00\n/);
  expect(text).toMatch(/rate-limit\/some-long-rule-name-0 +225\n/);
  expect(text).toContain("prototype-pollution");
  expect(text).toContain("✗ protected_express, normal traffic: blocked requests 4500, budget at most 0");
});

test("redraws one line on a terminal and removes it at the end", () => {
  const written: string[] = [];
  let clock = 0;
  const progress = createProgress({ isTTY: true, write: (text) => written.push(text) }, () => clock);
  progress.phase("attackers", 200);
  progress.advance(1);
  clock = 150;
  progress.advance(50);
  progress.end();
  progress.advance(200);
  expect(written).toEqual(["\r\x1b[K  0 %  attackers  0 s", "\r\x1b[K 25 %  attackers  0 s", "\r\x1b[K"]);
});

test("writes a line every five seconds where there is no terminal", () => {
  const written: string[] = [];
  let clock = 0;
  const progress = createProgress({ write: (text) => written.push(text) }, () => clock);
  progress.phase("attackers", 100);
  for (clock = 0; clock <= 12_000; clock += 100) progress.advance(clock / 200);
  progress.end();
  expect(written).toEqual(["  0 %  attackers  0 s\n", " 25 %  attackers  5 s\n", " 50 %  attackers  10 s\n"]);
});

test("reads the command line, and always plays the unprotected shop first", () => {
  expect(readCommandLine([])).toEqual({ iterations: 1, targets: knownTargets, mode: "all", json: false, help: false });
  expect(readCommandLine(["-n", "3", "--targets", "protected_express", "--mode", "attacks", "--json"])).toEqual({
    iterations: 3,
    targets: ["direct", "protected_express"],
    mode: "attacks",
    json: true,
    help: false,
  });
  expect(readCommandLine(["--targets", "protected_nuxt"]).targets).toEqual(["direct", "direct_nuxt", "protected_nuxt"]);
});

test.each([
  [["-n", "0"], "-n must be a whole number from 1 to 100"],
  [["-n", "two"], "-n must be a whole number from 1 to 100"],
  [["-n", "1e9"], "-n must be a whole number from 1 to 100"],
  [["--targets", "protected_django"], 'there is no "protected_django"'],
  [["--mode", "some"], "--mode must be normal, attacks or all"],
  [["--jsno"], "--jsno"],
  [["extra"], "extra"],
])("refuses %j and says why", (words, message) => {
  expect(() => readCommandLine(words)).toThrow(message);
});

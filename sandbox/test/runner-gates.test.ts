import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import type { Outcome } from "../src/runner/drive.ts";
import { type Budget, checkGates, readBudget, type TargetBudget } from "../src/runner/gates.ts";
import { aggregate } from "../src/runner/results.ts";
import { comparison, outcome, record, report } from "./runner-fixtures.ts";

/** `blocked` of `sent` requests of a class. */
function requests(sent: number, blocked: number, fields: Partial<Outcome> = {}, type = "probe"): Outcome[] {
  return Array.from({ length: sent }, (_, index) =>
    outcome({
      record: record({ id: `${type}${index}`, class: type, oracle: "markup" }),
      ...(index < blocked ? { status: 403, decisionId: "d" } : {}),
      ...fields,
    }),
  );
}

function check(gates: TargetBudget, parts: { normal?: Outcome[]; attacks?: Outcome[]; single?: Outcome[] }): (boolean | undefined)[] {
  const budget: Budget = { targets: { protected_express: gates } };
  const made = comparison({
    ...(parts.normal === undefined ? {} : { normal: [report(parts.normal, { mode: "normal" })] }),
    ...(parts.attacks === undefined ? {} : { attacks: [report(parts.attacks)] }),
    ...(parts.single === undefined ? {} : { attacks_single: [report(parts.single)] }),
  });
  return checkGates(budget, aggregate([made])).map((gate) => gate.passed);
}

test("fails when one normal request is blocked", () => {
  expect(check({ normalBlockedMax: 0 }, { normal: requests(1_000, 0) })).toEqual([true]);
  expect(check({ normalBlockedMax: 0 }, { normal: requests(1_000, 1) })).toEqual([false]);
});

test("fails when no normal traffic was sent at all", () => {
  expect(check({ normalBlockedMax: 0 }, { normal: [] })).toEqual([false]);
});

test("fails when normal requests go unanswered or are answered differently", () => {
  expect(check({ normalBrokenMax: 0 }, { normal: requests(10, 0) })).toEqual([true]);
  expect(check({ normalBrokenMax: 0 }, { normal: [...requests(9, 0), ...requests(1, 0, { status: 0, error: "reset" })] })).toEqual([false]);
  expect(check({ normalBrokenMax: 0 }, { normal: [...requests(9, 0), ...requests(1, 0, { status: 502 })] })).toEqual([false]);
});

test("fails when a class falls below its share in either address mode", () => {
  const gates = { classBlockedPctMin: { probe: 95 } };
  expect(check(gates, { attacks: requests(100, 95), single: requests(100, 100) })).toEqual([true, true]);
  expect(check(gates, { attacks: requests(100, 94), single: requests(100, 100) })).toEqual([false, true]);
  expect(check(gates, { attacks: requests(100, 100), single: requests(100, 94) })).toEqual([true, false]);
});

test("fails when too few of all attacks are blocked in either address mode", () => {
  const gates = { attacksBlockedPctMin: 97.5 };
  expect(check(gates, { attacks: requests(1_000, 975), single: requests(10, 10) })).toEqual([true, true]);
  expect(check(gates, { attacks: requests(1_000, 974), single: requests(10, 10) })).toEqual([false, true]);
  expect(check(gates, { attacks: [], single: requests(10, 9) })).toEqual([false, false]);
});

test("does not let one class make up for another", () => {
  const gates = { classBlockedPctMin: { probe: 95, flood: 95 } };
  const mixed = [...requests(1_000, 1_000), ...requests(10, 0, {}, "flood")];
  expect(check(gates, { attacks: mixed, single: mixed })).toEqual([true, false, true, false]);
});

test("fails when nothing of a class was sent, or nothing of it reached the firewall", () => {
  const gates = { classBlockedPctMin: { method: 95 } };
  expect(check(gates, { attacks: requests(10, 10), single: requests(10, 10) })).toEqual([false, false]);
  const refused = requests(3, 0, { status: 400, refused: true }, "method");
  expect(check(gates, { attacks: refused, single: refused })).toEqual([false, false]);
});

test("fails when nothing works on the unprotected shop, and when too much works on a protected one", () => {
  const worked = requests(2, 0, { exploited: true });
  expect(check({ exploitedMin: 1 }, { attacks: worked, single: worked })).toEqual([true, true]);
  expect(check({ exploitedMin: 1 }, { attacks: requests(2, 0), single: worked })).toEqual([false, true]);
  expect(check({ exploitedMax: 0 }, { attacks: requests(2, 0), single: worked })).toEqual([true, false]);
});

test("fails when the unprotected shop blocks", () => {
  expect(check({ attacksBlockedPctMax: 0.5 }, { attacks: requests(1_000, 5), single: requests(1_000, 6) })).toEqual([true, false]);
});

test("judges the sum of all iterations", () => {
  const budget: Budget = { targets: { protected_express: { normalBlockedMax: 0 } } };
  const runs = [0, 1, 0].map((blocked) => comparison({ normal: [report(requests(10, blocked), { mode: "normal" })] }));
  expect(checkGates(budget, aggregate(runs))).toEqual([
    { target: "protected_express", text: "normal traffic: blocked requests 1, budget at most 0", passed: false },
  ]);
});

test("says which gates a run did not play, and passes over targets that did not run", () => {
  expect(check({ normalBlockedMax: 0, exploitedMin: 1 }, { normal: requests(1, 0) })).toEqual([true, undefined, undefined]);
  const budget: Budget = { targets: { protected_nuxt: { normalBlockedMax: 0 } } };
  expect(checkGates(budget, aggregate([comparison({ normal: [report(requests(1, 1))] })]))).toEqual([]);
});

test("has no gate on time", () => {
  const slow = requests(10, 0, { durationMs: 4_999 });
  const budget = readBudget(new URL("../budget.json", import.meta.url));
  const made = comparison({ normal: [report(slow, { mode: "normal" })] });
  expect(checkGates(budget, aggregate([made])).filter((gate) => gate.passed === false)).toEqual([]);
});

test("refuses a budget with a misspelled gate", () => {
  const folder = mkdtempSync(join(tmpdir(), "sandbox-budget-"));
  try {
    const file = join(folder, "budget.json");
    writeFileSync(file, JSON.stringify({ targets: { direct: { normalBlokedMax: 0 } } }));
    expect(() => readBudget(pathToFileURL(file))).toThrow('direct has an unknown gate "normalBlokedMax"');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("commits gates for the classes that head detectors must stop", () => {
  const { targets } = readBudget(new URL("../budget.json", import.meta.url));
  expect(targets["protected_express"]).toMatchObject({
    normalBlockedMax: 0,
    normalBrokenMax: 0,
    classBlockedPctMin: { probe: 95, scanner: 95, "brute-force": 95, flood: 95, method: 95 },
  });
  expect(targets["direct"]).toMatchObject({ exploitedMin: 1, normalBlockedMax: 0 });
});

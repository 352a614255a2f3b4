import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { toUnits } from "../src/runner/plan.ts";
import { judge } from "../src/runner/report.ts";
import { aggregate, writeResults } from "../src/runner/results.ts";
import { comparison, outcome, record, report } from "./runner-fixtures.ts";

const one = record({ id: "1" });

test.each([
  ["answered", { status: 200 }, 200],
  ["answered", { status: 404 }, 200],
  ["answered", { status: 500 }, 200],
  ["blocked", { status: 403 }, 200],
  ["blocked", { status: 405 }, 404],
  ["blocked", { status: 409 }, 200],
  ["blocked", { status: 429 }, 200],
  ["answered", { status: 403 }, 403],
  ["answered", { status: 405 }, 405],
  ["blocked", { status: 405, decisionId: "d" }, 405],
  ["blocked", { status: 413, decisionId: "d" }, 200],
  ["blocked", { status: 400, decisionId: "d" }, 400],
  ["answered", { status: 200, decisionId: "d" }, 200],
  ["refused", { status: 400, refused: true }, 400],
  ["error", { status: 0, error: "reset" }, 200],
] as const)("calls a request %s with %j where the unprotected shop answers %i", (verdict, fields, directStatus) => {
  expect(judge(outcome({ record: one, ...fields }), outcome({ record: one, status: directStatus }))).toBe(verdict);
});

test("takes refused requests out of the percentage, and counts scenarios by their last request", () => {
  const units = toUnits([record({ id: "1", scenario: "s" }), record({ id: "2", scenario: "s" }), record({ id: "3" }), record({ id: "4" })]);
  const [scenario, third, fourth] = units as [(typeof units)[0], (typeof units)[0], (typeof units)[0]];
  const made = report([
    outcome({ record: scenario.records[0]!, unit: scenario, status: 200 }),
    outcome({ record: scenario.records[1]!, unit: scenario, status: 403, decisionId: "x" }),
    outcome({ record: third.records[0]!, unit: third, status: 200 }),
    outcome({ record: fourth.records[0]!, unit: fourth, status: 400, refused: true }),
  ]);
  expect(made).toMatchObject({
    total_requests: 4,
    total_blocked: 1,
    total_refused: 1,
    blocked_pct: 33.333,
    scenarios: 3,
    scenarios_stopped: 1,
  });
});

test("counts what a look shows, and not the look: its scenario is stopped when the attack before it was", () => {
  const pair = (scenario: string, attack: object, look: object) => {
    const [unit] = toUnits([
      record({ id: `${scenario}1`, scenario }),
      record({ id: `${scenario}2`, scenario, oracle: "markup", look: true }),
    ]);
    return [outcome({ record: unit!.records[0]!, unit: unit!, ...attack }), outcome({ record: unit!.records[1]!, unit: unit!, ...look })];
  };
  const blocked = { status: 403, decisionId: "x" };
  const made = report([...pair("a", blocked, {}), ...pair("b", {}, { exploited: true }), ...pair("c", blocked, blocked)]);
  expect(made).toMatchObject({
    total_requests: 3,
    total_looks: 3,
    total_blocked: 2,
    blocked_pct: 66.667,
    observable: 3,
    exploited: 1,
    scenarios: 3,
    scenarios_stopped: 2,
    blocked_by_rule: { "(no rule told)": 2 },
  });
  expect(made.surprises.map(({ id }) => id)).toEqual(["b1", "b2"]);
});

test("weights times by requests, leaves out requests without an answer, and takes quantiles over all classes", () => {
  const fast = Array.from({ length: 98 }, (_, index) => outcome({ record: record({ id: `f${index}`, class: "probe" }), durationMs: 1 }));
  const slow = [100, 200].map((durationMs) => outcome({ record: record({ id: `s${durationMs}`, class: "sqli" }), durationMs }));
  const lost = outcome({ record: record({ id: "lost" }), status: 0, durationMs: 5_000, error: "no answer" });
  const made = report([...fast, ...slow, lost]);
  expect(made).toMatchObject({ avg_response_time_ms: 3.98, p50_ms: 1, p95_ms: 1, p99_ms: 100, total_errors: 1 });
  expect(made.attacks.map((each) => [each.attack_type, each.avg_response_time_ms])).toEqual([
    ["probe", 1],
    ["sqli", 150],
  ]);
});

test("counts blocks by the rule that the target's own account names, most frequent first", () => {
  const outcomes = ["a", "b", "b2", "?"].map((decisionId) => outcome({ record: record({ id: decisionId }), status: 403, decisionId }));
  const decisions = [
    ["a", "probes/dot-file"],
    ["b", "blocklist/ban"],
    ["b2", "blocklist/ban"],
  ].map(([id, rule]) => ({ id: id!, action: "block" as const, status: 403, rule: rule!, score: 100, rules: [] }));
  const made = report(outcomes, { decisions });
  expect(Object.entries(made.blocked_by_rule)).toEqual([
    ["blocklist/ban", 2],
    ["probes/dot-file", 1],
    ["(no rule told)", 1],
  ]);
});

test("counts exploits, and what could have shown one", () => {
  const made = report([
    outcome({ record: record({ id: "1", oracle: "markup" }), exploited: true }),
    outcome({ record: record({ id: "2", oracle: "markup" }) }),
    outcome({ record: record({ id: "3" }) }),
  ]);
  expect(made).toMatchObject({ observable: 2, exploited: 1 });
});

test("names normal requests that did not get what the unprotected shop answers", () => {
  const records = ["same", "blocked", "changed", "lost"].map((id) => record({ id, class: "browser" }));
  const [same, blocked, changed, lost] = records as [typeof one, typeof one, typeof one, typeof one];
  const outcomes = [
    outcome({ record: same }),
    outcome({ record: blocked, status: 403, decisionId: "d" }),
    outcome({ record: changed, status: 500 }),
    outcome({ record: lost, status: 0, error: "reset" }),
  ];
  const made = report(outcomes, { mode: "normal" });
  expect(made.total_changed).toBe(1);
  expect(made.surprises).toEqual([
    { id: "blocked", class: "browser", exploited: false, request: "GET /blocked", status: 403, direct_status: 200, rule: "(no rule told)" },
    { id: "changed", class: "browser", exploited: false, request: "GET /changed", status: 500, direct_status: 200 },
    { id: "lost", class: "browser", exploited: false, request: "GET /lost", status: 0, direct_status: 200, error: "reset" },
  ]);
});

test("names attacks that a protected shop let through, and none for the unprotected one", () => {
  const through = outcome({ record: record({ id: "through" }), exploited: true });
  const outcomes = [
    through,
    outcome({ record: record({ id: "blocked" }), status: 403, decisionId: "d" }),
    outcome({ record: record({ id: "refused" }), status: 400, refused: true }),
  ];
  expect(report(outcomes).surprises.map((each) => [each.id, each.exploited])).toEqual([["through", true]]);
  expect(report(outcomes, { direct: outcomes }).surprises).toEqual([]);
});

test("groups by class, and by the names of the upstream suite where records have one", () => {
  const made = report([
    outcome({ record: record({ id: "1", class: "sqli", suite_test: "query_injection" }), status: 403 }),
    outcome({ record: record({ id: "2", class: "xss", suite_test: "query_injection" }) }),
    outcome({ record: record({ id: "3", class: "xss" }) }),
  ]);
  expect(made.attacks.map((each) => [each.attack_type, each.requests_sent, each.blocked, each.status_counts])).toEqual([
    ["sqli", 1, 1, { 403: 1 }],
    ["xss", 2, 0, { 200: 2 }],
  ]);
  expect(made.suite.map((each) => [each.attack_type, each.requests_sent, each.blocked_pct])).toEqual([["query_injection", 2, 50]]);
});

test("writes one file a report, one a comparison and one aggregate, with the fields that others read", () => {
  const folder = mkdtempSync(join(tmpdir(), "sandbox-results-"));
  try {
    const blocked = [outcome({ record: one, status: 403, durationMs: 3 })];
    const passed = [outcome({ record: one, durationMs: 1 })];
    const comparisons = ["run-1", "run-2"].map((runId) =>
      comparison({
        runId,
        normal: [report(passed, { target: "direct", mode: "normal", runId }), report(passed, { mode: "normal", runId })],
        attacks: [report(passed, { target: "direct", runId }), report(runId === "run-1" ? blocked : passed, { runId })],
        attacks_single: [report(passed, { target: "direct", runId: `${runId}-single` }), report(blocked, { runId: `${runId}-single` })],
      }),
    );
    const names = writeResults(folder, comparisons, aggregate(comparisons), new Date(0));
    expect([...names].sort()).toEqual(readdirSync(folder).sort());
    expect(names).toContain("results_protected_express_attacks_run-2-single.json");
    expect(names.at(-1)).toBe("comparison_aggregate_19700101T000000000Z.json");

    const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
    const single = read("results_protected_express_attacks_run-1.json");
    expect(Object.keys(single)).toEqual(
      expect.arrayContaining([
        "target",
        "baseUrl",
        "runId",
        "startedAt",
        "attacks",
        "finishedAt",
        "p50_ms",
        "p95_ms",
        "p99_ms",
        "blocked_by_rule",
        "exploited",
      ]),
    );
    expect(Object.keys(single.attacks[0])).toEqual(
      expect.arrayContaining(["attack_type", "requests_sent", "status_counts", "blocked", "errors", "avg_response_time_ms"]),
    );

    const compared = read("comparison_modes_run-1.json");
    expect(Object.keys(compared)).toEqual(["runId", "generatedAt", "normal", "attacks", "attacks_single"]);
    expect(compared.attacks[1]).toEqual(single);

    const folded = read(names.at(-1)!);
    expect(folded.runs.map((run: { iteration: number; comparison_file: string }) => [run.iteration, run.comparison_file])).toEqual([
      [1, "comparison_modes_run-1.json"],
      [2, "comparison_modes_run-2.json"],
    ]);
    expect(folded.runs[0].metrics.protected_express.attacks).toMatchObject({
      total_requests: 1,
      total_blocked: 1,
      blocked_pct: 100,
      avg_response_time_ms: 3,
    });
    expect(folded.aggregate).toMatchObject({ iterations: 2 });
    expect(folded.aggregate.targets.protected_express.attacks).toMatchObject({
      total_requests: 2,
      total_blocked: 1,
      blocked_pct_mean: 50,
      blocked_pct_median: 50,
      response_ms_mean: 2,
      response_ms_median: 2,
    });
    expect(folded.aggregate.targets.protected_express.attacks.classes[0]).toMatchObject({
      attack_type: "probe",
      requests_sent: 2,
      blocked: 1,
      status_counts: { 200: 1, 403: 1 },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

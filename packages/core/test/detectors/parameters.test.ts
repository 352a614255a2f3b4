import { describe, expect, test } from "vitest";
import { content } from "../../src/detectors/content.ts";
import { type LearnParametersOptions, learnParameters } from "../../src/detectors/parameters.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { Decision, RuleId, WafRequest } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";

const START = 1_760_000_000_000;
const INTERVAL = 600_000;

function site(options?: LearnParametersOptions, threshold = 100) {
  let now = START;
  const learning = learnParameters(options);
  const waf = createWaf({
    store: memoryStore(),
    detectors: [learning.detector, ...content({ exceptions: learning.exceptions })],
    threshold,
    clock: () => now,
    log: { warn() {}, error() {} },
  });
  const send = (target: string, peer = "192.0.2.7", status = 200): Decision => {
    const decision = waf.inspect({
      method: "GET",
      target,
      headers: new Headers({ "user-agent": "x", host: "shop.example" }),
      peer,
    }) as Decision;
    waf.observe(decision, { status, durationMs: 1 });
    return decision;
  };
  return {
    learning,
    send,
    /** Visitors of `networks` networks, each of whom sends what `target` says in each of `intervals` intervals. */
    visit(networks: number, intervals: number, target: (network: number, interval: number) => string, from = 0, status = 200): void {
      for (let interval = 0; interval < intervals; interval++) {
        now += INTERVAL;
        for (let network = 0; network < networks; network++)
          send(target(network, interval), `10.${from + network}.0.${interval + 1}`, status);
      }
    },
  };
}

const rulesOf = ({ findings }: Decision): readonly RuleId[] => findings.map(({ rule }) => rule);
const isUnusual = (decision: Decision): boolean => rulesOf(decision).includes("parameters/unusual");

describe("what is usual for a parameter", () => {
  test("is learned from many networks in many intervals; other kinds and lengths are then unusual, and only there", () => {
    const { send, visit } = site();
    visit(14, 8, (network, interval) => `/orders/${network}?page=${interval + 1}`);
    expect(isUnusual(send("/orders/3?page=7"))).toBe(false);
    expect(send("/orders/3?page=x-1;drop").findings).toContainEqual(
      expect.objectContaining({
        rule: "parameters/unusual",
        score: 25,
        where: "query:page",
        note: "anything where simpler values are usual",
      }),
    );
    expect(isUnusual(send("/orders/3?page=12345678901234567"))).toBe(true);
    expect(isUnusual(send("/orders/3?sort=a'b"))).toBe(false);
    expect(isUnusual(send("/other?page=a'b"))).toBe(false);
  });

  test("nothing is, before enough networks and intervals were seen", () => {
    for (const [networks, intervals] of [
      [4, 30],
      [30, 2],
    ] as const) {
      const { send, visit } = site();
      visit(networks, intervals, (_, interval) => `/search?page=${interval}`);
      expect(isUnusual(send("/search?page=<b>"))).toBe(false);
    }
  });

  test("an unusual value never blocks alone, however low the threshold", () => {
    const { send, visit } = site({}, 10);
    visit(14, 8, (_, interval) => `/list?page=${interval}`);
    const decision = send("/list?page=a%7Cb");
    expect(isUnusual(decision)).toBe(true);
    expect(decision.findings.find(({ rule }) => rule === "parameters/unusual")!.score).toBeLessThan(10);
  });
});

describe("a poisoner", () => {
  const honest = (_: number, interval: number): string => `/list?page=${interval + 1}`;
  const poison = (): string => "/list?page=x%27y%22z";

  test("of one network moves nothing, whatever it sends and however long", () => {
    const { send, visit } = site();
    visit(20, 8, honest);
    for (let round = 0; round < 5_000; round++) send("/list?page=x%27y%22z", "172.16.0.1");
    visit(1, 60, poison, 200);
    expect(isUnusual(send("/list?page=a%27b"))).toBe(true);
  });

  test("of nine networks moves nothing in any time", () => {
    const { send, visit } = site();
    visit(100, 8, honest);
    visit(9, 100, poison, 150);
    expect(isUnusual(send("/list?page=a%27b"))).toBe(true);
  });

  test("with less than a tenth of the traffic moves nothing, from however many networks", () => {
    const { send, visit } = site();
    for (let round = 0; round < 10; round++) {
      visit(150, 1, honest);
      visit(12, 1, poison, 200);
    }
    expect(isUnusual(send("/list?page=a%27b"))).toBe(true);
  });

  test("cannot teach with blocked requests, with what the application refused, or by filling the memory", () => {
    const { send, visit } = site({ maxParameters: 10 });
    visit(20, 8, honest);
    visit(30, 8, () => "/list?page=1%27%20union%20select%20password%20from%20users--", 100);
    visit(30, 8, poison, 100, 404);
    for (let index = 0; index < 5_000; index++) send(`/list?made-up-${index}=1`, "172.16.0.1");
    expect(isUnusual(send("/list?page=a%27b"))).toBe(true);
  });

  test("cannot relax a rule either", () => {
    const { learning, visit } = site();
    const request = { path: "/post", route: undefined } as unknown as WafRequest;
    visit(100, 8, (network) => `/post?text=words+${network}`);
    visit(9, 50, () => "/post?text=%3Cb%3Ehello%3C%2Fb%3E+onload", 150);
    for (const rule of ["xss/markup", "xss/tag", "xss/event-handler"] as const)
      expect(learning.exceptions(request, "query:text", rule)).toBe(1);
  });
});

describe("a parameter of free text", () => {
  test("relaxes exactly the rule that its honest values keep hitting, there alone", () => {
    // A detector of one rule, so that the test does not hang on what content inspection thinks of a text.
    let now = START;
    const learning = learnParameters();
    const marks = {
      name: "marks",
      phase: "head" as const,
      rules: ["marks/code" as const],
      inspect: ({ query }: WafRequest) =>
        query.includes("code") ? ({ rule: "marks/code", score: 30, where: "query:text" } as const) : undefined,
    };
    const waf = createWaf({
      store: memoryStore(),
      detectors: [marks, learning.detector],
      clock: () => now,
      log: { warn() {}, error() {} },
    });
    for (let interval = 0; interval < 8; interval++) {
      now += INTERVAL;
      for (let network = 0; network < 20; network++) {
        const target = `/paste?text=if+(code)+%7B+x%5B${network}%5D+%7D`;
        const decision = waf.inspect({ method: "GET", target, headers: new Headers(), peer: `10.${network}.0.1` }) as Decision;
        waf.observe(decision, { status: 200, durationMs: 1 });
      }
    }
    const request = { path: "/paste", route: undefined } as unknown as WafRequest;
    expect(learning.exceptions(request, "query:text", "marks/code")).toBe(0.25);
    expect(learning.exceptions(request, "query:text", "sql/tautology")).toBe(1);
    // A second rule that one visitor's texts hit is remembered, and not usual.
    const one = waf.inspect({ method: "GET", target: "/paste?text=if+(code)+rare", headers: new Headers(), peer: "10.1.0.9" }) as Decision;
    waf.observe({ ...one, findings: [{ rule: "marks/rare", score: 10, where: "query:text" }] }, { status: 200, durationMs: 1 });
    expect(learning.exceptions(request, "query:text", "marks/rare")).toBe(1);
    expect(learning.exceptions(request, "query:title", "marks/code")).toBe(1);
    expect(learning.exceptions({ ...request, path: "/login" }, "query:text", "marks/code")).toBe(1);
    expect(learning.exceptions(request, "body:$.text", "marks/code")).toBe(1);
  });
});

describe("the memory of parameters", () => {
  test("takes any query, and no more profiles than it may", () => {
    const { send } = site({ maxParameters: 10 });
    for (const query of [
      "",
      "=",
      "&&&",
      "%=%",
      "a=%ff%00",
      `a=${"x".repeat(100_000)}`,
      "__proto__=1&constructor=2",
      "a[]=1&a[]=2",
      "\ud800=1",
    ]) {
      for (const path of ["/", "//", "/%zz", `/${"1/".repeat(2_000)}`]) expect(send(`${path}?${query}`).failures).toEqual([]);
    }
  });

  test("a learned parameter is kept when a flood of new ones comes", () => {
    const { send, visit } = site({ maxParameters: 10 });
    visit(14, 8, (_, interval) => `/list?page=${interval}`);
    visit(14, 20, (network, interval) => `/list?p${network}x${interval}=1`);
    expect(isUnusual(send("/list?page=a%27b"))).toBe(true);
  });
});

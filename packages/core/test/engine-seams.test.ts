import { describe, expect, test, vi } from "vitest";
import { memoryStore } from "../src/stores/memory.ts";
import type { Decision, Detector, RawRequest, WafOptions } from "../src/types.ts";
import { createWaf } from "../src/waf.ts";

const quiet = { warn() {}, error() {} };
const raw = (fields: Partial<RawRequest> = {}): RawRequest => ({
  method: "GET",
  target: "/",
  headers: new Headers(),
  peer: "192.0.2.1",
  ...fields,
});
const detector = (name: string, inspect: Detector["inspect"], phase: Detector["phase"] = "head"): Detector => ({
  name,
  phase,
  rules: [],
  inspect,
});
const waf = (detectors: readonly Detector[], options: Partial<WafOptions> = {}) =>
  createWaf({ store: memoryStore(), log: quiet, detectors, ...options });
const scores = (name: string, score: number): Detector => detector(name, () => ({ rule: `${name}/found`, score }));
const stops = (name: string): Detector => detector(name, () => ({ rule: `${name}/stop`, score: 0, block: { status: 403 } }));

describe("an exemption", () => {
  const exempts = (names: readonly string[] | "all" | undefined): Detector => ({
    ...detector("exempting", () => undefined),
    exempt: () => names,
  });

  test("leaves out the detectors and rules that it names, for this request only", async () => {
    const guard = waf([
      { ...detector("exempting", () => undefined), exempt: ({ path }) => (path === "/free" ? ["a", "b/found"] : undefined) },
      scores("a", 60),
      scores("b", 60),
      scores("c", 60),
    ]);
    expect(await guard.inspect(raw({ target: "/free" }))).toMatchObject({ action: "allow", score: 60, findings: [{ rule: "c/found" }] });
    expect(await guard.inspect(raw())).toMatchObject({ action: "block", score: 180 });
  });

  test("adds to what the path's rule skips, and shows in the decision's policy", async () => {
    const guard = waf([exempts(["a"]), scores("a", 60), scores("b", 60)], { paths: { "/": { skip: ["b"] } } });
    expect(await guard.inspect(raw())).toMatchObject({ score: 0, request: { policy: { skip: ["b", "a"] } } });
  });

  test('of "all" lets the request pass uninspected', async () => {
    const late = vi.fn();
    expect(await waf([exempts("all"), stops("a"), detector("b", late, "body")]).inspect(raw())).toMatchObject({
      action: "allow",
      score: 0,
    });
    expect(late).not.toHaveBeenCalled();
  });

  test("of a detector that the path's rule skips does not count", async () => {
    const guard = waf([exempts("all"), stops("a")], { paths: { "/": { skip: ["exempting"] } } });
    expect(await guard.inspect(raw())).toMatchObject({ action: "block", rule: "a/stop" });
  });

  test("that throws is a failure and exempts nothing", async () => {
    const broken: Detector = {
      ...detector("broken", () => undefined),
      exempt() {
        throw new Error("x");
      },
    };
    expect(await waf([broken, stops("a")]).inspect(raw())).toMatchObject({
      action: "block",
      failures: [{ detector: "broken", kind: "error" }],
    });
  });

  test("of a detector holds for what it learns too", () => {
    const observe = vi.fn();
    const guard = waf([exempts(["a"]), { ...scores("a", 1), observe }, { ...scores("b", 1), observe }]);
    guard.observe(guard.inspect(raw()) as Decision, { status: 200, durationMs: 1 });
    expect(observe).toHaveBeenCalledTimes(1);
  });
});

describe("a route", () => {
  const routes = (path: string) => (path === "/known" ? { pattern: "/known", methods: ["GET"] } : undefined);

  test("is found for a canonical path, and never for one that only some router would read so", async () => {
    const guard = waf([], { routes });
    expect((await guard.inspect(raw({ target: "/known?x=1" }))).request.route).toEqual({ pattern: "/known", methods: ["GET"] });
    expect((await guard.inspect(raw({ target: "/other" }))).request.route).toBeUndefined();
    expect((await guard.inspect(raw({ target: "/a/../known" }))).request.route).toBeUndefined();
  });

  test("that cannot be looked up ends in a decision", async () => {
    const guard = waf([], {
      routes() {
        throw new Error("x");
      },
    });
    expect(await guard.inspect(raw())).toMatchObject({ action: "allow", failures: [{ detector: "engine" }] });
  });
});

describe("the end of a response", () => {
  const learner = (wants?: boolean): Detector => ({
    ...detector("learner", () => undefined),
    observe() {},
    ...(wants !== undefined && { wantsOutcome: () => wants }),
  });
  const wanted = (guard: ReturnType<typeof waf>): boolean => guard.wantsOutcome(guard.inspect(raw()) as Decision);

  test("is waited for only while a subscriber or a learning detector wants to know", () => {
    expect(wanted(waf([scores("a", 1)]))).toBe(false);
    expect(wanted(waf([learner()]))).toBe(true);
    expect(wanted(waf([learner(false)]))).toBe(false);
    expect(wanted(waf([learner(true)]))).toBe(true);
    const guard = waf([]);
    const leave = guard.subscribe(() => {});
    expect(wanted(guard)).toBe(true);
    leave();
    expect(wanted(guard)).toBe(false);
  });

  test.each<readonly [wants: boolean | undefined, told: number]>([
    [false, 0],
    [true, 1],
    [undefined, 1],
  ])("is told to subscribers, and to detectors where one of them wants to know: %s", (wants, told) => {
    const outcomes: unknown[] = [];
    const heard: unknown[] = [];
    const guard = waf([{ ...learner(wants), observe: (_, outcome) => void outcomes.push(outcome) }]);
    guard.subscribe((_, outcome) => void heard.push(outcome));
    const decision = guard.inspect(raw()) as Decision;
    expect(guard.wantsOutcome(decision)).toBe(true);
    guard.observe(decision, { status: 404, durationMs: 1 });
    expect([outcomes.length, heard.length]).toEqual([told, 1]);
  });

  test("is told to detectors that were not asked, and of decisions that no engine made", () => {
    const outcomes: unknown[] = [];
    const guard = waf([{ ...learner(false), observe: (_, outcome) => void outcomes.push(outcome) }]);
    const decision = guard.inspect(raw()) as Decision;
    guard.observe(decision, { status: 200, durationMs: 1 });
    const copy = { ...decision };
    expect(guard.wantsOutcome(copy)).toBe(true);
    guard.observe(copy, { status: 200, durationMs: 1 });
    expect(outcomes.length).toBe(2);
  });

  test("is waited for when asking a detector fails", () => {
    const broken: Detector = {
      ...learner(),
      wantsOutcome() {
        throw new Error("x");
      },
    };
    expect(wanted(waf([broken]))).toBe(true);
  });
});

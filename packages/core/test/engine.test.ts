import { afterEach, describe, expect, test, vi } from "vitest";
import { isThenable } from "../src/awaitable.ts";
import { recommended } from "../src/recommended.ts";
import { memoryStore } from "../src/stores/memory.ts";
import type { Body, Decision, Detector, Findings, RawRequest, Store, WafOptions } from "../src/types.ts";
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
// Tests of deadlines set their own. In all others a machine that stalls must not make one of it.
const waf = (detectors: readonly Detector[], options: Partial<WafOptions> = {}) =>
  createWaf({ store: memoryStore(), log: quiet, detectors, deadlineMs: 60_000, ...options });
const scores = (name: string, score: number): Detector => detector(name, () => ({ rule: `${name}/found`, score }));
const stops = (name: string): Detector => detector(name, () => ({ rule: `${name}/stop`, score: 0, block: { status: 403 } }));
const later = (name: string, found: Findings, ms = 1): Detector =>
  detector(name, () => new Promise((resolve) => setTimeout(resolve, ms, found)));
const body = (text: string, complete = true): Body => ({ bytes: new TextEncoder().encode(text), complete });

const unhandled = vi.fn();
process.on("unhandledRejection", unhandled);
afterEach(() => expect(unhandled).not.toHaveBeenCalled());

describe("a decision", () => {
  test("is there in the same tick while nothing waits", () => {
    const decision = waf([scores("a", 10)]).inspect(raw());
    expect(isThenable(decision)).toBe(false);
    expect(decision).toMatchObject({ action: "allow", score: 10, wouldBlock: undefined, failures: [] });
  });

  test("blocks when the scores reach the threshold together, and says so", async () => {
    expect(await waf([scores("a", 60), scores("b", 40)]).inspect(raw())).toMatchObject({
      action: "block",
      status: 403,
      rule: "score/threshold",
      score: 100,
    });
    expect(await waf([scores("a", 60), scores("b", 39)]).inspect(raw())).toMatchObject({ action: "allow", score: 99 });
  });

  test("names the rule that reached the threshold alone", async () => {
    expect(await waf([scores("a", 10), scores("b", 100)]).inspect(raw())).toMatchObject({ action: "block", rule: "b/found" });
  });

  test("stops at the first finding that blocks", async () => {
    const after = vi.fn();
    expect(await waf([stops("a"), detector("b", after)]).inspect(raw())).toMatchObject({ action: "block", rule: "a/stop" });
    expect(after).not.toHaveBeenCalled();
  });

  test("does not depend on which promise answers first", async () => {
    const slow = later("slow", { rule: "slow/stop", score: 0, block: { status: 429 } }, 20);
    const fast = later("fast", { rule: "fast/stop", score: 0, block: { status: 403 } }, 1);
    expect(await waf([slow, fast]).inspect(raw())).toMatchObject({ rule: "slow/stop", status: 429 });
    expect(await waf([fast, slow]).inspect(raw())).toMatchObject({ rule: "fast/stop", status: 403 });
  });

  test("starts every waiting detector before it waits", async () => {
    const started: string[] = [];
    const start = (name: string) =>
      detector(name, () => {
        started.push(name);
        return new Promise((resolve) => setTimeout(resolve, 10, undefined));
      });
    const decision = waf([start("a"), start("b"), start("c")]).inspect(raw());
    expect(started).toEqual(["a", "b", "c"]);
    await decision;
  });

  test("reports instead of blocking in report mode, and looks at nothing in off mode", async () => {
    expect(await waf([stops("a")], { mode: "report" }).inspect(raw())).toMatchObject({
      action: "allow",
      wouldBlock: { status: 403, rule: "a/stop" },
    });
    const spy = vi.fn();
    expect(await waf([detector("a", spy)], { mode: "off" }).inspect(raw())).toMatchObject({
      action: "allow",
      wouldBlock: undefined,
      findings: [],
    });
    expect(spy).not.toHaveBeenCalled();
  });

  test("leaves out the detectors and the rules that a path skips", async () => {
    const guard = waf([stops("a"), stops("b")], { paths: { "/x": { skip: ["a", "b/stop"] }, "/y": { skip: ["a"] } } });
    expect(await guard.inspect(raw({ target: "/x" }))).toMatchObject({ action: "allow", findings: [] });
    expect(await guard.inspect(raw({ target: "/y" }))).toMatchObject({ action: "block", rule: "b/stop" });
    expect(await guard.inspect(raw({ target: "/x%2f" }))).toMatchObject({ action: "block", rule: "a/stop" });
  });

  test("has an id of its own, which sorts behind those before it until a run of 1,296 ends", () => {
    let now = 1_700_000_000_000;
    const guard = waf([], { clock: () => now++ });
    const ids = Array.from({ length: 20_000 }, () => (guard.inspect(raw()) as Decision).id);
    expect(new Set(ids).size).toBe(20_000);
    expect(ids.toSorted()).toEqual(ids);
    for (const id of ids) expect(id).toMatch(/^[0-9a-z]{20}$/);
    const frozen = waf([], { clock: () => 1 });
    const atOnce = Array.from({ length: 20_000 }, () => (frozen.inspect(raw()) as Decision).id);
    expect(new Set(atOnce).size).toBe(20_000);
    // Ten characters are drawn anew for each run: nobody counts on from another's id for long.
    expect(new Set(atOnce.map((id) => id.slice(8, 18))).size).toBeGreaterThan(20_000 / 1_296);
  });
});

describe("the time of a request", () => {
  const timeOf = async (fields: Partial<RawRequest>, options: Partial<WafOptions> = {}): Promise<number> =>
    (await waf([], options).inspect(raw(fields))).request.receivedAt;

  test("is the clock's, else the adapter's, else the system's, and always a number", async () => {
    const before = Date.now();
    expect(await timeOf({ receivedAt: 5 }, { clock: () => 7 })).toBe(7);
    expect(await timeOf({ receivedAt: 5 })).toBe(5);
    expect(await timeOf({})).toBeGreaterThanOrEqual(before);
    for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(await timeOf({ receivedAt: broken })).toBeGreaterThanOrEqual(before);
      expect(await timeOf({}, { clock: () => broken })).toBeGreaterThanOrEqual(before);
    }
  });
});

describe("a body that is not there", () => {
  test("is not read, and no detector of bodies is asked", async () => {
    const readBody = vi.fn(() => body("x"));
    const inBody = vi.fn(() => undefined);
    const guard = waf([detector("a", inBody, "body")]);
    expect(await guard.inspect(raw({ readBody, hasBody: () => false }))).toMatchObject({ action: "allow", failures: [] });
    expect([readBody.mock.calls.length, inBody.mock.calls.length]).toEqual([0, 0]);
    await guard.inspect(raw({ readBody, hasBody: () => true }));
    await guard.inspect(raw({ readBody }));
    expect([readBody.mock.calls.length, inBody.mock.calls.length]).toEqual([2, 2]);
  });

  test("whose adapter cannot even say so is a failure, and the path decides", async () => {
    const hasBody = (): boolean => {
      throw new Error("broken");
    };
    const fields = { readBody: () => body("x"), hasBody };
    const inBody = detector("a", () => undefined, "body");
    expect(await waf([inBody]).inspect(raw(fields))).toMatchObject({ action: "allow", failures: [{ message: "broken" }] });
    expect(await waf([inBody], { onFailure: "deny" }).inspect(raw(fields))).toMatchObject({ action: "block", rule: "engine/failure" });
  });
});

describe("a detector that misbehaves", () => {
  const bad: readonly (readonly [how: string, inspect: Detector["inspect"], kind: "error" | "deadline"])[] = [
    [
      "throws",
      () => {
        throw new Error("broken");
      },
      "error",
    ],
    [
      "throws no error",
      () => {
        throw Symbol("odd");
      },
      "error",
    ],
    ["rejects", () => Promise.reject(new Error("broken")), "error"],
    ["never answers", () => new Promise(() => {}), "deadline"],
    ["answers with null", () => null as unknown as Findings, "error"],
    ["answers with a list of nothing", () => [undefined] as unknown as Findings, "error"],
    ["answers later with null", () => Promise.resolve(null as unknown as Findings), "error"],
    [
      "answers with a thenable that throws",
      () =>
        ({
          // biome-ignore lint/suspicious/noThenProperty: a hostile thenable is the point of this case.
          then() {
            throw new Error("then");
          },
        }) as unknown as PromiseLike<Findings>,
      "error",
    ],
    [
      "throws something that cannot be shown",
      () => {
        throw {
          toString() {
            throw new Error("x");
          },
        };
      },
      "error",
    ],
  ];
  test.each(bad)("ends in a decision, in time: one that %s", async (_, inspect, kind) => {
    const allowed = await waf([detector("bad", inspect), scores("good", 5)], { deadlineMs: 30 }).inspect(raw());
    const denied = await waf([detector("bad", inspect)], { deadlineMs: 30, onFailure: "deny" }).inspect(raw());
    expect(allowed).toMatchObject({ action: "allow", score: 5, failures: [{ detector: "bad", kind }] });
    expect(denied).toMatchObject({ action: "block", status: 503, rule: "engine/failure", failures: [{ detector: "bad", kind }] });
  });

  test("that rejects after the deadline is dropped", async () => {
    let rejectNow: (error: Error) => void = () => {};
    const late = detector("late", () => new Promise((_, reject) => (rejectNow = reject)));
    const decision = await waf([late], { deadlineMs: 10 }).inspect(raw());
    rejectNow(new Error("late"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(decision).toMatchObject({ failures: [{ kind: "deadline" }] });
  });

  test("still lets another one block", async () => {
    const guard = waf(
      [
        detector("bad", () => new Promise(() => {})),
        detector("good", async () => ({ rule: "good/stop" as const, score: 0, block: { status: 403 as const } })),
      ],
      { deadlineMs: 30 },
    );
    expect(await guard.inspect(raw())).toMatchObject({ action: "block", rule: "good/stop" });
  });

  test("cannot lower the sum with NaN or a negative score", async () => {
    expect(await waf([scores("a", Number.NaN), scores("b", -500), scores("c", 1e9)]).inspect(raw())).toMatchObject({
      action: "block",
      score: 100,
    });
  });
});

describe("a store that misbehaves", () => {
  const failing = (how: () => never | PromiseLike<never>): Store => ({
    name: "failing",
    increment: how,
    get: how,
    set: how,
    delete: how,
    list: how,
  });
  const hanging = failing(() => new Promise<never>(() => {}));
  const throwing = failing(() => {
    throw new Error("down");
  });
  const rejecting = failing(() => Promise.reject(new Error("down")));
  test.each([
    ["hangs", hanging],
    ["throws", throwing],
    ["rejects", rejecting],
  ])("ends in a decision, as each path wants it: one that %s", async (_, store) => {
    const guard = createWaf({ ...recommended({ log: quiet, deadlineMs: 20, paths: { "/pay": { onFailure: "deny" } } }), store });
    expect(await guard.inspect(raw({ target: "/" }))).toMatchObject({ action: "allow" });
    expect(await guard.inspect(raw({ target: "/pay" }))).toMatchObject({ action: "block", status: 503 });
    expect(await guard.inspect(raw({ target: "/.env" }))).toMatchObject({ action: "block", rule: "probes/dotfile" });
  });
});

describe("the body", () => {
  const reads = detector(
    "reads",
    ({ body: seen }) => (seen && new TextDecoder().decode(seen.bytes).includes("evil") ? { rule: "reads/evil", score: 100 } : undefined),
    "body",
  );

  test("is peeked at only when a detector wants it and the head has not decided", async () => {
    const peek = vi.fn(() => body("fine"));
    await waf([scores("a", 1)]).inspect(raw({ readBody: peek }));
    await waf([stops("a"), reads]).inspect(raw({ readBody: peek }));
    await waf([scores("a", 100), reads]).inspect(raw({ readBody: peek }));
    await waf([reads], { paths: { "/": { bodyLimitBytes: 0 } } }).inspect(raw({ readBody: peek }));
    await waf([reads], { paths: { "/": { skip: ["reads"] } } }).inspect(raw({ readBody: peek }));
    expect(peek).not.toHaveBeenCalled();
    await waf([reads], { bodyLimitBytes: 7 }).inspect(raw({ readBody: peek }));
    expect(peek).toHaveBeenCalledWith(7, expect.any(AbortSignal));
  });

  test("is inspected in the same tick when the peek has it already", () => {
    expect(waf([reads]).inspect(raw({ readBody: () => body("evil") }))).toMatchObject({ action: "block", rule: "reads/evil" });
  });

  test("that stalls is answered with 400 at its deadline, after what arrived was inspected", async () => {
    const stalls = (text: string) => (_: number, signal: AbortSignal) =>
      new Promise<Body>((resolve) => signal.addEventListener("abort", () => resolve(body(text, false))));
    const guard = waf([reads], { bodyDeadlineMs: 20 });
    expect(await guard.inspect(raw({ readBody: stalls("fine") }))).toMatchObject({ action: "block", status: 400, rule: "body/stalled" });
    expect(await guard.inspect(raw({ readBody: stalls("evil") }))).toMatchObject({
      action: "block",
      findings: [{ rule: "reads/evil" }, { rule: "body/stalled" }],
    });
    const lenient = waf([reads], { bodyDeadlineMs: 20, paths: { "/": { skip: ["body/stalled"] } } });
    expect(await lenient.inspect(raw({ readBody: stalls("fine") }))).toMatchObject({ action: "allow" });
  });

  test("whose peek ignores the abort does not hold the request", async () => {
    expect(await waf([reads], { bodyDeadlineMs: 10 }).inspect(raw({ readBody: () => new Promise(() => {}) }))).toMatchObject({
      rule: "body/stalled",
    });
  });

  test("whose sender hangs up is decided on what arrived", async () => {
    expect(await waf([reads]).inspect(raw({ readBody: async () => body("ev", false) }))).toMatchObject({ action: "allow", failures: [] });
  });

  test.each<readonly [string, NonNullable<RawRequest["readBody"]>]>([
    [
      "throws",
      () => {
        throw new Error("peek");
      },
    ],
    ["rejects", () => Promise.reject(new Error("peek"))],
  ])("whose peek %s is a failure", async (_, readBody) => {
    expect(await waf([reads]).inspect(raw({ readBody }))).toMatchObject({
      action: "allow",
      failures: [{ detector: "body", kind: "error" }],
    });
    expect(await waf([reads], { onFailure: "deny" }).inspect(raw({ readBody }))).toMatchObject({ action: "block", status: 503 });
  });
});

describe("a request that is none", () => {
  const hostile: readonly (readonly [string, unknown])[] = [
    ["undefined", undefined],
    ["a target that is no string", raw({ target: 7 as unknown as string })],
    ["a method that is no string", raw({ method: null as unknown as string })],
    [
      "a getter that throws",
      {
        get target(): string {
          throw new Error("no");
        },
      },
    ],
    [
      "a body getter that throws",
      {
        ...raw(),
        get readBody(): never {
          throw new Error("no");
        },
      },
    ],
  ];
  test.each(hostile)("still ends in a decision: %s", async (_, request) => {
    const decision = await waf([later("a", undefined), detector("b", () => undefined, "body")]).inspect(request as RawRequest);
    expect(decision.action).toBe("allow");
    expect(decision.failures.length).toBeGreaterThan(0);
  });

  test("a header reader that throws is a failure of whoever reads it, not of the request", async () => {
    const headers = {
      get: () => {
        throw new Error("reader");
      },
      [Symbol.iterator]: () => {
        throw new Error("reader");
      },
    };
    const guard = createWaf(recommended({ log: quiet }));
    expect(await guard.inspect(raw({ headers: headers as never, target: "/.env" }))).toMatchObject({
      action: "block",
      rule: "probes/dotfile",
    });
  });
});

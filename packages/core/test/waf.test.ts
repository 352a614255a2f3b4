import { afterEach, describe, expect, test, vi } from "vitest";
import { recommended } from "../src/recommended.ts";
import { memoryStore } from "../src/stores/memory.ts";
import type { Detector, RawRequest, Store, WafOptions } from "../src/types.ts";
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

const unhandled = vi.fn();
process.on("unhandledRejection", unhandled);
afterEach(() => expect(unhandled).not.toHaveBeenCalled());

describe("bans", () => {
  const banning = detector("bad", ({ path }) =>
    path === "/bad" ? { rule: "bad/ban", score: 0, block: { status: 403, banMs: 1000 } } : undefined,
  );
  const build = (options: Partial<WafOptions> = {}, list = {}) => {
    let now = 1_000_000;
    const { detectors } = recommended({ blocklist: list, rateLimit: false, probes: false, headers: false });
    const guard = waf([...detectors, banning], { clock: () => now, ...options });
    return {
      send: async (target: string, peer = "192.0.2.1") => await guard.inspect(raw({ target, peer })),
      pass: (ms: number) => {
        now += ms;
      },
    };
  };

  test("hold the client on every path, end by themselves, and grow 12-fold, then 288-fold", async () => {
    const { send, pass } = build();
    for (const lengthMs of [1000, 12_000, 288_000, 288_000]) {
      expect(await send("/bad")).toMatchObject({ rule: "bad/ban" });
      expect(await send("/")).toMatchObject({ action: "block", rule: "blocklist/banned", retryAfterMs: lengthMs });
      pass(lengthMs - 1);
      expect(await send("/")).toMatchObject({ action: "block" });
      pass(1);
      expect(await send("/")).toMatchObject({ action: "allow" });
    }
  });

  test("hold the whole IPv6 /64 and nobody beside it", async () => {
    const { send } = build();
    await send("/bad", "2001:db8:0:1::5");
    expect(await send("/", "2001:db8:0:1:ffff::9")).toMatchObject({ rule: "blocklist/banned" });
    expect(await send("/", "2001:db8:0:2::5")).toMatchObject({ action: "allow" });
  });

  test("are not written in report mode", async () => {
    const { send } = build({ mode: "report" });
    expect(await send("/bad")).toMatchObject({ action: "allow", wouldBlock: { rule: "bad/ban" } });
    expect(await send("/")).toMatchObject({ wouldBlock: undefined });
  });

  test("never hold an address that is allowed", async () => {
    const { send } = build({}, { allow: ["192.0.2.0/24"], block: ["192.0.2.1"] });
    await send("/bad");
    expect(await send("/")).toMatchObject({ action: "allow" });
  });

  test("count once for a thousand requests that cross the line together", async () => {
    const store = memoryStore();
    const behind: Store = {
      ...store,
      increment: async (...args) => store.increment(...args),
      set: async (...args) => store.set(...args),
      get: async (key, now) => store.get(key, now),
    };
    const guard = waf([banning], { store: behind, clock: () => 5 });
    await Promise.all(Array.from({ length: 1000 }, async () => guard.inspect(raw({ target: "/bad" }))));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(JSON.parse(store.get("ban:192.0.2.1", 6) as string)).toMatchObject({ rule: "bad/ban", strike: 1, since: 5, until: 1005 });
  });
});

describe("after the response", () => {
  test("detectors learn and subscribers are told, whatever one of them does", async () => {
    const seen: unknown[] = [];
    const errors: string[] = [];
    const learner: Detector = { ...scores("learner", 1), observe: ({ request }, { status }) => void seen.push([request.path, status]) };
    const broken: Detector = { ...scores("broken", 1), observe: () => Promise.reject(new Error("x")) };
    const guard = waf([broken, learner], { log: { warn() {}, error: (message) => void errors.push(message) } });
    guard.subscribe(() => {
      throw new Error("listener");
    });
    const stop = guard.subscribe((decision, outcome) => void seen.push([decision.id, outcome]));
    const decision = await guard.inspect(raw({ target: "/x" }));
    guard.observe(decision, { status: 404, durationMs: 3 });
    guard.observe(decision, undefined);
    stop();
    guard.observe(decision, { status: 200, durationMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(seen).toEqual([
      ["/x", 404],
      [decision.id, { status: 404, durationMs: 3 }],
      [decision.id, undefined],
      ["/x", 200],
    ]);
    expect(errors.length).toBeGreaterThanOrEqual(3);
  });

  test("a subscriber or logger that rejects does not end the process", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", note);
    const errors: string[] = [];
    const rejects = async (message: string): Promise<never> => {
      errors.push(message);
      throw new Error("logger");
    };
    const guard = waf([], { log: { warn() {}, error: rejects } });
    guard.subscribe(async () => {
      throw new Error("listener");
    });
    guard.observe(await guard.inspect(raw()), { status: 200, durationMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off("unhandledRejection", note);
    expect(errors).toEqual(["A subscriber failed after the response"]);
    expect(unhandled).toEqual([]);
  });

  test("a logger that throws ends neither a decision nor the process", async () => {
    const fails = (): never => {
      throw new Error("logger");
    };
    const broken: Detector = { ...scores("broken-later", 1), observe: () => Promise.reject(new Error("x")) };
    const guard = waf([broken, detector("broken-now", fails)], { log: { warn: fails, error: fails } });
    const decision = await guard.inspect(raw());
    guard.observe(decision, { status: 200, durationMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(decision.action).toBe("allow");
  });

  test("closing closes the store", async () => {
    const close = vi.fn();
    await waf([], { store: { ...memoryStore(), close } }).close();
    expect(close).toHaveBeenCalledOnce();
  });
});

describe("live misuse", () => {
  const warnings = (options: Partial<WafOptions>, headers: Record<string, string>): string[] => {
    const seen: string[] = [];
    const guard = waf([], { log: { warn: (_, data) => void seen.push(String(data?.["code"])), error() {} }, ...options });
    for (let count = 0; count < 3; count++) guard.inspect(raw({ headers: new Headers(headers) }));
    return seen;
  };

  test("is warned about once: a forwarding header that nobody was told to believe", () => {
    expect(warnings({ client: { proxies: ["10.0.0.0/8"] } }, { "x-forwarded-for": "203.0.113.9" })).toEqual([]);
    expect(warnings({}, { "x-forwarded-for": "203.0.113.9" })).toEqual(["AIWAF_PROXY_UNTRUSTED"]);
    expect(warnings({}, { forwarded: "for=203.0.113.9" })).toEqual([]);
  });

  test("is warned about once: a memory store in a cluster, where each process counts for itself", () => {
    vi.stubEnv("NODE_UNIQUE_ID", "1");
    expect(warnings({ store: { ...memoryStore(), name: "shared" } }, {})).toEqual([]);
    expect(warnings({}, {})).toEqual(["AIWAF_MEMORY_IN_CLUSTER"]);
    expect(warnings({}, {})).toEqual([]);
    vi.unstubAllEnvs();
  });
});

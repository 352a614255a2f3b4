import { describe, expect, test } from "vitest";
import { rateLimit } from "../src/detectors/rate-limit.ts";
import { createReservations } from "../src/reservations.ts";
import { memoryStore } from "../src/stores/memory.ts";
import type { Counter, Decision, Store } from "../src/types.ts";
import { createWaf } from "../src/waf.ts";

const T0 = 1_000_000_000_000;
const MINUTE = 60_000;

/** A store behind a network: counts its calls and can be told to fail or to hang. */
function remote(): Store & { calls: number; state: "up" | "down" | "hanging" } {
  const inner = memoryStore();
  const self = {
    ...inner,
    calls: 0,
    state: "up" as "up" | "down" | "hanging",
    increment(...given: Parameters<Store["increment"]>) {
      self.calls += 1;
      if (self.state === "hanging") return new Promise<Counter>(() => {});
      if (self.state === "down") return Promise.reject(new Error("away"));
      return Promise.resolve().then(() => inner.increment(...given));
    },
  };
  return self;
}

const drawMany = (store: Store, reservations: ReturnType<typeof createReservations>, count: number): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, async () => (await reservations.draw(store, "k", 1, MINUTE, T0)).value));

describe("reserved tickets", () => {
  test("of several processes are never the same, however their requests fall", async () => {
    const store = remote();
    const processes = [createReservations(10), createReservations(10), createReservations(3)];
    const drawn: number[] = [];
    for (const burst of [1, 1, 7, 100, 1, 1, 1, 13, 1, 50]) {
      for (const one of await Promise.all(processes.map((reservations) => drawMany(store, reservations, burst)))) drawn.push(...one);
    }
    expect(new Set(drawn).size).toBe(drawn.length);
    expect(Math.min(...drawn)).toBe(1);
    const unused = Math.max(...drawn) - drawn.length;
    expect(unused).toBeLessThanOrEqual(2 * (10 + 10 + 3));
  });

  test("cost a call in ten, and a client that comes once reserves nothing", async () => {
    const store = remote();
    const reservations = createReservations(10);
    await drawMany(store, reservations, 1);
    expect(memoryValue(await store.increment("k", 0, MINUTE, T0))).toBe(1);
    for (let index = 0; index < 200; index++) await drawMany(store, reservations, 1);
    expect(store.calls).toBeLessThan(30);
  });

  test("that 5,000 requests wait for at once come in a few calls", async () => {
    const store = remote();
    expect(new Set(await drawMany(store, createReservations(10), 5_000)).size).toBe(5_000);
    expect(store.calls).toBeLessThan(5);
  });

  test("fail with the store for those who wait, and go on with it; nothing goes unhandled", async () => {
    const store = remote();
    const reservations = createReservations(10);
    for (let index = 0; index < 30; index++) await drawMany(store, reservations, 1);
    store.state = "down";
    const results = await Promise.allSettled(Array.from({ length: 60 }, async () => reservations.draw(store, "k", 1, MINUTE, T0)));
    expect(results.filter(({ status }) => status === "fulfilled").length).toBeLessThanOrEqual(20);
    expect(results.at(-1)).toMatchObject({ status: "rejected" });
    store.state = "up";
    expect(await drawMany(store, reservations, 20)).toHaveLength(20);
  });

  test("do not wait for ever on a store that does not answer, nor pile up", async () => {
    const store = remote();
    const reservations = createReservations(10);
    store.state = "hanging";
    void reservations.draw(store, "k", 1, MINUTE, T0);
    for (let index = 0; index < 50; index++) void reservations.draw(store, "k", 1, MINUTE, T0 + index);
    expect(store.calls).toBe(1);
    const drawUntilRefused = (): void => {
      for (let index = 0; index < 200_000; index++) void reservations.draw(store, "k", 1, MINUTE, T0 + 100);
    };
    expect(drawUntilRefused).toThrow("AIWAF_STORE_BUSY");
    store.state = "up";
    expect((await reservations.draw(store, "k", 1, MINUTE, T0 + 6_000)).value).toBeGreaterThan(0);
  });
});

const memoryValue = ({ value }: Counter): number => value;

describe("the rate limit, local first", () => {
  const limited = (store: Store, cost?: () => number) => {
    let now = T0;
    const detectors = [rateLimit({ max: 100, windowMs: MINUTE, floodMax: 300, reserve: 10, ...(cost && { cost }) })];
    const waf = createWaf({ store, detectors, clock: () => now, log: { warn() {}, error() {} } });
    return {
      send: () => waf.inspect({ method: "GET", target: "/", headers: new Headers(), peer: "192.0.2.1" }),
      pass: (ms: number) => {
        now += ms;
      },
    };
  };
  const ruleOf = (decision: Decision): string => (decision.action === "block" ? decision.rule : "pass");

  test("of one process lets exactly its limit through, then answers 429, then bans, and slides as the exact one does", () => {
    const { send, pass } = limited(memoryStore());
    const rules = Array.from({ length: 301 }, () => ruleOf(send() as Decision));
    expect(rules).toEqual([...Array(100).fill("pass"), ...Array(200).fill("rate-limit/exceeded"), "rate-limit/flood"]);
    pass(2 * MINUTE);
    expect(ruleOf(send() as Decision)).toBe("pass");
  });

  test("of several processes never lets more through than the limit, and at most what they hold unused less", () => {
    const store = memoryStore();
    const processes = Array.from({ length: 4 }, () => limited(store));
    let passed = 0;
    for (let index = 0; index < 400; index++) if (ruleOf(processes[(index * 7) % 4]!.send() as Decision) === "pass") passed += 1;
    expect(passed).toBeLessThanOrEqual(100);
    expect(passed).toBeGreaterThanOrEqual(100 - 2 * 4 * 10);
  });

  test("counts what a request costs", () => {
    const { send } = limited(memoryStore(), () => 7);
    const passed = Array.from({ length: 40 }, () => ruleOf(send() as Decision)).filter((rule) => rule === "pass").length;
    expect(passed).toBeLessThanOrEqual(14);
    expect(passed).toBeGreaterThanOrEqual(10);
  });
});

import { describe, expect, test } from "vitest";
import { blocklist } from "../../src/detectors/blocklist.ts";
import { type BreakerEvent, type BreakerOptions, breaker } from "../../src/detectors/breaker.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { Detector, Finding, Logger, RuleId, Store } from "../../src/types.ts";
import { range, site } from "./site.ts";

const MINUTE = 60_000;

/** A rule that goes wrong when told to. */
function faulty(name = "keywords", block: Finding["block"] = { status: 403 }) {
  const state = { broken: false };
  const rule: RuleId = `${name}/word`;
  const detector: Detector = {
    name,
    phase: "head",
    rules: [rule],
    inspect: () => (state.broken ? { rule, score: 100, ...(block === undefined ? {} : { block }) } : undefined),
  };
  return { state, detector };
}

const client = (index: number): string => `10.${index % 200}.${Math.floor(index / 200)}.1`;

function guarded(
  options: BreakerOptions = {},
  { name = "keywords", block, store = memoryStore() }: { name?: string; block?: Finding["block"]; store?: Store } = {},
) {
  const events: BreakerEvent[] = [];
  const errors: string[] = [];
  const log: Logger = { warn() {}, error: (message) => void errors.push(message) };
  const { state, detector } = faulty(name, block ?? { status: 403 });
  const parts = [blocklist(), detector, breaker({ onOpen: (event) => void events.push(event), ...options })];
  const target = site(parts, () => 200, { log, store });
  const visitAll = (count: number): (string | number)[] => range(count, (index) => target.visit("/", { peer: client(index) }));
  /** Serves `count` clients for half an hour, as on any day. */
  const serve = (count: number): void => {
    for (let round = 0; round < 6; round++) {
      visitAll(count);
      target.wait(5 * MINUTE);
    }
  };
  return { ...target, state, events, errors, visitAll, serve };
}

describe("the breaker", () => {
  test("D-27: suspends a rule that starts stopping clients which were served before, loudly, and lets them in again", () => {
    const { serve, state, visitAll, events, errors } = guarded();
    serve(100);
    state.broken = true;
    const answers = visitAll(100);
    expect(answers.filter((answer) => answer === "keywords/word")).toHaveLength(20);
    expect(answers.slice(20).every((answer) => answer === 200)).toBe(true);
    expect(events).toMatchObject([{ rule: "keywords/word", clients: 20 }]);
    expect(errors.join()).toContain("The rule keywords/word is suspended until");
  });

  test("D-27: undoes the bans that the rule made in that window, and no others", () => {
    const { serve, state, visitAll, store, now } = guarded({}, { block: { status: 403, banMs: 300_000 } });
    serve(100);
    store.set("ban:10.250.0.1", JSON.stringify({ rule: "probes/scan", since: now(), until: now() + 1e6, strike: 1 }), 1e6, now());
    state.broken = true;
    visitAll(20);
    state.broken = false;
    return new Promise<void>((resolve) => setTimeout(resolve, 5)).then(() => {
      expect(store.list("ban:", 1_000, now())).toEqual(["ban:10.250.0.1"]);
      expect(visitAll(100).every((answer) => answer === 200)).toBe(true);
    });
  });

  test("the rule holds again after its time, and a second suspension within a day is twice as long", () => {
    const { serve, state, visitAll, wait, events } = guarded();
    serve(100);
    state.broken = true;
    visitAll(50);
    wait(10 * MINUTE + 1_000);
    expect(visitAll(1)).toEqual(["keywords/word"]);
    visitAll(50);
    expect(events.map(({ since, until }) => until - since)).toEqual([10 * MINUTE, 20 * MINUTE]);
  });

  test("suspends on every process that shares the store", () => {
    const store = memoryStore();
    const one = guarded({}, { store });
    const other = guarded({}, { store });
    one.serve(100);
    one.state.broken = true;
    one.visitAll(50);
    other.state.broken = true;
    other.wait(one.now() - other.now() + 2_000);
    expect(other.visitAll(3)).toEqual([200, 200, 200]);
  });

  test("is not moved by strangers, by clients served a moment ago, or by few networks", () => {
    const strangers = guarded();
    strangers.state.broken = true;
    strangers.visitAll(500);
    expect(strangers.events).toEqual([]);

    const fresh = guarded();
    for (let round = 0; round < 9; round++) fresh.visitAll(200);
    fresh.state.broken = true;
    fresh.visitAll(200);
    expect(fresh.events).toEqual([]);

    const near = guarded();
    const peers = range(500, (index) => `10.${index % 7}.${index >> 3}.1`);
    for (let round = 0; round < 6; round++) {
      for (const peer of peers) near.visit("/", { peer });
      near.wait(5 * MINUTE);
    }
    near.state.broken = true;
    for (const peer of peers) near.visit("/", { peer });
    expect(near.events).toEqual([]);
  });

  test("never suspends limits, probes, content inspection or the operator's own list, unless told to", () => {
    for (const name of ["rate-limit", "probes", "sql", "blocklist-of-mine", "content"]) {
      const { serve, state, visitAll, events } = guarded({}, { name });
      serve(100);
      state.broken = true;
      visitAll(100);
      expect(events, name).toEqual([]);
    }
    const told = guarded({ rules: ["content/word"] }, { name: "content" });
    told.serve(100);
    told.state.broken = true;
    told.visitAll(100);
    expect(told.events).toHaveLength(1);
  });

  test("what a rule always does is no alarm", () => {
    const { serve, state, visitAll, wait, events } = guarded({ minClients: 10 });
    serve(100);
    for (let round = 0; round < 60; round++) {
      state.broken = true;
      visitAll(9);
      state.broken = false;
      visitAll(100);
      wait(5 * MINUTE);
    }
    state.broken = true;
    visitAll(30);
    expect(events).toEqual([]);
    visitAll(60);
    expect(events).toHaveLength(1);
  });

  test("survives a listener that throws and a stored suspension that is damaged", () => {
    const { serve, state, visitAll, store, now } = guarded({
      onOpen: () => {
        throw new Error("pager");
      },
    });
    store.set("breaker:oddity", "}{", undefined, now());
    store.set("breaker:keywords/word", "null", undefined, now());
    serve(100);
    state.broken = true;
    expect(visitAll(100).at(-1)).toBe(200);
  });
});

import { describe, expect, test } from "vitest";
import { anomaly } from "../../src/detectors/anomaly.ts";
import { identifiers } from "../../src/detectors/identifiers.ts";
import { keywords } from "../../src/detectors/keywords.ts";
import { waves } from "../../src/detectors/waves.ts";
import { evidenceOf } from "../../src/model/evidence.ts";
import { createExtractor, type SeenRequest } from "../../src/model/features.ts";
import { isOddMethod, isPlain, targetSigns } from "../../src/model/target-signs.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { Decision, Detector } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";

const START = 1_760_000_000_000;

describe("without a model", () => {
  test("the evidence against clients is what the full extractor finds, over windows, scanners and honest clients alike", () => {
    const full = createExtractor();
    const cheap = createExtractor();
    let at = START;
    let state = 7;
    const chance = (one: number): boolean => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state % 1_000 < one * 1_000;
    };
    const held = new Set<boolean>();
    for (let index = 0; index < 20_000; index++) {
      at += chance(0.001) ? 400_000 : 120;
      const scans = chance(0.1);
      const path = scans ? `/wp-admin/${index}.php` : `/page/${index % 90}${chance(0.3) ? ".css" : ""}`;
      const seen: SeenRequest = {
        client: chance(0.02) ? "" : `192.0.2.${scans ? index % 3 : index % 40}`,
        at,
        method: chance(0.2) ? "POST" : "GET",
        target: path,
        path,
        userAgent: undefined,
        hasReferer: false,
      };
      full.arrive(seen);
      const evidence = cheap.arriveUnread(seen.client, at, seen.method, path) ? evidenceOf(cheap.activity) : 0;
      if (evidence !== evidenceOf(full.activity)) expect.fail(`request ${index}: ${evidence}, not ${evidenceOf(full.activity)}`);
      held.add(evidence >= 0.3);
      const status = scans ? 404 : chance(0.02) ? 404 : chance(0.02) ? 500 : 200;
      const isSuspicious = chance(0.01);
      full.answer(seen, { status, durationMs: 3 }, isSuspicious);
      cheap.answerUnread(seen.client, at, path, status, isSuspicious);
    }
    expect(held).toEqual(new Set([true, false]));
    // The model that comes later finds the same history.
    const seen = { client: "192.0.2.1", at, method: "GET", target: "/x", path: "/x", userAgent: undefined, hasReferer: false };
    expect([...cheap.arrive(seen)]).toEqual([...full.arrive(seen)]);
  });

  test.each([
    ["/products?q=O%27Brien+%26+sons", "/products", 0],
    ["/cfg/backup/passwd.php", "/cfg/backup/passwd.php", 1],
    [`/${"a".repeat(511)}`, `/${"a".repeat(511)}`, 1],
    [`/p?x=${"(;)".repeat(20)}`, "/p", 1],
    [`/p?x=${"%7e(".repeat(20)}`, "/p", 2],
  ])("%s has signs", (target, path, signs) => {
    const signsOf = targetSigns();
    expect([signsOf(target, path), signsOf(target, path)]).toEqual([signs, signs]);
  });

  test("what is told to be plain has one sign at most, whatever it is made of", () => {
    const signsOf = targetSigns();
    const pieces = ["/", "a", "?", "&q=", "%7e", "%", "(", ";", "\u00e9", "wp", "php", ".sql", "=", "/backup/", "x".repeat(40), "-"];
    let state = 3;
    const random = (limit: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((state / 4_294_967_296) * limit);
    };
    const counts = [0, 0];
    for (let index = 0; index < 20_000; index++) {
      const target = `/${Array.from({ length: random(25) }, () => pieces[random(pieces.length)]!).join("")}`;
      const signs = signsOf(target, target.split("?", 1)[0]!);
      if (isPlain(target) && signs > 1) expect.fail(`${target} has ${signs} signs`);
      counts[isPlain(target) ? 1 : 0]!++;
    }
    expect(Math.min(...counts)).toBeGreaterThan(1_000);
    expect(isPlain(`/${"wp/".repeat(300)}`)).toBe(false);
  });

  test("a method of no application is odd", () => {
    expect(["GET", "HEAD", "DELETE", "PROPFIND", "constructor", ""].map(isOddMethod)).toEqual([false, false, false, true, true, true]);
  });

  test("a path that was answered before wants no more outcomes, unless something was found", () => {
    const detectors = [marked, keywords(), anomaly()];
    const waf = createWaf({ store: memoryStore(), detectors, clock: () => START });
    const ask = (target: string): Decision =>
      waf.inspect({ method: "GET", target, headers: new Headers({ "user-agent": "x" }), peer: "192.0.2.9" }) as Decision;
    const first = ask("/page");
    expect(waf.wantsOutcome(first)).toBe(true);
    waf.observe(first, { status: 200, durationMs: 1 });
    expect([waf.wantsOutcome(ask("/page")), waf.wantsOutcome(ask("/page?marked")), waf.wantsOutcome(ask("/other"))]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test("the start page and routes of the manifest want no more outcomes either, once they were answered", () => {
    const routes = (path: string) => (path === "/routed" ? { pattern: "/routed", methods: undefined } : undefined);
    const waf = createWaf({ store: memoryStore(), detectors: [waves(), identifiers(), keywords(), anomaly()], routes, clock: () => START });
    const ask = (target: string): Decision =>
      waf.inspect({ method: "GET", target, headers: new Headers({ "user-agent": "x" }), peer: "192.0.2.9" }) as Decision;
    const wants = (target: string): boolean => {
      const decision = ask(target);
      const isWanted = waf.wantsOutcome(decision);
      if (isWanted) waf.observe(decision, { status: 200, durationMs: 1 });
      return isWanted;
    };
    expect(["/", "/", "/routed", "/routed", "/users/17", "/users/17"].map(wants)).toEqual([true, false, true, false, true, false]);
  });

  test("dead links to paths that were answered before do not speak against a client, missing paths of scanners do", () => {
    const dead = anomalous("/page");
    const scanned = anomalous("/wp-admin/setup.php");
    expect([dead, scanned]).toEqual([0, 30]);
  });
});

/** Something weak is found where the query says so. */
const marked: Detector = {
  name: "marked",
  phase: "head",
  rules: ["marked/weak"],
  inspect: ({ target }) => (target.includes("marked") ? { rule: "marked/weak", score: 10 } : undefined),
};

/** How often the anomaly stage finds something in thirty requests after forty misses of `path`, which others were answered for unless scanners ask for it. */
function anomalous(path: string): number {
  const waf = createWaf({ store: memoryStore(), detectors: [keywords(), anomaly()], clock: () => START });
  const ask = (peer: string, target: string, status: number): Decision => {
    const decision = waf.inspect({ method: "GET", target, headers: new Headers({ "user-agent": "x" }), peer }) as Decision;
    waf.observe(decision, { status, durationMs: 1 });
    return decision;
  };
  ask("192.0.2.1", "/page", 200);
  for (let index = 0; index < 40; index++) ask("192.0.2.2", path, 404);
  return Array.from({ length: 30 }, () => ask("192.0.2.2", path, 404)).filter(({ findings }) => findings.length > 0).length;
}

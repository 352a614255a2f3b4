import { describe, expect, test } from "vitest";
import { evidenceOf } from "../../src/model/evidence.ts";
import { createExtractor, type SeenRequest } from "../../src/model/features.ts";
import { isOddMethod, targetSigns } from "../../src/model/target-signs.ts";

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
      const evidence = cheap.arriveUnread(seen) ? evidenceOf(cheap.activity) : 0;
      if (evidence !== evidenceOf(full.activity)) expect.fail(`request ${index}: ${evidence}, not ${evidenceOf(full.activity)}`);
      held.add(evidence >= 0.3);
      const status = scans ? 404 : chance(0.02) ? 404 : chance(0.02) ? 500 : 200;
      const isSuspicious = chance(0.01);
      full.answer(seen, { status, durationMs: 3 }, isSuspicious);
      cheap.answerUnread(seen, status, isSuspicious);
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

  test("a method of no application is odd", () => {
    expect(["GET", "HEAD", "DELETE", "PROPFIND", "constructor", ""].map(isOddMethod)).toEqual([false, false, false, true, true, true]);
  });
});

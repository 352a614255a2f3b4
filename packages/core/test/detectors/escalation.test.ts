import { describe, expect, test } from "vitest";
import { undoBans } from "../../src/ban-list.ts";
import { recommended } from "../../src/recommended.ts";
import { addEntries } from "../../src/stored-lists.ts";
import { range, type Site, site } from "./site.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** The recommended set in front of a start page. */
const guarded = (options: Parameters<typeof recommended>[0] = {}): Site =>
  site([...recommended({ headers: false, ...options }).detectors], (path) => (path === "/" ? 200 : 404));

function probe(target: Site, peer = "192.0.2.1"): void {
  for (const path of ["/.env", "/wp-login.php", "/dump.sql"]) target.visit(path, { peer });
}
const banOf = (target: Site, peer = "192.0.2.1"): { readonly rule: string; readonly since: number; readonly until: number } | undefined => {
  const value = target.store.get(`ban:${peer}`, target.now()) as string | undefined;
  return value === undefined ? undefined : JSON.parse(value);
};

describe("escalation", () => {
  test("D-27: bans grow from five minutes to an hour and a day, end by themselves, and forget after a week", () => {
    const target = guarded();
    const lengths = range(5, () => {
      probe(target);
      const { since, until } = banOf(target)!;
      target.wait(until - since - 1);
      expect(target.visit("/")).toBe("blocklist/banned");
      target.wait(1);
      expect(target.visit("/")).toBe(200);
      target.wait(MINUTE * 6);
      return until - since;
    });
    expect(lengths).toEqual([5 * MINUTE, 60 * MINUTE, DAY, DAY, DAY]);
    target.wait(8 * DAY);
    probe(target);
    expect(banOf(target)!.until - banOf(target)!.since).toBe(5 * MINUTE);
  });

  test("D-27: no single soft signal bans: a fast form, an odd method, a missing page, a broken id, a suspicious name, a limit reached", () => {
    const target = guarded({ rateLimit: { max: 5, windowMs: 60_000, floodMax: 1_000 } });
    const soft: readonly (readonly [string, string?])[] = [
      ["/missing"],
      ["/", "TRACE"],
      ["/item?uuid=x"],
      ["/.hidden"],
      ["/a.php"],
      ["/orders/17"],
      ["/"],
      ["/"],
      ["/"],
    ];
    for (const [path, method = "GET"] of soft) target.visit(path, { method });
    expect(banOf(target)).toBeUndefined();
    target.wait(3 * MINUTE);
    expect(target.visit("/")).toBe(200);
  });

  test("D-27, S2-221: protected networks are never stopped by a ban, whoever misbehaves in them", () => {
    const target = guarded({ blocklist: { allow: ["192.0.2.0/24"] } });
    probe(target);
    expect(target.visit("/")).toBe(200);
    probe(target, "198.51.100.1");
    expect(target.visit("/", { peer: "198.51.100.1" })).toBe("blocklist/banned");
  });

  test("D-27, S2-247: the bans of one rule and time are undone together, and others stay", async () => {
    const target = guarded();
    probe(target, "198.51.100.1");
    target.wait(MINUTE);
    const from = target.now();
    probe(target, "198.51.100.2");
    probe(target, "198.51.100.3");
    for (let count = 0; count < 1_300; count++) target.visit("/", { peer: "198.51.100.4" });
    const undone = await undoBans(target.store, { rule: "probes/scan", from }, target.now());
    expect(undone.map(({ client }) => client).sort()).toEqual(["198.51.100.2", "198.51.100.3"]);
    expect(range(4, (index) => target.visit("/", { peer: `198.51.100.${index + 1}` }))).toEqual([
      "blocklist/banned",
      200,
      200,
      "blocklist/banned",
    ]);
  });

  test("S2-209: a banned client is stopped before anything else, a static word blocks by its shape, and a learned word adds to it", async () => {
    const target = guarded();
    await addEntries(target.store, "keyword", [{ name: "filemonger", count: 9 }], target.now());
    expect(target.visit("/.git/config", { peer: "198.51.100.1" })).toBe("probes/dotfile");
    target.wait(2_000);
    target.visit("/gone", { peer: "198.51.100.2" });
    expect(target.decide("/filemonger/.hidden", { peer: "198.51.100.2" })).toMatchObject({ action: "allow", score: 70 });
    probe(target);
    expect(target.decide("/filemonger").findings.map(({ rule }) => rule)).toEqual(["blocklist/banned"]);
  });

  test("soft signals add up: a suspicious name, a learned word and half a wave together are blocked, and ban nobody", async () => {
    const target = guarded();
    await addEntries(target.store, "keyword", [{ name: "filemonger", count: 9 }], target.now());
    for (const index of range(5, (value) => value)) target.visit(`/page${index}`);
    expect(target.visit("/filemonger/.hidden")).toBe("score/threshold");
    expect(banOf(target)).toBeUndefined();
  });
});

import { describe, expect, test } from "vitest";
import { probes } from "../../src/detectors/probes.ts";
import { type WavesOptions, waves } from "../../src/detectors/waves.ts";
import type { Decision } from "../../src/types.ts";
import { range, site } from "./site.ts";

const shop = (path: string): number => (path === "/" || path.startsWith("/products/") || path.startsWith("/assets/") ? 200 : 404);
const at = (options?: WavesOptions) => site([waves(options)], shop);

describe("waves of missing paths", () => {
  test("S2-023, S3-027: three different missing files with endings of other platforms stop a client for what is not known", () => {
    const { visit } = at();
    expect(range(3, (index) => visit(`/old/page-${index}.php`))).toEqual([404, 404, 404]);
    expect([visit("/old/page-9.php"), visit("/hidden"), visit("/other.asp")]).toEqual([
      "waves/extensions",
      "waves/scan",
      "waves/extensions",
    ]);
  });

  test("S2-082, S3-099: the endings are a setting, and others do not count", () => {
    const { visit } = at({ extensions: [".do"], limit: 1_000, slowLimit: 1_000 });
    expect(range(20, (index) => visit(`/a${index}.php`)).every((answer) => answer === 404)).toBe(true);
    for (const index of range(3, (value) => value)) visit(`/b${index}.do`);
    expect(visit("/b9.do")).toBe("waves/extensions");
  });

  test("S2-070, S3-098: the window is a setting, and its end forgives", () => {
    const { visit, wait } = at({ windowMs: 10_000 });
    for (const index of range(3, (value) => value)) visit(`/x${index}.php`);
    expect(visit("/x8.php")).toBe("waves/extensions");
    wait(12_501);
    expect(visit("/x9.php")).toBe(404);
  });

  test.each(range(7, (index) => index * 9_001))("points never disappear at the edge of a window: start at %i ms of one", (offset) => {
    const { visit, wait } = site([waves()], shop, {}, 1_700_000_000_000 + offset);
    for (const index of range(3, (value) => value)) {
      visit(`/x${index}.php`);
      wait(29_000);
    }
    wait(-29_000);
    expect(visit("/x9.php")).toBe("waves/extensions");
  });

  test("a word list is stopped after ten different misses, and known paths stay open", () => {
    const { visit } = at();
    visit("/products/1", { peer: "198.51.100.1" });
    const answers = range(14, (index) => visit(`/word${index}`));
    expect(answers.indexOf("waves/scan")).toBe(10);
    expect(visit("/products/1")).toBe(200);
  });

  test("a slow scanner is stopped after thirty different misses", () => {
    const { visit, wait } = at();
    const answers = range(40, (index) => {
      wait(120_000);
      return visit(`/word${index}`);
    });
    expect([30, 31]).toContain(answers.indexOf("waves/scan"));
  });

  test("the same missing path again and again is a stale link or a monitor, and never counts twice", () => {
    const { visit, wait } = at();
    for (let minute = 0; minute < 300; minute++) {
      for (const path of ["/feed.php", "/status", "/api/old"]) expect(visit(path), `${minute}`).toBe(404);
      wait(60_000);
    }
  });

  test("assets, and what browsers ask for by themselves, never count", () => {
    const { visit } = at();
    const missing = ["/favicon.ico", "/robots.txt", "/apple-touch-icon-120x120.png", "/.well-known/assetlinks.json", "/sitemap_index.xml"];
    for (const path of [...missing, ...range(200, (index) => `/chunk-${index}.js`)]) expect(visit(path)).toBe(404);
  });

  test("D-41: a favicon that is missing beside 150 assets is nothing", () => {
    const { visit } = at();
    visit("/favicon.ico");
    for (const index of range(150, (value) => value)) expect(visit(`/assets/${index}.png`)).toBe(200);
  });

  test("an office whose answers outweigh its misses is left alone", () => {
    const { visit, wait } = at();
    for (let round = 0; round < 200; round++) {
      for (let page = 0; page < 10; page++) expect(visit(`/products/${page}`)).toBe(200);
      expect(visit(`/stale-link-${round}`)).toBe(404);
      wait(1_000);
    }
  });

  test("mixing in the start page does not hide a fast scan", () => {
    const { visit } = at();
    let missed = 0;
    for (let index = 0; index < 300; index++) {
      if (visit(`/word${index}`) === 404) missed++;
      for (let hits = 0; hits < 4; hits++) visit("/");
    }
    // A hundred, and the few whose marks are taken for repeats.
    expect(missed).toBeLessThanOrEqual(105);
  });

  test("routes of the manifest never count", () => {
    const route = { pattern: "/orders/:id", methods: undefined };
    const { visit } = site([waves()], () => 404, { routes: (path) => (path.startsWith("/orders/") ? route : undefined) });
    for (const index of range(200, (value) => value)) expect(visit(`/orders/x${index}`)).toBe(404);
  });

  test("ids below a folder that exists are for the identifiers", () => {
    const { visit } = site([waves()], (path) => (path === "/orders/1" ? 200 : 404));
    visit("/orders/1");
    for (const index of range(200, (value) => value + 2)) expect(visit(`/orders/${index}`)).toBe(404);
  });

  test("half way it adds a score that blocks only with more", () => {
    const { visit, decide } = at();
    for (const index of range(5, (value) => value)) visit(`/word${index}`);
    const decision = decide("/word9");
    expect([decision.action, decision.score]).toEqual(["allow", 30]);
  });

  test("plain misses never ban, and certain probes that go on after the block do", () => {
    const plain = at();
    for (const index of range(90, (value) => value)) plain.visit(`/word${index}`);
    expect(plain.store.get("ban:192.0.2.1", plain.now())).toBeUndefined();
    const probing = site([probes({ banAfter: 1_000 }), waves()], shop);
    for (const index of range(6, (value) => value)) probing.visit(`/d${index}/.env`);
    expect(JSON.parse(probing.store.get("ban:192.0.2.1", probing.now()) as string)).toMatchObject({ rule: "waves/persistent", strike: 1 });
  });

  test("a client without an address has no state", () => {
    const { visit } = at();
    for (const index of range(50, (value) => value)) expect(visit(`/word${index}`, { peer: undefined })).toBe(404);
  });

  test("a path that can be read in two ways is never taken for known", () => {
    const { visit } = at();
    visit("/products/1");
    for (const index of range(10, (value) => value)) visit(`/word${index}`);
    expect(visit("/x/..;/products/1")).toBe("waves/scan");
  });

  test("tells the adapter when nothing can be learned from a response", () => {
    const { waf, visit, decide } = at();
    visit("/products/1");
    expect(waf.wantsOutcome?.(decide("/products/1") as Decision)).toBe(false);
    expect(waf.wantsOutcome?.(decide("/products/2") as Decision)).toBe(true);
  });
});

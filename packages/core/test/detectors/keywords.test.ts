import { describe, expect, test } from "vitest";
import { type KeywordsOptions, keywords } from "../../src/detectors/keywords.ts";
import { probes } from "../../src/detectors/probes.ts";
import { addEntries, listEntries } from "../../src/stored-lists.ts";
import { range, type Site, site } from "./site.ts";

const HOUR = 3_600_000;
const pages = new Set(["/", "/products/oak-bench", "/catalogue"]);
const app = (path: string): number => (pages.has(path) ? 200 : 404);
const at = (options?: KeywordsOptions, open = app) => site([probes({ banAfter: 1_000 }), keywords(options)], open);

/** Scanners from `networks` networks give themselves away and ask for a path with `word` in it. */
function scan(target: Site, word: string, networks: number, times = 1): void {
  for (let round = 0; round < times; round++)
    for (let network = 0; network < networks; network++) {
      const peer = `10.${network}.${round % 250}.1`;
      target.visit("/.env", { peer });
      target.visit(`/old/${word}/page`, { peer });
    }
}
/** The score that a client gets for a path after it followed one dead link. */
const scoreOf = (target: Site, path: string): number => {
  target.visit("/gone", { peer: "203.0.113.9" });
  return target.decide(path, { peer: "203.0.113.9" }).score;
};
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

async function learned(options?: KeywordsOptions, word = "filemonger", open = app): Promise<Site> {
  const target = at(options, open);
  scan(target, word, 5);
  target.wait(HOUR);
  scan(target, word, 5);
  await settle();
  target.wait(1_000);
  return target;
}

describe("learned words", () => {
  test("S2-021, S3-025: a word that scanners from five networks asked for adds a score after its probation", async () => {
    const target = await learned();
    expect(scoreOf(target, "/filemonger/config")).toBe(30);
    expect(target.decide("/any/FileMonger-2", { peer: "203.0.113.9" })).toMatchObject({
      action: "allow",
      findings: [{ rule: "keywords/learned", note: "the word filemonger" }],
    });
  });

  test("a learned word is not held against a client that missed nothing: the first visitors of a page whose words were poisoned", async () => {
    const target = await learned();
    const first = { peer: "203.0.113.77" };
    expect(target.decide("/filemonger/config", first).findings).toEqual([]);
    target.visit("/gone", first);
    expect(target.decide("/filemonger/config", first).findings).toMatchObject([{ rule: "keywords/learned" }]);
    target.wait(HOUR + 1_000);
    expect(target.decide("/filemonger/config", first).findings).toEqual([]);
  });

  test("a word waits for its probation to end, however many networks ask meanwhile", async () => {
    const target = at();
    scan(target, "filemonger", 200);
    target.wait(HOUR - 1_000);
    scan(target, "filemonger", 200);
    await settle();
    expect(await listEntries(target.store, "keyword", target.now())).toEqual([]);
    target.wait(1_000);
    scan(target, "filemonger", 1);
    await settle();
    expect(await listEntries(target.store, "keyword", target.now())).toMatchObject([{ name: "filemonger", reason: "learned" }]);
  });

  test("D-06: it is found at word boundaries only", async () => {
    const target = await learned();
    for (const path of ["/filemongers", "/myfilemonger", "/file/monger", "/filemonger_2"]) expect(scoreOf(target, path), path).toBe(0);
  });

  test("D-08: one network that repeats a word, from whatever number of addresses, moves nothing", async () => {
    const target = at();
    for (let index = 0; index < 5_000; index++) {
      const peer = `10.0.${index % 250}.${(index >> 8) % 250}`;
      target.visit("/.env", { peer });
      target.visit("/shell/gardening", { peer });
      if (index % 100 === 0) target.wait(HOUR);
    }
    await settle();
    expect(await listEntries(target.store, "keyword", target.now())).toEqual([]);
    expect(scoreOf(target, "/gardening")).toBe(0);
  });

  test("S2-011, D-07: 404s of ordinary visitors teach nothing, however many networks they come from", async () => {
    const target = at();
    for (let round = 0; round < 3; round++) {
      for (let network = 0; network < 200; network++) target.visit("/summersale/start", { peer: `10.${network}.0.1` });
      target.wait(2 * HOUR);
    }
    await settle();
    expect(await listEntries(target.store, "keyword", target.now())).toEqual([]);
  });

  test("D-07: links of a former site on another platform teach nothing either, though each scores a little", async () => {
    const target = at();
    for (let round = 0; round < 3; round++) {
      for (let network = 0; network < 200; network++) target.visit("/travelstories/page.php", { peer: `10.${network}.0.1` });
      target.wait(2 * HOUR);
    }
    await settle();
    expect(await listEntries(target.store, "keyword", target.now())).toEqual([]);
  });

  test("a word in a good answer is never learned", async () => {
    const target = at();
    target.visit("/catalogue");
    scan(target, "catalogue", 50);
    target.wait(2 * HOUR);
    scan(target, "catalogue", 50);
    await settle();
    expect(await listEntries(target.store, "keyword", target.now())).toEqual([]);
    expect(scoreOf(target, "/catalogue/new")).toBe(0);
  });

  test("its first good answer takes a learned word back, for good", async () => {
    const target = await learned(undefined, "catalogue");
    expect(scoreOf(target, "/catalogue/garden")).toBe(30);
    expect(target.visit("/catalogue", { peer: "203.0.113.9" })).toBe(200);
    await settle();
    expect(await listEntries(target.store, "keyword", target.now())).toEqual([]);
    expect(scoreOf(target, "/catalogue/garden")).toBe(0);
    scan(target, "catalogue", 20);
    target.wait(2 * HOUR);
    scan(target, "catalogue", 20);
    await settle();
    expect(scoreOf(target, "/catalogue/garden")).toBe(0);
  });

  test("so does an answer of a path that was known before the word was learned, as by another process", async () => {
    const target = at();
    target.visit("/catalogue");
    await addEntries(target.store, "keyword", [{ name: "catalogue", count: 9 }], target.now());
    target.visit("/catalogue");
    await settle();
    expect(await listEntries(target.store, "keyword", target.now())).toEqual([]);
  });

  test("a good answer during probation ends it", async () => {
    const target = at();
    scan(target, "catalogue", 5);
    target.visit("/catalogue", { peer: "203.0.113.9" });
    target.wait(HOUR);
    scan(target, "catalogue", 5);
    await settle();
    expect(scoreOf(target, "/catalogue/garden")).toBe(0);
  });

  test("S2-022, S2-047, S2-048, S2-072, S2-073: allowed words are neither learned nor counted", async () => {
    const target = await learned({ allow: ["FileMonger"] });
    expect(scoreOf(target, "/filemonger")).toBe(0);
    expect(await listEntries(target.store, "keyword", target.now())).toEqual([]);
  });

  test("S3-026, S2-057, S3-043: words of a path that becomes exempt, and exempt words, stop counting and leave the store", async () => {
    for (const [list, name] of [
      ["exempt-path", "/filemonger/upload"],
      ["exempt-keyword", "filemonger"],
    ] as const) {
      const target = await learned();
      await addEntries(target.store, list, [{ name }], target.now());
      expect(scoreOf(target, "/filemonger/x"), list).toBe(0);
      target.visit("/anything");
      await settle();
      expect(await listEntries(target.store, "keyword", target.now()), list).toEqual([]);
    }
  });

  test("S2-009: words of ordinary routes are never learned", async () => {
    const target = await learned(undefined, "profile");
    expect(scoreOf(target, "/profile/")).toBe(0);
  });

  test("S2-071: only so many words count at a time, those seen most often", async () => {
    const target = at({ maxActive: 2 });
    for (const [index, word] of ["alpha", "bravo", "charlie"].entries()) scan(target, `${word}word`, 5, 1 + index * 3);
    target.wait(HOUR);
    for (const word of ["alpha", "bravo", "charlie"]) scan(target, `${word}word`, 1);
    await settle();
    target.wait(1_000);
    expect(["/alphaword", "/bravoword", "/charlieword"].map((path) => scoreOf(target, path))).toEqual([0, 30, 30]);
  });

  test("words fade, and come back only the long way", async () => {
    const target = await learned();
    target.wait(5 * 24 * HOUR);
    expect(scoreOf(target, "/filemonger")).toBe(0);
    scan(target, "filemonger", 4);
    await settle();
    expect(scoreOf(target, "/filemonger")).toBe(0);
  });

  test("words that operators store always count, and a good answer does not remove them", async () => {
    const target = at({ maxActive: 0, learn: false });
    await addEntries(target.store, "keyword", [{ name: "gardening" }], target.now());
    expect(scoreOf(target, "/gardening")).toBe(30);
  });

  test("switched off, it learns nothing", async () => {
    const target = await learned({ learn: false });
    expect(scoreOf(target, "/filemonger")).toBe(0);
  });

  test("words of your own count on unknown paths only, and together with learned ones still do not block", async () => {
    const target = await learned({ words: ["catalogue"] });
    expect(scoreOf(target, "/catalogue/filemonger")).toBe(70);
    target.visit("/catalogue");
    expect(scoreOf(target, "/catalogue")).toBe(0);
  });

  test("D-05: values are no words: hashes, numbers and tokens are not learned", async () => {
    const target = at();
    for (const word of ["deadbeef01", "4711", "a1b2c3d4e5f6g7h8"]) {
      scan(target, word, 5);
      target.wait(HOUR);
      scan(target, word, 5);
    }
    await settle();
    expect(await listEntries(target.store, "keyword", target.now())).toEqual([]);
  });

  test("a flood of made-up words from one network does not push out a word on probation", async () => {
    const target = at();
    scan(target, "filemonger", 5);
    for (let index = 0; index < 20_000; index++)
      target.visit(`/${range(3, (part) => `word${"abcdefghij"[(index >> (part * 3)) % 8]}${index % 7}x`).join("/")}/p.php`, {
        peer: "10.9.0.1",
      });
    target.wait(HOUR);
    scan(target, "filemonger", 5);
    await settle();
    target.wait(1_000);
    expect(scoreOf(target, "/filemonger")).toBe(30);
  });

  test("a damaged entry in the store is ignored", () => {
    const target = at();
    target.store.set("list:keyword:oddity", "}{", undefined, target.now());
    target.store.set("list:keyword:With Spaces", JSON.stringify({ count: "many" }), undefined, target.now());
    expect(scoreOf(target, "/oddity")).toBe(0);
  });
});

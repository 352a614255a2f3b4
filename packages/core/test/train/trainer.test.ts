import { describe, expect, test } from "vitest";
import { writeModel } from "../../src/models/model-text.ts";
import { createTrainer } from "../../src/train/trainer.ts";
import { train, usual } from "../models/trained.ts";

/** A scanner that misses `count` paths, one each time it is asked. */
const scanner =
  (client: string, status = 404) =>
  (index: number) =>
    index < 60 ? [usual(index, { client, target: `/wp-admin/try${index}.php`, status, referer: undefined })] : [];

describe("createTrainer", () => {
  test("S2-067 S2-204 stops below the least number of requests, and says why", () => {
    const { report, model } = train(49);
    expect(model).toBeUndefined();
    expect(report.withoutModel).toBe("49 requests are fewer than the 50 that training needs");
  });

  test("S2-055 S2-058 S2-066 fits no model below the least number for models, but proposes words and bans", () => {
    const { report, model } = train(500, {}, scanner("203.0.113.66"));
    expect(model).toBeUndefined();
    expect(report.withoutModel).toMatch(/fewer than the 10000/);
    expect(report.bans).toMatchObject([{ client: "203.0.113.66" }]);
  });

  test("S2-068 forced training fits below that number; S2-130 models can be turned off", () => {
    expect(train(500, { force: true, trees: 10 }).model).toBeDefined();
    expect(train(500, { force: true, model: false })).toMatchObject({
      model: undefined,
      report: { withoutModel: "models are turned off" },
    });
  });

  test("S2-069 S3-094 contamination moves the threshold, never the requests", () => {
    const strict = train(2_000, { force: true, trees: 20, contamination: 0.05, maxFlagged: 0.5 }).model!;
    const usualOne = train(2_000, { force: true, trees: 20, maxFlagged: 0.5 }).model!;
    expect(strict.thresholds.request).toBeLessThan(usualOne.thresholds.request);
    expect(strict.state.trees).toEqual(usualOne.state.trees);
  });

  test("S2-054 S3-108 proposes to ban clients with six or more missing paths, and nobody for one dead link or a few of many", () => {
    const dead = (index: number) => (index < 60 ? [usual(index, { client: "203.0.113.1", target: "/old.pdf", status: 404 })] : []);
    const few = (index: number) => (index < 7 ? [usual(index, { client: "198.58.0.7", target: `/gone${index}`, status: 404 })] : []);
    const plain = (index: number) =>
      index < 6 ? [usual(index, { client: "203.0.113.2", target: `/nothing/here${index}`, status: 404 })] : [];
    const { report } = train(3_000, { force: true, trees: 10 }, (index) => [
      ...scanner("203.0.113.66")(index),
      ...dead(index),
      ...few(index),
      ...plain(index),
    ]);
    expect(report.bans.map(({ client, reason }) => `${client} ${reason}`).sort()).toEqual(["203.0.113.2 missing", "203.0.113.66 attacks"]);
  });

  test("S2-049 S3-040 S3-042 S3-044 learns nothing from exempt paths and proposes nothing against exempt addresses", () => {
    const { report } = train(1_000, { exemptPaths: ["/wp-admin/"], force: true, trees: 10 }, scanner("203.0.113.66"));
    expect(report).toMatchObject({ exempt: 60, bans: [] });
    expect(train(1_000, { isExempt: (address) => address === "203.0.113.66" }, scanner("203.0.113.66")).report.bans).toEqual([]);
  });

  test("D-39 neither what the firewall blocked nor attacks train the model: with them or without, it is the same", async () => {
    const options = { force: true, trees: 10 };
    const clean = await writeModel(train(2_000, options).model!);
    const attacks = (index: number) => [
      usual(index, { client: "203.0.113.5", target: `/search?q=1%27%20union%20select%20${index}--`, status: 200 }),
    ];
    const attacked = train(2_000, options, attacks);
    expect(attacked.report.attacks).toBe(2_000);
    expect({ ...attacked.model, trainedOn: 0 }).toEqual({ ...train(2_000, options).model, trainedOn: 0 });
    const scattered = (index: number) =>
      [usual(index, { target: `/search?q=1%27%20union%20select%20${index % 400}--` })].slice(index >= 400 ? 1 : 0);
    for (const name of ["query_len", "escaped_share", "longest_value", "entropy"])
      expect(train(2_000, options, scattered).model!.ranges[name]).toEqual(train(2_000, options).model!.ranges[name]);
    const blocked = (index: number) => [usual(index, { client: "203.0.113.5", target: "/odd", status: 403, isBlocked: true })];
    const report = train(2_000, options, blocked);
    expect(report.report.blocked).toBe(2_000);
    expect(report.model!.state).toEqual(JSON.parse(clean.text).state);
  });

  test("one client or two networks cannot widen what is usual, and a flood of one client does not make the model", () => {
    const options = { force: true, trees: 20 };
    const long = `/search?q=${"word".repeat(100)}`;
    const from = (networks: readonly string[]) => (index: number) =>
      index % 100 === 0 ? [usual(index, { client: `${networks[(index / 100) % networks.length]}.9.${index % 250}`, target: long })] : [];
    const usualEnd = train(2_000, options).model!.ranges["query_len"]![1];
    expect(train(2_000, options, from(["203.0"])).model!.ranges["query_len"]![1]).toBe(usualEnd);
    expect(train(2_000, options, from(["203.0", "192.0"])).model!.ranges["query_len"]![1]).toBe(usualEnd);
    expect(train(2_000, options, from(["203.0", "192.0", "100.64", "172.16"])).model!.ranges["query_len"]![1]).toBeGreaterThan(usualEnd);
    const flood = (index: number) =>
      Array.from({ length: 10 }, (_, step) => usual(index, { client: "203.0.113.9", target: `/x?y=${step}` }));
    const { report } = train(2_000, options, flood);
    expect(report.requests).toBe(22_000);
    expect(report.request!.rows + report.request!.holdout.rows).toBeLessThan(2_800);
  });

  test("a model that calls too many held-out requests odd is withheld, and so is one that too few were held out for", () => {
    // The held-out clients behave unlike the others: their visits come from other software altogether.
    const { report } = train(3_000, { force: true, trees: 20, contamination: 0.4, maxFlagged: 0.01 });
    expect(report.withheld).toMatch(/held-out requests would be called odd, more than 1.00 %/);
    expect(train(300, { force: true, trees: 10 }).report.withheld).toMatch(/say nothing about false positives/);
  });

  test("a share that lies a hair above the limit may be chance, and withholds nothing", () => {
    const options = { force: true, trees: 20, contamination: 0.1 };
    const { request, behaviour } = train(3_000, { ...options, maxFlagged: 0.5 }).report;
    const share = Math.max(...[request!, behaviour!].map(({ holdout }) => holdout.flagged / holdout.rows));
    expect(share).toBeGreaterThan(0.02);
    expect(train(3_000, { ...options, maxFlagged: share * 0.98 }).report.withheld).toBeUndefined();
    expect(train(3_000, { ...options, maxFlagged: share * 0.3 }).report.withheld).toMatch(/would be called odd/);
  });

  test("D-24 features that never differ are left out: a log without times makes no model of times", () => {
    const trainer = createTrainer({ force: true, trees: 10 });
    for (let index = 0; index < 1_000; index++) trainer.add(usual(index, { durationMs: 0, userAgent: undefined, referer: undefined }));
    const { report } = trainer.finish("", 0);
    expect(report.behaviour?.dropped).toContain("resp_time");
    expect(report.request?.dropped).toEqual(expect.arrayContaining(["agent_len", "referer"]));
  });

  test("S2-021 S2-056 S3-025 proposes words that scanners of three networks missed; D-08 one network cannot plant a word", () => {
    const from = (networks: readonly string[], word: string) => (index: number) =>
      index < 30
        ? [usual(index, { client: `${networks[index % networks.length]}.9.${index}`, target: `/wp-admin/${word}.php`, status: 404 })]
        : [];
    const many = from(["203.0", "192.0", "100.64"], "rouncube");
    const one = from(["203.0"], "products2");
    const { report } = train(1_000, { topWords: 20 }, (index) => [...many(index), ...one(index)]);
    expect(report.words.map(({ word }) => word)).toContain("rouncube");
    expect(report.words.map(({ word }) => word)).not.toContain("products2");
    expect(train(1_000, { exemptWords: ["Rouncube"] }, many).report.words.map(({ word }) => word)).not.toContain("rouncube");
  });

  test("S2-009 a word of answered paths is never proposed, whoever misses it elsewhere", () => {
    const missed = (index: number) =>
      index < 30
        ? [usual(index, { client: `${["203.0", "192.0", "100.64"][index % 3]}.9.${index}`, target: "/wp-admin/products.php", status: 404 })]
        : [];
    expect(train(1_000, {}, missed).report.words.map(({ word }) => word)).not.toContain("products");
    const later = (index: number) => [
      ...(index < 30
        ? [usual(index, { client: `${["203.0", "192.0", "100.64"][index % 3]}.9.${index}`, target: "/wp-admin/zebra.php", status: 404 })]
        : []),
      ...(index === 900 ? [usual(index, { target: "/zebra" })] : []),
    ];
    expect(train(1_000, {}, later).report.words.map(({ word }) => word)).not.toContain("zebra");
    expect(train(800, {}, later).report.words.map(({ word }) => word)).toContain("zebra");
  });

  test("S2-238 sums up countries with the ten largest and the unknown", () => {
    const { report } = train(1_000, { countryOf: (address) => (address.startsWith("203.") ? "NL" : undefined) }, scanner("203.0.113.66"));
    expect(report.countries).toEqual([
      { country: "NL", requests: 60, proposedBans: 1 },
      { country: "UNKNOWN", requests: 1_000, proposedBans: 0 },
    ]);
  });

  test("takes any request: hostile targets, no client, no status, times that run backwards", () => {
    const trainer = createTrainer({ force: true, trees: 10 });
    for (const target of ["", "*", "%", "/%ff%00", "\ud800", "/".repeat(70_000), "http://[::1"]) {
      for (const client of [undefined, "", "junk", "203.0.113.1"]) {
        for (const at of [0, 1e15]) trainer.add(usual(0, { target, client, status: undefined, at, method: "\u0130" }));
      }
    }
    expect(trainer.finish("x".repeat(10_000), Number.NaN).report.requests).toBe(56);
  });
});

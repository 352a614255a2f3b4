import { readFileSync } from "node:fs";
import { join } from "node:path";
import { logReader } from "@aiwaf/core/train";
import { describe, expect, test } from "vitest";
import { normalizeParts } from "../src/index.ts";
import { createReader } from "../src/model/reader.ts";
import { findPlanted } from "../src/train/planted.ts";
import { type AutoencoderTraining, createAutoencoderTrainer, type LearnableRequest, synthesizeLog, whyWithheld } from "../src/train.ts";

const request = (target: string, more: Partial<LearnableRequest> = {}): LearnableRequest => ({
  method: "GET",
  target,
  client: "198.51.100.1",
  at: 1_700_000_000_000,
  status: 200,
  userAgent: "Firefox",
  referer: undefined,
  ...more,
});

function train(requests: Iterable<LearnableRequest>, options: Parameters<typeof createAutoencoderTrainer>[0] = {}) {
  const trainer = createAutoencoderTrainer({ epochs: 1, minLines: 10, ...options });
  for (const one of requests) trainer.add(one);
  return trainer.finish("test", 1_700_000_000_000);
}

function* logged(count: number): Generator<LearnableRequest> {
  const reader = logReader();
  for (const line of synthesizeLog(count)) {
    const read = reader.read(line);
    if (typeof read !== "string") yield read;
  }
}

/** What was learned as one text: unequal tables of thousands of numbers are not worth showing. */
const numbersOf = ({ model }: Pick<AutoencoderTraining, "model">): string =>
  JSON.stringify([model!.merges, model!.thresholds, model!.counts, Buffer.from(model!.weights.context).toString("base64")]);

describe("training from logs", () => {
  test("gives a model that may be used of a log of usual requests, the same one each time", () => {
    const { model, withheld, leftOut, lines, heldOut } = train(logged(4_000));
    expect(withheld).toBeUndefined();
    expect(model!.holdout.flagged).toBeLessThanOrEqual(model!.holdout.requests * 0.03);
    // 404s of the made-up shop.
    expect(leftOut).toBeGreaterThan(50);
    expect(lines).toBeGreaterThan(heldOut * 3);
    expect(numbersOf(train(logged(4_000)))).toBe(numbersOf({ model }));
  });

  test("learns nothing from attacks, from what was blocked or refused, and from clients that attack", () => {
    const usual = Array.from({ length: 400 }, (_, index) => request(`/product/${index}`, { client: `198.51.100.${index % 50}` }));
    const bad = [
      ...Array.from({ length: 5 }, () => request("/secretword?q='+union+select+1--", { client: "203.0.113.1" })),
      ...Array.from({ length: 50 }, () => request("/secretword/attacker", { client: "203.0.113.1" })),
      ...Array.from({ length: 50 }, () => request("/secretword/blocked", { isBlocked: true, client: "203.0.113.3" })),
      ...Array.from({ length: 50 }, () => request("/secretword/missing", { status: 404, client: "203.0.113.4" })),
      ...Array.from({ length: 50 }, () => request("/secretword/.env", { client: "203.0.113.2" })),
    ];
    expect(numbersOf(train([...bad, ...usual]))).toBe(numbersOf(train(usual)));
  });

  test("lets no client make the model by sending most of the log", () => {
    const flood = Array.from({ length: 20_000 }, () => request("/flood", { client: "203.0.113.9" }));
    const usual = Array.from({ length: 1_000 }, (_, index) => request(`/product/${index}`, { client: `198.51.100.${index % 200}` }));
    expect(train([...flood, ...usual], { maxLines: 5_000 }).lines).toBeLessThan(2_500);
  });

  test("keeps a sample of a long log, and says why there is no model of a short one", () => {
    expect(train(logged(3_000), { maxLines: 500 }).lines).toBeLessThanOrEqual(500);
    expect(train(logged(50), { minLines: 100 })).toMatchObject({
      model: undefined,
      withoutModel: expect.stringMatching(/fewer than the 100/),
    });
    expect(train([])).toMatchObject({ model: undefined, requests: 0 });
  });

  test("withholds a model that would call too many usual requests odd, or that was checked on too few", () => {
    const seeing = { attacks: 100, found: 99 };
    expect(whyWithheld({ requests: 1_000, flagged: 20 }, seeing, 0.03)).toBeUndefined();
    expect(whyWithheld({ requests: 1_000, flagged: 31 }, seeing, 0.03)).toMatch(/31 of 1000/);
    expect(whyWithheld({ requests: 20, flagged: 0 }, seeing, 0.03)).toMatch(/only 20/);
  });

  test("withholds a model that is blind: whose threshold lies so high that attacks planted in held-out requests stay below it", () => {
    const held = [...logged(400)].map((one) => normalizeParts({ method: one.method, target: one.target }));
    const { model, withheld } = train(logged(4_000));
    expect(withheld).toBeUndefined();
    const seeing = findPlanted(held, createReader("", model!, 1_024));
    expect(seeing.attacks).toBe(100);
    expect(seeing.found).toBeGreaterThan(95);
    const blind = findPlanted(held, createReader("", { ...model!, thresholds: { request: 1_000 } }, 1_024));
    expect(blind.found).toBe(0);
    expect(whyWithheld({ requests: 1_000, flagged: 10 }, blind, 0.03)).toMatch(
      /of 100 attacks planted in held-out requests it finds 0, fewer than 80 %/,
    );
    expect(findPlanted([], createReader("", model!, 1_024))).toEqual({ attacks: 0, found: 0 });
  });
});

describe("the package", () => {
  const source = (name: string): string => readFileSync(join(import.meta.dirname, "../src", name), "utf8");
  const imported = (name: string, seen = new Set<string>()): Set<string> => {
    if (seen.has(name)) return seen;
    seen.add(name);
    for (const [, path] of source(name).matchAll(/from "(\.[^"]+)"/g)) imported(join(name, "..", path!), seen);
    return seen;
  };
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as {
    dependencies: object;
    exports: object;
  };

  test("S4-003 S4-004 needs the core and a writer of protobuf; serving loads neither training nor that writer", () => {
    expect(Object.keys(manifest.dependencies)).toEqual(["@aiwaf/core", "@bufbuild/protobuf"]);
    const serving = [...imported("index.ts")];
    expect(serving.filter((name) => /^train|^onnx/.test(name))).toEqual([]);
    expect(serving.some((name) => /protobuf/.test(source(name)))).toBe(false);
  });

  test("S4-019 is imported by the names of its exports, from any folder", async () => {
    expect(Object.keys(manifest.exports)).toEqual([".", "./train", "./onnx", "./package.json"]);
    expect(
      [...imported("index.ts"), ...imported("train.ts"), ...imported("onnx.ts")].some((name) => /from "node:/.test(source(name))),
    ).toBe(false);
  });
});

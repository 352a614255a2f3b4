import { describe, expect, test } from "vitest";
import { normalizeParts, readAutoencoder, writeAutoencoder } from "../src/index.ts";
import { createCodeTree } from "../src/model/code-tree.ts";
import { logistic, softplus } from "../src/model/exact.ts";
import { createReader } from "../src/model/reader.ts";
import { surpriseOf } from "../src/model/surprise.ts";
import { createDraws } from "../src/train/fit.ts";
import { trainParts } from "../src/train.ts";
import { modelText, trainedModel } from "./trained.ts";

const lineOf = (target: string): string => normalizeParts({ method: "GET", target });
const parts = (seed: number) => {
  const lines = Array.from({ length: 300 }, (_, index) =>
    lineOf(`/shop/item-${"abc"[index % 3]}?page=${index}&sort=${index % 2 ? "name" : "price"}`),
  );
  return trainParts(lines, lines.slice(0, 50), { epochs: 2, seed });
};

describe("the model", () => {
  test("finds attacks odd and requests of the site ordinary, and points at the tokens that surprised it", async () => {
    const model = await trainedModel();
    for (const target of ["/", "/product/99", "/search?q=rain+jacket", "/products?page=12&sort=name", "/user/7/profile"])
      expect(model.read(lineOf(target)), target).toMatchObject({ isOdd: false, isWhole: true });
    for (const target of ["/product/1'--", "/search?q=<script>alert(1)</script>", "/products?page=1;id", "/wp-login.php", "/../etc/passwd"])
      expect(model.read(lineOf(target)), target).toMatchObject({ isOdd: true });
    const line = lineOf("/products?page=1'+or+'1'='1&sort=price");
    const { start, end } = model.read(line);
    expect(line.slice(start, end)).toMatch(/'/);
    expect(start).toBeGreaterThan(line.indexOf("page"));
    expect(end).toBeLessThanOrEqual(line.indexOf("&sort"));
  });

  test("is not talked down: whatever is added to an odd request leaves it odd", async () => {
    const model = await trainedModel();
    const padding = "&sort=price&page=3".repeat(30);
    const alone = model.read(lineOf("/products?page=1'+or+1=1--&sort=price"));
    const padded = model.read(lineOf(`/products?page=1'+or+1=1--&sort=price${padding}`));
    expect(alone.isOdd).toBe(true);
    expect(padded.isOdd).toBe(true);
  });

  test("calls a request odd of which it did not read all, however ordinary what it read was", async () => {
    const { read } = createReader("", { ...(await trainedModel()), thresholds: { request: 10_000 } }, 64);
    expect(read(lineOf(`/search?q=${"shoes+".repeat(40)}`))).toMatchObject({ isOdd: true, isWhole: false });
    expect(read(lineOf("/search?q=shoes"))).toMatchObject({ isOdd: false, isWhole: true });
    const known = createReader("", { ...(await trainedModel()), thresholds: { request: 10_000 }, cutLines: 3 }, 64);
    expect(known.read(lineOf(`/search?q=${"shoes+".repeat(40)}`))).toMatchObject({ isOdd: false, isWhole: false });
  });

  test("scores at the common seam as it reads lines, and takes any vector", async () => {
    const model = await trainedModel();
    expect(model.request.id).toBe(model.id);
    expect(model.request.features).toEqual(["tokens"]);
    const draw = createDraws(2);
    for (let round = 0; round < 100; round++) {
      const vector = Float64Array.from({ length: draw() % 50 }, () => [Number.NaN, -1, 1e9, 0.5, draw() % 600][draw() % 5]!);
      const score = model.request.score(vector);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThan(1);
    }
  });

  test("D-61 has no padding in its loss: a line costs the same behind a longer one", async () => {
    const model = await trainedModel();
    const before = model.explain(lineOf("/search?q=mug"));
    model.explain(lineOf(`/search?q=${"wool+scarf+".repeat(20)}`));
    expect(model.explain(lineOf("/search?q=mug"))).toEqual(before);
  });

  test("gives the same weights and scores for the same seed, to the last bit, on every runtime", async () => {
    const numbers = (seed: number): string => Buffer.from(parts(seed).weights.context).toString("base64");
    const first = numbers(1);
    expect(numbers(1) === first).toBe(true);
    expect(numbers(2) === first).toBe(false);
    // Written down once. Another value here means that files score differently somewhere.
    const { text } = await writeAutoencoder({ ...parts(1), createdAt: 0, trainedOn: { lines: 300, from: 0, to: 0, source: "" } });
    const model = await readAutoencoder(text);
    expect(model.id).toMatchInlineSnapshot(`"autoencoder/1:7703a7a2cb33521eb7e683e018902d66"`);
    expect(model.read(lineOf("/shop/item-a?page=1'--")).nats).toMatchInlineSnapshot(`34.21258655793315`);
  });

  test("is small: its file below 2 MB, and far from a million numbers", async () => {
    const { weights } = await trainedModel();
    expect((await modelText()).length).toBeLessThan(200_000);
    expect(weights.context.length + weights.fields.length + weights.nodes.length + weights.biases.length).toBeLessThan(100_000);
  });
});

describe("the model's file", () => {
  test("reads back as it was written", async () => {
    const text = await modelText();
    const model = await readAutoencoder(text);
    expect((await writeAutoencoder(model)).text).toBe(text);
  });

  test("refuses what was cut short at any place, edited anywhere, or written by another program", async () => {
    const text = await modelText();
    const draw = createDraws(9);
    for (let round = 0; round < 200; round++) {
      const at = draw() % (text.length - 2);
      await expect(readAutoencoder(text.slice(0, at))).rejects.toThrow(/model/i);
      const edited = text.slice(0, at) + (text[at] === "7" ? "8" : "7") + text.slice(at + 1);
      await expect(readAutoencoder(edited)).rejects.toThrow(/./);
    }
    for (const other of ["", "null", "{}", "[".repeat(100_000), "PK\x03\x04", `{"format":"aiwaf-model"}`])
      await expect(readAutoencoder(other)).rejects.toThrow(/./);
    await expect(readAutoencoder("x".repeat(40_000_000))).rejects.toThrow(/characters of model/);
  });

  test("refuses hostile numbers under a true hash, before a table is made of them", async () => {
    const { sealModel } = await import("@aiwaf/core/models");
    const text = await modelText();
    const sound = JSON.parse(text) as Record<string, Record<string, unknown>>;
    const { format: _1, version: _2, kind: _3, sha256: _4, ...rest } = sound;
    const sealed = async (state: object, more: object = {}): Promise<string> =>
      (await sealModel("autoencoder", { ...rest, ...more, state: { ...sound["state"], ...state } })).text;
    await expect(readAutoencoder(await sealed({}))).resolves.toBeDefined();
    const bad = [
      { hidden: 1e9 },
      { hidden: 0 },
      { hidden: 64, fieldCount: 4_096 },
      { fieldCount: -1 },
      { merges: [1, 2] },
      { merges: [60] },
      { counts: [] },
      { counts: "x" },
      { nodeScale: "1" },
      { nodeScale: -1 },
      { biasScale: 1e99 },
      { context: "" },
      { context: "A".repeat(100) },
      { nodes: 5 },
      { biases: null },
      { cutLines: -1 },
    ];
    for (const state of bad) await expect(readAutoencoder(await sealed(state)), JSON.stringify(state).slice(0, 60)).rejects.toThrow(/./);
    const large = sealed({ hidden: 64, merges: new Array<number>(2 * 2_500).fill(100) });
    await expect(readAutoencoder(await large)).rejects.toThrow(/numbers of the model/);
    for (const more of [{ thresholds: {} }, { thresholds: null }, { features: ["x"] }, { trainedOn: 1 }, { createdAt: "never" }])
      await expect(readAutoencoder(await sealed({}, more))).rejects.toThrow(/./);
    await expect(readAutoencoder((await sealModel("forest", rest)).text)).rejects.toThrow(/kind/);
  });
});

describe("the parts of the model", () => {
  test("the logistic functions are those of the language, within two millionths, from additions and divisions alone", () => {
    for (let x = -20; x <= 20; x += 0.0137) {
      expect(Math.abs(softplus(x) - Math.log1p(Math.exp(-x)))).toBeLessThan(2e-6);
      expect(Math.abs(logistic(x) - 1 / (1 + Math.exp(x)))).toBeLessThan(2e-6);
    }
    expect(softplus(Number.NaN)).toBe(0);
    expect(softplus(Number.POSITIVE_INFINITY)).toBe(0);
    expect(softplus(-1e6)).toBe(1e6);
  });

  test("every token has a code of its own, the frequent ones short and none long", () => {
    const counts = Array.from({ length: 600 }, (_, id) => (id < 5 ? 10_000 : id < 100 ? 10 : 0));
    const { starts, nodes, signs } = createCodeTree(counts);
    const codes = counts.map((_, id) =>
      Array.from(
        { length: starts[id + 1]! - starts[id]! },
        (__, step) => `${nodes[starts[id]! + step]}${signs[starts[id]! + step]}`,
      ).join(),
    );
    expect(new Set(codes).size).toBe(600);
    const lengths = counts.map((_, id) => starts[id + 1]! - starts[id]!);
    expect(lengths[0]).toBeLessThan(5);
    expect(Math.max(...lengths)).toBeLessThan(16);
    // Kraft: chances of all codes together are one.
    expect(lengths.reduce((sum, length) => sum + 2 ** -length, 0)).toBe(1);
  });

  test("the dearest five in a row make the score, also at the ends", () => {
    expect(surpriseOf([], 0)).toEqual({ nats: 0, from: 0, to: 0, peak: 0 });
    expect(surpriseOf([2], 1)).toEqual({ nats: 2, from: 0, to: 1, peak: 0 });
    expect(surpriseOf([1, 0, 0, 0, 0, 0, 3, 4], 8)).toEqual({ nats: 7, from: 3, to: 8, peak: 7 });
    expect(surpriseOf([9, 1, 1, 1, 1, 1, 1], 7)).toEqual({ nats: 13, from: 0, to: 5, peak: 0 });
  });
});

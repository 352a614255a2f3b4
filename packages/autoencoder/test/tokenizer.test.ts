import { describe, expect, test } from "vitest";
import { createTokenizer, normalizeParts, readTokenizer, writeTokenizer } from "../src/index.ts";
import { createDraws } from "../src/train/fit.ts";
import { learnMerges } from "../src/train.ts";

const LINES = ["GET /products?page=x", "GET /products", "GET /product/shoes", "POST /login", "GET /search?q=shoes"].flatMap((line) => [
  line,
  line,
]);

const textOf = (line: string, size = 400): string[] => {
  const tokenizer = createTokenizer(learnMerges(LINES, size), 1_024);
  const { ids, count } = tokenizer.encode(line);
  return Array.from(ids.subarray(0, count), (id) => tokenizer.textOf(id));
};

describe("S4-039 the tokenizer", () => {
  test("learns the site's words, and leaves what injections are made of as it is", () => {
    expect(textOf("GET /products?page=x")).toEqual(["GET", " ", "/", "products", "?", "page", "=", "x"]);
    expect(textOf("GET /products?page='--")).toEqual(["GET", " ", "/", "products", "?", "page", "=", "'", "-", "-"]);
  });

  test("learns the same from the same lines, whatever their order, and no more than asked for", () => {
    expect(learnMerges([...LINES].reverse(), 400)).toEqual(learnMerges(LINES, 400));
    expect(createTokenizer(learnMerges(LINES, 300), 64).size).toBeLessThanOrEqual(300);
    expect(learnMerges([], 400)).toEqual([]);
  });

  test("gives every text back that it was given, letter by letter where it knows no word", () => {
    const draw = createDraws(5);
    const decoder = new TextDecoder();
    const tokenizer = createTokenizer(learnMerges(LINES, 400), 4_096);
    for (let round = 0; round < 500; round++) {
      const text = Array.from({ length: draw() % 80 }, () =>
        String.fromCodePoint(draw() % 3 === 0 ? 0x20000 + (draw() % 999) : 33 + (draw() % 94)),
      ).join("");
      const { ids, count, isWhole } = tokenizer.encode(text);
      const bytes: number[] = [];
      const walk = (id: number): void => {
        const merge = tokenizer.merges[id - (tokenizer.size - tokenizer.merges.length)];
        if (merge === undefined) bytes.push(id - (tokenizer.size - tokenizer.merges.length - 256));
        else for (const one of merge) walk(one);
      };
      for (const id of ids.subarray(0, count)) walk(id);
      expect(isWhole).toBe(true);
      expect(decoder.decode(Uint8Array.from(bytes))).toBe(text);
    }
  });

  test("reads no more than its limit, and says so", () => {
    const tokenizer = createTokenizer([], 10);
    expect(tokenizer.encode("abcdefghijklmno")).toMatchObject({ count: 10, isWhole: false });
    expect(tokenizer.encode("abc")).toMatchObject({ count: 3, isWhole: true });
  });

  test("S4-040 is kept as JSON, reads back the same, and refuses everything else", () => {
    const merges = learnMerges(LINES, 400);
    expect(readTokenizer(writeTokenizer(merges))).toEqual(merges);
    const bad = [
      "",
      "{}",
      "null",
      "[]",
      '{"format":"aiwaf-tokenizer","version":2,"merges":[]}',
      '{"format":"aiwaf-tokenizer","version":1,"merges":[[1,2]]}',
      '{"format":"aiwaf-tokenizer","version":1,"merges":[[60,99999]]}',
      '{"format":"aiwaf-tokenizer","version":1,"merges":[[60]]}',
      '{"format":"aiwaf-tokenizer","version":1,"merges":"x"}',
      "x".repeat(2_000_000),
    ];
    for (const text of bad) expect(() => readTokenizer(text)).toThrow(/./);
  });

  test("S4-038 D-61 a line of the pipeline's file reads as the same tokens as the request itself", () => {
    const tokenizer = createTokenizer(learnMerges(LINES, 400), 1_024);
    const line = normalizeParts({ method: "GET", target: "/products?page=1%2527&q=<x>" });
    const one = Array.from(tokenizer.encode(line).ids.subarray(0, tokenizer.encode(line).count));
    expect(one.length).toBeGreaterThan(8);
    const { ids, count } = tokenizer.encode(normalizeParts({ method: "get", target: "/products?q=%3Cx%3E&page=1%2527" }));
    expect(Array.from(ids.subarray(0, count))).toEqual(one);
  });
});

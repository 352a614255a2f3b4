import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTable } from "../../src/content/score.ts";
import { tableFile } from "../../tools/weights/build.ts";
import { evidenceOfReading, isBlocked, totalOf } from "../../tools/weights/measure.ts";
import { corpusSamples, isKept, type Reading, type Sample } from "../../tools/weights/readings.ts";
import { quantise, TRAINING, train } from "../../tools/weights/train.ts";

const THINGS = ["kettle", "bench", "lamp", "door", "chair", "shelf", "clock", "spoon"];
let folder = "";
let samples: readonly Sample[] = [];

function record(id: string, label: string, value: string): string {
  const url = `/search?q=${encodeURIComponent(value)}`;
  return JSON.stringify({ id, label, class: "x", method: "GET", url, headers: { host: "www.example.com" }, body: null });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "weights-"));
  const pairs = THINGS.flatMap((one) => THINGS.map((other) => [one, other] as const));
  writeFileSync(
    join(folder, "made_attack.jsonl"),
    `${pairs.map(([one, other], index) => record(`a${index}`, "attack", `${one}~${other}@@{union}`)).join("\n")}\n\n`,
  );
  writeFileSync(
    join(folder, "made_benign.jsonl"),
    pairs.map(([one, other], index) => record(`b${index}`, "benign", `${one}'s ${other}: $${index} *`)).join("\n"),
  );
  writeFileSync(join(folder, "other_ambiguous.jsonl"), [record("c1", "attack", "a; b"), record("c2", "unknown", "a; c")].join("\n"));
  writeFileSync(join(folder, "notes.txt"), "no corpus");
  samples = corpusSamples(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function learned(seed = TRAINING.seed) {
  return quantise(
    train(
      samples.filter(({ isTaught }) => isTaught),
      { ...TRAINING, seed },
    ),
  );
}

describe("the builder of the score's table", () => {
  test("reads labelled requests by source, and teaches neither unknown nor ambiguous ones", () => {
    expect(samples).toHaveLength(2 * THINGS.length ** 2 + 1);
    expect(new Set(samples.map(({ source }) => source))).toEqual(new Set(["made", "other"]));
    expect(samples.filter(({ isTaught }) => !isTaught).map(({ id }) => id)).toEqual(["c1"]);
  });

  test("writes the same bytes for the same samples and seed, and others for another seed", () => {
    const table = learned();
    samples = corpusSamples(folder);
    expect(learned().text).toBe(table.text);
    expect(tableFile(learned(), 7, 10)).toBe(tableFile(table, 7, 10));
    expect(learned(8).text).not.toBe(table.text);
  });

  test("learns what tells attacks from honest texts, and forgets what does not", () => {
    const table = learned();
    const evidence = (isAttack: boolean): number[] =>
      samples
        .filter((sample) => sample.isTaught && sample.isAttack === isAttack)
        .map(({ readings }) => evidenceOfReading(readings[0]!, table));
    expect(Math.min(...evidence(true))).toBeGreaterThan(Math.max(...evidence(false)));
    const used = (l1: number): number => train(samples, { ...TRAINING, l1 }).weights.filter((weight) => weight !== 0).length;
    expect(used(10 * TRAINING.l1)).toBeLessThan(used(0));
    expect(used(100 * TRAINING.l1)).toBeLessThan(used(10 * TRAINING.l1));
    expect(used(1e9)).toBe(0);
  });

  test("writes a file whose text, step and bias are the table's", () => {
    const table = learned();
    const source = tableFile(table, 7, 128);
    const part = (pattern: RegExp): string => pattern.exec(source)?.[1] ?? "";
    const stored = { text: part(/text: "([^"]*)"/), step: Number(part(/step: (.*),/)), bias: Number(part(/bias: (.*),/)) };
    expect(readTable(stored)).toEqual({ weights: table.weights, step: table.step, bias: table.bias });
    expect(source).not.toMatch(/["'`\\$]{2}|\\/);
  });

  test("keeps about half of our own texts for the evaluation, the same ones for the same seed", () => {
    const texts = Array.from({ length: 1_000 }, (_, index) => `text number ${index}`);
    const kept = texts.filter((text) => isKept(text, 7));
    expect(kept.length).toBeGreaterThan(400);
    expect(kept.length).toBeLessThan(600);
    expect(texts.filter((text) => isKept(text, 7))).toEqual(kept);
    expect(texts.filter((text) => isKept(text, 8))).not.toEqual(kept);
  });

  test("adds the share to the rules' scores as inspection does: the strongest in full, the rest by half", () => {
    const table = { weights: new Int8Array(4_096), step: 1, bias: 100 };
    const block = { singles: new Uint16Array(1), pairs: new Uint16Array(1), distinct: 1 };
    const reading: Reading = { text: "", blocks: [block], top: 60, sum: 90 };
    expect(totalOf(reading, table)).toBe(100 + 45);
    expect(totalOf(reading, { ...table, bias: -5 })).toBe(60 + 15);
    const sample = { ...samples[0]!, ruleScore: 0, readings: [reading] };
    expect([isBlocked(sample, table), isBlocked(sample, undefined), isBlocked({ ...sample, ruleScore: 100 }, undefined)]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

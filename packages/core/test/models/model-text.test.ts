import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { readModel, writeModel } from "../../src/models/model-text.ts";
import { modelText, train } from "./trained.ts";

let text = "";
beforeAll(async () => {
  text = await modelText();
});

/** A file with its own right hash, whatever it says. */
function sealed(change: (file: Record<string, unknown>) => unknown): string {
  const file = JSON.parse(text) as Record<string, unknown>;
  delete file["sha256"];
  change(file);
  const body = JSON.stringify(file).slice(0, -1);
  return `${body},"sha256":"${createHash("sha256").update(body).digest("hex")}"}\n`;
}

describe("the model file", () => {
  test("S2-020 S2-062 S2-250 S3-109 is JSON with format, version, kind, features, times, thresholds, state and hash", async () => {
    expect(JSON.parse(text)).toMatchObject({
      format: "aiwaf-model",
      version: 1,
      kind: "forest",
      features: expect.arrayContaining(["path_len", "burst_count", "entropy"]),
      createdAt: "2025-10-09T08:53:20.000Z",
      trainedOn: { lines: 3000, from: expect.any(Number), to: expect.any(Number), source: "a test" },
      thresholds: { request: expect.any(Number), behaviour: expect.any(Number) },
      state: { format: "aiwaf-forest" },
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const model = await readModel(text);
    expect(model.id).toBe(`forest/1:${model.sha256.slice(0, 32)}`);
    expect(model.request.score(new Float64Array(model.features.length))).toBeGreaterThan(0);
  });

  test("the same requests and seed give the same file, to the last byte", async () => {
    expect(await modelText()).toBe(text);
    expect((await writeModel(train(3_000, { force: true, trees: 20, seed: 7 }).model!)).text).not.toBe(text);
  });

  test.each<[string, () => string, RegExp]>([
    ["nothing", () => "", /not a file of this program/],
    ["another program's JSON", () => JSON.stringify({ model: 1 }), /not a file of this program/],
    ["a pickle", () => "\x80\x04\x95cos\nsystem\n", /not a file of this program/],
    ["one cut short", () => text.slice(0, text.length / 2), /cut short/],
    ["one whose last byte is missing", () => text.trimEnd().slice(0, -1), /cut short/],
    ["one with a changed number", () => text.replace(/"lines":3000/, '"lines":3001'), /does not match its hash/],
    ["one with another hash", () => text.replace(/[0-9a-f]{64}"\}/, `${"0".repeat(64)}"}`), /does not match its hash/],
    ["a newer version", () => sealed((file) => Object.assign(file, { version: 2 })), /newer version/],
    ["another kind", () => sealed((file) => Object.assign(file, { kind: "autoencoder" })), /kind/],
    ["an unknown feature", () => sealed((file) => (file["features"] as string[]).splice(0, 1, "moon_phase")), /moon_phase/],
    ["a feature named twice", () => sealed((file) => (file["features"] as string[]).splice(0, 1, "entropy")), /twice/],
    ["another width", () => sealed((file) => (file["features"] as string[]).pop()), /is a forest of/],
    ["a threshold of 0", () => sealed((file) => Object.assign(file, { thresholds: { request: 0, behaviour: 0.6 } })), /thresholds.request/],
    ["a state that is no forest", () => sealed((file) => Object.assign(file, { state: { format: "aiwaf-forest", version: 1 } })), /must/],
    [
      "inherited fields",
      () => sealed((file) => Object.assign(file, { trainedOn: JSON.parse('{"__proto__":{"lines":1}}') })),
      /trainedOn.lines/,
    ],
    [
      "a state of a million levels",
      () => sealed((file) => Object.assign(file, { state: 0 })).replace('"state":0', `"state":${"[".repeat(1_000_000)}`),
      /does not match its hash/,
    ],
  ])("D-55 refuses %s with a reason", async (_, make, reason) => {
    await expect(readModel(make())).rejects.toThrow(reason);
  });

  test("refuses a deep file even when its hash is right, and one that is too large before it looks at it", async () => {
    const body = `{"format":"aiwaf-model","state":${"[".repeat(200_000)}`;
    const deep = `${body},"sha256":"${createHash("sha256").update(body).digest("hex")}"}`;
    await expect(readModel(deep)).rejects.toThrow(/nested deeper/);
    await expect(readModel(" ".repeat(33_554_433))).rejects.toThrow(/AIWAF_MODEL_TOO_LARGE/);
  });

  test("refuses every file that lacks any byte", async () => {
    for (let at = 0; at < text.length; at += 997)
      await expect(readModel(text.slice(0, at) + text.slice(at + 1))).rejects.toThrow(/AIWAF_MODEL/);
  });
});

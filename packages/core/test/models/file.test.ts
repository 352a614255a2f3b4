import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configuredModel, fileModel, modelFolder } from "../../src/models/file.ts";
import { readModel } from "../../src/models/model-text.ts";
import { followModel } from "../../src/models/source.ts";
import { storeModel } from "../../src/models/store.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { Services } from "../../src/types.ts";
import { modelText } from "./trained.ts";

const root = mkdtempSync(join(tmpdir(), "aiwaf-models-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let texts: string[] = [];
beforeAll(async () => {
  texts = await Promise.all([1, 2, 3].map((seed) => modelText({ seed, trees: 10 }, 500)));
});
const services = {} as Services;
let number = 0;
const fresh = (): string => join(root, `model-${number++}.json`);

describe("a model in a file", () => {
  test("S2-063 S2-098 S3-092 there is none before one is trained, and a new version can be told from the old one", async () => {
    const path = fresh();
    const source = fileModel(path);
    expect(await source.version(services, 0)).toBeUndefined();
    const folder = modelFolder(path);
    await folder.promote(await folder.add(texts[0]!));
    const version = await source.version(services, 0);
    expect(await source.load(services, 0)).toBe(texts[0]);
    await folder.promote(await folder.add(texts[1]!));
    expect(await source.version(services, 0)).not.toBe(version);
  });

  test("a file of 33 MB is not read at all", async () => {
    const path = fresh();
    writeFileSync(path, "");
    truncateSync(path, 33_554_433);
    await expect(fileModel(path).load(services, 0)).rejects.toThrow(/AIWAF_MODEL_TOO_LARGE/);
  });
});

describe("versions of one second", () => {
  test("are listed in the order in which they were trained, whatever their hashes are", async () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ]) {
      const folder = modelFolder(fresh());
      const names: string[] = [];
      for (const index of order) names.unshift(await folder.add(texts[index]!));
      expect((await folder.list()).map(({ name }) => name)).toEqual(names);
      // Saved again, a version keeps its place.
      expect(await folder.add(texts[order[0]!]!)).toBe(names[2]);
      expect(await folder.list()).toHaveLength(3);
    }
  });
});

describe("the place of a model by settings", () => {
  test("S2-099 S2-101 S2-102 file, database and cache, with the file as fallback unless it is turned off", async () => {
    const path = fresh();
    const folder = modelFolder(path);
    await folder.promote(await folder.add(texts[0]!));
    const store = memoryStore();
    const withStore = { store } as Services;
    expect(await configuredModel({ path }).model.load(withStore, 0)).toBe(texts[0]);
    for (const storage of ["database", "cache"] as const) {
      const { model, fallback } = configuredModel({ path, storage, cacheKey: "site:model" });
      expect(await model.version(withStore, 0)).toBeUndefined();
      expect(await fallback!.load(withStore, 0)).toBe(texts[0]);
      expect(configuredModel({ path, storage, fallback: false })).not.toHaveProperty("fallback");
    }
    await storeModel(store, texts[1]!, await readModel(texts[1]!), 0, 1_000, "site:model");
    const { model } = configuredModel({ storage: "cache", cacheKey: "site:model" });
    expect(await model.load(withStore, 0)).toBe(texts[1]);
    expect(await model.version(withStore, 1_001)).toBeUndefined();
  });

  test("a running firewall takes the file that was put in its place, without a restart", async () => {
    const path = fresh();
    const folder = modelFolder(path);
    const warnings: string[] = [];
    const following = followModel([fileModel(path)], 100, () => undefined);
    const server = { warnOnce: (_: string, message: string) => void warnings.push(message) } as unknown as Services;
    expect((await following.refresh(server, 0)).model).toBeUndefined();
    await folder.promote(await folder.add(texts[0]!));
    expect((await following.refresh(server, 200)).model?.sha256).toBe((await readModel(texts[0]!)).sha256);
    await folder.promote(await folder.add(texts[1]!));
    following.current(server, 400);
    await expect.poll(() => following.current(server, 401)?.sha256).toBe((await readModel(texts[1]!)).sha256);
    for (const rubbish of ["", "{", texts[0]!.slice(0, 500), texts[2]!.replace("500", "501"), `{"a":${"[".repeat(100_000)}`]) {
      writeFileSync(path, rubbish);
      const { model, problem } = await following.refresh(server, 600);
      expect(model?.sha256).toBe((await readModel(texts[1]!)).sha256);
      expect(problem).toMatch(/AIWAF_MODEL/);
    }
    expect(warnings.length).toBe(5);
  });
});

describe("the versions of a model", () => {
  test("are listed newest first, promoted and rolled back by a rename", async () => {
    const path = fresh();
    const folder = modelFolder(path);
    expect(await folder.list()).toEqual([]);
    const names: string[] = [];
    for (const text of texts) names.push(await folder.add(text));
    expect((await folder.list()).map(({ isCurrent }) => isCurrent)).toEqual([false, false, false]);
    await folder.promote(names[0]!);
    await folder.promote(names[1]!);
    expect((await folder.current())?.name).toBe(names[1]);
    await folder.promote(names[0]!);
    expect(readFileSync(path, "utf8")).toBe(texts[0]);
    expect([...readdirSync(root), ...readdirSync(`${path}.d`)].filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("an edited version is listed with the reason, never promoted, and leaves the current one alone", async () => {
    const path = fresh();
    const folder = modelFolder(path);
    const good = await folder.add(texts[0]!);
    await folder.promote(good);
    const bad = await folder.add(texts[1]!);
    const file = join(`${path}.d`, `${bad}.json`);
    writeFileSync(file, readFileSync(file, "utf8").replace('"lines":500', '"lines":501'));
    await expect(folder.promote(bad)).rejects.toThrow(/does not match its hash/);
    expect((await folder.list()).find(({ name }) => name === bad)).toMatchObject({
      model: undefined,
      problem: expect.stringMatching(/hash/),
    });
    expect(readFileSync(path, "utf8")).toBe(texts[0]);
  });

  test("ten are kept, and the current one always", async () => {
    const path = fresh();
    const folder = modelFolder(path);
    const first = await folder.add(texts[0]!);
    await folder.promote(first);
    for (let day = 0; day < 13; day++) {
      const old = readFileSync(path, "utf8");
      const name = `2026010${day % 10}T0000${String(day).padStart(2, "0")}-${"0".repeat(12)}`;
      writeFileSync(join(`${path}.d`, `${name}.json`), old);
    }
    await folder.add(texts[1]!);
    const kept = (await folder.list()).map(({ name }) => name);
    expect(kept.length).toBeLessThanOrEqual(11);
    expect(kept).toContain(first);
  });

  test("refuses names that lead elsewhere", async () => {
    const folder = modelFolder(fresh());
    for (const name of ["../../etc/passwd", "/etc/passwd", "x\0y", ""]) await expect(folder.promote(name)).rejects.toThrow();
  });
});

describe("a process that is killed while it saves", () => {
  test("leaves a model that loads, whenever the kill comes", async () => {
    const path = fresh();
    const files = texts.map((text, index) => {
      const file = join(root, `text-${index}.json`);
      writeFileSync(file, text);
      return file;
    });
    const folder = modelFolder(path);
    await folder.promote(await folder.add(texts[0]!));
    for (let run = 0; run < 12; run++) {
      await killedAfter(
        spawn(process.execPath, [join(import.meta.dirname, "save.child.ts"), path, ...files], { stdio: ["ignore", "pipe", "inherit"] }),
        run,
      );
      const model = await readModel((await fileModel(path).load(services, 0)) ?? "");
      expect(texts.some((text) => text.includes(model.sha256))).toBe(true);
      for (const { name, problem } of await folder.list()) expect(problem, name).toBeUndefined();
    }
  });
});

/** Kills the child some moments after it began to save, later each run. */
function killedAfter(child: ReturnType<typeof spawn>, run: number): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve());
    child.stdout!.once("data", () => setTimeout(() => child.kill("SIGKILL"), run * 3));
  });
}

describe("what trainings came to", () => {
  test("S2-236 is told newest first, with failures and their reasons, and never grows without end", async () => {
    const path = fresh();
    const folder = modelFolder(path);
    expect(await folder.runs()).toEqual([]);
    await folder.note({ at: 1, outcome: "used", requests: 10, durationMs: 5, version: "20260101T000000-aaaaaaaaaaaa" });
    await folder.note({ at: 2, outcome: "failed", requests: 0, durationMs: 1, reason: "x".repeat(1_000) });
    const file = join(`${path}.d`, "trainings.jsonl");
    const lines = readFileSync(file, "utf8");
    const garbage = ["{", "null", "[]", '{"at":1e99,"outcome":"used"}', '{"at":3,"outcome":"magic"}', "\u0000"].join("\n");
    writeFileSync(file, `${lines}${garbage}\n{"at":4,"outcome":"none","requests":"many","version":7}\n`);
    expect(await folder.runs()).toEqual([
      { at: 4, outcome: "none", requests: 0, durationMs: 0 },
      { at: 2, outcome: "failed", requests: 0, durationMs: 1, reason: "x".repeat(300) },
      { at: 1, outcome: "used", requests: 10, durationMs: 5, version: "20260101T000000-aaaaaaaaaaaa" },
    ]);
    writeFileSync(file, `${'{"at":5,"outcome":"kept","requests":1,"durationMs":1}\n'.repeat(20_000)}`);
    expect((await folder.runs()).length).toBe(400);
    await folder.note({ at: 6, outcome: "withheld", requests: 1, durationMs: 1 });
    expect((await folder.runs()).slice(0, 2).map(({ at }) => at)).toEqual([6, 5]);
    expect(readFileSync(file, "utf8").length).toBeLessThan(400 * 60);
    // Versions are what they were: the list of runs is none of them.
    expect(await folder.list()).toEqual([]);
  });
});

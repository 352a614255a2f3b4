import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { readModel } from "@aiwaf/core/models";
import { modelFolder } from "@aiwaf/core/models/file";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rotatedLogs } from "../src/learn/rotated-logs.ts";
import { aiwaf, testFolder } from "./command.ts";

const folder = testFolder();
afterAll(() => folder.remove());

const MONTH = "[10/Oct/2025:%s +0000]";
const timeOf = (second: number): string => MONTH.replace("%s", new Date(second * 1000).toISOString().slice(11, 19));

/** One usual line, made from its number. */
function line(index: number, fields: { readonly client?: string; readonly target?: string; readonly status?: number } = {}): string {
  const visitor = index % 300;
  const pages = ["/", "/products", `/products/${(index * 7) % 90}`, `/search?q=word${index % 30}`, "/cart", `/blog/post-${index % 12}`];
  const { client = `198.51.${visitor >> 8}.${visitor & 255}`, target = pages[(index * 13) % pages.length], status = 200 } = fields;
  return `${client} - - ${timeOf(Math.floor(index / 4))} "GET ${target} HTTP/1.1" ${status} 512 "-" "Mozilla/5.0 (rv:${100 + (visitor % 40)}.0)"`;
}

const usual = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => line(from + index));
const scan = (client: string): string[] =>
  Array.from({ length: 12 }, (_, index) => line(index, { client, target: `/wp-admin/roundthing-${index}.php`, status: 404 }));

const log = (name: string, lines: readonly string[]): string => folder.write(name, `${lines.join("\n")}\n`);
const trained = (...args: string[]) => aiwaf(["train", ...args, "--force", "--trees", "10"]);

describe("aiwaf train", () => {
  let path = "";
  beforeAll(() => {
    path = log("site/access.log", [...usual(0, 3_000), ...["203.0.113.66", "192.0.2.66", "100.64.0.66"].flatMap(scan)]);
  });

  test("S2-129 S3-012 learns, promotes and proposes; changes nothing else", async () => {
    const model = join(folder.path, "one/model.json");
    const { code, out } = await trained(path, "--model", model);
    expect(code).toBe(0);
    expect(out).toMatch(/3,036 lines of 1 file/);
    expect(out).toMatch(/held-out rows above/);
    expect(out).toMatch(/203\.0\.113\.66/);
    expect(out).toMatch(/roundthing/);
    expect(out).toMatch(/--apply carries them out/);
    expect(out.split("\n").every((text) => text.length <= 80)).toBe(true);
    expect((await readModel(readFileSync(model, "utf8"))).trainedOn).toMatchObject({ lines: 3_036, source: path });
  });

  test("S2-204 without --force a short log gives no model, and says why", async () => {
    const model = join(folder.path, "short/model.json");
    const { code, out } = await aiwaf(["train", path, "--model", model]);
    expect(code).toBe(0);
    expect(out.replaceAll("\n", " ")).toMatch(/No model: 3036 requests are fewer than the 10000/);
    expect(existsSync(model)).toBe(false);
  });

  test("S2-236 notes beside the model what each run came to, also when it failed", async () => {
    const model = join(folder.path, "noted/model.json");
    await aiwaf(["train", path, "--model", model]);
    await trained(path, "--model", model);
    await trained(path, "--model", model, "--no-promote");
    expect((await aiwaf(["train", join(folder.path, "absent.log"), "--model", model])).code).toBe(2);
    // Where no models are kept, a mistyped path leaves nothing behind.
    expect((await aiwaf(["train", join(folder.path, "absent.log"), "--model", join(folder.path, "nowhere/model.json")])).code).toBe(2);
    expect(existsSync(join(folder.path, "nowhere"))).toBe(false);
    const runs = await modelFolder(model).runs();
    expect(runs.map(({ outcome }) => outcome)).toEqual(["failed", "kept", "used", "none"]);
    expect(runs[0]!.reason).toMatch(/absent\.log/);
    expect(runs[1]).toMatchObject({ requests: 3_036, version: expect.stringMatching(/^\d{8}T/) });
    expect(runs[3]!.reason).toMatch(/\w/);
    expect(Math.abs(Date.now() - runs[0]!.at)).toBeLessThan(600_000);
  });

  test("S2-182 S3-079 reads rotated files with the log, oldest first, packed by gzip or zstd", async () => {
    const lines = usual(0, 2_000);
    const main = log("rotated/a.log", lines.slice(1_500));
    log("rotated/a.log.1", lines.slice(1_000, 1_500));
    log("rotated/a.log.2.gz", lines.slice(500, 1_000));
    folder.write("rotated/a.log.3.zst", zstdCompressSync(Buffer.from(`${lines.slice(0, 500).join("\n")}\n`)));
    log("rotated/a.log.bak", lines);
    log("rotated/a.login.log", lines);
    expect(rotatedLogs(main).map((one) => one.slice(main.length))).toEqual([".3.zst", ".2.gz", ".1", ""]);
    const { out } = await trained(main, "--model", join(folder.path, "rotated-model.json"), "--json");
    const whole = await trained(log("rotated/b.log", lines), "--model", join(folder.path, "whole-model.json"), "--json", "--no-rotated");
    expect(JSON.parse(out).after.thresholds).toEqual(JSON.parse(whole.out).after.thresholds);
    expect(JSON.parse(out).counts).toMatchObject({ lines: 2_000, unparsed: 0 });
  });

  test("dated files come before numbered ones, and of a packed pair one is read", () => {
    const main = log("dated/c.log", ["x"]);
    for (const name of ["-20260131.gz", "-20260201", "-20260201.gz", ".1", ".10"]) log(`dated/c.log${name}`, ["x"]);
    expect(rotatedLogs(main).map((one) => one.slice(main.length))).toEqual(["-20260131.gz", "-20260201", ".10", ".1", ""]);
  });

  test("S2-053 S2-183 S3-035 S3-110 takes the site's own records when the log holds no request", async () => {
    const empty = log("fallback/empty.log", ["nothing", "at all"]);
    const records = usual(0, 600).map((_, index) =>
      JSON.stringify({
        at: 1_760_000_000_000 + index * 900,
        client: `198.51.100.${index % 200}`,
        method: "GET",
        url: `/p/${index % 50}`,
        status: 200,
        headers: {},
      }),
    );
    const { out } = await trained(
      empty,
      "--else",
      log("fallback/records.jsonl", records),
      "--model",
      join(folder.path, "fallback.json"),
      "--json",
    );
    expect(JSON.parse(out)).toMatchObject({ report: { requests: 600 }, files: [expect.stringMatching(/records\.jsonl$/)] });
  });

  test("a model that would call honest clients odd is saved and withheld, and the one before stays", async () => {
    const model = join(folder.path, "gate/model.json");
    await trained(path, "--model", model);
    const before = readFileSync(model, "utf8");
    const { code, out } = await trained(path, "--model", model, "--contamination", "0.4");
    expect(code).toBe(1);
    expect(out.replaceAll("\n", " ")).toMatch(/Withheld: .*would be called odd/);
    expect(readFileSync(model, "utf8")).toBe(before);
    expect((await aiwaf(["model", "list", "--model", model])).out.split("\n").length).toBe(4);
  });

  test("S3-043 S3-044 S3-045 --apply bans and learns in the site's store, leaves exempt clients alone and lifts their bans", async () => {
    const database = join(folder.path, "state.sqlite");
    const config = folder.write(
      "aiwaf.config.mjs",
      `import { sqliteStore } from ${JSON.stringify(import.meta.resolve("@aiwaf/core/stores/sqlite"))};
       export default { store: sqliteStore({ path: ${JSON.stringify(database)} }) };`,
    );
    const { sqliteStore } = await import("@aiwaf/core/stores/sqlite");
    const { addEntries, listBans, listEntries, writeBan } = await import("@aiwaf/core/lists");
    const store = sqliteStore({ path: database });
    await addEntries(store, "exempt", [{ name: "192.0.2.0/24" }], Date.now());
    await addEntries(store, "exempt-keyword", [{ name: "oldword" }], Date.now());
    await addEntries(store, "keyword", [{ name: "oldword" }], Date.now());
    await writeBan(store, "192.0.2.9", "waves/scan", 600_000, Date.now());
    const { out, err } = await trained(path, "--config", config, "--apply", "--model", join(folder.path, "applied.json"));
    expect(err).toBe("");
    expect(out).toMatch(/Applied: 2 bans, \d+ words; 1 exempt clients unbanned, 1 exempt words dropped/);
    expect((await listBans(store, {}, Date.now())).map(({ client }) => client).sort()).toEqual(["100.64.0.66", "203.0.113.66"]);
    expect((await listEntries(store, "keyword", Date.now())).map(({ name }) => name)).toContain("roundthing");
    expect((await trained(path, "--config", config, "--apply", "--model", join(folder.path, "applied.json"))).out).toMatch(
      /Applied: 0 bans, 0 words/,
    );
    const { storedModel } = await import("@aiwaf/core/models");
    const services = { store } as Parameters<ReturnType<typeof storedModel>["load"]>[0];
    expect(await storedModel().load(services, Date.now())).toBe(readFileSync(join(folder.path, "applied.json"), "utf8"));
    await store.close?.();
  });

  test("sums up countries with a database, and says what is missing without one", async () => {
    const { code, err } = await aiwaf(["train", path, "--geoip", "nowhere.mmdb"]);
    expect(code).toBe(2);
    expect(err).toMatch(/--geoip/);
  });

  test.each([
    [["missing.log"], /there is no such file/],
    [[`${folder.path}/`], /is a folder; name the files in it/],
    [["--apply"], /--apply: needs the site's store/],
    [["--contamination", "2"], /train\.contamination/],
    [["--trees", "many"], /--trees "many": must be a number/],
    [["--log-format", "%h"], /names no time/],
  ])("answers %j with one line that says what is wrong", async (args, message) => {
    // In a folder of its own: a training that fails is noted beside the model.
    const { code, err } = await aiwaf(["train", ...(args[0]!.startsWith("--") ? [path] : []), ...args], "", {}, { cwd: folder.path });
    expect(code).toBe(2);
    expect(err.trimEnd().split("\n").length).toBe(1);
    expect(err).toMatch(message);
  });

  test("a log that is damaged in its middle is told, and what was read counts", async () => {
    const file = log("damaged/d.log.gz", usual(0, 5_000));
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, bytes.length / 2));
    const { code, err } = await trained(file, "--model", join(folder.path, "damaged.json"), "--no-rotated");
    expect(code).toBe(2);
    expect(err).toMatch(/reading ended early/);
  });
});

describe("the settings of other implementations", () => {
  test("S2-064 S2-065 S2-066 S2-067 S2-068 S2-069 S2-098 S3-087 S3-092 S3-094 say what to read, need and write, where no flag does", async () => {
    const path = log("settings/access.log", usual(0, 1_500));
    const model = join(folder.path, "settings/own.json");
    const env = { AIWAF_ACCESS_LOG: path, AIWAF_MODEL_PATH: model };
    const run = async (more: Record<string, string>, ...args: string[]) =>
      JSON.parse((await aiwaf(["train", "--json", ...args], "", { ...env, ...more })).out);
    expect((await run({})).report.withoutModel).toMatch(/fewer than the 10000/);
    expect((await run({ AIWAF_MIN_TRAIN_LOGS: "2000" })).report.withoutModel).toMatch(/fewer than the 2000 that training needs/);
    expect((await run({ AIWAF_FORCE_AI_TRAINING: "true", AIWAF_DISABLE_AI: "true" })).report.withoutModel).toBe("models are turned off");
    const first = await run({ AIWAF_MIN_AI_LOGS: "1000", AIWAF_AI_N_ESTIMATORS: "10" });
    expect(first).toMatchObject({ isPromoted: true, files: [path] });
    expect(existsSync(model)).toBe(true);
    const strict = await run({ AIWAF_MIN_AI_LOGS: "1000", AIWAF_AI_N_ESTIMATORS: "10", AIWAF_AI_CONTAMINATION: "0.05" });
    expect(strict.after.thresholds.request).toBeLessThan(first.after.thresholds.request);
    const flagged = await run({ AIWAF_MIN_AI_LOGS: "100000", AIWAF_AI_N_ESTIMATORS: "10" }, "--min-model-lines", "1000");
    expect(flagged.after.thresholds).toEqual(first.after.thresholds);
    expect(await aiwaf(["train"])).toMatchObject({ code: 2, err: expect.stringMatching(/name the access log/) });
  });
});

describe("aiwaf model", () => {
  test("S3-107 lists, shows, compares, exports, promotes and rolls back", async () => {
    const model = join(folder.path, "versions/model.json");
    const path = log("versions/access.log", usual(0, 3_000));
    expect((await aiwaf(["model", "list", "--model", model])).out).toMatch(/No model yet/);
    await trained(path, "--model", model, "--seed", "1");
    const first = readFileSync(model, "utf8");
    appendFileSync(path, `${usual(3_000, 3_500).join("\n")}\n`);
    await aiwaf(["train", path, "--model", model, "--seed", "2", "--force", "--trees", "60"]);
    const run = async (...args: string[]) => (await aiwaf(["model", ...args, "--model", model])).out;
    expect(JSON.parse(await run("list", "--json"))).toMatchObject([{ isCurrent: true }, { isCurrent: false }]);
    expect(await run("diff")).toMatch(/trained on 3,000 requests before, 3,500 now/);
    expect(await run("show")).toMatch(/trained on 3,500 requests/);
    expect(await run("rollback")).toMatch(/In use from now on/);
    expect(readFileSync(model, "utf8")).toBe(first);
    expect(await run("export")).toBe(first);
    await run("promote");
    expect(readFileSync(model, "utf8")).not.toBe(first);
    const names = readdirSync(`${model}.d`);
    expect((await aiwaf(["model", "promote", "2", "--model", model])).err).toMatch(/2 versions begin so/);
    writeFileSync(join(`${model}.d`, names[0]!), "{}");
    expect(await run("list")).toMatch(/damaged/);
    expect(await aiwaf(["model", "rollback", "--model", model])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no readable version before/),
    });
    expect(await aiwaf(["model", "destroy", "--model", model])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/must be one of list/),
    });
  });
});

describe("a training that is killed", () => {
  test("leaves the old model in use, whenever the kill comes", async () => {
    const model = join(folder.path, "killed/model.json");
    const path = log("killed/access.log", usual(0, 12_000));
    await trained(path, "--model", model);
    const before = readFileSync(model, "utf8");
    const known = new Set([before]);
    for (let run = 0; run < 8; run++) {
      await new Promise<void>((resolve, reject) => {
        const cli = join(import.meta.dirname, "../dist/cli.js");
        const child = spawn(process.execPath, [cli, "train", path, "--model", model, "--seed", String(run)], { stdio: "ignore" });
        child.on("error", reject);
        child.on("close", () => resolve());
        setTimeout(() => child.kill("SIGKILL"), 150 + run * 120);
      });
      const text = readFileSync(model, "utf8");
      await expect(readModel(text)).resolves.toBeDefined();
      known.add(text);
    }
    for (const { problem } of JSON.parse((await aiwaf(["model", "list", "--json", "--model", model])).out)) expect(problem).toBeNull();
  });
});

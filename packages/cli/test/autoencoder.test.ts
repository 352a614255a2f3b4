import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { readAutoencoder } from "@aiwaf/autoencoder";
import { checkRules } from "@aiwaf/core/content";
import { createControl, createScorer } from "@aiwaf/proxy";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tail } from "../src/autoencoder/tail.ts";
import { aiwaf, aiwafHere, CLI, parseLines, testFolder } from "./command.ts";

const folder = testFolder();
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  folder.remove();
});

const at = (name: string): string => join(folder.path, name);
const places = {
  log: at("data/synthetic_access.log"),
  lines: at("data/normalized_requests.txt"),
  tokenizer: at("models/req_tokenizer"),
  model: at("models/ae_out"),
  stats: at("models/loss_stats.json"),
};
const modelPath = at("models/ae_out/model.json");
const read = (path: string): string => readFileSync(path, "utf8");
const EXAMPLE = "GET /product?id=1 UNION SELECT password FROM users";

describe("S4-002 the pipeline, by the names that S4 gives its scripts", () => {
  beforeAll(async () => {
    const steps = [
      ["synth_logs", "--out", places.log, "--n", "6000"],
      ["parser_normalizer", "--in", places.log, "--out", places.lines],
      ["train_tokenizer", "--in", places.lines, "--tok_dir", places.tokenizer, "--vocab_size", "512"],
      [
        "train_ae",
        "--data",
        places.lines,
        "--tok",
        places.tokenizer,
        "--out",
        places.model,
        "--max_len",
        "128",
        "--epochs",
        "2",
        "--bsz",
        "32",
      ],
      ["eval_recon_loss", "--model", places.model, "--data", places.lines, "--out", places.stats],
    ];
    for (const step of steps) {
      const { code, err } = await aiwafHere(step);
      expect(err).toContain(`aiwaf ${step[0]} is now: aiwaf autoencoder `);
      expect(code, err).toBe(0);
    }
  }, 120_000);

  test("S4-005 S4-006 synthesises a log of many kinds of request, the same for the same seed", async () => {
    const lines = read(places.log).trim().split("\n");
    expect(lines).toHaveLength(6_000);
    const kinds = new Set(lines.map((line) => /"(\w+ \/[^/?\s]*)/.exec(line)?.[1]));
    expect(kinds.size).toBeGreaterThan(10);
    await aiwafHere(["autoencoder", "synthesize", "--out", at("again.log"), "--n", "6000"]);
    expect(read(at("again.log")) === read(places.log)).toBe(true);
  });

  test("S4-007 S4-008 normalises a log to one request a line", () => {
    const lines = read(places.lines).trim().split("\n");
    expect(lines).toHaveLength(6_000);
    expect(lines.every((line) => /^(?:GET|POST) \/\S* user-agent=\S+$/.test(line))).toBe(true);
    expect(lines.some((line) => line.includes("/order/<UUID>/status"))).toBe(true);
    expect(lines.filter((line) => line.includes("token=")).every((line) => line.includes("token=<SECRET>"))).toBe(true);
  });

  test("S4-009 S4-010 keeps a tokenizer in its folder, and a model is trained with it", async () => {
    const { merges } = JSON.parse(read(join(places.tokenizer, "tokenizer.json"))) as { merges: unknown };
    expect((await readAutoencoder(read(modelPath))).merges).toEqual(merges);
  });

  test("S4-011 S4-012 keeps the model in its folder, checked on lines that it never saw", async () => {
    const model = await readAutoencoder(read(modelPath));
    expect(model.trainedOn.lines).toBe(6_000);
    expect(model.holdout.requests).toBe(600);
    expect(model.holdout.flagged).toBeLessThan(20);
  });

  test("S4-013 S4-014 writes what held-out requests cost, with p95 and p99", () => {
    const stats = JSON.parse(read(places.stats)) as Record<string, number>;
    expect(stats).toMatchObject({ n: 1_200, mean: expect.any(Number), std: expect.any(Number), p50: expect.any(Number) });
    expect(stats["p95"]).toBeGreaterThanOrEqual(stats["p50"]!);
    expect(stats["p99"]).toBeGreaterThanOrEqual(stats["p95"]!);
    expect(stats["threshold"]).toBeGreaterThan(0);
  });

  test("S4-026 S4-029 aiwaf score finds S4's example by S4's name with severity 9, and calls it an anomaly", async () => {
    const { code, out } = await aiwafHere(["score", EXAMPLE, "--json", "--autoencoder", places.model]);
    expect(code).toBe(0);
    const { rules, anomaly, loss, loss_threshold: threshold } = JSON.parse(out) as Record<string, unknown>;
    expect(rules).toContainEqual(expect.objectContaining({ rule_id: "sqli_union_select", severity: 9, rule: "sql/union" }));
    expect(anomaly).toBe(true);
    expect(loss).toBeGreaterThan(threshold as number);
    const usual = await aiwafHere(["score", "GET /products?page=3&sort=price", "--autoencoder", places.model]);
    expect(usual.out).toMatch(/Autoencoder: ordinary, \d/);
  });

  test("trains from logs at once, writes ONNX, and withholds a model that calls too much odd", async () => {
    const out = at("site/autoencoder.json");
    const trained = await aiwafHere([
      "autoencoder",
      "train",
      places.log,
      "--out",
      out,
      "--epochs",
      "1",
      "--json",
      "--onnx",
      at("site/model.onnx"),
    ]);
    expect(trained.code, trained.err).toBe(0);
    expect(JSON.parse(trained.out)).toMatchObject({ promoted: true });
    expect(readFileSync(at("site/model.onnx")).length).toBeGreaterThan(100_000);
    const before = read(out);
    const strict = ["--contamination", "0.5", "--max-flagged", "0.01", "--seed", "2", "--epochs", "1"];
    const withheld = await aiwafHere(["autoencoder", "train", "--data", places.lines, "--out", out, ...strict]);
    expect(withheld.code).toBe(1);
    expect(withheld.out.replace(/\s+/g, " ")).toMatch(/Withheld, the model before stays in use: \d+ of \d+ held-out requests/);
    expect(read(out) === before).toBe(true);
    expect(readdirSync(`${out}.d`)).toHaveLength(2);
    const listed = await aiwafHere(["autoencoder", "versions", "list", "--model", out, "--json"]);
    const [newest, oldest] = JSON.parse(listed.out) as { name: string; isCurrent: boolean }[];
    expect([newest!.isCurrent, oldest!.isCurrent].sort()).toEqual([false, true]);
    const other = newest!.isCurrent ? oldest! : newest!;
    const hash = other.name.split("-")[1]!;
    expect((await aiwafHere(["autoencoder", "versions", "promote", hash, "--model", out])).out).toBe(`In use from now on: ${other.name}\n`);
    expect(read(out) === before).toBe(false);
    expect((await aiwafHere(["autoencoder", "versions", "promote", "zzz", "--model", out])).code).toBe(2);
  });

  test("killed at any moment, leaves the model that was there, or the new one, and nothing between", { timeout: 180_000 }, async () => {
    const out = at("killed/model.json");
    await aiwafHere(["autoencoder", "train", "--data", places.lines, "--out", out, "--epochs", "1"]);
    const first = read(out);
    for (const afterMs of [150, 600, 1_200]) {
      const args = [CLI, "autoencoder", "train", "--data", places.lines, "--out", out, "--epochs", "2", "--seed", `${afterMs}`];
      const child = spawn(process.execPath, args, { stdio: "ignore" });
      children.push(child);
      await pause(afterMs);
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      const left = read(out);
      if (left !== first) expect((await readAutoencoder(left)).trainedOn.lines).toBe(6_000);
    }
  });

  test("answers hostile lines and wrong flags in words, never with a stack", async () => {
    const hostile = at("hostile.log");
    writeFileSync(
      hostile,
      Buffer.concat([
        Buffer.from("\0\xff\n".repeat(1_000), "latin1"),
        Buffer.from(`${"A".repeat(3_000_000)}\n{"a":`),
        Buffer.alloc(5_000, 10),
      ]),
    );
    const normalized = await aiwafHere(["autoencoder", "normalize", hostile, "--out", at("hostile.txt")]);
    expect(normalized).toMatchObject({ code: 0, err: "" });
    expect(normalized.out).toMatch(/^0 requests/);
    for (const args of [
      ["train", "--data", at("hostile.txt"), "--out", at("none")],
      ["train", "--data", at("missing.txt")],
      ["train-tokenizer", "--in", at("hostile.txt"), "--tok-dir", at("none")],
      ["train", "--data", places.lines, "--tok", at("nowhere")],
      ["evaluate", "--model", at("nowhere"), "--data", places.lines, "--out", at("x.json")],
      ["evaluate", "--model", places.stats, "--data", places.lines, "--out", at("x.json")],
      ["train", "--epochs", "0"],
      ["serve", "--port", "99999"],
      ["ingest", "--concurrency", "0"],
    ]) {
      const { code, err, out } = await aiwafHere(["autoencoder", ...args]);
      expect(code, args.join(" ")).toBeGreaterThan(0);
      expect(`${out}${err}`).not.toMatch(/ at .*\.ts|an error of aiwaf itself/);
    }
    expect(existsSync(at("none/model.json"))).toBe(false);
  });
});

describe("the service", () => {
  const token = "0123456789abcdef0123";
  const open: ReturnType<typeof createControl>[] = [];
  afterAll(async () => {
    for (const control of open) await control.close();
  });
  const ask = async (port: number, raw: unknown): Promise<Record<string, unknown>> => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${port}/score`, { method: "POST", headers, body: JSON.stringify({ raw }) });
    return (await response.json()) as Record<string, unknown>;
  };
  const start = async (): Promise<number> => {
    const control = createControl({ scorer: createScorer({ autoencoder: await readAutoencoder(read(modelPath)) }), token });
    open.push(control);
    return (await control.listen(0)).port;
  };

  test("S4-016 S4-020 S4-021 S4-022 S4-023 S4-024 S4-025 answers POST /score with score, rules, anomaly, threshold and action", async () => {
    const port = await start();
    const answer = await ask(port, EXAMPLE);
    expect(answer).toMatchObject({ score: expect.any(Number), anomaly: true, threshold: expect.any(Number), action: "block" });
    expect(answer["loss"]).toBeGreaterThan(answer["loss_threshold"] as number);
    expect(await ask(port, "GET /products?page=3&sort=price HTTP/1.1")).toMatchObject({ rules: [], anomaly: false, action: "allow" });
    // No rule finds anything, and the site has never seen such a request.
    expect(await ask(port, "GET /backup/zxqvw/kkjhg?mm=1 HTTP/1.1")).toMatchObject({ anomaly: true, action: "alert" });
  });

  test("S4-027 S4-028 S4-030 S4-031 shows each rule with id, description, severity, match and place", async () => {
    const { rules } = await ask(await start(), EXAMPLE);
    const rule = (rules as Record<string, unknown>[]).find(({ rule_id: id }) => id === "sqli_union_select");
    expect(rule).toMatchObject({ severity: 9, match: "UNION SELECT", description: expect.stringMatching(/SELECT/) });
    expect((rule!["end"] as number) - (rule!["start"] as number)).toBeGreaterThanOrEqual("UNION SELECT".length);
  });

  test("S4-041 S4-042 D-61 rules read what was sent, decoded; quotes do not get lost in normalising", async () => {
    const port = await start();
    const { rules } = await ask(port, "GET /product?id=1%27%20or%20%271%27%3D%271 HTTP/1.1");
    expect(rules).toContainEqual(expect.objectContaining({ rule_id: "sqli_or_true", rule: "sql/tautology" }));
    expect(checkRules("1' or '1'='1").map(({ rule_id: id }) => id)).toContain("sql/tautology");
    expect(await ask(port, "GET /?once=1&online=2 HTTP/1.1")).toMatchObject({ rules: [] });
  });

  test("S4-045 answers others while it scores a thousand texts", { timeout: 60_000 }, async () => {
    const port = await start();
    let isDone = false;
    const batch = ask(
      port,
      Array.from({ length: 1_000 }, (_, index) => `GET /product/${index}?q=%27${"x".repeat(500)} HTTP/1.1`),
    ).finally(() => {
      isDone = true;
    });
    let answered = 0;
    while (!isDone) {
      await (await fetch(`http://127.0.0.1:${port}/healthz`)).arrayBuffer();
      answered++;
    }
    await batch;
    expect(answered).toBeGreaterThan(1);
  });

  test("S4-015 S4-017 S4-018 listens where it is told, takes S4's flags, and leaves when asked", { timeout: 90_000 }, async () => {
    const args = [
      "autoencoder",
      "serve",
      "--model",
      places.model,
      "--stats",
      places.stats,
      "--host",
      "127.0.0.1",
      "--port",
      "0",
      "--workers",
      "1",
      "--reload",
    ];
    const child = spawn(process.execPath, [CLI, ...args], { env: { ...process.env, AIWAF_TOKEN: token } });
    children.push(child);
    const ended = once(child, "exit");
    let output = "";
    child.stdout.on("data", (text: Buffer) => (output += text));
    child.stderr.on("data", (text: Buffer) => (output += text));
    while (!/Scores on \S+\n/.test(output) && child.exitCode === null) await pause(20);
    const port = Number(/:(\d+)\/score/.exec(output)?.[1]);
    expect(await ask(port, EXAMPLE)).toMatchObject({ anomaly: true });
    expect((await fetch(`http://127.0.0.1:${port}/score`, { method: "POST" })).status).toBe(401);
    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
  });
});

describe("ingest", () => {
  const line = (target: string): string => `203.0.113.7 - - [10/Oct/2025:13:55:36 +0000] "GET ${target} HTTP/1.1" 200 5 "-" "curl/8"\n`;

  test("S4-043 S4-044 appends a JSON line with time, request, score, rules and anomaly for each line of the log", async () => {
    const log = folder.write(
      "live.log",
      `${line("/product/1")}nonsense\n${line("/product?id=1%20UNION%20SELECT%20password%20FROM%20users")}`,
    );
    const out = at("logs/stream_scores.log");
    for (let round = 0; round < 2; round++) {
      const { code, out: told } = await aiwafHere(["ingest_stream", "--logfile", log, "--model", places.model, "--out", out, "--once"]);
      expect(code).toBe(0);
      expect(told).toMatch(/^2 scored, 0 failed, 1 lines of no request/);
    }
    const written = parseLines(read(out));
    expect(written).toHaveLength(4);
    expect(Object.keys(written[0]!)).toEqual(["ts", "raw", "score", "rules", "anomaly"]);
    const odd = written.filter(({ anomaly }) => anomaly === true);
    expect(odd).toHaveLength(2);
    expect(odd[0]).toMatchObject({
      ts: "2025-10-10T13:55:36.000Z",
      rules: expect.arrayContaining([expect.objectContaining({ rule_id: "sqli_union_select" })]),
    });
  });

  test("writes a score of null for a call that fails, and goes on", async () => {
    const log = folder.write("refused.log", line("/a").repeat(5));
    const out = at("refused.out");
    const { code } = await aiwafHere([
      "autoencoder",
      "ingest",
      "--logfile",
      log,
      "--url",
      "http://127.0.0.1:1/score",
      "--out",
      out,
      "--once",
      "--concurrency",
      "2",
    ]);
    expect(code).toBe(1);
    expect(parseLines(read(out)).map(({ score }) => score)).toEqual([null, null, null, null, null]);
  });

  test("follows a log across rotation and cutting, and loses no line", { timeout: 60_000 }, async () => {
    const path = folder.write("rotating.log", "old\n");
    const stopping = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      for await (const text of tail(path, { fromStart: false, once: false, signal: stopping.signal, everyMs: 5 })) seen.push(text);
    })();
    const until = async (last: string): Promise<void> => {
      while (seen.at(-1) !== last) await pause(5);
    };
    await pause(50);
    appendFileSync(path, "a\nb");
    await pause(20);
    appendFileSync(path, "b\n");
    await until("bb");
    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, "late\n");
    appendFileSync(path, "new\n");
    await until("new");
    expect(seen).toEqual(["a", "bb", "late", "new"]);
    writeFileSync(path, "");
    await pause(50);
    appendFileSync(path, "cut\n");
    await until("cut");
    rmSync(path);
    await pause(20);
    appendFileSync(path, "back\n");
    await until("back");
    stopping.abort();
    await following;
    expect(seen).toEqual(["a", "bb", "late", "new", "cut", "back"]);
  });
});

test("S4-001 the built command knows the autoencoder", { timeout: 60_000 }, async () => {
  const { code, out } = await aiwaf(["autoencoder", "--help"]);
  expect(code).toBe(0);
  for (const name of ["synthesize", "normalize", "train-tokenizer", "train", "evaluate", "serve", "ingest"]) expect(out).toContain(name);
  expect(out.split("\n").every((text) => text.length <= 80)).toBe(true);
});

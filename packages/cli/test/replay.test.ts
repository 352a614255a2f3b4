import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { aiwaf, NEEDLE_CONFIG, parseLines, recordLine, testFolder } from "./command.ts";

const folder = testFolder();
afterAll(() => folder.remove());
const config = folder.write("needle.mjs", NEEDLE_CONFIG);

describe("aiwaf replay --json", () => {
  test("writes one line a record with the fields that were promised", async () => {
    const file = folder.write(
      "two.jsonl",
      [
        recordLine({ id: "a", url: "/about" }),
        recordLine({ id: "b", label: "attack", class: "probe", url: "/.env" }),
        recordLine({ id: "c", url: "/?q=needle" }),
      ].join("\n"),
    );
    const { code, out, err } = await aiwaf(["replay", file, "--json", "--config", config]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const [allowed, probe, needle] = parseLines(out);
    expect(allowed).toEqual({
      id: "a",
      label: "benign",
      class: "page",
      action: "allow",
      status: null,
      rule: null,
      score: 0,
      findings: [],
      us: expect.any(Number),
    });
    expect(probe).toMatchObject({ id: "b", label: "attack", class: "probe", action: "block", status: 403, rule: "probes/dotfile" });
    expect(Object.keys(probe!)).toEqual(["id", "label", "class", "action", "status", "rule", "score", "findings", "us"]);
    expect(needle).toMatchObject({
      action: "block",
      rule: "score/threshold",
      score: 110,
      findings: [
        { rule: "test/needle", score: 60, where: "query:q", match: { text: "needle", start: 0, end: 6, decoded: [] } },
        { rule: "test/second", score: 50, where: "query:q", match: null },
      ],
    });
  });

  test("gives the engine the body up to its limit, bytes as they were and repeated fields in order", async () => {
    const file = folder.write(
      "bodies.jsonl",
      [
        recordLine({ id: "in", method: "POST", body: `${"x".repeat(100)}needle` }),
        recordLine({ id: "beyond", method: "POST", body: `${"x".repeat(70_000)}needle` }),
        recordLine({ id: "bytes", encoding: "latin-1", method: "POST", body: "\u00ff\u00fe needle" }),
        recordLine({ id: "repeats", raw_headers: [["X-Text", "a"], ["x-text", "needle"]] }), // biome-ignore format: one line a record
      ].join("\n"),
    );
    const { out } = await aiwaf(["replay", file, "--json", "--config", config]);
    expect(parseLines(out).map(({ id, action }) => [id, action])).toEqual([
      ["in", "block"],
      ["beyond", "allow"],
      ["bytes", "block"],
      ["repeats", "block"],
    ]);
    expect(out).toContain('"where":"header:x-text","match":{"text":"needle","start":3');
  });

  test("lets each record come from a client never seen, or from its own with --stateful", async () => {
    const line = recordLine({ client: "203.0.113.9", at: 1_000_000 });
    const file = folder.write("same.jsonl", `${line}\n`.repeat(10));
    const stateless = await aiwaf(["replay", file, "--json", "--config", config]);
    expect(parseLines(stateless.out).filter(({ action }) => action === "block")).toHaveLength(0);
    const stateful = await aiwaf(["replay", file, "--json", "--config", config, "--stateful"]);
    const decided = parseLines(stateful.out);
    expect(decided.slice(0, 3).every(({ action }) => action === "allow")).toBe(true);
    expect(decided[3]).toMatchObject({ action: "block", status: 429, rule: "rate-limit/exceeded" });
    const later = folder.write(
      "later.jsonl",
      [0, 0, 0, 70_000, 140_000].map((at) => recordLine({ client: "203.0.113.9", at: 1_000_000 + at })).join("\n"),
    );
    const apart = await aiwaf(["replay", later, "--json", "--config", config, "--stateful"]);
    expect(parseLines(apart.out).filter(({ action }) => action === "block")).toHaveLength(0);
  });

  test("counts what report mode would have blocked", async () => {
    const file = folder.write("probe.jsonl", recordLine({ url: "/.env" }));
    for (const options of [{ mode: "report" }, { paths: { "/**": { mode: "report" } } }]) {
      const { out } = await aiwaf(["replay", file, "--json", "--config", folder.write("report.json", JSON.stringify(options))]);
      expect(parseLines(out)[0]).toMatchObject({ action: "block", status: 403, rule: "probes/dotfile" });
    }
  });

  test("escapes what a terminal could obey", async () => {
    const file = folder.write("controls.jsonl", recordLine({ id: "a\u009b31mb\u001b[31m" }));
    const { out } = await aiwaf(["replay", file, "--json"]);
    expect(out).not.toMatch(/[\u001b\u0080-\u009f]/);
    expect(parseLines(out)[0]!["id"]).toBe("a\u009b31mb\u001b[31m");
  });
});

describe("aiwaf replay", () => {
  const mixed = folder.write(
    "mixed.jsonl",
    [
      ...Array.from({ length: 30 }, (_, index) => recordLine({ id: `n${index}`, url: `/page/${index}` })),
      recordLine({ id: "wrong", url: "/a?q=needle\u202e\u001b[31m", tier: "text" }),
      recordLine({ id: "x", label: "attack", class: "probe", url: "/.git/config" }),
      recordLine({ id: "y", label: "unknown", class: "what \u001b]0;title\u0007", url: "/" }),
    ].join("\n"),
  );

  test("prints a table by file and class, the rules that blocked benign requests, and latencies, in 80 columns without colours", async () => {
    const { code, out, err } = await aiwaf(["replay", mixed, "--config", config]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/benign page +31 +1 +3\.23 % +0\.57 – 16\.19/);
    expect(out).toMatch(/attack probe +1 +1 +100\.00 % +20\.65 – 100\.00/);
    expect(out).toMatch(/All benign +31 +1 +3\.23 %/);
    expect(out).toMatch(/tier text +1 +1 +100\.00 %/);
    expect(out).toMatch(/test\/needle +1 +wrong\n +GET \/a\?q=needle.*\n +query:q {2}"needle"/);
    expect(out).toMatch(/Time in inspect: p50 [\d.,]+ µs, p95 [\d.,]+ µs, p99 [\d.,]+ µs/);
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  test("shows colours where they are forced, and none where they are unwanted", async () => {
    expect((await aiwaf(["replay", mixed], "", { FORCE_COLOR: "1" })).out).toContain("\u001b[1m");
    expect((await aiwaf(["replay", mixed], "", { NO_COLOR: "1" })).out).not.toContain("\u001b");
  });

  test("names bad lines by their numbers, counts the rest, and goes on", async () => {
    const bad = [
      "{",
      "[1]",
      '{"method":"GET"}',
      '{"method":7,"url":"/"}',
      recordLine({ label: "evil" }),
      recordLine({ headers: { a: 1 } }),
    ];
    const file = folder.write("bad.jsonl", [...bad, "", recordLine({}), ...Array.from({ length: 30 }, () => "junk")].join("\n"));
    const { code, out, err } = await aiwaf(["replay", file]);
    expect(code).toBe(0);
    expect(out).toMatch(/^1 requests of 1 file/);
    expect(out).toContain("36 bad lines left out");
    expect(err).toContain(`${file}:1: not JSON\n`);
    expect(err).toContain(`${file}:2: not a JSON object\n`);
    expect(err).toContain(`${file}:5: label must be attack, benign or unknown\n`);
    expect(err).toContain(`${file}:6: headers: the value of "a" must be text\n`);
    expect(err).toContain("36 bad lines in all, the first 20 are named above");
    expect(err.split("\n")).toHaveLength(22);
  });

  test("passes over lines above 16 MiB without keeping them", async () => {
    const file = folder.write("long.jsonl.gz", `${recordLine({})}\n"${"x".repeat(17 * 1024 * 1024)}"\n${recordLine({ id: "after" })}\n`);
    const { code, out, err } = await aiwaf(["replay", file, "--json"]);
    expect(code).toBe(0);
    expect(parseLines(out).map(({ id }) => id)).toEqual(["r1", "after"]);
    expect(err).toContain(":2: longer than 16 MiB");
  });

  test("says so when a packed file is cut short, keeps what it read, and exits with 2", async () => {
    const whole = folder.write(
      "whole.jsonl.gz",
      Array.from({ length: 5_000 }, (_, index) => recordLine({ id: `${index}-${Math.sin(index)}` })).join("\n"),
    );
    const cut = join(folder.path, "cut.jsonl.gz");
    writeFileSync(cut, readFileSync(whole).subarray(0, 40_000));
    const { code, out, err } = await aiwaf(["replay", cut]);
    expect(code).toBe(2);
    expect(out).toMatch(/^[\d,]+ requests of 1 file/);
    expect(err).toMatch(/cut\.jsonl\.gz: reading ended early: unexpected end of file/);
  });
});

describe("aiwaf replay of access logs", () => {
  test("counts by class of answer, with the log's own clients and times", async () => {
    const line = (second: number, path: string, status: number, client = "203.0.113.7"): string =>
      `${client} - - [10/Oct/2025:13:55:${String(second).padStart(2, "0")} +0200] "GET ${path} HTTP/1.1" ${status} 12 "-" "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"`;
    const limit = folder.write("limit.json", JSON.stringify({ rateLimit: { max: 3, windowMs: 10_000 } }));
    const text = [1, 1, 1, 2]
      .map((second) => line(second, "/a", 200))
      .concat(line(30, "/a", 200), line(30, "/missing", 404), "junk", '1.2.3.4 - - [10/Oct/2025:13:55:59 +0200] "-" 408 0 "-" "-"');
    for (const name of ["access.log", "access.log.1", "access.log.2.gz"]) {
      const { code, out, err } = await aiwaf(["replay", folder.write(name, text.join("\n")), "--config", limit]);
      expect(code).toBe(0);
      expect(out).toMatch(/unknown 2xx +5 +1 +20\.00 %/);
      expect(out).toMatch(/unknown 4xx +1 +0 /);
      expect(out).toMatch(/rate-limit\/exceeded +1 +1 +1\n/);
      expect(out).toContain("1 bad line left out");
      expect(out).toContain("1 logged line holds no HTTP request");
      expect(err).toContain(":7: not a line of a known access log format");
    }
  });

  test("learns from answers, so that a scanner is banned and its neighbour is not", async () => {
    const paths = ["/.env", "/.git/config", "/wp-login.php", "/backup.zip", "/", "/about"];
    const line = (client: string, path: string, second: number): string =>
      `${client} - - [10/Oct/2025:13:55:0${second} +0000] "GET ${path} HTTP/1.1" 404 0`;
    const text = [
      ...paths.map((path, index) => line("198.51.100.1", path, index)),
      line("198.51.100.2", "/", 7),
      line("unicomp6.example.net", "/", 7),
    ];
    const { out } = await aiwaf(["replay", folder.write("scan.log", text.join("\n")), "--json"]);
    const decided = parseLines(out);
    expect(decided.slice(0, 6).every(({ action }) => action === "block")).toBe(true);
    expect(decided[5]).toMatchObject({ rule: "blocklist/banned", class: "4xx", label: "unknown" });
    expect(decided.slice(6).map(({ action }) => action)).toEqual(["allow", "allow"]);
  });

  test("takes what browsers asked for beside a page for parts of it, as they would have said, and nothing that a program asked for", async () => {
    const agents = { browser: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", program: "okhttp/4.12.0" };
    const school = (agent: string, referer: string): string[] =>
      Array.from({ length: 1_000 }, (_, index) => {
        const path = index % 25 === 0 ? "/" : `/assets/${index % 25}.${["png", "js", "css", "woff2"][index % 4]}?v=2`;
        return `203.0.113.7 - - [10/Oct/2025:13:55:${String(index % 60).padStart(2, "0")} +0000] "GET ${path} HTTP/1.1" 200 12 "${referer}" "${agent}"`;
      });
    const blocked = async (name: string, lines: string[]): Promise<number> => {
      const { out } = await aiwaf(["replay", folder.write(name, lines.join("\n")), "--json"]);
      return parseLines(out).filter(({ action }) => action === "block").length;
    };
    expect(await blocked("school.log", school(agents.browser, "https://shop.example/"))).toBe(0);
    expect(await blocked("unnamed.log", school(agents.browser, "-"))).toBe(400);
    expect(await blocked("program.log", school(agents.program, "https://shop.example/"))).toBe(400);
  });
});

describe("--fail-over-fpr", () => {
  const benign = folder.write(
    "benign.jsonl",
    [...Array.from({ length: 99 }, () => recordLine({})), recordLine({ url: "/.env" })].join("\n"),
  );

  test("exits with 1 above the share and with 0 at it, as a fraction or per cent", async () => {
    expect(await aiwaf(["replay", benign, "--fail-over-fpr", "0.01"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("Gate passed"),
    });
    expect(await aiwaf(["replay", benign, "--fail-over-fpr", "1%"])).toMatchObject({ code: 0 });
    const failed = await aiwaf(["replay", benign, "--fail-over-fpr", "0.5%"]);
    expect(failed.code).toBe(1);
    expect(failed.out).toContain("Gate failed: 1 of 100 benign records blocked (1.00 %), at most 0.50 % allowed.");
    const json = await aiwaf(["replay", benign, "--fail-over-fpr", "0", "--json"]);
    expect(json.code).toBe(1);
    expect(json.err).toContain("Gate failed");
    expect(parseLines(json.out)).toHaveLength(100);
  });

  test("does not pass when no record is labelled benign", async () => {
    const attacks = folder.write("attacks.jsonl", recordLine({ label: "attack" }));
    expect(await aiwaf(["replay", attacks, "--fail-over-fpr", "1"])).toMatchObject({
      code: 1,
      out: expect.stringContaining("nothing to measure"),
    });
  });
});

test("replays 20,000 records in one run, and says how many a second", async () => {
  const lines = Array.from({ length: 20_000 }, (_, index) =>
    recordLine({
      id: `n${index}`,
      method: "POST",
      url: `/item/${index}?page=${index % 7}&sort=name`,
      body: JSON.stringify({ text: `order ${index}`.repeat(10) }),
    }),
  );
  const file = folder.write("many.jsonl", lines.join("\n"));
  const { code, out } = await aiwaf(["replay", file]);
  expect(code).toBe(0);
  // How long it takes is the machine's: a test that goes by the clock fails on a busy one.
  expect(out).toMatch(/^20,000 requests of 1 file in [\d.]+ s \([\d,]+ a second\)/);
}, 120_000);

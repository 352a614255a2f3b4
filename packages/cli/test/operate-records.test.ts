import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { recordTable } from "@aiwaf/core/records/sqlite";
import { afterAll, describe, expect, test } from "vitest";
import { logs } from "../src/operate/logs.ts";
import { addRecord, createCounts, sparkline, top } from "../src/operate/record-counts.ts";
import { aiwafHere, parseLines, testFolder } from "./command.ts";
import { sqlitePlace } from "./places.ts";

const folder = testFolder();
afterAll(() => folder.remove());

const HOUR = 3_600_000;
const AT = Date.UTC(2026, 10, 21, 8);
let made = 0;
const record = (more: object = {}): string =>
  JSON.stringify({
    id: `id${made++}`,
    at: AT,
    method: "GET",
    url: "/a?q=1",
    client: "203.0.113.1",
    action: "allow",
    status: 200,
    score: 0,
    findings: [],
    ...more,
  });
const blocked = (more: object = {}): string => record({ action: "block", status: 403, rule: "probes/dotfile", url: "/.env", ...more });
const lines = (...all: readonly string[]): string => `${all.join("\n")}\n`;

describe("aiwaf stats", () => {
  const file = folder.write(
    "records.jsonl",
    lines(
      record({ durationMs: 10, country: "DE" }),
      record({ durationMs: 20, country: "DE", status: 404, at: AT - HOUR }),
      record({ durationMs: 30, wouldBlock: { status: 403, rule: "sql/tautology" } }),
      blocked({ client: "203.0.113.2", country: "XX", route: "/files/:name" }),
      blocked({ client: "203.0.113.2", at: AT - 100 * HOUR }),
      "not json",
      "{}",
      "null",
    ),
  );

  test("S2-235: counts requests, blocks, rules, clients, paths, answers and times", async () => {
    const { code, out } = await aiwafHere(["stats", file, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      total: 5,
      blocked: 2,
      would_block: 1,
      bad_lines: 3,
      from: AT - 100 * HOUR,
      to: AT,
      statuses: { "2xx": 2, "4xx": 3 },
      rules: { "probes/dotfile": 2, "sql/tautology": 1 },
      clients: { "203.0.113.2": 2, "203.0.113.1": 1 },
      paths: { "/files/:name": 1, "/.env": 1, "/a": 1 },
    });
    const { duration_ms: times } = JSON.parse(out) as { duration_ms: { p50: number; p99: number } };
    expect(times.p50).toBeGreaterThan(19);
    expect(times.p50).toBeLessThan(21);
    expect(times.p99).toBeGreaterThan(29);
  });

  test("fits on a screen of 80 columns, with a bar for each hour", async () => {
    const { out } = await aiwafHere(["stats", file]);
    expect(out).toMatch(/^5 requests, 2 blocked \(40\.00 %\), 1 more would have been\n/);
    expect(out).toMatch(/3 lines are no records/);
    for (const line of out.split("\n")) expect([...line].length).toBeLessThanOrEqual(80);
  });

  test("leaves out what is older than asked for", async () => {
    const { out } = await aiwafHere(["stats", file, "--json", "--since", new Date(AT - 2 * HOUR).toISOString()]);
    expect(JSON.parse(out)).toMatchObject({ total: 4, blocked: 1 });
  });

  test("says that there are none", async () => {
    expect((await aiwafHere(["stats", folder.write("empty.jsonl", "")])).out).toBe("No records.\n");
  });

  test("of countries, and what no country is known of", async () => {
    const { out } = await aiwafHere(["geo", "summary", file, "--json"]);
    expect(JSON.parse(out)).toEqual({
      total: 5,
      unknown: 2,
      countries: [
        { country: "DE", requests: 2, blocked: 0 },
        { country: "XX", requests: 1, blocked: 1 },
      ],
    });
  });

  test("prints nothing of a stranger's that moves a cursor", async () => {
    const hostile = folder.write("hostile.jsonl", lines(blocked({ client: "\u001b[2J", rule: "\u009b31m", url: "/\u202e\u0007" })));
    for (const command of ["stats", "logs"]) {
      const { out } = await aiwafHere([command, hostile]);
      expect(out).not.toMatch(/[\u0007\u001b\u009b\u202e]/);
    }
  });

  test("keeps its memory when every record names somebody new, and still knows the loudest", () => {
    const counts = createCounts();
    for (let index = 0; index < 60_000; index++) {
      addRecord(counts, { action: "block", client: `c${index}`, rule: "a/b", url: `/${index}`, at: index * HOUR });
      if (index % 3 === 0) addRecord(counts, { action: "block", client: "loud", rule: "a/b", url: "/loud" });
    }
    expect(counts.clients.size).toBeLessThanOrEqual(20_000);
    expect(counts.paths.size).toBeLessThanOrEqual(20_000);
    expect(counts.hours.size).toBeLessThanOrEqual(24 * 366);
    expect(top(counts.clients, 1)).toEqual([["loud", 20_000]]);
  });

  test("draws no bar for nothing and the tallest for the most", () => {
    expect(sparkline([0, 1, 4, 8])).toBe(" ▂▅█");
    expect(sparkline([])).toBe("");
  });
});

describe("aiwaf logs", () => {
  const file = folder.write(
    "log.jsonl",
    lines(record(), blocked(), record({ wouldBlock: { status: 403, rule: "sql/tautology" } }), blocked({ client: "203.0.113.9" })),
  );

  test("shows one decision a line, in 80 columns", async () => {
    const { out } = await aiwafHere(["logs", file]);
    expect(out.split("\n")[0]).toBe("08:00:00 allow 200 203.0.113.1      GET /a?q=1");
    expect(out.split("\n")[1]).toBe("08:00:00 block 403 203.0.113.1      GET /.env                     probes/dotfile");
    expect(out.split("\n")[2]).toMatch(/^08:00:00 would 200 203\.0\.113\.1 .* sql\/tautology$/);
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  test.each([
    [["--blocked"], 3],
    [["--rule", "sql/tautology"], 1],
    [["--client", "203.0.113.9"], 1],
    [["--limit", "2"], 2],
    [["--since", "2030-01-01"], 0],
  ])("%j keeps %i of four", async (flags, count) => {
    expect(parseLines((await aiwafHere(["logs", file, "--json", ...flags])).out)).toHaveLength(count);
  });

  test("follows a file as it grows and through its turning over, and loses and repeats nothing", async () => {
    const path = join(folder.path, "growing.jsonl");
    writeFileSync(path, lines(record({ id: "first" })));
    const seen: string[] = [];
    const stop = new AbortController();
    const output = {
      hasColors: false,
      async write(text: string) {
        for (const one of parseLines(text)) seen.push(String(one["id"]));
      },
    };
    const ended = logs([path], { follow: true, json: true }, { out: output, err: output, readInput: async () => undefined }, stop.signal);
    const until = async (id: string): Promise<void> => {
      for (let round = 0; round < 100 && !seen.includes(id); round++) await pause(50);
    };
    await until("first");
    const second = record({ id: "second" });
    appendFileSync(path, second.slice(0, 20));
    await pause(300);
    appendFileSync(path, lines(second.slice(20)));
    await until("second");
    appendFileSync(path, lines(record({ id: "third" })));
    renameSync(path, `${path}.1`);
    writeFileSync(path, lines(record({ id: "fourth" })));
    await until("fourth");
    stop.abort();
    expect(await ended).toBe(0);
    expect(seen).toEqual(["first", "second", "third", "fourth"]);
  });

  describe("of a SQLite file that the firewall writes", () => {
    const path = join(folder.path, "records.db");
    const kept = (id: string, at: number, more: object = {}) =>
      ({ ...(JSON.parse(record({ id, at, ...more })) as object) }) as Parameters<ReturnType<typeof recordTable>["write"]>[0];

    test("shows the last, and each one that is added, once, also those that other processes write late", async () => {
      const table = recordTable(path, { flushMs: 10 });
      const now = Date.now();
      for (let index = 0; index < 5; index++) table.write(kept(`old${index}`, now - 60_000 + index));
      table.write(kept("blocked", now - 50_000, { action: "block", rule: "probes/dotfile", status: 403 }));
      await table.flush();
      expect(parseLines((await aiwafHere(["logs", path, "--json", "--limit", "2"])).out).map(({ id }) => id)).toEqual(["old4", "blocked"]);
      expect(parseLines((await aiwafHere(["logs", path, "--json", "--blocked"])).out)).toHaveLength(1);
      const seen: string[] = [];
      const stop = new AbortController();
      const output = {
        hasColors: false,
        async write(text: string) {
          for (const one of parseLines(text)) seen.push(String(one["id"]));
        },
      };
      const io = { out: output, err: output, readInput: async () => undefined };
      const ended = logs([path], { follow: true, json: true, limit: "1" }, io, stop.signal);
      const until = async (id: string): Promise<void> => {
        while (!seen.includes(id)) await pause(20);
      };
      await until("blocked");
      table.write(kept("new", now + 10));
      await table.flush();
      await until("new");
      // Received before the last one, written after it by a process whose batch was late.
      table.write(kept("late", now));
      table.write(kept("newest", now + 20));
      await table.flush();
      await until("newest");
      stop.abort();
      expect(await ended).toBe(0);
      expect(seen).toEqual(["blocked", "new", "late", "newest"]);
      await table.close();
    });

    test("serves stats and why as a file of lines does", async () => {
      expect(JSON.parse((await aiwafHere(["stats", path, "--json"])).out)).toMatchObject({ total: 9, blocked: 1 });
      const id = "0mm1z4k2x1q9a8b7c6d5";
      const table = recordTable(path);
      table.write(kept(id, Date.now(), { action: "block", rule: "probes/dotfile", status: 403 }));
      await table.close();
      expect((await aiwafHere(["why", id, "--records", path])).out).toMatch(/^BLOCKED {2}403 {2}probes\/dotfile/);
    });

    test("is told from another program's database", async () => {
      const { flags } = sqlitePlace(folder.path);
      expect((await aiwafHere(["logs", flags[1]!])).err).toMatch(/it is a database of another program/);
    });
  });

  test.each([
    ["a file that is not there", ["logs", "nowhere.jsonl"], /nowhere\.jsonl: /],
    ["two files to follow", ["logs", "a.jsonl", "b.jsonl", "--follow"], /--follow follows one file/],
    ["a compressed file to follow", ["logs", folder.write("old.jsonl.gz", ""), "--follow"], /is compressed/],
    ["a count of 0", ["stats", file, "--top", "0"], /--top "0"/],
  ])("answers %s in one line", async (_, args, says) => {
    const { code, out, err } = await aiwafHere(args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(says);
  });
});

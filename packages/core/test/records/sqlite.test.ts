import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, test } from "vitest";
import { type RecordTableOptions, recordTable } from "../../src/records/node-sqlite.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { createWaf } from "../../src/waf.ts";
import { makeRecord } from "./record-of.ts";

const folder = mkdtempSync(join(tmpdir(), "aiwaf-records-"));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;
const newPath = (): string => join(folder, `${++made}.db`);
const open = (options?: RecordTableOptions, path = newPath()) => recordTable(path, options);

const T0 = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

async function filled(options?: RecordTableOptions) {
  const path = newPath();
  const table = open(options, path);
  for (let index = 0; index < 200; index++) {
    const isBlocked = index % 4 === 0;
    table.write(
      makeRecord({
        id: `${index}`,
        at: T0 + index * 60_000,
        client: `192.0.2.${index % 5}`,
        country: index % 2 === 0 ? "DE" : "FR",
        ...(isBlocked && { action: "block", status: 403, rule: index % 8 === 0 ? "sql/tautology" : "probes/path" }),
      }),
    );
  }
  await table.flush();
  return { table, path };
}

describe("records in SQLite", () => {
  test("S5-034: are found by time, client, rule and action, newest first, page by page", async () => {
    const { table } = await filled();
    expect(table.find({}, 3).records.map(({ id }) => id)).toEqual(["199", "198", "197"]);
    expect(table.find({ from: T0 + 10 * 60_000, to: T0 + 13 * 60_000 }).records.map(({ id }) => id)).toEqual(["12", "11", "10"]);
    expect(table.find({ client: "192.0.2.3", to: T0 + 14 * 60_000 }).records.map(({ id }) => id)).toEqual(["13", "8", "3"]);
    expect(table.find({ rule: "probes/path", to: T0 + 30 * 60_000 }).records.map(({ id }) => id)).toEqual(["28", "20", "12", "4"]);
    expect(table.find({ action: "block" }, 2).records.map(({ id }) => id)).toEqual(["196", "192"]);
    const seen: string[] = [];
    let before: string | undefined;
    do {
      const page = table.find({ action: "allow" }, 40, before);
      seen.push(...page.records.map(({ id }) => id));
      before = page.next;
    } while (before !== undefined);
    expect(seen).toHaveLength(150);
    expect(new Set(seen).size).toBe(150);
    await table.close();
  });

  test("are cut by country, route, network, deployment and beginning of the path, told by rule and client, and sampled", async () => {
    const table = open();
    for (let index = 0; index < 120; index++) {
      const isStopped = index % 3 === 0;
      table.write(
        makeRecord({
          id: `${index}`,
          at: T0 + index,
          url: index % 2 === 0 ? "/api/a%25_?x=1" : "/b",
          client: `192.0.2.${index % 6}`,
          country: index % 2 === 0 ? "DE" : "FR",
          route: index % 4 === 0 ? "/api/:name" : "/b",
          asn: 64_496 + (index % 2),
          deployment: index % 5 === 0 ? "blue" : "green",
          durationMs: index,
          ...(isStopped && index % 2 === 0 && { action: "block", status: 403, rule: "sql/union", banMs: 300_000 }),
          ...(isStopped && index % 2 === 1 && { wouldBlock: { status: 403, rule: "probes/path" as const } }),
        }),
      );
    }
    await table.flush();
    const range = { from: T0, to: T0 + 1_000 };
    const total = (filter: object): number =>
      table.count({ ...range, ...filter }, 1_000).reduce((sum, { allowed, blocked }) => sum + allowed + blocked, 0);
    expect([{ country: "DE" }, { route: "/b" }, { asn: 64_497 }, { deployment: "blue" }, { path: "/api/a%25_" }].map(total)).toEqual([
      60, 90, 60, 24, 60,
    ]);
    expect(total({ path: "/api/aXX_" })).toBe(0);
    expect(table.count(range, 1_000)).toEqual([{ at: T0, allowed: 100, blocked: 20, wouldBlock: 20, bans: 20 }]);
    expect(table.top("asn", { ...range, stopped: true })).toEqual([
      { name: "64496", count: 20 },
      { name: "64497", count: 20 },
    ]);
    expect(table.top("rule", range)).toEqual([{ name: "sql/union", count: 20 }]);
    expect(table.top("path", { ...range, stopped: true })).toEqual([
      { name: "/b", count: 30 },
      { name: "/api/:name", count: 10 },
    ]);
    expect(table.stops(range, 2)).toEqual([
      { client: "192.0.2.0", rule: "sql/union", blocked: 20, wouldBlock: 0 },
      { client: "192.0.2.3", rule: "probes/path", blocked: 0, wouldBlock: 20 },
    ]);
    expect(table.find({ client: "192.0.2.3", stopped: true }).records).toHaveLength(20);
    const some = table.sample(range, 4);
    expect(some).toHaveLength(30);
    expect(some[0]).toMatchObject({ score: 0, deployment: "green" });
    expect(some.every(({ at, durationMs }) => durationMs === at - T0)).toBe(true);
    // What a client wrote is text within the record, never a field of it.
    const odd = open();
    odd.write(makeRecord({ at: T0, url: '/"banMs":1', action: "block", status: 403, rule: "sql/union" }));
    odd.write(makeRecord({ at: T0, url: `/${"a".repeat(300)}?b=?`, action: "block", status: 403, rule: "sql/union" }));
    await odd.flush();
    expect(odd.top("path", range).map(({ name }) => name)).toEqual(['/"banMs":1', `/${"a".repeat(119)}`]);
    expect(odd.count(range, 1_000)).toMatchObject([{ blocked: 2, bans: 0 }]);
    await odd.close();
    await table.close();
  });

  test("are counted over time and by rule, client and country", async () => {
    const { table } = await filled();
    expect(table.count({ from: T0, to: T0 + 2 * HOUR }, HOUR)).toEqual([
      { at: T0, allowed: 45, blocked: 15, wouldBlock: 0, bans: 0 },
      { at: T0 + HOUR, allowed: 45, blocked: 15, wouldBlock: 0, bans: 0 },
    ]);
    expect(table.count({ from: 0, to: T0 + 1_000 * HOUR }, 1).length).toBeLessThanOrEqual(1_001);
    expect(table.top("rule")).toEqual([
      { name: "probes/path", count: 25 },
      { name: "sql/tautology", count: 25 },
    ]);
    expect(table.top("country", { to: T0 + HOUR }, 1)).toEqual([{ name: "DE", count: 15 }]);
    await table.close();
  });

  test("are found through an index, whatever is asked for", async () => {
    const { table, path } = await filled();
    await table.close();
    const database = new DatabaseSync(path);
    const planOf = (condition: string): string =>
      database
        .prepare(`EXPLAIN QUERY PLAN SELECT at, seq, record FROM record WHERE ${condition} ORDER BY at DESC, seq DESC LIMIT 100`)
        .all()
        .map(({ detail }) => String(detail))
        .join("; ");
    expect(planOf("1")).toMatch(/USING INDEX record_at/);
    expect(planOf("at >= 5 AND at < 9")).toMatch(/SEARCH record USING INDEX record_at \(at>\? AND at<\?\)/);
    expect(planOf("at >= 5 AND client = 'x'")).toMatch(/SEARCH record USING INDEX record_client \(client=\? AND at>\?\)/);
    expect(planOf("at >= 5 AND rule = 'x'")).toMatch(/SEARCH record USING INDEX record_rule \(rule=\? AND at>\?\)/);
    expect(planOf("at >= 5 AND action = 'block'")).toMatch(/SEARCH record USING (?:COVERING )?INDEX record_blocked/);
    database.close();
  });

  test("are not ended by one whose time is far in the future", async () => {
    const now = Date.now();
    const table = open({ keepMs: HOUR });
    table.write(makeRecord({ id: "old", at: now - 3 * HOUR }));
    table.write(makeRecord({ id: "young", at: now - HOUR / 2 }));
    await table.flush();
    table.write(makeRecord({ id: "future", at: now + 1_000_000 * HOUR }));
    await table.flush();
    expect(table.find().records.map(({ id }) => id)).toEqual(["future", "young"]);
    await table.close();
  });

  test("are kept for as long as said, in number and in bytes", async () => {
    const aged = open({ keepMs: HOUR });
    aged.write(makeRecord({ id: "old", at: T0 }));
    aged.write(makeRecord({ id: "young", at: T0 + HOUR + 1 }));
    await aged.flush();
    expect(aged.find().records.map(({ id }) => id)).toEqual(["young"]);
    await aged.close();

    const few = open({ maxRecords: 1_000 });
    for (let index = 0; index < 5_000; index++) few.write(makeRecord({ id: `${index}`, at: T0 + index }));
    await few.flush();
    expect(few.count({ from: T0, to: T0 + 10_000 }, 10_000)).toEqual([{ at: T0, allowed: 1_000, blocked: 0, wouldBlock: 0, bans: 0 }]);
    expect(few.find({}, 1).records[0]?.id).toBe("4999");
    await few.close();

    const path = newPath();
    const small = open({ maxBytes: 1_048_576 }, path);
    const url = `/${"x".repeat(1_500)}`;
    for (let index = 0; index < 10_000; index += 500) {
      for (let at = index; at < index + 500; at++) small.write(makeRecord({ id: `${at}`, at: T0 + at, url }));
      await small.flush();
    }
    expect(small.find({}, 1).records[0]?.id).toBe("9999");
    expect(statSync(path).size).toBeLessThan(4 * 1_048_576);
    await small.close();
  });

  test("of a firewall hold no more than recordOf says, and the file is its owner's alone", async () => {
    const path = newPath();
    const table = open({ only: "notable" }, path);
    const waf = createWaf({
      detectors: [
        {
          name: "own",
          phase: "head",
          rules: ["own/bad"],
          inspect: ({ path: at }) => (at === "/bad" ? { rule: "own/bad", score: 100 } : undefined),
        },
      ],
      store: memoryStore(),
      log: { warn() {}, error() {} },
    });
    waf.subscribe(table.listener);
    for (const target of ["/", "/bad?password=hunter2hunter2"]) {
      const decision = await waf.inspect({ method: "GET", target, headers: new Headers({ cookie: "a=b" }), peer: "192.0.2.1" });
      waf.observe(decision, { status: 200, durationMs: 1 });
    }
    await table.flush();
    const { records } = table.find();
    expect(records).toHaveLength(1);
    expect(JSON.stringify(records)).not.toMatch(/hunter2|a=b/);
    expect(table.find({ rule: "own/bad" }).records).toHaveLength(1);
    expect(statSync(path).mode & 0o077).toBe(0);
    await table.close();
  });

  test("wait while another process holds the file, and are written when it lets go", async () => {
    const path = newPath();
    const table = open({ maxWaiting: 100 }, path);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    for (let index = 0; index < 150; index++) table.write(makeRecord({ id: `${index}` }));
    await table.flush();
    expect(table).toMatchObject({ waiting: 100, lost: { records: 50 } });
    expect(table.problem).toMatch(/locked/);
    other.exec("COMMIT");
    await table.flush();
    expect(table.find({}, 1_000).records).toHaveLength(100);
    other.close();
    await table.close();
  });

  test("hostile questions are data: nothing in them is read as SQL", async () => {
    const { table } = await filled();
    const nasty = "' OR 1=1; DROP TABLE record; --";
    expect(table.find({ client: nasty, rule: nasty }).records).toEqual([]);
    expect(table.find({}, Number.NaN, nasty).records).toHaveLength(1);
    expect(table.find({ from: Number.NaN, to: Number.POSITIVE_INFINITY }).records).toEqual([]);
    expect(table.count({ from: Number.NaN, to: 5 }, Number.NaN)).toEqual([]);
    expect(table.find({}, 1_000).records).toHaveLength(200);
    await table.close();
  });

  test("a file of another program, and a folder that is not there, are refused", () => {
    const path = newPath();
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE theirs (a)");
    other.close();
    expect(() => recordTable(path)).toThrow("AIWAF_RECORD_FILE");
    expect(() => recordTable(join(folder, "none", "x.db"))).toThrow("AIWAF_RECORD_FILE");
    expect(existsSync(join(folder, "none"))).toBe(false);
  });
});

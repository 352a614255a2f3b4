import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { addEntries, exportState, importState, type ListedBan, listBans, listEntries, writeBan } from "@aiwaf/core/lists";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { sqliteStore } from "@aiwaf/core/stores/sqlite";
import { afterAll, describe, expect, test } from "vitest";
import { fromCsv, toCsv } from "../src/transfer/csv.ts";
import { csvFilesOf, readState, writeFolder } from "../src/transfer/files.ts";
import { timeOf } from "../src/transfer/tables.ts";
import { aiwaf, testFolder } from "./command.ts";

const folder = testFolder();
afterAll(() => folder.remove());
const at = (name: string): string => join(folder.path, name);
const NOW = Date.now();
const DAY = 86_400_000;

/** What spreadsheets would run, and what breaks careless codecs. */
const NASTY = [
  '=HYPERLINK("http://evil")',
  "+1",
  "-2+3",
  "@SUM(A1)",
  "\t=1",
  'a "quoted", comma',
  "line\nbreak",
  "émoji 🔥",
  "",
  "'single",
];

async function filledStore() {
  const store = memoryStore();
  await addEntries(
    store,
    "block",
    NASTY.map((reason, index) => ({ name: `198.51.100.${index}`, reason, since: NOW - 5_000 })),
    NOW,
  );
  await addEntries(store, "block", [{ name: "2001:db8::/32", reason: "for a day", since: NOW - 1_000, until: NOW + DAY }], NOW);
  await addEntries(store, "exempt", [{ name: "203.0.113.0/24", since: NOW }], NOW);
  await addEntries(store, "exempt-path", [{ name: "/health", reason: "monitor", since: NOW }], NOW);
  await addEntries(store, "keyword", [{ name: "=cmd|' /c calc'!a0", since: NOW }], NOW);
  await addEntries(store, "country", [{ name: "kp", since: NOW }], NOW);
  await writeBan(store, "192.0.2.1", "probes/path", 300_000, NOW);
  await writeBan(store, "192.0.2.2", "rate-limit/flood", 300_000, NOW);
  return store;
}

describe("state", () => {
  test("S2-006 S2-015: goes from memory to SQLite and back as JSON, and nothing is lost", async () => {
    const store = await filledStore();
    const document = JSON.parse(JSON.stringify(await exportState(store, NOW))) as unknown;
    const file = sqliteStore({ path: at("a.db") });
    const summary = await importState(file, document, NOW);
    expect(summary).toMatchObject({ refusedCount: 0, ended: 0, added: { block: NASTY.length + 1, bans: 2 } });
    expect(await exportState(file, NOW)).toEqual(document);
    await importState(file, document, NOW);
    expect(await exportState(file, NOW)).toEqual(document);
    await file.close?.();
  });

  test("goes through the CSV files of the other implementations, and no cell begins as a formula", async () => {
    const store = await filledStore();
    const document = await exportState(store, NOW);
    const files = csvFilesOf(document);
    expect(files.get("whitelist.csv")?.split("\n")[0]).toBe("ip,added_date");
    expect(files.get("blacklist.csv")?.split("\n")[0]).toBe("ip,reason,added_date,extended_request_info");
    expect(files.get("keywords.csv")?.split("\n")[0]).toBe("keyword,added_date");
    expect(files.get("geo_blocked_countries.csv")?.split("\n")[0]).toBe("country,added_date");
    expect(files.get("path_exemptions.csv")?.split("\n")[0]).toBe("path,reason,added_date");
    for (const [name, text] of files) {
      for (const row of fromCsv(text.replaceAll("'", "~"), name))
        for (const cell of Object.values(row)) expect(String(cell)).not.toMatch(/^[=+\-@\t\r]/);
    }
    writeFolder(at("csv"), files);
    expect(statSync(at("csv/blacklist.csv")).mode & 0o077).toBe(0);
    const back = memoryStore();
    const read = readState(at("csv"), NOW);
    expect(await importState(back, read.document, NOW)).toMatchObject({ refusedCount: 0 });
    for (const list of ["block", "exempt", "exempt-path", "keyword", "country"] as const)
      expect(
        (await listEntries(back, list, NOW)).map(({ name, until }) => [name, until]),
        list,
      ).toEqual((await listEntries(store, list, NOW)).map(({ name, until }) => [name, until]));
    expect((await listEntries(back, "block", NOW)).slice(0, NASTY.length).map(({ reason }) => reason)).toEqual(
      NASTY.map((reason) => reason.replace(/[\t\n]/g, " ")),
    );
    expect(await listBans(back, {}, NOW)).toEqual(await listBans(store, {}, NOW));
  });

  test("through CSV files an exemption keeps its end and the detectors it is from", async () => {
    const store = memoryStore();
    const ends = { since: NOW, until: NOW + DAY };
    await addEntries(
      store,
      "exempt",
      [
        { name: "198.51.100.7", from: ["rate-limit"], ...ends },
        { name: "198.51.100.8", since: NOW },
      ],
      NOW,
    );
    await addEntries(store, "exempt-path", [{ name: "/hook", from: ["content"], since: NOW }], NOW);
    await addEntries(store, "keyword", [{ name: "wp-admin", ...ends }], NOW);
    await addEntries(store, "keyword", [{ name: "shell", count: 12, reason: "seen in July", since: NOW }], NOW);
    await addEntries(store, "country", [{ name: "kp", reason: "no business there", ...ends }], NOW);
    const document = await exportState(store, NOW);
    writeFolder(at("partial"), csvFilesOf(document));
    const back = memoryStore();
    await importState(back, readState(at("partial"), NOW).document, NOW);
    expect(await exportState(back, NOW)).toEqual(document);
  });

  test("what an entry ends at or is from is not forgotten where it cannot be read", async () => {
    const rows = ["tomorrow", "{", "[]", '"x"', '{"until":"x"}', '{"until":{}}', '{"from":"content","until":"x"}'];
    const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const address = (at: number): string => `192.0.2.${at + 1}`;
    const lines = rows.map((row, index) => `${address(index)},,${cell(row)}`);
    folder.write("unreadable/whitelist.csv", `ip,added_date,extended_request_info\n${lines.join("\n")}\n`);
    folder.write("unreadable/path_exemptions.csv", `path,expires_at\n/a,soon\n/b,never\n/c,\n/d,0\n`);
    // Others keep the request there that a client was blocked for.
    folder.write(
      "unreadable/blacklist.csv",
      `ip,reason,extended_request_info\n203.0.113.9,probe,GET /x\n203.0.113.8,probe,"{'path': '/x'}"\n`,
    );
    const store = memoryStore();
    const summary = await importState(store, readState(at("unreadable"), NOW).document, NOW);
    expect(summary.refused.map(({ name }) => name)).toEqual([...rows.map((_, index) => address(index)), "/a"]);
    expect((await listEntries(store, "exempt-path", NOW)).map(({ name }) => name)).toEqual(["/b", "/c", "/d"]);
    expect((await listEntries(store, "block", NOW)).map(({ name }) => name)).toEqual(["203.0.113.8", "203.0.113.9"]);
  });

  test("D-35: empty cells shift no column, and a line of three cells is read by its header", () => {
    const text = "ip,timestamp,reason\r\n192.0.2.1,,\r\n192.0.2.2,2024-05-06T07:08:09Z\r\n";
    expect(fromCsv(text, "blacklist.csv")).toEqual([
      { ip: "192.0.2.1", timestamp: "", reason: "" },
      { ip: "192.0.2.2", timestamp: "2024-05-06T07:08:09Z" },
    ]);
    expect(fromCsv(toCsv(["a", "b"], [{ a: "", b: "x" }]), "x")).toEqual([{ a: "", b: "x" }]);
  });

  test("that is no document is refused as a whole; a bad entry is left out and told; what is over is counted", async () => {
    for (const bad of [
      null,
      1,
      "x",
      [],
      {},
      { format: "aiwaf-state" },
      { format: "aiwaf-state", version: 2, lists: {} },
      { format: "aiwaf-state", version: 1, lists: [] },
    ])
      await expect(importState(memoryStore(), bad, NOW)).rejects.toMatchObject({ code: "AIWAF_STATE_INVALID" });
    const store = memoryStore();
    const summary = await importState(
      store,
      {
        format: "aiwaf-state",
        version: 1,
        lists: { block: [{ name: "nobody" }, null, { name: "192.0.2.1", reason: 7 }, { name: "192.0.2.2", until: 5 }], unknown: [] },
        bans: [
          { client: "192.0.2.3" },
          { client: "x", rule: "a/b", until: NOW + DAY },
          { client: "192.0.2.4", rule: "a/b", until: NOW + DAY, strike: -4 },
        ],
      },
      NOW,
    );
    expect(summary).toMatchObject({ added: { block: 1, bans: 1 }, ended: 1, refusedCount: 5 });
    expect(await listBans(store, {}, NOW)).toMatchObject([{ client: "192.0.2.4", strike: 1 }]);
  });

  test("never shortens a ban that runs", async () => {
    const store = memoryStore();
    await writeBan(store, "192.0.2.1", "probes/path", 3_600_000, NOW);
    const [running] = (await listBans(store, {}, NOW)) as [ListedBan];
    const document = { format: "aiwaf-state", version: 1, lists: {}, bans: [{ ...running, until: NOW + 1_000 }] };
    await importState(store, document, NOW);
    expect(await listBans(store, {}, NOW)).toEqual([running]);
  });

  test.each([
    [1_700_000_000, 1_700_000_000_000],
    [1_700_000_000.5, 1_700_000_000_500],
    [1_700_000_000_000, 1_700_000_000_000],
    ["1700000000", 1_700_000_000_000],
    ["2023-11-14 22:13:20.000000", 1_700_000_000_000],
    ["2023-11-14T22:13:20+00:00", 1_700_000_000_000],
    ["2023-11-14", Date.UTC(2023, 10, 14)],
    ["soon", undefined],
    [-1, undefined],
    ["", undefined],
    [null, undefined],
  ])("reads the time %j", (given, expected) => {
    expect(timeOf(given)).toBe(expected);
  });
});

/** The schemas of BEHAVIOUR 6.1, with a few rows each. */
const SCHEMAS = {
  django: `
    CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app TEXT);
    CREATE TABLE aiwaf_blacklistentry (id INTEGER PRIMARY KEY, ip_address TEXT UNIQUE, reason VARCHAR(100), extended_request_info TEXT, created_at DATETIME);
    INSERT INTO aiwaf_blacklistentry VALUES (1, '198.51.100.7', 'AI anomaly + scanning 404s', '{"path":"/x"}', '2024-05-06 07:08:09.123456'), (2, 'not-an-ip', '', NULL, NULL);
    CREATE TABLE aiwaf_ipexemption (id INTEGER PRIMARY KEY, ip_address TEXT, reason TEXT, created_at DATETIME);
    INSERT INTO aiwaf_ipexemption VALUES (1, '2001:DB8::1', 'office', '2024-05-06 07:08:09');
    CREATE TABLE aiwaf_exemptpath (id INTEGER PRIMARY KEY, path TEXT, reason TEXT, enabled BOOL, created_at DATETIME, updated_at DATETIME);
    INSERT INTO aiwaf_exemptpath VALUES (1, '/health/', 'monitor', 1, '2024-05-06', NULL), (2, '/off/', '', 0, NULL, NULL);
    CREATE TABLE aiwaf_dynamickeyword (id INTEGER PRIMARY KEY, keyword TEXT, count INTEGER, last_updated DATETIME);
    INSERT INTO aiwaf_dynamickeyword VALUES (1, 'WP-Admin', 12, '2024-05-06 07:08:09');
    CREATE TABLE aiwaf_geoblockedcountry (id INTEGER PRIMARY KEY, country_code TEXT, reason TEXT, created_at DATETIME);
    INSERT INTO aiwaf_geoblockedcountry VALUES (1, 'kp', '', '2024-05-06');
    CREATE TABLE aiwaf_featuresample (id INTEGER PRIMARY KEY, ip TEXT, path_len INTEGER);
    INSERT INTO aiwaf_featuresample VALUES (1, '192.0.2.1', 5);
    CREATE TABLE aiwaf_requestlog (id INTEGER PRIMARY KEY, ip_address TEXT, path TEXT);
    CREATE TABLE aiwaf_aimodelartifact (id INTEGER PRIMARY KEY, name TEXT, data BLOB);
    CREATE VIEW aiwaf_ipexemptions AS SELECT '0.0.0.0/0' AS ip_address;`,
  flask: `
    CREATE TABLE whitelisted_ip (id INTEGER PRIMARY KEY, ip VARCHAR(45));
    INSERT INTO whitelisted_ip VALUES (1, '2001:db8::1');
    CREATE TABLE blacklisted_ip (id INTEGER PRIMARY KEY, ip VARCHAR(45), reason VARCHAR(255), extended_request_info TEXT);
    INSERT INTO blacklisted_ip VALUES (1, '198.51.100.7', 'Rate limit', NULL);
    CREATE TABLE keyword (id INTEGER PRIMARY KEY, keyword VARCHAR(100));
    INSERT INTO keyword VALUES (1, 'wp-admin');
    CREATE TABLE geo_blocked_country (id INTEGER PRIMARY KEY, country_code VARCHAR(8));
    INSERT INTO geo_blocked_country VALUES (1, 'KP'), (2, 'KOREA');`,
  js: `
    CREATE TABLE blocked_ips (id INTEGER PRIMARY KEY, ip_address TEXT, reason TEXT, blocked_at TEXT);
    INSERT INTO blocked_ips VALUES (1, '198.51.100.7', 'flood', '2024-05-06T07:08:09.000Z');
    CREATE TABLE ip_exemptions (id INTEGER PRIMARY KEY, ip_address TEXT, reason TEXT, created_at TEXT);
    INSERT INTO ip_exemptions VALUES (1, '2001:db8::1', 'office', '2024-05-06T07:08:09.000Z');
    CREATE TABLE path_exemptions (id INTEGER PRIMARY KEY, path_prefix TEXT, reason TEXT, created_at TEXT);
    INSERT INTO path_exemptions VALUES (1, '/health/', '', NULL);
    CREATE TABLE geo_blocked_countries (id INTEGER PRIMARY KEY, country_code TEXT, reason TEXT, created_at TEXT);
    INSERT INTO geo_blocked_countries VALUES (1, 'KP', '', NULL);
    CREATE TABLE dynamic_keywords (id INTEGER PRIMARY KEY, keyword TEXT, count INTEGER, updated_at TEXT);
    INSERT INTO dynamic_keywords VALUES (1, 'wp-admin', 4, NULL);
    CREATE TABLE request_logs (id INTEGER PRIMARY KEY, ip_address TEXT);
    CREATE TABLE model_artifacts (id INTEGER PRIMARY KEY, payload TEXT);`,
  fastapi: `
    CREATE TABLE kv_store (key TEXT PRIMARY KEY, value TEXT, expires_at REAL);
    INSERT INTO kv_store VALUES
      ('blocked:198.51.100.7', '{"ip":"198.51.100.7","reason":"manual","blocked_at":${NOW / 1000},"duration":3600,"permanent":false}', ${NOW / 1000 + 3600}),
      ('blocked:198.51.100.8', '{"ip":"198.51.100.8","reason":"again","blocked_at":"2024-05-06T07:08:09","permanent":true}', NULL),
      ('blocked:198.51.100.9', '{"ip":"198.51.100.9","reason":"old","blocked_at":1000000000,"duration":60}', NULL),
      ('exemptions', '{"ips":["2001:db8::1"],"patterns":["192.168.*.*","*.example.org"]}', NULL),
      ('ratelimit:1.2.3.4', '[1,2]', NULL), ('broken', '{', NULL);`,
} as const;

const databaseOf = (name: keyof typeof SCHEMAS): string => {
  const path = at(`${name}.sqlite3`);
  rmSync(path, { force: true });
  const database = new DatabaseSync(path);
  database.exec(SCHEMAS[name]);
  database.close();
  return path;
};

describe("migration", () => {
  test("S3-080 S3-081 S3-082 S3-083 S3-084 S3-085: takes over the tables of the Django package, and says what it leaves", async () => {
    const path = databaseOf("django");
    const before = readFileSync(path);
    const read = readState(path, NOW);
    const store = memoryStore();
    const summary = await importState(store, read.document, NOW);
    expect(summary.added).toMatchObject({ block: 1, exempt: 1, "exempt-path": 1, keyword: 1, country: 1 });
    expect(summary.refused).toEqual([{ list: "block", name: "not-an-ip", reason: "is no entry of this list" }]);
    expect(await listEntries(store, "block", NOW)).toEqual([
      { name: "198.51.100.7", reason: "AI anomaly + scanning 404s", since: Date.UTC(2024, 4, 6, 7, 8, 9, 123) },
    ]);
    expect((await listEntries(store, "exempt", NOW)).map(({ name }) => name)).toEqual(["2001:db8::1"]);
    expect(await listEntries(store, "keyword", NOW)).toMatchObject([{ name: "wp-admin", count: 12 }]);
    expect(read.notes.join("\n")).toMatch(/featuresample: 1 rows left[\s\S]*requestlog: 0 rows left/);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test.each(["flask", "js"] as const)("takes over the tables of the %s implementation", async (name) => {
    const store = memoryStore();
    const summary = await importState(store, readState(databaseOf(name), NOW).document, NOW);
    expect(summary.refused.map(({ name: entry }) => entry)).toEqual(name === "flask" ? ["KOREA"] : []);
    expect((await listEntries(store, "block", NOW)).map((entry) => entry.name)).toEqual(["198.51.100.7"]);
    expect((await listEntries(store, "exempt", NOW)).map((entry) => entry.name)).toEqual(["2001:db8::1"]);
    expect((await listEntries(store, "keyword", NOW)).map((entry) => entry.name)).toEqual(["wp-admin"]);
    expect((await listEntries(store, "country", NOW)).map((entry) => entry.name)).toEqual(["KP"]);
  });

  test("takes over the key-value store of the FastAPI implementation: database and JSON", async () => {
    const rows = new DatabaseSync(databaseOf("fastapi")).prepare("SELECT * FROM kv_store WHERE key <> 'broken'").all() as {
      key: string;
      value: string;
      expires_at: number | null;
    }[];
    const json = folder.write(
      "aiwaf_data.json",
      JSON.stringify(
        Object.fromEntries(rows.map(({ key, value, expires_at }) => [key, { value: JSON.parse(value) as unknown, expires_at }])),
      ),
    );
    for (const path of [at("fastapi.sqlite3"), json]) {
      const store = memoryStore();
      const summary = await importState(store, readState(path, NOW).document, NOW);
      expect(summary).toMatchObject({ ended: 1, refused: [{ list: "exempt", name: "*.example.org" }] });
      expect(await listEntries(store, "block", NOW)).toMatchObject([
        { name: "198.51.100.7", until: NOW + 3_600_000 },
        { name: "198.51.100.8", reason: "again" },
      ]);
      expect((await listEntries(store, "exempt", NOW)).map(({ name }) => name)).toEqual(["192.168.0.0/16", "2001:db8::1"]);
    }
  });

  test("S3-011: takes over the words of dynamic_keywords.json, and the CSV files of the S3 era", async () => {
    const store = memoryStore();
    await importState(store, readState(folder.write("dynamic_keywords.json", '{"wp-admin": 7, "shell": 2}'), NOW).document, NOW);
    expect((await listEntries(store, "keyword", NOW)).map(({ name, count }) => [name, count])).toEqual([
      ["shell", 2],
      ["wp-admin", 7],
    ]);
    folder.write("aiwaf_data/blacklist.csv", "ip_address,reason,created_at\n198.51.100.7,x,2024-05-06\n");
    folder.write("aiwaf_data/exemptions.csv", "ip_address,reason,created_at\n203.0.113.1,,\n");
    folder.write("aiwaf_data/other.csv", "a,b\n1,2\n");
    await importState(store, readState(at("aiwaf_data"), NOW).document, NOW);
    expect((await listEntries(store, "exempt", NOW)).map(({ name }) => name)).toEqual(["203.0.113.1"]);
  });
});

describe("the commands", () => {
  test("export writes JSON, files and CSV; import and migrate make a SQLite store, count, and exit with 1 when something is refused", async () => {
    const migrated = await aiwaf(["migrate", databaseOf("django"), "--sqlite", at("new.db")]);
    expect([migrated.code, migrated.err]).toEqual([1, ""]);
    expect(migrated.out).toContain("1 block, 1 exempt, 1 exempt-path, 1 keyword, 1 country");
    const exported = await aiwaf(["export", "--sqlite", at("new.db")]);
    expect(JSON.parse(exported.out)).toMatchObject({ format: "aiwaf-state", lists: { country: [{ name: "KP" }] } });
    expect(await aiwaf(["export", "--sqlite", at("new.db"), "--csv", at("out"), "--out", at("state.json")])).toMatchObject({
      code: 0,
      err: "",
    });
    expect(readdirSync(at("out")).sort()).toContain("blacklist.csv");
    const copied = await aiwaf(["import", at("state.json"), "--sqlite", at("copy.db"), "--json"]);
    expect(JSON.parse(copied.out)).toMatchObject({ refusedCount: 0, added: { block: 1 } });
    const piped = await aiwaf(["import", "-", "--sqlite", at("copy.db")], exported.out);
    expect(piped.code).toBe(0);
    const dry = await aiwaf(["import", at("out"), "--sqlite", at("never.db"), "--dry-run"]);
    expect([dry.code, dry.err]).toEqual([0, ""]);
    expect(readdirSync(folder.path)).not.toContain("never.db");
  });

  test.each([
    [["import", "missing.json", "--sqlite", "x.db"], "there is no such file"],
    [["export", "--sqlite", "missing.db"], "there is no such file"],
    [["import"], "missing required argument"],
  ])("%j ends with one line and 2", async (args, text) => {
    const { code, out, err } = await aiwaf(args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(text);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  test("a file that is none is told in one line", async () => {
    const notes: [string, string | Buffer, string][] = [
      ["x.json", "{", "is no JSON"],
      ["y.json", "{}", "holds nothing"],
      ["z.csv", "a,b\n1,2\n", "its name says nothing"],
      ["blacklist.csv", 'ip\n"open', "is no CSV"],
      ["broken.db", Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(200, 7)]), "broken.db"],
    ];
    for (const [name, content, text] of notes) {
      const { code, err } = await aiwaf(["import", folder.write(`bad/${name}`, content), "--sqlite", at("bad.db"), "--dry-run"]);
      expect([name, code]).toEqual([name, 2]);
      expect(err).toContain(text);
    }
  });
});

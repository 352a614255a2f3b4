import { existsSync, readdirSync } from "node:fs";
import { exportState, LIST_NAMES } from "@aiwaf/core/lists";
import { afterAll, describe, expect, test } from "vitest";
import { ALIAS_NAMES, translate } from "../src/operate/aliases.ts";
import { aiwaf, aiwafHere, testFolder } from "./command.ts";
import { sqlitePlace } from "./places.ts";

const folder = testFolder();
afterAll(() => folder.remove());

describe("aiwaf diagnose", () => {
  interface Diagnosis {
    readonly problems: number;
    readonly checks: readonly { readonly check: string; readonly state: string; readonly says: string; readonly fix?: string }[];
  }
  const diagnosed = async (...args: readonly string[]): Promise<Diagnosis & { readonly code: number | null }> => {
    const { code, out } = await aiwafHere(["diagnose", "--json", ...args]);
    return { code, ...(JSON.parse(out) as Diagnosis) };
  };
  const of = ({ checks }: Diagnosis, name: string) => checks.find(({ check }) => check === name);

  test("S2-149, S3-105, S3-106: tries the store, and leaves nothing in it", async () => {
    const place = sqlitePlace(folder.path);
    const result = await diagnosed(...place.flags);
    expect(result.code).toBe(0);
    expect(of(result, "store")).toMatchObject({ state: "ok", says: expect.stringMatching(/written, counted, read and removed/) as string });
    expect(await place.with((store) => store.list("", 10, Date.now()))).toEqual([]);
  });

  test("S3-002, S3-104: names what is wrong with a configuration, and a fix for every problem", async () => {
    const wrong = await diagnosed("--config", folder.write("wrong.json", '{"rateLimt":{}}'));
    expect(wrong).toMatchObject({ code: 1, problems: 1 });
    expect(of(wrong, "configuration")!.says).toMatch(/"rateLimt" is not known\. Did you mean "rateLimit"/);
    const gone = await diagnosed("--redis", "redis://127.0.0.1:9");
    expect(of(gone, "store")).toMatchObject({ state: "problem" });
    for (const { checks } of [wrong, gone]) for (const { state, fix } of checks) if (state !== "ok") expect(fix).toBeTruthy();
  });

  test("warns of a memory store, of no trusted proxy and of report mode", async () => {
    const result = await diagnosed("--config", folder.write("plain.json", '{"mode":"report"}'));
    expect(result.code).toBe(0);
    for (const name of ["store", "proxies", "mode"]) expect(of(result, name)).toMatchObject({ state: "note" });
    const { out } = await aiwafHere(["diagnose", "--config", folder.write("hops.json", '{"client":{"hops":1}}')]);
    expect(out).toMatch(/ok +proxies +the client's address comes through hops/);
    expect(out).toMatch(/No problem found\.\n$/);
  });
});

describe("why a decision blocked", () => {
  const id = "0mm1z4k2x1q9a8b7c6d5";
  const record = (more: object): string =>
    JSON.stringify({
      id,
      at: 1_700_000_000_000,
      method: "GET",
      url: "/shop/search?q=1",
      client: "203.0.113.1",
      action: "block",
      status: 403,
      score: 120,
      findings: [],
      ...more,
    });

  test("names the rule, what it saw, and the path rule that leaves out just that rule", async () => {
    const finding = {
      rule: "sql/tautology",
      score: 100,
      where: "query:q",
      match: { text: "1 or 1=1", decoded: ["percent"] },
      note: "a condition that is always true",
    };
    const file = folder.write(
      "records.jsonl",
      ["{}", "not json", record({ id: "x".repeat(20) }), record({ rule: "sql/tautology", findings: [finding] })].join("\n"),
    );
    const { out, code } = await aiwafHere(["why", id, "--records", file]);
    expect(code).toBe(0);
    expect(out).toMatch(/^BLOCKED {2}403 {2}sql\/tautology {2}score 120\nGET \/shop\/search\?q=1\nfrom 203\.0\.113\.1/);
    expect(out).toContain('saw "1 or 1=1", decoded percent');
    expect(out).toContain('paths: { "/shop/search": { skip: ["sql/tautology"] } }');
  });

  test("leaves out as few rules as it takes where a sum decided", async () => {
    const findings = [
      { rule: "a/one", score: 30 },
      { rule: "b/two", score: 60 },
      { rule: "c/three", score: 30 },
    ];
    const file = folder.write("sums.jsonl", record({ rule: "score/threshold", findings, route: "/shop/:page" }));
    expect((JSON.parse((await aiwafHere(["why", id, "--records", file, "--json"])).out) as { narrowest: string }).narrowest).toBe(
      'paths: { "/shop/:page": { skip: ["b/two"] } }',
    );
  });

  test("offers no path rule that would name other paths, whatever path the client chose", async () => {
    for (const path of ["/**", "/*", "/:x", "/a%2Fb", "//x", "/a/../b", "http://shop.example/a", "/x;y=1", "/reset/[redacted]"]) {
      const findings = [{ rule: "sql/tautology", score: 100 }];
      const file = folder.write("wild.jsonl", record({ rule: "sql/tautology", url: `${path}?q=1`, findings }));
      const { out } = await aiwafHere(["why", id, "--records", file]);
      expect(out, path).toContain("No path rule can name this path without naming others.");
      expect(out, path).not.toContain("paths:");
    }
  });

  test("offers no path rule against a limit or a ban", async () => {
    const file = folder.write("limits.jsonl", record({ rule: "rate-limit/exceeded", status: 429 }));
    expect((await aiwafHere(["why", id, "--records", file])).out).toMatch(/aiwaf why 203\.0\.113\.1\n/);
    const named = await aiwafHere(["why", id, "--records", file, "--redis", "redis://me:hunter2@127.0.0.1:1/0", "--prefix", "my app:"]);
    expect(named.out).toContain("  aiwaf why 203.0.113.1 --redis redis://me:PASSWORD@127.0.0.1:1/0 --prefix 'my app:'\n");
  });

  test("explains a path as it would be decided", async () => {
    expect((await aiwafHere(["why", "/.env"])).out).toMatch(/^BLOCK .*probes\/dotfile/);
    expect((await aiwafHere(["why", "https://shop.example/about"])).out).toMatch(/^ALLOW/);
  });
});

describe("wrong usage of an operator's command changes nothing", () => {
  const database = sqlitePlace(folder.path);
  const empty = Object.fromEntries(LIST_NAMES.map((list) => [list, []]));
  test.each([
    ["no store", ["list"], /which store\? name it/],
    ["two stores", ["list", "--sqlite", "a", "--redis", "redis://127.0.0.1:1"], /name one store/],
    ["a file that is not there", ["status", "--sqlite", "nowhere.db"], /nowhere\.db: there is no such file/],
    ["a file that is no database", ["status", "--sqlite", folder.write("text.db", "not a database at all, but long enough")], /text\.db: /],
    ["a server that is not there", ["status", "--redis", "redis://127.0.0.1:9"], /--redis redis:\/\/127\.0\.0\.1:9: /],
    ["a password in an error", ["status", "--redis", "redis://me:hunter2@127.0.0.1:9"], /^(?!.*hunter2)/],
    ["an address that is none", ["add", "block", "not-an-address", ...database.flags], /it takes an address or a CIDR range/],
    ["one wrong among right ones", ["add", "block", "192.0.2.1", "300.1.1.1", ...database.flags], /300\.1\.1\.1/],
    ["bans to add", ["add", "bans", "192.0.2.1", ...database.flags], /aiwaf add block ADDRESS --for 1h/],
    ["a length without a unit", ["add", "block", "192.0.2.1", "--for", "60", ...database.flags], /such as 90s, 15m, 24h or 7d/],
    ["--only of what is no rule", ["add", "exempt", "192.0.2.1", "--only", "x y", ...database.flags], /is no detector and no rule/],
    ["--only of an unknown detector", ["add", "exempt", "192.0.2.1", "--only", "rate-limt", ...database.flags], /known are .*rate-limit, /],
    [
      "--only of an unknown rule",
      ["add", "exempt", "192.0.2.1", "--only", "sql/tautologie", ...database.flags],
      /known are .*sql\/tautology/,
    ],
    ["--only of one unknown name", ["add", "exempt", "192.0.2.1", "--only", "geo,x", ...database.flags], /"x" is no detector/],
    ["--only of nothing", ["add", "exempt", "192.0.2.1", "--only", "", ...database.flags], /"" is no detector/],
    ["--only of a name of every object", ["add", "exempt", "192.0.2.1", "--only", "toString", ...database.flags], /"toString" is no det/],
    ["--only of a stage without detectors", ["add", "exempt", "192.0.2.1", "--only", "logging", ...database.flags], /"logging" is no det/],
    ["--only for words", ["add", "exempt-keyword", "shop", "--only", "keywords", ...database.flags], /--only belongs to exemptions/],
    ["an action called like what every object has", ["model", "toString"], /model toString: must be one of/],
    ["an entry of such a list", ["add", "constructor", "x", ...database.flags], /there is no list "constructor"/],
    ["a list called like what every object has", ["list", "constructor", ...database.flags], /there is no list "constructor"/],
    ["--only for a blocklist", ["add", "block", "192.0.2.1", "--only", "headers", ...database.flags], /--only belongs to exemptions/],
    ["nothing to remove", ["remove", "block", ...database.flags], /which entries\?/],
    ["all bans by mistake", ["remove", "bans", ...database.flags], /aiwaf reset --bans undoes all/],
    ["a rule for a list", ["remove", "block", "192.0.2.1", "--rule", "a/b", ...database.flags], /belong to bans/],
    ["a list that there is not", ["list", "everything", ...database.flags], /the lists are bans, block/],
    ["an order that there is not", ["list", "--order", "best", ...database.flags], /newest, oldest/],
    ["a date that is none", ["list", "--since", "2026-99-99", ...database.flags], /--since "2026-99-99"/],
    ["an undo file that is none", ["reset", "--undo", folder.write("undo.json", '{"format":"x"}'), ...database.flags], /is no undo file/],
    [
      "an undo file with a foreign list",
      [
        "reset",
        "--undo",
        folder.write("foreign.json", '{"format":"aiwaf-undo","version":1,"bans":[],"lists":{"__proto__x":[]}}'),
        ...database.flags,
      ],
      /has lists that cannot be read/,
    ],
    ["something to explain that is nothing", ["why", "what?", ...database.flags], /is no address, no decision's id and no path/],
    ["a decision without records", ["why", "0mm1z4k2x1q9a8b7c6d5", ...database.flags], /--records/],
    ["--apply for a path", ["why", "/x", "--apply", ...database.flags], /only you change that/],
  ])("%s", async (_, args, says) => {
    const { code, out, err } = await aiwafHere(args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(says);
    expect(err.trimEnd()).not.toContain("\n");
    expect((await database.with((store) => exportState(store, Date.now()))).lists).toEqual(empty);
    expect(readdirSync(process.cwd()).filter((name) => name.startsWith("aiwaf-undo"))).toEqual([]);
    expect(existsSync("nowhere.db")).toBe(false);
  });
});

describe("old names", () => {
  test.each([
    [
      ["add_ipexemption", "192.0.2.1", "--reason", "an office"],
      ["add", "exempt", "192.0.2.1", "--reason", "an office"],
    ],
    [
      ["add_pathexemption", "/a/"],
      ["add", "path", "/a/"],
    ],
    [
      ["aiwaf_reset", "--blacklist", "--confirm"],
      ["reset", "--bans", "--block", "--confirm"],
    ],
    [
      ["aiwaf_reset", "--exemptions-only"],
      ["reset", "--exemptions"],
    ],
    [
      ["aiwaf_list", "--keywords-monitored", "--format", "json", "--since", "60"],
      ["list", "keywords", "--json", "--since", "60s"],
    ],
    [
      ["geo_block_country", "add", "xx"],
      ["add", "country", "xx"],
    ],
    [
      ["geo_block_country", "remove", "xx"],
      ["remove", "country", "xx"],
    ],
    [
      ["geo_block_country", "list"],
      ["list", "country"],
    ],
    [
      ["diagnose_blocking", "--ip", "192.0.2.1"],
      ["why", "192.0.2.1"],
    ],
    [
      ["clear_blacklist", "--confirm"],
      ["reset", "--bans", "--block", "--confirm"],
    ],
    [["list", "bans"], undefined],
    [["constructor"], undefined],
    [[], undefined],
  ])("%j", (old, now) => {
    expect(translate(old)).toEqual(now === undefined ? undefined : { args: now });
  });

  test("that nothing replaces say why", () => {
    expect(ALIAS_NAMES.length).toBeGreaterThan(15);
    expect(translate(["clear_cache"])).toMatchObject({ gone: expect.stringMatching(/aiwaf reset/) as string });
  });

  test("are run, and say what they are called here", async () => {
    const { flags } = sqlitePlace(folder.path);
    const { code, out, err } = await aiwaf(["add_ipexemption", "192.0.2.1", "--reason", "an office", ...flags]);
    expect(code).toBe(0);
    expect(err).toMatch(/^aiwaf add_ipexemption is now: aiwaf add exempt 192\.0\.2\.1 --reason 'an office'/);
    expect(out).toMatch(/added 192\.0\.2\.1/);
  });
});

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Awaitable, createWaf, type Store } from "@aiwaf/core";
import { banKey, listBans, listEntries } from "@aiwaf/core/lists";
import { redisStore } from "@aiwaf/core/stores/redis";
import { sqliteStore } from "@aiwaf/core/stores/sqlite";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ENABLE_REDIS, provisionRedis, type RedisServer, startRedis } from "../../conformance/test/redis-server.ts";
import { ALIAS_NAMES, translate } from "../src/operate/aliases.ts";
import { aiwaf, aiwafHere, testFolder } from "./command.ts";

const folder = testFolder();
afterAll(() => folder.remove());

/** A store that the commands work on, and its flags. */
interface Place {
  readonly flags: readonly string[];
  /** The same data through a connection of the test's own. */
  with<T>(use: (store: Store) => Awaitable<T>): Promise<T>;
}

let files = 0;
function sqlitePlace(): Place {
  files++;
  const path = join(folder.path, `store-${files}.db`);
  sqliteStore({ path }).close?.();
  return {
    flags: ["--sqlite", path],
    async with(use) {
      const store = sqliteStore({ path, busyTimeoutMs: 5_000 });
      try {
        return await use(store);
      } finally {
        await store.close?.();
      }
    },
  };
}

let server: RedisServer | undefined;
const hasRedis = provisionRedis();
beforeAll(async () => {
  if (hasRedis) server = await startRedis();
});
afterAll(() => server?.kill());

function redisPlace(): Place {
  files++;
  const prefix = `t${files}:`;
  const url = `redis://127.0.0.1:${server!.port}`;
  return {
    flags: ["--redis", url, "--prefix", prefix],
    async with(use) {
      const client = new Redis(url);
      const store = redisStore({ prefix, send: ([name, ...args]) => client.call(name, ...args) });
      try {
        return await use(store);
      } finally {
        await store.close?.();
        client.disconnect();
      }
    },
  };
}

const ban = (store: Store, client: string, rule: `${string}/${string}`, ageMs = 0, banMs = 3_600_000): Promise<void> =>
  Promise.resolve(
    createWaf({ detectors: [], store }).services.ban(
      { client: { address: client, key: client }, policy: { mode: "enforce" }, receivedAt: Date.now() - ageMs } as never,
      rule,
      banMs,
    ),
  );

const places: readonly (readonly [string, () => Place, boolean])[] = [
  ["a SQLite file", sqlitePlace, true],
  [hasRedis ? "a Redis server" : `a Redis server (${ENABLE_REDIS})`, redisPlace, hasRedis],
];

describe.each(places)("on %s", (_, open, isThere) => {
  describe.skipIf(!isThere)("the operator", () => {
    let place: Place;
    const run = async (...args: readonly string[]) => aiwafHere([args[0]!, ...args.slice(1), ...place.flags]);
    const ok = async (...args: readonly string[]): Promise<string> => {
      const { code, out, err } = await run(...args);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      return out;
    };
    const names = async (list: string): Promise<readonly string[]> =>
      (await ok("list", list, "--only-names")).trim().split("\n").filter(Boolean);
    beforeEach(() => {
      place = open();
    });

    test("S2-136, S2-152: exempts an address with a reason, in any spelling, and takes it back", async () => {
      await ok("add", "exempt", "2001:DB8:0::1", "198.51.100.7", "--reason", "the office");
      expect(await place.with((store) => listEntries(store, "exempt", Date.now()))).toMatchObject([
        { name: "198.51.100.7", reason: "the office" },
        { name: "2001:db8::1", reason: "the office" },
      ]);
      expect(await ok("add", "exempt", "198.51.100.7")).toMatch(/it was there already/);
      await ok("remove", "exempt", "198.51.100.7");
      expect(await names("exempt")).toEqual(["2001:db8::1"]);
    });

    test("S2-137: exempts a path from single detectors", async () => {
      await ok("add", "path", "/webhooks/**", "--only", "headers", "rate-limit");
      expect(await place.with((store) => listEntries(store, "exempt-path", Date.now()))).toMatchObject([
        { name: "/webhooks/**", from: ["headers", "rate-limit"] },
      ]);
    });

    test("S2-153: blocks an address with a reason, for a time", async () => {
      await ok("add", "block", "203.0.113.0/24", "--reason", "scans", "--for", "2h");
      const [entry] = await place.with((store) => listEntries(store, "block", Date.now()));
      expect(entry).toMatchObject({ name: "203.0.113.0/24", reason: "scans" });
      expect(entry!.until! - Date.now()).toBeGreaterThan(7_100_000);
      expect(entry!.until! - Date.now()).toBeLessThanOrEqual(7_200_000);
    });

    test("S2-154, S2-151: adds words and lists everything", async () => {
      await ok("add", "keyword", "Backdoor");
      await ok("add", "exempt-keyword", "profile");
      await place.with((store) => ban(store, "203.0.113.7", "probes/scan"));
      const all = JSON.parse(await ok("list", "all", "--json")) as Record<
        string,
        { count: number; entries: { name?: string; client?: string }[] }
      >;
      expect(Object.keys(all)).toEqual(["bans", "block", "exempt", "exempt-path", "keyword", "exempt-keyword", "country"]);
      expect(all["keyword"]!.entries[0]!.name).toBe("backdoor");
      expect(all["bans"]).toMatchObject({ count: 1, entries: [{ client: "203.0.113.7", rule: "probes/scan" }] });
      expect(await ok("list", "all")).toMatch(/Bans \(1\)[\s\S]*203\.0\.113\.7[\s\S]*Keywords \(1\)[\s\S]*backdoor[\s\S]*Countries \(0\)/);
    });

    test("S2-146, S2-147, S2-148: blocks countries, lists them and lets them in again", async () => {
      await ok("add", "country", "xx", "yy");
      expect(await names("countries")).toEqual(["XX", "YY"]);
      await ok("remove", "country", "XX");
      expect(await names("countries")).toEqual(["YY"]);
    });

    test("lists bans newest first, by rule, since a time, and no more than asked for", async () => {
      await place.with(async (store) => {
        await ban(store, "203.0.113.1", "probes/scan", 600_000);
        await ban(store, "203.0.113.2", "rate-limit/flood", 60_000);
        await ban(store, "203.0.113.3", "probes/scan");
      });
      expect(await names("bans")).toEqual(["203.0.113.3", "203.0.113.2", "203.0.113.1"]);
      expect((await ok("list", "--only-names", "--order", "oldest", "--limit", "1")).trim()).toBe("203.0.113.1");
      expect((await ok("list", "--only-names", "--rule", "probes/scan", "--since", "5m")).trim()).toBe("203.0.113.3");
    });

    test("undoes bans by client, by rule and by time", async () => {
      await place.with(async (store) => {
        await ban(store, "203.0.113.1", "probes/scan", 600_000);
        await ban(store, "203.0.113.2", "rate-limit/flood", 600_000);
        await ban(store, "203.0.113.3", "probes/scan");
        await ban(store, "2001:db8:1:2::/64", "probes/scan");
      });
      expect(await ok("remove", "bans", "2001:db8:1:2::99")).toBe("Bans: removed 1\n");
      expect(await ok("remove", "bans", "--rule", "probes/scan", "--to", "5m")).toBe("Bans: removed 1\n");
      expect(await names("bans")).toEqual(["203.0.113.3", "203.0.113.2"]);
    });

    test("S2-155: counts what is in force, bans by rule too", async () => {
      await place.with((store) => ban(store, "203.0.113.1", "probes/scan"));
      await ok("add", "block", "192.0.2.0/24");
      const status = JSON.parse(await ok("status", "--json")) as object;
      expect(status).toMatchObject({
        counts: { bans: 1, block: 1, exempt: 0 },
        bans_by_rule: { "probes/scan": 1 },
        newest_ban: { client: "203.0.113.1" },
      });
      expect(await ok("status")).toMatch(/Bans +1[\s\S]*probes\/scan +1/);
    });

    describe("empties lists", () => {
      const undoFile = (): string => join(folder.path, `undo-${files}.json`);
      beforeEach(async () => {
        await place.with((store) => ban(store, "203.0.113.1", "probes/scan"));
        await ok("add", "block", "192.0.2.1", "--reason", "old");
        await ok("add", "exempt", "192.0.2.2");
        await ok("add", "keyword", "shell");
        await ok("add", "country", "XX");
        await ok("add", "path", "/health");
      });
      const left = async (): Promise<Record<string, number>> =>
        (JSON.parse(await ok("status", "--json")) as { counts: Record<string, number> }).counts;

      test("S2-131: bans, blocklist, exemptions and keywords when none is named, never paths and countries", async () => {
        await ok("reset", "--confirm", "--undo-file", undoFile());
        expect(await left()).toEqual({ bans: 0, block: 0, exempt: 0, "exempt-path": 1, keyword: 0, "exempt-keyword": 0, country: 1 });
      });

      test.each([
        ["S2-132", ["--bans", "--block"], { bans: 0, block: 0 }],
        ["S2-133", ["--keywords"], { keyword: 0 }],
        ["S2-134", ["--exemptions"], { exempt: 0 }],
        ["S2-135", ["--keywords", "--countries", "--paths"], { keyword: 0, country: 0, "exempt-path": 0 }],
      ])("%s: only those that are named: %j", async (_row, flags, gone) => {
        const before = await left();
        await ok("reset", "--confirm", "--undo-file", undoFile(), ...flags);
        expect(await left()).toEqual({ ...before, ...gone });
      });

      test("S2-202: and restores them from the file that it wrote first, reasons and bans as they were", async () => {
        const read = (): Promise<unknown> =>
          place.with(async (store) => [await listBans(store, {}, Date.now()), await listEntries(store, "block", Date.now())]);
        const before = await read();
        await ok("reset", "--confirm", "--undo-file", undoFile());
        expect(await ok("reset", "--undo", undoFile())).toMatch(/Restored 4/);
        expect(await read()).toEqual(before);
      });

      test("not without an answer where nobody can be asked", async () => {
        const { code, err } = await run("reset");
        expect(code).toBe(2);
        expect(err).toMatch(/add --confirm/);
        expect((await left())["bans"]).toBe(1);
      });

      test("not over an older undo file", async () => {
        writeFileSync(undoFile(), "precious");
        expect((await run("reset", "--confirm", "--undo-file", undoFile())).err).toMatch(/is there already/);
        expect(readFileSync(undoFile(), "utf8")).toBe("precious");
        expect((await left())["bans"]).toBe(1);
      });
    });

    describe("asks why a client is stopped", () => {
      test("and reads the ban, its rule, its end and what undoes it", async () => {
        await place.with((store) => ban(store, "203.0.113.1", "probes/scan"));
        const out = await ok("why", "203.0.113.1");
        expect(out).toMatch(/^STOPPED {2}203\.0\.113\.1\nBanned by probes\/scan since .* left; its ban\s+number 1/);
        expect(out).toMatch(/aiwaf remove bans 203\.0\.113\.1/);
      });

      test("and with --apply frees that one client, though its whole range is listed", async () => {
        await ok("add", "block", "203.0.113.0/24");
        await place.with((store) => ban(store, "203.0.113.1", "probes/scan"));
        await ok("why", "203.0.113.1", "--apply");
        expect(await ok("why", "203.0.113.1")).toMatch(/^NOT STOPPED/);
        expect(await ok("why", "203.0.113.2")).toMatch(/^STOPPED/);
        expect(await place.with((store) => listEntries(store, "exempt", Date.now()))).toMatchObject([
          { name: "203.0.113.1", from: ["blocklist"] },
        ]);
      });

      test("and hears that nothing stops it", async () => {
        expect(await ok("why", "203.0.113.9")).toMatch(/^NOT STOPPED[\s\S]*No ban and no list stops it/);
      });
    });

    test("survives what somebody else wrote into the store", async () => {
      await place.with(async (store) => {
        await store.set(banKey("203.0.113.5"), "no json \u001b[31m", undefined, Date.now());
        await store.set("list:block:not an address", "{}", undefined, Date.now());
      });
      expect(await ok("list", "all")).not.toContain("\u001b");
      expect(await names("bans")).toEqual(["203.0.113.5"]);
    });
  });
});

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
    const place = sqlitePlace();
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

  test("offers no path rule against a limit or a ban", async () => {
    const file = folder.write("limits.jsonl", record({ rule: "rate-limit/exceeded", status: 429 }));
    expect((await aiwafHere(["why", id, "--records", file])).out).toMatch(/aiwaf why 203\.0\.113\.1/);
  });

  test("explains a path as it would be decided", async () => {
    expect((await aiwafHere(["why", "/.env"])).out).toMatch(/^BLOCK .*probes\/dotfile/);
    expect((await aiwafHere(["why", "https://shop.example/about"])).out).toMatch(/^ALLOW/);
  });
});

describe("wrong usage of an operator's command changes nothing", () => {
  const database = sqlitePlace();
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
    ["--only for a blocklist", ["add", "block", "192.0.2.1", "--only", "headers", ...database.flags], /--only belongs to exemptions/],
    ["nothing to remove", ["remove", "block", ...database.flags], /which entries\?/],
    ["all bans by mistake", ["remove", "bans", ...database.flags], /aiwaf reset --bans undoes all/],
    ["a rule for a list", ["remove", "block", "192.0.2.1", "--rule", "a/b", ...database.flags], /belong to bans/],
    ["a list that there is not", ["list", "everything", ...database.flags], /the lists are bans, block/],
    ["an order that there is not", ["list", "--order", "best", ...database.flags], /newest or oldest/],
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
    expect(await database.with((store) => listEntries(store, "block", Date.now()))).toEqual([]);
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
      ["list", "countries"],
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
    const { flags } = sqlitePlace();
    const { code, out, err } = await aiwaf(["add_ipexemption", "192.0.2.1", "--reason", "an office", ...flags]);
    expect(code).toBe(0);
    expect(err).toMatch(/^aiwaf add_ipexemption is now: aiwaf add exempt 192\.0\.2\.1 --reason 'an office'/);
    expect(out).toMatch(/added 192\.0\.2\.1/);
  });
});

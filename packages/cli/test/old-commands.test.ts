/**
 * The commands of the other implementations by their old names, each on a real SQLite file and a real Redis server.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createWaf, type Store } from "@aiwaf/core";
import { addEntries, type ListName, listBans, listEntries } from "@aiwaf/core/lists";
import { storedModel } from "@aiwaf/core/models";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { aiwafHere, CLI, type Ended, testFolder } from "./command.ts";
import { ENABLE_REDIS, hasRedis, type Place, redisPlace, sqlitePlace, startRedis } from "./places.ts";

const folder = testFolder();
afterAll(() => folder.remove());
let server: Awaited<ReturnType<typeof startRedis>> | undefined;
beforeAll(async () => {
  if (hasRedis) server = await startRedis();
});
afterAll(() => server?.stop());

const places: readonly (readonly [string, () => Place, boolean])[] = [
  ["a SQLite file", () => sqlitePlace(folder.path), true],
  [hasRedis ? "a Redis server" : `a Redis server (${ENABLE_REDIS})`, () => redisPlace(server!.url), hasRedis],
];

const NOW = Date.now();
const ban = (store: Store, client: string): Promise<void> =>
  Promise.resolve(
    createWaf({ detectors: [], store }).services.ban(
      { client: { address: client, key: client }, policy: { mode: "enforce" }, receivedAt: NOW } as never,
      "probes/scan",
      3_600_000,
    ),
  );

const time = (minute: number): string =>
  `21/Nov/2026:${String(8 + Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}:00 +0000`;
const line = (client: string, minute: number, target: string, status: number): string =>
  `${client} - - [${time(minute)}] "GET ${target} HTTP/1.1" ${status} 512 "-" "Mozilla/5.0 (rv:${100 + (minute % 40)}.0)"\n`;
const SCANNERS = ["203.0.113.66", "192.0.2.66", "100.64.0.66"];
const log = folder.write(
  "access.log",
  [
    ...Array.from({ length: 3_000 }, (_, index) =>
      line(`198.51.${Math.floor(index / 40)}.${index % 7}`, Math.floor(index / 8), `/shop/${(index * 13) % 90}`, 200),
    ),
    ...SCANNERS.flatMap((client) =>
      Array.from({ length: 12 }, (_, index) => line(client, index, `/wp-admin/roundthing-${index}.php`, 404)),
    ),
  ].join(""),
);

/** A terminal of its own for a question, by the util-linux command. */
const hasTerminal = existsSync("/usr/bin/script");

describe.each(places)("on %s", (_, open, isThere) => {
  describe.skipIf(!isThere)("by its old name", () => {
    let place: Place;
    beforeEach(() => {
      place = open();
    });
    /** Says on standard error what the command is called here, and nothing else. */
    const old = async (...args: readonly string[]): Promise<Ended> => {
      const ended = await aiwafHere([...args, ...place.flags]);
      expect(ended.err).toMatch(/^aiwaf \S+ is now: aiwaf [^\n]+\n$/);
      return ended;
    };
    const names = (list: ListName): Promise<readonly string[]> =>
      place.with(async (store) => (await listEntries(store, list, NOW)).map(({ name }) => name));
    const banned = (): Promise<readonly string[]> =>
      place.with(async (store) => (await listBans(store, {}, NOW)).map(({ client }) => client));
    const fill = (): Promise<void> =>
      place.with(async (store) => {
        await ban(store, "203.0.113.1");
        await addEntries(store, "block", [{ name: "192.0.2.1" }], NOW);
        await addEntries(store, "exempt", [{ name: "192.0.2.2" }], NOW);
        await addEntries(store, "keyword", [{ name: "shell" }], NOW);
        await addEntries(store, "exempt-path", [{ name: "/health" }], NOW);
      });
    const left = async () => ({
      bans: (await banned()).length,
      block: (await names("block")).length,
      exempt: (await names("exempt")).length,
      keyword: (await names("keyword")).length,
      path: (await names("exempt-path")).length,
    });
    const ALL = { bans: 1, block: 1, exempt: 1, keyword: 1, path: 1 };
    let undone = 0;
    const undoFile = (): readonly string[] => [
      "--undo-file",
      join(folder.path, `undo-${place.flags.at(-1)!.replace(/\W/g, "")}-${++undone}.json`),
    ];

    test("S2-129, S2-162, S3-012, S3-108: detect_and_train bans who asked for a dozen pages that there are not, and keeps the words", async () => {
      const model = join(folder.path, `trained-${++undone}.json`);
      const { code, out } = await old("detect_and_train", log, "--force", "--trees", "10", "--model", model, "--apply");
      expect({ code, applied: /Applied: 3 bans/.test(out) }).toEqual({ code: 0, applied: true });
      expect([...(await banned())].sort()).toEqual([...SCANNERS].sort());
      expect(await names("keyword")).toContain("roundthing");
    });

    test("S2-130, S3-107, S2-019: regenerate_model puts a new model in use for every process of the store", async () => {
      const model = join(folder.path, `model-${++undone}.json`);
      await old("regenerate_model", log, "--force", "--trees", "10", "--model", model);
      const stored = await place.with((store) => storedModel().load({ store } as never, NOW));
      expect(stored).toBe(readFileSync(model, "utf8"));
    });

    test("S2-131, S3-015, S3-049: aiwaf_reset --confirm empties bans, blocklist, exemptions and keywords without a question", async () => {
      await fill();
      expect((await old("aiwaf_reset", "--confirm", ...undoFile())).code).toBe(0);
      expect(await left()).toEqual({ bans: 0, block: 0, exempt: 0, keyword: 0, path: 1 });
    });

    test.each([
      ["S2-132, S2-010", ["--blacklist"], { bans: 0, block: 0 }],
      ["S3-050", ["--blacklist-only"], { bans: 0, block: 0 }],
      ["S2-133", ["--keywords"], { keyword: 0 }],
      ["S2-134", ["--exemptions"], { exempt: 0 }],
      ["S3-051", ["--exemptions-only"], { exempt: 0 }],
      ["S2-135", ["--blacklist", "--keywords"], { bans: 0, block: 0, keyword: 0 }],
    ])("%s: aiwaf_reset %j", async (_rows, flags, gone) => {
      await fill();
      await old("aiwaf_reset", ...flags, "--confirm", ...undoFile());
      expect(await left()).toEqual({ ...ALL, ...gone });
    });

    test.skipIf(!hasTerminal)(
      "S3-048: aiwaf_reset asks first, and takes anything but yes for no",
      async () => {
        await fill();
        const answer = (key: string): Promise<string> =>
          new Promise((resolve, reject) => {
            const words = [process.execPath, CLI, "aiwaf_reset", ...undoFile(), ...place.flags];
            const child = spawn("script", ["-qc", words.map((word) => `'${word}'`).join(" "), "/dev/null"], { stdio: "pipe" });
            let out = "";
            let isAnswered = false;
            child.stdout.on("data", (text: Buffer) => {
              out += text;
              if (isAnswered || !out.includes("Remove all of this")) return;
              isAnswered = true;
              child.stdin.write(`${key}\r`);
            });
            child.on("error", reject);
            child.on("close", () => resolve(out));
          });
        expect(await answer("n")).toMatch(/Bans: 1[\s\S]*Remove all of this[\s\S]*Nothing was removed/);
        expect(await left()).toEqual(ALL);
        expect(await answer("y")).toMatch(/Removed 4/);
        expect(await left()).toEqual({ bans: 0, block: 0, exempt: 0, keyword: 0, path: 1 });
      },
      120_000,
    );

    test("S2-136, S3-014, S3-047: add_ipexemption and add_exemption keep their reason", async () => {
      await old("add_ipexemption", "192.0.2.1", "--reason", "an office");
      await old("add_exemption", "192.0.2.2");
      expect(await place.with((store) => listEntries(store, "exempt", Date.now()))).toMatchObject([
        { name: "192.0.2.1", reason: "an office" },
        { name: "192.0.2.2", reason: "" },
      ]);
    });

    test("S2-137: add_pathexemption", async () => {
      await old("add_pathexemption", "/hooks/**", "--reason", "signed");
      expect(await names("exempt-path")).toEqual(["/hooks/**"]);
    });

    test("S2-146, S2-147, S2-148: geo_block_country add, list and remove", async () => {
      await old("geo_block_country", "add", "xx");
      expect((await old("geo_block_country", "list")).out).toMatch(/Countries \(1\)[\s\S]*XX/);
      expect((await old("geo", "block", "YY")).code).toBe(0);
      await old("geo_block_country", "remove", "XX");
      expect(await names("country")).toEqual(["YY"]);
    });

    test("S2-149, S3-105, S3-106: aiwaf_diagnose tries the store, looks at the clocks, and leaves nothing behind", async () => {
      const { code, out } = await old("aiwaf_diagnose", "--json");
      const { checks } = JSON.parse(out) as { checks: readonly { check: string; state: string; says: string }[] };
      const says = (name: string): string =>
        checks
          .filter(({ check, state }) => check === name && state === "ok")
          .map((one) => one.says)
          .join();
      expect({ code, store: says("store"), clock: says("clock") }).toEqual({
        code: 0,
        store: expect.stringMatching(/written, counted, read and removed/) as string,
        clock: expect.stringMatching(/nothing in the store is later/) as string,
      });
      expect(await place.with((store) => store.list("", 10, Date.now()))).toEqual([]);
    });

    test("S2-150: what a manager over CSV files kept goes in and out as such files", async () => {
      const [from, to] = [join(folder.path, `in-${++undone}`), join(folder.path, `out-${undone}`)];
      folder.write(`in-${undone}/blacklist.csv`, "ip,reason,added_date,extended_request_info\n192.0.2.9,scan,2026-01-01,\n");
      folder.write(`in-${undone}/whitelist.csv`, "ip,added_date\n192.0.2.8,2026-01-01\n");
      folder.write(`in-${undone}/keywords.csv`, "keyword,added_date\nshell,2026-01-01\n");
      expect((await aiwafHere(["migrate", from, ...place.flags])).code).toBe(0);
      expect([await names("exempt"), await names("keyword")]).toEqual([["192.0.2.8"], ["shell"]]);
      expect((await aiwafHere(["export", "--csv", to, ...place.flags])).code).toBe(0);
      expect(readdirSync(to)).toEqual(expect.arrayContaining(["blacklist.csv", "keywords.csv", "whitelist.csv"]) as string[]);
      expect(readFileSync(join(to, "blacklist.csv"), "utf8")).toContain("192.0.2.9");
    });

    test("S2-151, S2-152, S2-153, S2-154, S2-155, S2-156: the manager's own words, with and without its framework", async () => {
      await old("fast", "add", "whitelist", "192.0.2.5");
      await old("aiwaf-fast", "add", "blacklist", "192.0.2.6", "--reason", "scans");
      await old("flask", "add", "keyword", "Backdoor");
      expect([await names("exempt"), await names("block"), await names("keyword")]).toEqual([["192.0.2.5"], ["192.0.2.6"], ["backdoor"]]);
      expect((await old("fast", "list", "all")).out).toMatch(/192\.0\.2\.6[\s\S]*192\.0\.2\.5[\s\S]*backdoor/);
      expect((await old("flask", "status")).out).toMatch(/Blocked addresses +1\n/);
      const help = await aiwafHere(["aiwaf-fast", "--help"]);
      expect(help.out).toMatch(/^USAGE aiwaf/);
    });

    test("S2-203, S2-220, S2-221: diagnose_blocking says why a customer gets 403 everywhere, and one flag lets that one in again", async () => {
      await place.with((store) => ban(store, "203.0.113.1"));
      expect((await old("diagnose_blocking", "--ip", "203.0.113.1")).out).toMatch(/^STOPPED[\s\S]*Banned by probes\/scan/);
      expect((await old("diagnose", "203.0.113.1", "--apply")).out).toMatch(/the ban of 203\.0\.113\.1 was undone/);
      expect((await old("test_exemption", "203.0.113.1")).out).toMatch(/^NOT STOPPED/);
    });
  });
});

describe("aiwaf_logging", () => {
  const record = (at: number): string =>
    `${JSON.stringify({ id: `r${at}`, at, action: "allow", client: "192.0.2.1", method: "GET", url: "/" })}\n`;
  const run = async (...args: readonly string[]): Promise<Ended> => aiwafHere(["aiwaf_logging", ...args]);

  test("S2-145, S3-016, S3-089: --status tells size, records and the newest of each file", async () => {
    const file = folder.write("requests.jsonl", record(Date.UTC(2026, 10, 21, 8)) + record(Date.UTC(2026, 10, 21, 9)));
    const { code, out } = await run("--status", file);
    expect(code).toBe(0);
    expect(out).toMatch(/Bytes +Records +Newest\n.* 2 +2026-11-21 09:00:00Z\n$/);
    expect(JSON.parse((await run(file, "--json")).out)).toMatchObject({ files: [{ file, records: 2 }] });
  });

  test("S3-088, S3-090: --enable and --disable say where records are kept, and change nothing", async () => {
    for (const flag of ["--enable", "--disable"])
      expect((await run(flag)).out).toMatch(/waf\.subscribe\(recordFile\("requests\.jsonl"\)\.listener\)/);
  });

  test("S3-091: --clear empties what has records, deletes what is packed, and nothing of another program's", async () => {
    const file = folder.write("clear.jsonl", record(1));
    const packed = folder.write("clear.jsonl.1.gz", record(1));
    const foreign = folder.write("notes.txt", "precious");
    expect((await run("--clear", file)).err).toMatch(/add --confirm/);
    expect((await run("--clear", file, foreign, "--confirm")).err).toMatch(/notes\.txt: has no records of aiwaf; nothing was cleared/);
    expect(readFileSync(file, "utf8")).not.toBe("");
    expect((await run("--clear", file, packed, "--confirm")).code).toBe(0);
    expect([readFileSync(file, "utf8"), existsSync(packed), readFileSync(foreign, "utf8")]).toEqual(["", false, "precious"]);
  });
});

test("S2-157, S2-158, S2-159, S2-160: init by its old names is init, and finds the framework by itself", async () => {
  folder.write("site/package.json", '{"name":"site","dependencies":{"next":"16.0.0"}}');
  folder.write("site/app/page.tsx", "export default function Page() { return null; }");
  for (const words of [
    ["manage.py", "aiwaf", "init"],
    ["flask", "init"],
    ["fast", "init"],
  ]) {
    const { code, err } = await aiwafHere([...words, join(folder.path, "site"), "--out", join(folder.path, `${words[0]}.json`)]);
    expect({ code, told: /is now: aiwaf init/.test(err) }).toEqual({ code: 0, told: true });
    expect(existsSync(join(folder.path, `${words[0]}.json`))).toBe(true);
  }
});

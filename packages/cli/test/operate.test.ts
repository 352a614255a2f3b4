import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createWaf, type Store } from "@aiwaf/core";
import { banKey, listBans, listEntries } from "@aiwaf/core/lists";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { aiwafHere, NEEDLE_CONFIG, testFolder } from "./command.ts";
import { ENABLE_REDIS, hasRedis, type Place, redisPlace, sqlitePlace, startRedis } from "./places.ts";

const folder = testFolder();
afterAll(() => folder.remove());

let server: Awaited<ReturnType<typeof startRedis>> | undefined;
beforeAll(async () => {
  if (hasRedis) server = await startRedis();
});
afterAll(() => server?.stop());
let undone = 0;

const ban = (store: Store, client: string, rule: `${string}/${string}`, ageMs = 0, banMs = 3_600_000): Promise<void> =>
  Promise.resolve(
    createWaf({ detectors: [], store }).services.ban(
      { client: { address: client, key: client }, policy: { mode: "enforce" }, receivedAt: Date.now() - ageMs } as never,
      rule,
      banMs,
    ),
  );

const places: readonly (readonly [string, () => Place, boolean])[] = [
  ["a SQLite file", () => sqlitePlace(folder.path), true],
  [hasRedis ? "a Redis server" : `a Redis server (${ENABLE_REDIS})`, () => redisPlace(server!.url), hasRedis],
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
      expect(await ok("add", "path", "/webhooks/**", "--only", "headers,rate-limit")).toContain(
        "/webhooks/**, only from headers, rate-limit",
      );
      expect(await place.with((store) => listEntries(store, "exempt-path", Date.now()))).toMatchObject([
        { name: "/webhooks/**", from: ["headers", "rate-limit"] },
      ]);
      expect(await ok("list", "exempt-path")).toContain("only headers, rate-limit");
    });

    test("exempts from whatever can be left out: rules, detectors beyond the usual ones, stages, those of the configuration", async () => {
      const all =
        "sql/tautology,geo/country,honeypot,good-bots,parameters,autoencoder/request,logins,repeats,rate_limit,needle,test/second";
      vi.stubEnv("AIWAF_CONFIG", folder.write("needle.config.mjs", NEEDLE_CONFIG));
      try {
        await ok("add", "exempt", "198.51.100.7", "--only", all);
      } finally {
        vi.unstubAllEnvs();
      }
      expect(await place.with((store) => listEntries(store, "exempt", Date.now()))).toMatchObject([{ from: all.split(",") }]);
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
      let undoPath = "";
      const undoFile = (): string => undoPath;
      beforeEach(async () => {
        undoPath = join(folder.path, `undo-${++undone}.json`);
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
        const says = await ok("reset", "--confirm", "--undo-file", undoFile());
        expect(says).toContain(`To undo it: aiwaf reset --undo ${undoFile()} ${place.flags.join(" ")}\n`);
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
        expect(out).toMatch(/^STOPPED {2}203\.0\.113\.1\nBanned by probes\/scan since .* left\.\n/);
        // What is typed next has to work on the same store.
        const typed = /^ {2}aiwaf (remove bans 203\.0\.113\.1 .*)$/m.exec(out)![1]!.split(" ");
        expect(typed.slice(3)).toEqual(place.flags);
        expect((await aiwafHere(typed)).out).toMatch(/removed 1/);
        await ok("add", "block", "203.0.113.1");
        expect(await ok("why", "203.0.113.1")).toContain(`aiwaf add exempt 203.0.113.1 --only blocklist ${place.flags.join(" ")}\n`);
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

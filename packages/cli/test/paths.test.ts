import { join } from "node:path";
import { PassThrough } from "node:stream";
import { listEntries } from "@aiwaf/core/lists";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childrenOf, pathTree, patternOf, walk } from "../src/operate/path-tree.ts";
import { complete, paths } from "../src/operate/paths.ts";
import { aiwafHere, testFolder } from "./command.ts";
import { hasRedis, type Place, redisPlace, sqlitePlace, startRedis } from "./places.ts";

const folder = testFolder();
afterAll(() => folder.remove());

const route = (category: string, ...methods: readonly string[]) => ({ methods, category, protections: {} });
const manifest = folder.write(
  "paths.json",
  JSON.stringify({
    schema_version: "1.0",
    framework: "express",
    routes: {
      "/": route("app", "GET"),
      "/shop": route("app", "GET"),
      "/shop/:id": route("app", "GET", "POST"),
      "/shop/:id/reviews": route("form", "POST"),
      "/webhooks/mail": route("api", "POST"),
    },
  }),
);
const tree = pathTree({ "/": route("app"), "/shop/:id": route("app"), "/shop/:id/reviews": route("form"), "/shop/42": route("app") });

let redis: Awaited<ReturnType<typeof startRedis>> | undefined;
beforeAll(async () => {
  if (hasRedis) redis = await startRedis();
});
afterAll(() => redis?.stop());

describe.each([
  ["a SQLite file", () => sqlitePlace(folder.path), true],
  ["a Redis server", () => redisPlace(redis!.url), hasRedis],
] as readonly (readonly [string, () => Place, boolean])[])("aiwaf paths on %s", (_, open, isThere) => {
  const run = (place: Place, command: string) => aiwafHere(["paths", "--manifest", manifest, "-c", command, ...place.flags]);

  test.skipIf(!isThere)(
    "S2-138, S2-139, S2-140, S2-141, S2-142, S2-144: walks by name and number, up and back, says where it is, and leaves",
    async () => {
      const { code, out } = await run(open(), "pwd; ls; cd shop; ls; cd 1; pwd; cd ..; up; pwd; cd /shop/:id/reviews; pwd; exit; pwd");
      expect(code).toBe(0);
      expect(out).toBe(
        [
          "/",
          "   .   /  GET  app",
          "   1   shop/  GET  app",
          "   2   webhooks/",
          "   .   /shop  GET  app",
          "   1   :id/  GET POST  app",
          "/shop/:id",
          "/",
          "/shop/:id/reviews",
          "",
        ].join("\n"),
      );
    },
  );

  test.skipIf(!isThere)("S2-143: exempts by number, name or here, with all that lies below, marks it, and takes it back", async () => {
    const place = open();
    expect((await run(place, "cd webhooks; exempt 1 signed by the sender; ls; cd /shop; exempt .")).out).toMatch(
      /exempt: \/webhooks\/mail\n {3}1 \* mail[\s\S]*exempt: \/shop\/\*\*\n/,
    );
    expect(await place.with((store) => listEntries(store, "exempt-path", Date.now()))).toMatchObject([
      { name: "/shop/**", reason: "" },
      { name: "/webhooks/mail", reason: "signed by the sender" },
    ]);
    await run(place, "unexempt shop");
    expect(await place.with((store) => listEntries(store, "exempt-path", Date.now()))).toHaveLength(1);
  });

  test.skipIf(!isThere)(
    "exempts the page alone at the root, where all that lies below was exempt, and everything only when somebody confirms it",
    async () => {
      const place = open();
      for (const command of ["exempt", "exempt .", "cd shop; exempt .."]) {
        expect((await run(place, `${command}; cd /; ls`)).out).toMatch(/^exempt: \/\n {3}\. \* \/ .*\n {3}1 {3}shop/);
        expect(await place.with((store) => listEntries(store, "exempt-path", Date.now()))).toMatchObject([{ name: "/" }]);
        expect((await run(place, "unexempt")).out).toBe("no longer exempt: /\n");
      }
      const { code, err } = await run(place, "exempt /** all of it");
      expect({ code, err }).toEqual({
        code: 2,
        err: 'aiwaf: nobody is here to confirm that every path is meant; without asking: aiwaf add exempt-path "/**"\n',
      });
      expect(await place.with((store) => listEntries(store, "exempt-path", Date.now()))).toEqual([]);
      expect((await aiwafHere(["add", "exempt-path", "/**", ...place.flags])).code).toBe(0);
      expect((await run(place, "unexempt /**")).code).toBe(0);
      expect(await place.with((store) => listEntries(store, "exempt-path", Date.now()))).toEqual([]);
    },
  );

  test.skipIf(!isThere)("stops a script at the first command that cannot be done, and says why", async () => {
    const { code, out, err } = await run(open(), "cd nowhere; pwd");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toBe('there is no "nowhere" here; type ls\n');
    expect((await run(open(), "constructor")).err).toMatch(/there is no command "constructor"; type help/);
  });
});

describe("aiwaf paths", () => {
  test("looks around without a store, and asks for one only to change something", async () => {
    expect((await aiwafHere(["paths", "--manifest", manifest, "-c", "ls"])).code).toBe(0);
    expect((await aiwafHere(["paths", "--manifest", manifest, "-c", "exempt shop"])).err).toMatch(/which store\?/);
  });

  test("says how a manifest is made where there is none, and what is wrong with one", async () => {
    expect((await aiwafHere(["paths", "--manifest", join(folder.path, "none.json")])).err).toMatch(/aiwaf init makes one/);
    expect((await aiwafHere(["paths", "--manifest", folder.write("bad.json", "{}")])).err).toMatch(/schema_version/);
  });
});

describe("aiwaf paths at a terminal", () => {
  const CTRL_C = "\x03";
  const CTRL_D = "\x04";

  /** Types each text when what stands before it is asked. @returns the exit code, what was said, and what is exempt then. */
  async function type(...turns: readonly (readonly [question: string, keys: string])[]) {
    const place = sqlitePlace(folder.path);
    const [, sqlite = ""] = place.flags;
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const output = Object.assign(new PassThrough(), { isTTY: true });
    let shown = "";
    let said = "";
    output.on("data", (bytes: Buffer) => {
      shown += bytes.toString();
    });
    const write = async (text: string): Promise<void> => {
      said += text;
    };
    const io = { out: { hasColors: false, write }, err: { hasColors: false, write }, readInput: async () => undefined };
    const ended = paths({ manifest, sqlite }, io, { input, output });
    for (const [question, keys] of turns) {
      await expect.poll(() => shown).toContain(question);
      shown = "";
      input.write(keys);
    }
    const code = await ended;
    const entries = await place.with((store) => listEntries(store, "exempt-path", Date.now()));
    return { code, said, exempt: entries.map(({ name, reason }) => `${name} ${reason}`) };
  }

  test.each([
    ["Ctrl-C", CTRL_C],
    ["Ctrl-D", CTRL_D],
  ])("exempts nothing and leaves on %s where the reason is asked, which once exempted it and crashed", async (_, key) => {
    expect(await type(["aiwaf:/$ ", "exempt shop\r"], ["Reason: ", key])).toEqual({
      code: 0,
      said: "\nNothing was exempted.\n",
      exempt: [],
    });
    expect(await type(["aiwaf:/$ ", "exempt /**\r"], ["(y/N) ", key])).toEqual({ code: 0, said: "\nNothing was exempted.\n", exempt: [] });
    expect(await type(["aiwaf:/$ ", key])).toEqual({ code: 0, said: "\n", exempt: [] });
  });

  test("takes the reason, or none, and goes on", async () => {
    expect(
      await type(
        ["aiwaf:/$ ", "exempt shop\r"],
        ["Reason: ", "signed\r"],
        ["aiwaf:/$ ", "exempt webhooks\r"],
        ["Reason: ", "\r"],
        ["aiwaf:/$ ", "exit\r"],
      ),
    ).toEqual({ code: 0, said: "exempt: /shop/**\nexempt: /webhooks/**\n", exempt: ["/shop/** signed", "/webhooks/** "] });
  });

  test("does what was pasted before Ctrl-D, and nothing of it after Ctrl-C", async () => {
    const pasted = "exempt shop\rsigned\rexempt webhooks hooks\r";
    expect(await type(["aiwaf:/$ ", pasted + CTRL_D])).toMatchObject({ code: 0, exempt: ["/shop/** signed", "/webhooks/** hooks"] });
    expect(await type(["aiwaf:/$ ", pasted + CTRL_C])).toMatchObject({ code: 0, exempt: [] });
  });

  test("exempts everything only after a yes", async () => {
    const asks = ["aiwaf:/$ ", "exempt /**\r"] as const;
    const leaves = ["aiwaf:/$ ", "exit\r"] as const;
    expect(await type(asks, ["(y/N) ", "\r"], leaves)).toEqual({ code: 0, said: "Nothing was exempted.\n", exempt: [] });
    expect((await type(asks, ["(y/N) ", "y\r"], ["Reason: ", "moving\r"], leaves)).exempt).toEqual(["/** moving"]);
    expect((await type(["aiwaf:/$ ", "exempt . start page\r"], leaves)).exempt).toEqual(["/ start page"]);
  });
});

describe("a tree of paths", () => {
  test("is walked by segments, numbers, dots and slashes, and never beyond its root", () => {
    const shop = walk(tree, "shop")!;
    expect(childrenOf(shop).map(({ segment }) => segment)).toEqual(["42", ":id"]);
    // A segment that looks like a number is itself first.
    expect(walk(shop, "42")!.path).toBe("/shop/42");
    expect(walk(shop, "2/reviews")!.path).toBe("/shop/:id/reviews");
    expect(walk(shop, "../../..")!.path).toBe("/");
    expect(walk(shop, "/shop/./:id")!.path).toBe("/shop/:id");
    expect([walk(shop, "9"), walk(shop, "x/y"), walk(shop, "__proto__")]).toEqual([undefined, undefined, undefined]);
  });

  test("gives the pattern of a page, or of a folder with all below it", () => {
    expect(["/shop/42", "/shop", "/"].map((path) => patternOf(walk(tree, path)!))).toEqual(["/shop/42", "/shop/**", "/**"]);
  });

  test("completes commands and segments", () => {
    expect(complete({ at: tree }, "e")).toEqual([["exempt", "exit"], "e"]);
    expect(complete({ at: tree }, "cd sh")).toEqual([["shop"], "sh"]);
    expect(complete({ at: tree }, "cd shop/:")).toEqual([["shop/:id"], "shop/:"]);
    expect(complete({ at: tree }, "cd nowhere/")).toEqual([[], "nowhere/"]);
  });
});

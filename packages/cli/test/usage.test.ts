import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readShare } from "../src/fail-over.ts";
import { aiwaf, CLI, parseLines, recordLine, testFolder } from "./command.ts";

const folder = testFolder();
afterAll(() => folder.remove());
const traffic = folder.write("traffic.jsonl", recordLine({ url: "/.env" }));

describe("wrong usage is answered by one line and exit code 2", () => {
  const cases: readonly (readonly [title: string, args: readonly string[], says: RegExp])[] = [
    ["no command", [], /a command is missing/],
    ["an unknown command", ["repaly", traffic], /unknown command 'repaly'; did you mean replay\?/],
    ["an unknown flag", ["replay", traffic, "--jsno"], /unknown option '--jsno'; did you mean --json\?/],
    ["no file", ["replay"], /missing required argument/],
    ["a file that is not there", ["replay", "nowhere.jsonl"], /nowhere\.jsonl: there is no such file/],
    ["a folder", ["replay", folder.path], /is a folder; name the files in it/],
    [
      "a file of another kind",
      ["replay", folder.write("traffic.xml", "<a/>")],
      /must be a traffic file \(\.jsonl, \.ndjson\) or an access log/,
    ],
    ["a share above 1", ["replay", traffic, "--fail-over-fpr", "5"], /for per cent write 5%/],
    ["a share that is no number", ["replay", traffic, "--fail-over-fpr", "few"], /must be a fraction from 0 to 1/],
    ["a missing configuration", ["replay", traffic, "--config", "nowhere.ts"], /--config nowhere\.ts: there is no such file/],
    ["a configuration of another kind", ["replay", traffic, "--config", folder.write("c.yaml", "a: 1")], /must end in \.json, \.js/],
    ["broken JSON", ["replay", traffic, "--config", folder.write("broken.json", "{")], /broken\.json: .*JSON/],
    ["a list for a configuration", ["replay", traffic, "--config", folder.write("list.json", "[]")], /an object of options, not a list/],
    [
      "a built firewall",
      ["replay", traffic, "--config", folder.write("built.mjs", "export default { inspect() {}, observe() {} };")],
      /exports a built firewall/,
    ],
    ["a module without options", ["replay", traffic, "--config", folder.write("none.mjs", "export const x = 1;")], /exports no options/],
    [
      "a module that throws",
      ["replay", traffic, "--config", folder.write("throws.mjs", "throw new Error('not\\ntoday')")],
      /throws\.mjs: not today/,
    ],
    [
      "a misspelt option",
      ["replay", traffic, "--config", folder.write("typo.json", '{"treshold":5}')],
      /typo\.json: .*"treshold" is not known\. Did you mean "threshold"/,
    ],
    [
      "an option out of range",
      ["score", "/", "--config", folder.write("range.json", '{"threshold":0}')],
      /range\.json: .*"threshold" must be/,
    ],
    [
      "a client source that replay leaves out",
      ["replay", traffic, "--config", folder.write("hops.json", '{"client":{"hops":-1}}')],
      /hops\.json: .*client\.hops/,
    ],
    ["two requests", ["score", "/a", "/b"], /more than one request/],
    ["no request", ["score"], /the request is empty/],
  ];
  test.each(cases)("%s", async (_, args, says) => {
    const { code, out, err } = await aiwaf(args);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toMatch(says);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(err).toMatch(/^aiwaf: /);
  });
});

test("what the system refuses is no fault of the command", async () => {
  const { code, err } = await aiwaf(["train", folder.write("few.log", "no line of a log\n"), "--model", join(traffic, "model.json")]);
  expect(code).toBe(2);
  expect(err).toMatch(/^aiwaf: ENOTDIR: not a directory/);
});

test.skipIf(!existsSync("/dev/full"))("an output that is full is told, and ends the run", () => {
  const full = openSync("/dev/full", "w");
  try {
    const { status, stderr } = spawnSync(process.execPath, [CLI, "replay", traffic, "--json"], { stdio: ["ignore", full, "pipe"] });
    expect(status).toBe(2);
    expect(String(stderr)).toMatch(/^aiwaf: the output could not be written: ENOSPC/);
  } finally {
    closeSync(full);
  }
});

test("a wrong file is found before any other is replayed", async () => {
  const { code, out } = await aiwaf(["replay", traffic, "nowhere.jsonl", "--json"]);
  expect({ code, out }).toEqual({ code: 2, out: "" });
});

describe("--help", () => {
  test.each([
    [["--help"]],
    [["replay", "--help"]],
    [["score", "--help"]],
    [["help", "replay"]],
    [["train", "--help"]],
    [["model", "--help"]],
  ])("%j fits 80 columns and documents the exit codes", async (args) => {
    const { code, out, err } = await aiwaf(args);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("EXIT CODES");
    expect(out.split("\n").filter((line) => [...line].length > 80)).toEqual([]);
    expect(out).not.toContain("\u001b");
  });

  test("--version prints the version alone", async () => {
    expect((await aiwaf(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("--config", () => {
  const options = `{ probes: false, threshold: 50 }`;
  test.each([
    ["a JSON file", "a.json", '{"probes":false}'],
    ["a module's default export", "a.mjs", `export default ${options};`],
    ["a named export", "b.mjs", `export const config = ${options};`],
    ["CommonJS", "a.cjs", `module.exports = ${options};`],
    [
      "TypeScript",
      "a.ts",
      `interface Options { readonly probes: false; readonly threshold: number }\nconst options: Options = ${options};\nexport default options;`,
    ],
  ])("takes %s", async (_, name, text) => {
    const { code, out } = await aiwaf(["replay", traffic, "--json", "--config", folder.write(name, text)]);
    expect(code).toBe(0);
    expect(parseLines(out)[0]).toMatchObject({ action: "allow" });
  });

  test("takes detectors and store as a complete firewall, and never touches that store", async () => {
    const text = `
      const refuse = () => { throw new Error("the store was touched"); };
      export default {
        store: { name: "live", increment: refuse, get: refuse, set: refuse, delete: refuse, list: refuse },
        detectors: [{ name: "mine", phase: "head", rules: ["mine/ban"], async inspect() { return { rule: "mine/ban", score: 1, block: { status: 403, banMs: 60000 } }; } }],
      };`;
    const { code, out } = await aiwaf(["replay", traffic, "--json", "--config", folder.write("complete.mjs", text)]);
    expect(code).toBe(0);
    expect(parseLines(out)[0]).toMatchObject({ action: "block", rule: "mine/ban", findings: [{ rule: "mine/ban" }] });
  });

  test("ends although the configuration keeps something open", async () => {
    const text = "setInterval(() => {}, 1000); export default {};";
    expect(await aiwaf(["replay", traffic, "--config", folder.write("open.mjs", text)])).toMatchObject({ code: 0 });
  });

  test("shows failures of detectors instead of hiding them", async () => {
    const text =
      'export default { detectors: [{ name: "mine", phase: "head", rules: [], inspect() { throw new Error("out of order"); } }] };';
    const { out } = await aiwaf(["replay", traffic, "--config", folder.write("fails.mjs", text)]);
    expect(out).toContain("1 × mine: out of order");
  });
});

describe("readShare", () => {
  test.each([
    ["0", 0],
    ["1", 1],
    ["0.0005", 0.0005],
    [".01", 0.01],
    ["0.05%", 0.0005],
    ["100%", 1],
    ["5e-4", 5e-4],
  ])("%s is %d", (text, share) => {
    expect(readShare(text)).toBeCloseTo(share, 12);
  });

  test.each(["", "-1", "101%", "1.5", "NaN", "0x1", "1 %%", "Infinity", `${"9".repeat(1000)}`])("%j is refused", (text) => {
    expect(() => readShare(text)).toThrow(/--fail-over-fpr/);
  });
});

test("help and versions load the parser alone: what a command runs is loaded when it runs", () => {
  const pending = [CLI];
  const seen = new Set<string>();
  const packages = new Set<string>();
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const [, name = ""] of readFileSync(path, "utf8").matchAll(/^(?:import|export)\s(?:[^"';]*\sfrom\s)?"([^"]+)";$/gm)) {
      if (name.startsWith(".")) pending.push(join(dirname(path), name));
      else if (!isBuiltin(name)) packages.add(name);
    }
  }
  expect([...packages].sort()).toEqual(["commander", "string-width"]);
});

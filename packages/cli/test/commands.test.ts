import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createWaf } from "@aiwaf/core";
import { addEntries } from "@aiwaf/core/lists";
import type { Option } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { leavesOf } from "../src/command-tree.ts";
import { createProgram } from "../src/program.ts";
import { aiwafHere, CLI, testFolder } from "./command.ts";
import { type Place, sqlitePlace } from "./places.ts";
import { type Ground, WORKING } from "./working-commands.ts";

const folder = testFolder();
const started = process.cwd();
let place: Place;
let ground: Ground;

beforeAll(async () => {
  place = sqlitePlace(folder.path);
  ground = {
    folder,
    store: place.flags,
    autoencoder: { model: join(folder.path, "odd/model.json"), lines: join(folder.path, "odd/lines.txt") },
  };
  await learn(ground.autoencoder);
  await place.with(async (store) => {
    await addEntries(store, "block", [{ name: "192.0.2.1" }], Date.now());
    await addEntries(store, "keyword", [{ name: "shell" }], Date.now());
    const { services } = createWaf({ detectors: [], store });
    const client = { address: "203.0.113.1", key: "203.0.113.1" };
    await services.ban({ client, policy: { mode: "enforce" }, receivedAt: Date.now() } as never, "probes/scan", 3_600_000);
  });
  // Commands that look around where they run must find nothing of this repository.
  process.chdir(folder.path);
});
afterAll(() => {
  process.chdir(started);
  folder.remove();
});

const silent = { hasColors: false, write: async () => {} };
const program = createProgram({ out: silent, err: silent, readInput: async () => undefined }, [], () => {});
const leaves = leavesOf(program);
const named = leaves.map((leaf) => [leaf.words.join(" "), leaf] as const);

/** Makes a small model of a made-up shop, in use whatever it is worth. */
async function learn({ model, lines }: Ground["autoencoder"]): Promise<void> {
  const made = join(folder.path, "odd/access.log");
  for (const args of [
    ["synthesize", "--out", made, "--n", "400"],
    ["normalize", made, "--out", lines],
    ["train", "--data", lines, "--out", model, "--min-lines", "10", "--epochs", "1", "--hidden", "4", "--max-flagged", "0.5"],
    ["versions", "promote", "--model", model],
  ])
    await aiwafHere(["autoencoder", ...args]);
}

/** Everything that a command could have changed: files by content, and the store's values. */
async function everything(): Promise<string> {
  const files = readdirSync(folder.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.db(?:-wal|-shm)?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => `${path} ${createHash("sha1").update(readFileSync(path)).digest("hex")}`);
  const values = await place.with((store) => store.entries!("", 1_000, Date.now()));
  return JSON.stringify([files, [...values].sort()]);
}

test("each command has a command line that works, which the tests of all commands go by", () => {
  expect(named.map(([words]) => words).sort()).toEqual(Object.keys(WORKING).sort());
});

describe("--help of each command", () => {
  test.each(named)("%s: says what it does and how it ends, in 80 columns", async (_, { words, command }) => {
    const { code, out, err } = await aiwafHere([...words, "--help"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(command.summary()).not.toBe("");
    expect(command.description()).toMatch(/\.$/);
    expect(out).toContain("EXIT CODES");
    expect(out.split("\n").filter((line) => [...line].length > 80)).toEqual([]);
  });
});

describe("JSON", () => {
  const isText = ({ long }: Option): boolean => long === "--json";
  test.each(named)("%s: has one flag for it, and the same fields as ever", async (words, { command }) => {
    expect(command.options.filter(isText)).toHaveLength(1);
    const working = WORKING[words]!;
    const args = [...working.args(ground), "--json"];
    const { code, out, err } = working.isServer === true ? await serverRun(args) : await aiwafHere(args);
    expect({ words, code, err }).toEqual({ words, code: working.code ?? 0, err: "" });
    expect(fieldsOf(firstValue(out))).toBe(working.json);
    // A terminal obeys these wherever they stand.
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});

describe("what people read", () => {
  test.each(named.filter(([words]) => words !== "completion"))(
    "%s: fits 80 columns, without colours where there is no terminal",
    async (words) => {
      const working = WORKING[words]!;
      const { code, out } = working.isServer === true ? await serverRun(working.args(ground)) : await aiwafHere(working.args(ground));
      expect(code).toBe(working.code ?? 0);
      expect(out).not.toContain("\u001b");
      // Where this test's files are, nobody can say shorter.
      expect(
        out.split("\n").filter((line) => [...line].length > 80 && !line.includes(folder.path) && !line.startsWith("  aiwaf score")),
      ).toEqual([]);
    },
  );
});

/** The first line as far as it is a value by itself, else all of it. */
function firstValue(out: string): unknown {
  const [line = ""] = out.split("\n");
  return JSON.parse(/^[[{]$/.test(line) ? out : line) as unknown;
}

function fieldsOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length === 0 ? "" : fieldsOf(value[0])}]`;
  return typeof value === "object" && value !== null ? Object.keys(value).sort().join(" ") : typeof value;
}

/** Runs a server until it has said where it listens. */
function serverRun(args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stderr.on("data", (text: Buffer) => {
      err += text;
    });
    child.stdout.on("data", (text: Buffer) => {
      out += text;
      if (out.includes("\n")) child.kill("SIGTERM");
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

describe("wrong usage is answered by one line and exit code 2, and changes nothing", () => {
  /** What no command can make anything of. */
  const NONSENSE = "no\u0001such thing \u001b[31m?";
  /** Flags that take any text, or make what they name. */
  const FREE = new Set(["--reason", "--rule", "--client", "--out", "--html", "--csv", "--undo-file", "--test", "--command"]);
  /** Commands for which a flag does so, and one that tells a wrong store or configuration as a problem, with its fix. */
  const FREE_OF: Readonly<Record<string, RegExp>> = {
    diagnose: /./,
    import: /--sqlite/,
    migrate: /--sqlite/,
    train: /--model|--exempt-word|--exempt-path/,
    model: /--model/,
    ranges: /--folder/,
    proxy: /--sqlite|--password-file|--records|--model|--autoencoder/,
    "autoencoder train": /--onnx/,
    "autoencoder train-tokenizer": /--tok-dir/,
    "autoencoder versions": /--model/,
    "autoencoder serve": /--model/,
  };

  const cases = named.flatMap(([words, { command }]) => {
    const right = (): readonly string[] => WORKING[words]!.args(ground);
    const required = command.registeredArguments.filter((argument) => argument.required).length;
    const isVariadic = command.registeredArguments.at(-1)?.variadic === true;
    const valued = command.options.filter(({ required: takesValue }) => takesValue);
    return [
      [words, "a flag that there is not", () => [...right(), "--no-such-flag"]],
      ...(required > 0 ? [[words, "without what it needs", () => words.split(" ")] as const] : []),
      ...(isVariadic ? [] : [[words, "more than it takes", () => [...right(), "one", "two", "three"]] as const]),
      ...valued.map(({ long }) => [words, `${long} without a value`, () => [...right(), long!]] as const),
      ...valued
        .filter(({ long }) => !FREE.has(long!) && FREE_OF[words]?.test(long!) !== true)
        .map(({ long }) => [words, `nonsense for ${long}`, () => [...withoutFlag(right(), long!), long!, NONSENSE]] as const),
    ] as readonly (readonly [string, string, () => readonly string[]])[];
  });

  test.each(cases)("%s: %s", async (words, title, args) => {
    const given = args();
    const before = await everything();
    // A server that took nonsense for something would run on in this process.
    const { code, out, err } = await (WORKING[words]?.isServer === true ? serverRun(given) : aiwafHere(given));
    expect({ words, title, code, out }).toEqual({ words, title, code: 2, out: "" });
    expect(err).toMatch(/^aiwaf: [^\n]{10,}\n$/);
    expect(err).not.toMatch(/an error of aiwaf itself|[\u0000-\u0009\u000b-\u001f]/);
    expect(await everything()).toBe(before);
  });
});

/** The words without that flag and its value, and where a store is named in another way, without that. */
function withoutFlag(args: readonly string[], flag: string): readonly string[] {
  const dropped = new Set([flag, ...(/^--(?:sqlite|redis|config)$/.test(flag) ? ["--sqlite", "--redis", "--config"] : [])]);
  return args.filter((word, index) => !dropped.has(word) && !dropped.has(args[index - 1] ?? ""));
}

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { leavesOf } from "../src/command-tree.ts";
import { bashScript } from "../src/completion/bash.ts";
import { fishScript } from "../src/completion/fish.ts";
import { flattened, specOf } from "../src/completion/spec.ts";
import { zshScript } from "../src/completion/zsh.ts";
import { createProgram } from "../src/program.ts";
import { testFolder } from "./command.ts";

const folder = testFolder();
afterAll(() => folder.remove());

const silent = { hasColors: false, write: async () => {} };
const program = createProgram({ out: silent, err: silent, readInput: async () => undefined }, [], () => {});
const spec = specOf(program);

const has = (shell: string): boolean => {
  try {
    execFileSync(shell, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

/** What is typed, and the first of what is offered; `|` is where the key is pressed, always at the end. */
const CASES: readonly (readonly [typed: string, offered: readonly string[]])[] = [
  ["aiwaf l", ["list", "logs"]],
  ["aiwaf list e", ["exempt", "exempt-path", "exempt-keyword"]],
  ["aiwaf list --or", ["--order"]],
  ["aiwaf list --order ", ["newest", "oldest"]],
  ["aiwaf geo s", ["summary"]],
  ["aiwaf geo summary --to", ["--top"]],
  ["aiwaf add --sqlite store.db k", ["keyword"]],
  ["aiwaf add --redis redis://host:1 k", ["keyword"]],
  ["aiwaf model ro", ["rollback"]],
  ["aiwaf help mi", ["migrate"]],
  ["aiwaf completion z", ["zsh"]],
  ["aiwaf status x", []],
];

describe("what is completed", () => {
  test("is every command and every flag that there is, in all three scripts", () => {
    const scripts = [bashScript(spec), zshScript(spec), fishScript(spec)];
    for (const { words, command } of leavesOf(program))
      for (const script of scripts) {
        expect(script).toContain(words.at(-1)!);
        for (const { long } of command.options) expect(script).toContain(long!.slice(2));
      }
  });

  test("are words that no shell reads as anything else", () => {
    for (const { words, flags, values } of flattened(spec))
      for (const word of [
        ...words,
        ...flags.flatMap(({ names }) => names),
        ...values.flatMap((kind) => (typeof kind === "string" ? [] : kind)),
      ])
        expect(word).toMatch(/^[\w-]+$/);
  });
});

const ENABLE = (shell: string): string => `apt-get install -y ${shell}`;

describe.skipIf(!has("bash"))(`in bash (${has("bash") ? "installed" : ENABLE("bash")})`, () => {
  let script = "";
  beforeAll(() => {
    script = folder.write("aiwaf.bash", bashScript(spec));
    folder.write("some folder/notes.jsonl", "");
    folder.write("traffic.jsonl", "");
  });

  /** As bash itself calls it: the words cut at blanks and at the marks that readline cuts at. */
  const complete = (typed: string): readonly string[] => {
    const words = typed.split(" ").flatMap((word) => (word === "" ? [""] : word.split(/([:=]+)/).filter((part) => part !== "")));
    const lines = [
      `source ${script}`,
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})`,
      `COMP_CWORD=${words.length - 1}`,
      "$(complete -p aiwaf | sed 's/.*-F \\([^ ]*\\) .*/\\1/')",
      'printf "%s\\n" "${COMPREPLY[@]}"',
    ];
    const out = execFileSync("bash", ["--norc", "-c", lines.join("\n")], {
      cwd: folder.path,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    return out.split("\n").filter((line) => line !== "");
  };

  test.each(CASES)("%s", (typed, offered) => {
    expect(complete(typed)).toEqual(offered);
  });

  test("files are offered where a file is meant, with blanks in their names, and folders alone where a folder is", () => {
    expect(complete("aiwaf replay tr")).toEqual(["traffic.jsonl"]);
    expect(complete("aiwaf replay --config tr")).toEqual(["traffic.jsonl"]);
    expect(complete("aiwaf replay --config=tr")).toEqual(["traffic.jsonl"]);
    expect(complete("aiwaf stats one.jsonl so")).toEqual(["some folder"]);
    expect(complete("aiwaf doctor --folder ")).toEqual(["some folder"]);
    expect(complete("aiwaf list --limit tr")).toEqual([]);
  });
});

describe.skipIf(!has("fish"))(`in fish (${has("fish") ? "installed" : ENABLE("fish")})`, () => {
  test("each of them", () => {
    const script = folder.write("aiwaf.fish", fishScript(spec));
    const asked = CASES.map(([typed]) => `complete -C '${typed}'; echo ====`).join("\n");
    const out = execFileSync("fish", ["--no-config", "-c", `source ${script}\n${asked}`], { cwd: folder.path, encoding: "utf8" });
    const answers = out.split("====\n").map((text) =>
      text
        .split("\n")
        .map((line) => line.split("\t")[0]!)
        .filter((line) => line !== "")
        .sort(),
    );
    for (const [index, [typed, offered]] of CASES.entries()) expect([typed, answers[index]]).toEqual([typed, [...offered].sort()]);
  });
});

describe.skipIf(!has("zsh"))(`in zsh (${has("zsh") ? "installed" : ENABLE("zsh")})`, () => {
  test("the script is one, and defines what compinit calls", () => {
    const script = folder.write("_aiwaf", zshScript(spec));
    const lines = [
      "autoload -U compinit",
      `compinit -u -d ${join(folder.path, "zcompdump")}`,
      `source ${script}`,
      'print -r -- "$_comps[aiwaf]"',
      "whence -w _aiwaf_list _aiwaf_geo_summary",
    ];
    const out = execFileSync("zsh", ["-f", "-c", lines.join("\n")], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    expect(out).toBe("_aiwaf\n_aiwaf_list: function\n_aiwaf_geo_summary: function\n");
  });
});

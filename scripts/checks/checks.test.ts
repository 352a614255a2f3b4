import { describe, expect, test } from "vitest";
import type { Table } from "../reference/options.ts";
import { generateReference } from "../reference/pages.ts";
import { isSupported } from "../supported-node.mjs";
import { checkAdapterSize, codeLines } from "./adapter-size.ts";
import { checkDocs } from "./docs.ts";
import { checkEngines } from "./engines.ts";
import { checkFileRules } from "./file-rules.ts";
import type { CheckResult, FileMap } from "./files.ts";
import { checkImportGraph } from "./import-graph.ts";
import { checkNoPromise } from "./no-promise.ts";

/** Each checker is shown a good repository, and then the same one with one thing wrong. */
const map = (files: Record<string, string>): FileMap => new Map(Object.entries(files));
const problemsOf = (check: (files: FileMap) => CheckResult, files: Record<string, string>): readonly string[] => check(map(files)).problems;

describe("adapter-size", () => {
  test("lines of code are counted, blank lines and comments are not", () => {
    expect(codeLines("a.ts", "")).toBe(0);
    expect(codeLines("a.ts", "/** doc\n * doc\n */\n\n// why\nconst a = 1; // why\n\n/* x */\nconst b = `\n\n`;\n")).toBe(4);
    expect(codeLines("a.ts", "/** doc */\nexport interface A {\n  /** doc */\n  readonly b: 1;\n}\n")).toBe(3);
  });

  test("an adapter of more than 80 lines fails, and blank lines and comments do not make it fail", () => {
    const lines = (count: number) => Array.from({ length: count }, (_, index) => `// why\n\nexport const a${index} = ${index};`).join("\n");
    expect(problemsOf(checkAdapterSize, { "packages/next/src/index.ts": lines(80) })).toEqual([]);
    expect(problemsOf(checkAdapterSize, { "packages/next/src/index.ts": lines(81) })).toHaveLength(1);
    expect(problemsOf(checkAdapterSize, { "packages/next/src/index.ts": lines(50), "packages/next/src/more.ts": lines(31) })).toHaveLength(
      1,
    );
    expect(problemsOf(checkAdapterSize, { "packages/core/src/index.ts": lines(81) })).toEqual([]);
  });
});

describe("engines", () => {
  const range = '"engines": { "node": "^22.20.0 || ^24.11.0 || >=26" }';
  const good = {
    "package.json": `{ ${range} }`,
    "packages/one/package.json": `{ ${range} }`,
    "packages/hidden/package.json": '{ "private": true }',
    "packages/one/src/package.json": "{}",
    "examples/next/package.json": "{}",
    "CONTRIBUTING.md": "Use yours (22.20, 24.11, 26 or newer).",
    ".github/workflows/ci.yml":
      'matrix: { node: ["22.20", "24.11", 26] }\nwith: { node-version: 24 }\nwith: { node-version: "${{ matrix.node }}" }',
  };
  const broken = (changes: Record<string, string>) => problemsOf(checkEngines, { ...good, ...changes });

  test("a repository that says one thing passes", () => expect(broken({})).toEqual([]));

  test.each([
    ["the root demands nothing", "package.json", "{}"],
    ["a published package demands nothing", "packages/one/package.json", "{}"],
    ["a package demands something else", "packages/one/package.json", '{ "engines": { "node": ">=20" } }'],
    ["an example demands something else", "examples/next/package.json", '{ "engines": { "node": "^22.18.0" } }'],
    ["a document names others", "CONTRIBUTING.md", "Use yours (22.18, 24.11, 26 or newer)."],
    ["a workflow tests on one that is too old", ".github/workflows/ci.yml", 'matrix: { node: ["22.19", 24] }'],
    ["a workflow runs one that is too old", ".github/workflows/ci.yml", "with: { node-version: 20 }"],
  ])("fails when %s", (_what, path, text) => expect(broken({ [path]: text })).toHaveLength(1));

  test.each([
    ["22.19.9", false],
    ["22.20.0", true],
    ["23.9.0", false],
    ["24.10.0", false],
    ["v24.11.1", true],
    ["25.0.0", false],
    ["26.0.0", true],
    ["30.1.0", true],
  ])("Node %s is supported: %s", (version, expected) => expect(isSupported(version, "^22.20.0 || ^24.11.0 || >=26")).toBe(expected));

  test("a range of any other kind is refused instead of misread", () => {
    expect(() => isSupported("24.0.0", ">=22.20.1")).toThrow(/neither/);
    expect(() => isSupported("24.0.0", "22.x")).toThrow(/neither/);
  });
});

describe("import-graph", () => {
  const good = {
    "packages/core/package.json":
      '{ "name": "@aiwaf/core", "exports": { ".": { "default": "./dist/index.js" }, "./detectors": { "default": "./dist/detectors.js" } } }',
    "packages/core/src/types.ts": "export type A = 1;",
    "packages/core/src/errors.ts": "export const e = 1;",
    "packages/core/src/engine.ts": 'import type { A } from "./types.ts";\nexport type B = A;',
    "packages/core/src/waf.ts": 'import { type B } from "./engine.ts";\nexport type C = B;',
    "packages/core/src/content/text.ts": 'import type { A } from "../types.ts";\nexport type T = A;',
    "packages/core/src/detectors/one.ts":
      'import { e } from "../errors.ts";\nimport type { T } from "../content/text.ts";\nexport const one: T = e;',
    "packages/core/src/detectors/two.ts": 'import type { A } from "../types.ts";\nexport const two: A = 1;',
    "packages/core/src/detectors.ts": 'export { one } from "./detectors/one.ts";\nexport { two } from "./detectors/two.ts";',
    "packages/core/src/index.ts": 'export type { C } from "./waf.ts";',
    "packages/core/src/node.ts": 'import "node:http";',
    "packages/core/test/one.test.ts": 'import "node:fs";\nimport { one } from "../src/detectors/one.ts";',
    "packages/express/package.json":
      '{ "name": "@aiwaf/express", "dependencies": { "@aiwaf/core": "1" }, "peerDependencies": { "express": "5" } }',
    "packages/express/src/index.ts":
      'import type { A } from "@aiwaf/core";\nimport "@aiwaf/core/node";\nimport type { Request } from "express";',
    "sandbox/src/run.ts": 'import "node:net";\nimport "@aiwaf/core";',
  };
  const broken = (changes: Record<string, string>) => problemsOf(checkImportGraph, { ...good, ...changes });

  test("a repository in layers passes", () => expect(broken({})).toEqual([]));

  test.each([
    ["types import anything", "packages/core/src/types.ts", 'import "./errors.ts";', "may not import errors"],
    ["a leaf imports the engine", "packages/core/src/errors.ts", 'import type { B } from "./engine.ts";', "may not import engine"],
    [
      "a detector imports another, for its type only",
      "packages/core/src/detectors/two.ts",
      'import type { one } from "./one.ts";',
      "may not import detectors/one",
    ],
    [
      "a detector imports another dynamically",
      "packages/core/src/detectors/two.ts",
      'export const load = () => import("./one.ts");',
      "may not import detectors/one",
    ],
    [
      "a detector names another in an import type",
      "packages/core/src/detectors/two.ts",
      'export type X = import("./one.ts").X;',
      "may not import detectors/one",
    ],
    ["a detector imports the firewall", "packages/core/src/detectors/two.ts", 'export { type C } from "../waf.ts";', "may not import waf"],
    ["the engine imports a detector", "packages/core/src/engine.ts", 'import "./detectors/one.ts";', "may not import detectors/one"],
    ["the index imports the Node entry", "packages/core/src/index.ts", 'import "./node.ts";', "may not import node"],
    ["a file is in no layer", "packages/core/src/extra.ts", 'import "./types.ts";', "no rule says"],
    ["the core has a dependency", "packages/core/src/errors.ts", 'import "lodash";', "the core has no dependency"],
    ["node: stands outside node.ts", "packages/core/src/engine.ts", 'import type { X } from "node:net";', "may only be named"],
    ["an adapter imports node:", "packages/express/src/index.ts", 'import type { X } from "node:http";', "may only be named"],
    ["an adapter imports something else", "packages/express/src/index.ts", 'import "qs";', "an adapter imports its framework"],
    [
      "an adapter imports another entry of the core",
      "packages/express/src/index.ts",
      'import "@aiwaf/core/detectors";',
      "an adapter imports its framework",
    ],
    [
      "a package reaches into another's source",
      "packages/express/src/index.ts",
      'import "../../core/src/types.ts";',
      "reaches into packages/core",
    ],
    [
      "a program reaches into a package's source",
      "sandbox/src/run.ts",
      'import "../../packages/core/src/types.ts";',
      "reaches into packages/core",
    ],
    ["a test reaches into a package's build", "sandbox/src/run.ts", 'import "@aiwaf/core/dist/index.js";', "reaches inside a package"],
    ["a file is imported that is not there", "packages/core/src/index.ts", 'import "./waf.js";', "is no file here"],
    ["a file only re-exports", "packages/core/src/detectors/all.ts", 'export * from "../types.ts";', "only re-exports"],
    ["two files import each other", "packages/core/src/content/text.ts", 'import "./more.ts";', "closes a circle"],
    ["a file imports itself", "packages/core/src/content/text.ts", 'import "./text.ts";', "closes a circle"],
  ])("it fails when %s", (_, path, text, problem) => {
    const problems = broken({ "packages/core/src/content/more.ts": 'import "./text.ts";\nexport const more = 1;', [path]: text });
    expect(problems).toEqual([expect.stringContaining(problem), ...problems.slice(1)]);
    expect(problems[0]).toMatch(/^\S+:\d+: /);
  });

  test("a package that is not among the dependencies is refused", () => {
    const files = {
      "packages/cli/package.json": '{ "name": "aiwaf", "dependencies": { "@aiwaf/core": "1" } }',
      "packages/cli/src/index.ts": 'import "@aiwaf/core/node";\nimport "commander";',
    };
    expect(broken(files)).toEqual([expect.stringContaining("commander is not among the dependencies")]);
  });
});

describe("no-promise", () => {
  const check = (path: string, text: string, points: Record<string, string> = {}) =>
    checkNoPromise(map({ [`packages/core/src/${path}`]: text }), points).problems;

  test("types of promises and passing one on are fine", () => {
    expect(
      check("engine.ts", "export function f(a: Promise<void>): PromiseLike<void> { return a.then(g); }\ninterface I { p: Promise<I> }"),
    ).toEqual([]);
  });

  test.each([
    ["an async function", "async function f() {}", "async"],
    ["an async arrow", "const f = async () => 1;", "async"],
    ["an async method", "const o = { async f() {} };", "async"],
    ["await", "await f();", "await"],
    ["for await", "for await (const a of b) c(a);", "await"],
    ["a new promise", "const f = () => new Promise<void>(() => {});", "Promise"],
    ["a resolved promise", "const f = () => Promise.resolve(1);", "Promise"],
    ["a promise by way of the global object", "const f = () => globalThis.Promise.all([]);", "Promise"],
    ["a promise under another name", "const P = Promise;", "Promise"],
  ])("%s on the way of a request fails", (_, text, what) => {
    for (const path of ["engine.ts", "request.ts", "client.ts", "detectors/one.ts", "content/text.ts", "stores/memory.ts"]) {
      expect(check(path, `${text}\n`)).toContainEqual(expect.stringMatching(`packages/core/src/${path}:1: ${what} `));
    }
    expect(check("web.ts", text)).toEqual([]);
  });

  test("a wait point is allowed by its function's name, and reported once it is gone", () => {
    const text = "export const wait = () => new Promise<void>(() => {});";
    expect(check("engine.ts", text, { "engine.ts wait": "why" })).toEqual([]);
    expect(check("engine.ts", text, { "engine.ts other": "why" })).toHaveLength(2);
    expect(check("engine.ts", "", { "engine.ts wait": "why" })).toEqual([expect.stringContaining('"engine.ts wait" is gone')]);
  });
});

describe("docs", () => {
  const good: Record<string, string> = {
    "packages/core/package.json": '{ "name": "@aiwaf/core", "exports": { ".": { "default": "./dist/index.js" } } }',
    "packages/core/src/index.ts": 'export { probe, type ProbeOptions } from "./detectors/probe.ts";\nexport type * from "./types.ts";',
    "packages/core/src/types.ts":
      "/** What holds for one path. */\nexport interface PathPolicy {\n  /** Enough. */\n  readonly threshold: number;\n}",
    "packages/core/src/errors.ts": 'export const ERROR_CODES = {\n  /** It is wrong. */\n  AIWAF_WRONG: "AIWAF_WRONG",\n} as const;',
    "packages/core/src/detectors/probe.ts": [
      "/** Options of `probe`. */",
      "export interface ProbeOptions {",
      "  /** How many, 1 to 1,000. Default 3. */",
      "  readonly max?: number;",
      "  readonly threshold?: number;",
      "}",
      "export const PROBE_OPTIONS = {};",
      "export const RULES = {",
      "  /** A scan. */",
      '  "probe/scan": 100,',
      "} as const;",
      "/** Finds probes. */",
      "export function probe(options?: ProbeOptions) {",
      '  readOptions("probe", PROBE_OPTIONS, options);',
      '  if (options === null) throw new WafError("AIWAF_WRONG", "");',
      '  services.warnOnce("AIWAF_ODD", "It is odd.");',
      '  return { rule: "probe/scan", score: RULES["probe/scan"] };',
      "}",
    ].join("\n"),
    "docs/guide.md": "See `probe/scan`, `AIWAF_WRONG`, `text/html` and `AIWAF_ODD`.",
  };
  const table: Table = {
    max: { default: 3, allowed: "a whole number from 1 to 1000" },
    threshold: { default: undefined, allowed: "a whole number from 1 to 1000" },
  };
  const check = (changes: Record<string, string>, own: Table = table, changedPages: Record<string, string> = {}) => {
    const tables = new Map([["PROBE_OPTIONS", { path: "packages/core/src/detectors/probe.ts", table: own }]]);
    const source = map({ ...good, ...changes });
    const reference = generateReference(source, tables);
    return checkDocs(map({ ...Object.fromEntries(reference.pages), ...Object.fromEntries(source), ...changedPages }), reference).problems;
  };
  const probe = "packages/core/src/detectors/probe.ts";
  const edited = (path: string, from: string, to: string) => {
    expect(good[path]).toContain(from);
    return { [path]: good[path]!.replace(from, to) };
  };

  test("documented code with its generated pages passes", () => expect(check({})).toEqual([]));

  test.each([
    ["an export loses its docstring", edited(probe, "/** Finds probes. */\n", ""), "probe is exported without a docstring"],
    [
      "an exported type loses its docstring",
      edited("packages/core/src/types.ts", "/** What holds for one path. */\n", ""),
      "PathPolicy is exported without a docstring",
    ],
    [
      "an option loses its docstring",
      edited(probe, "  /** How many, 1 to 1,000. Default 3. */\n", ""),
      "option ProbeOptions.max has no docstring",
    ],
    ["an option's docstring has another default", edited(probe, "Default 3", "Default 5"), "says that the default is 5"],
    ["an option's docstring has other bounds", edited(probe, "1 to 1,000", "1 to 100"), "allows 1 to 100"],
    [
      "an option is documented that the table does not take",
      edited(probe, "  readonly threshold", "  /** More. */\n  readonly more?: number;\n  readonly threshold"),
      "more is documented, but",
    ],
    ["a rule loses its docstring", edited(probe, "  /** A scan. */\n", ""), "probe/scan has no docstring"],
    [
      "a rule is documented that nothing emits",
      edited(probe, '  "probe/scan": 100,', '  "probe/scan": 100,\n  /** Gone. */\n  "probe/gone": 1,'),
      "nothing emits it",
    ],
    ["a rule is emitted that is not documented", edited(probe, 'rule: "probe/scan"', 'rule: "probe/new"'), "probe/new stands in no table"],
    ["an error is documented that nothing throws", edited(probe, '"AIWAF_WRONG"', '"AIWAF_OTHER"'), "nothing throws it"],
    ["an error has no docstring", edited("packages/core/src/errors.ts", "  /** It is wrong. */\n", ""), "AIWAF_WRONG has no docstring"],
    ["a warning's text is not to be found", edited(probe, '"It is odd."', "text"), "AIWAF_ODD"],
    ["a table is not exported", edited(probe, '"probe", PROBE_OPTIONS', '"probe", HIDDEN_OPTIONS'), "HIDDEN_OPTIONS is not exported"],
    ["a guide names a rule that is gone", { "docs/guide.md": "See `probe/old`." }, "`probe/old` does not exist"],
    ["a guide names an error that is gone", { "docs/guide.md": "See `AIWAF_OLD`." }, "`AIWAF_OLD` does not exist"],
    ["a page of the reference is written by hand", { "docs/reference/more.md": "# More" }, "nothing generates this page"],
  ])("it fails when %s", (_, changes, problem) =>
    expect(check(changes as Record<string, string>)).toContainEqual(expect.stringContaining(problem)),
  );

  test("it fails when the table takes an option that the type does not have", () => {
    expect(check({}, { ...table, extra: { default: 1, allowed: "a number" } })).toContainEqual(expect.stringContaining('takes "extra"'));
  });

  test("it fails when a page differs from the code or is missing", () => {
    expect(check({}, table, { "docs/reference/rules.md": "# Rules" })).toEqual([expect.stringContaining("differs from the code")]);
    const source = map(good);
    const reference = generateReference(source, new Map());
    expect(checkDocs(source, reference).problems).toContainEqual(expect.stringContaining("docs/reference/options.md: is missing"));
  });
});

describe("files", () => {
  const check = (path: string, text: string) => problemsOf(checkFileRules, { [path]: text });

  test("a file of 400 lines passes, one of 401 fails", () => {
    expect(check("packages/core/src/a.ts", "x();\n".repeat(400))).toEqual([]);
    expect(check("packages/core/src/a.ts", "x();\n".repeat(401))).toEqual([expect.stringContaining("401 lines")]);
  });

  test.each([
    ["packages/core/src/a.ts", "// TODO later"],
    ["packages/core/src/a.ts", "// FIXME"],
    ["docs/guide.md", "TODO: write"],
    ["packages/core/src/a.ts", "const a = b as any;"],
    ["packages/core/src/a.ts", "// @ts-ignore"],
    ["packages/core/src/a.ts", "// @ts-nocheck"],
    ["README.md", "cd /work/main"],
    ["packages/core/src/a.ts", 'const a = "/tmp/x";'],
    ["docs/guide.md", "in `/home/me/app`"],
    ["sandbox/src/a.ts", 'const a = "/work/shared";'],
    [".npmrc", "//registry.example.com/:_authToken=1"],
    ["pnpm-lock.yaml", "resolution: {tarball: http://host/a.tgz}"],
  ])("%s with %j fails", (path, text) => expect(check(path, `fine\n${text}\n`)).toEqual([expect.stringContaining(`${path}:2: `)]));

  test.each([
    ["packages/core/src/a.ts", "const many = list as string[]; // as many as"],
    ["packages/core/src/a.ts", "// @ts-expect-error the type says otherwise"],
    ["packages/core/src/content/a.ts", 'const a = /cat \\/tmp\\/x|"/tmp/x"/;'],
    ["sandbox/traffic/attacks.jsonl", '{"url":"/tmp/x"}'],
    ["docs/guide.md", "the network of /worker/"],
    [".github/workflows/release.yml", "registry-url: https://registry.npmjs.org"],
  ])("%s with %j passes", (path, text) => expect(check(path, `${text}\n`)).toEqual([]));
});

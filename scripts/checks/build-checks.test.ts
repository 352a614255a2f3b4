import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { checkBoot } from "./boot.ts";
import { checkPackages } from "./packages.ts";
import { checkSize } from "./size.ts";

const folders: string[] = [];
function folder(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "aiwaf-checks-"));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}
afterAll(() => {
  for (const root of folders) rmSync(root, { recursive: true });
});

describe("boot", () => {
  const good = "export const createWaf = () => ({}); export const recommended = () => ({ at: new Date(0) });";
  const boot = (text: string, more: Record<string, string> = {}) => {
    const root = folder({ "package.json": '{ "type": "module" }', "dist/index.js": text, ...more });
    return checkBoot({ dist: join(root, "dist"), modules: ["index.js"], neutral: ["index.js"] });
  };

  test("a module that only defines things passes", async () => expect((await boot(good)).problems).toEqual([]));

  test.each([
    ["a timer at import", `setTimeout(() => {}, 1); ${good}`, "setTimeout"],
    ["an interval at import", `setInterval(() => {}, 1); ${good}`, "setInterval"],
    ["a microtask at import", `queueMicrotask(() => {}); ${good}`, "queueMicrotask"],
    ["the clock at import", `const now = Date.now(); ${good}`, "Date.now"],
    ["the clock by a date", `const now = new Date(); ${good}`, "new Date"],
    ["the fine clock", `const now = performance.now(); ${good}`, "performance.now"],
    ["randomness", `const r = Math.random(); ${good}`, "Math.random"],
    ["strong randomness", `crypto.getRandomValues(new Uint8Array(1)); ${good}`, "crypto.getRandomValues"],
    ["an id", `crypto.randomUUID(); ${good}`, "crypto.randomUUID"],
    ["a request", `try { fetch("http://127.0.0.1:9/").catch(() => {}); } catch {} ${good}`, "fetch"],
    ["a later tick", `process.nextTick(() => {}); ${good}`, "process.nextTick"],
    ["a hidden module of Node", `process.getBuiltinModule("fs"); ${good}`, "process.getBuiltinModule"],
    ["a signal handler", `process.on("SIGTERM", () => {}); ${good}`, "process.on"],
    ["a timer in createWaf", good.replace("=> ({});", "=> { setTimeout(() => {}, 1); };"), "setTimeout"],
    ["a swallowed clock in recommended", good.replace("({ at: new Date(0) })", "{ try { Date.now(); } catch {} }"), "Date.now"],
    ["a file", `import "node:fs"; ${good}`, "node:fs"],
    ["a module that is not in the build", `import "left-pad"; ${good}`, "left-pad"],
  ])("%s fails", async (_, text, what) => {
    const { problems } = await boot(text);
    expect(problems.join("\n")).toContain(what);
  });

  test("a chunk behind the entry is watched too", async () => {
    const { problems } = await boot(`import "./chunk.js"; ${good}`, { "dist/chunk.js": "Math.random();" });
    expect(problems).toEqual([expect.stringContaining("Math.random")]);
  });

  test("only the entries for Node alone may load Node's modules", async () => {
    const load = async (module: string) => {
      const root = folder({ "package.json": '{ "type": "module" }', [`dist/${module}`]: 'import "node:http";' });
      return (await checkBoot({ dist: join(root, "dist"), modules: [module], neutral: [] })).problems;
    };
    expect(await load("node.js")).toEqual([]);
    expect(await load("stores/sqlite.js")).toEqual([]);
    expect(await load("web.js")).toEqual([expect.stringContaining("import of node:http by web.js")]);
  });

  test("a missing build is a failure, not a pass", async () => {
    expect((await checkBoot({ dist: folder({}), modules: ["index.js"], neutral: [] })).problems).toHaveLength(1);
  });
});

describe("size", () => {
  const noise = Array.from({ length: 3_000 }, (_, index) => Math.imul(index + 1, 0x9e3779b1) >>> 0);
  const root = folder({
    "big.js": `export default ${JSON.stringify(noise)};`,
    "small.js": 'import "@aiwaf/core/node"; import "express"; export const a = 1;',
  });

  test("an entry above its budget fails, one below it passes", async () => {
    const subject = (limitBytes: number) => [{ name: "big", entry: join(root, "big.js"), external: [], limitBytes }];
    expect((await checkSize(subject(12_000), [])).problems).toEqual([expect.stringMatching(/^big: \d{5} bytes, at most 12000$/)]);
    expect((await checkSize(subject(60_000), [])).problems).toEqual([]);
  });

  test("what stays outside does not count", async () => {
    const subjects = [{ name: "small", entry: join(root, "small.js"), external: ["@aiwaf/core", "express"], limitBytes: 200 }];
    expect((await checkSize(subjects, [])).problems).toEqual([]);
  });

  test("a runtime dependency of the core fails, and so does a missing build", async () => {
    expect((await checkSize([], ["lodash"])).problems).toEqual([expect.stringContaining("lodash")]);
    expect((await checkSize([{ name: "gone", entry: join(root, "gone.js"), external: [], limitBytes: 1 }], [])).problems).toHaveLength(1);
  });
});

describe("packages", () => {
  const attw = join(import.meta.dirname, "../../node_modules/@arethetypeswrong/cli/dist/index.js");
  const manifest = {
    name: "probe",
    version: "1.0.0",
    type: "module",
    license: "MIT",
    files: ["dist"],
    exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
  };
  const good = {
    "package.json": JSON.stringify(manifest),
    "dist/index.js": "export const a = 1;\n",
    "dist/index.d.ts": "export declare const a: 1;\n",
  };
  const check = async (files: Record<string, string>) =>
    (await checkPackages([{ folder: folder(files), name: "probe", isEsmOnly: true }], attw)).problems.join("\n");

  test("a sound package passes", async () => expect(await check(good)).toBe(""));

  test("a file that is not there, types that are not there and a missing build fail", async () => {
    expect(await check({ ...good, "package.json": JSON.stringify({ ...manifest, files: ["dist", "README.md"] }) })).toContain("README.md");
    expect(await check({ ...good, "package.json": JSON.stringify({ ...manifest, exports: { ".": "./dist/gone.js" } }) })).toContain(
      "publint",
    );
    expect(await check({ ...good, "dist/index.d.ts": 'import "./gone.js";\n' })).toContain("attw");
    expect(await check({ "package.json": good["package.json"] })).toContain("not built");
  });
});

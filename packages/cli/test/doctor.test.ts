import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Published, planUpgrades, type Release } from "../src/doctor/plan.ts";
import type { Demands, Dependency } from "../src/doctor/project.ts";
import { aiwafHere, testFolder } from "./command.ts";

const folder = testFolder();
afterAll(() => folder.remove());

const dependency = (name: string, installed: string | undefined, range = `^${installed}`): Dependency => ({
  name,
  range,
  isDevelopment: false,
  installed,
});
const release = (name: string, version: string, more: Partial<Release> = {}): Release => ({
  name,
  version,
  peers: {},
  optionalPeers: new Set(),
  node: undefined,
  isDeprecated: false,
  ...more,
});
const demand = (name: string, peers: Record<string, string>): Demands => ({ name, peers, optionalPeers: new Set(), node: undefined });
const of = (...releases: readonly Release[]): Published => ({ releases, latest: releases.at(-1)!.version });
const plan = (dependencies: readonly Dependency[], published: Record<string, Published>, demands: readonly Demands[] = []) =>
  planUpgrades(dependencies, demands, new Map(Object.entries(published)), "24.21.0");

describe("a plan of upgrades", () => {
  test("S3-060, S3-062: tells installed from latest, and what is not installed or not published", () => {
    const advice = plan(
      [
        dependency("a", "1.0.0"),
        dependency("b", "2.0.0"),
        dependency("c", "3.0.0"),
        dependency("d", undefined, "^1.0.0"),
        dependency("e", "1.0.0"),
      ],
      {
        a: of(release("a", "1.1.0")),
        b: of(release("b", "2.0.0")),
        c: of(release("c", "2.9.0")),
        d: of(release("d", "1.0.0")),
        e: { error: "404 Not Found" },
      },
    );
    expect(advice.map(({ status, target }) => [status, target])).toEqual([
      ["outdated", "1.1.0"],
      ["up_to_date", null],
      ["ahead", null],
      ["not_installed", null],
      ["error", null],
    ]);
    expect(advice[4]!.error).toBe("404 Not Found");
  });

  test("S3-068: never touches the firewall itself", () => {
    const advice = plan([dependency("@aiwaf/core", "1.0.0"), dependency("aiwaf", "1.0.0")], {
      "@aiwaf/core": of(release("@aiwaf/core", "2.0.0")),
      aiwaf: of(release("aiwaf", "2.0.0")),
    });
    expect(advice.map(({ target, refused }) => [target, refused])).toEqual([
      [null, "AIWAF is never upgraded by this command"],
      [null, "AIWAF is never upgraded by this command"],
    ]);
  });

  test("S3-069, S3-061, S3-071, S3-074: takes the highest version that the other packages work with, and says why not a higher one", () => {
    const [framework] = plan(
      [dependency("framework", "4.0.0"), dependency("adapter", "1.0.0")],
      {
        framework: of(release("framework", "4.9.0"), release("framework", "5.0.0"), release("framework", "6.0.0")),
        adapter: of(release("adapter", "1.0.0")),
      },
      [demand("adapter", { framework: "^4.0.0 || ^5.0.0" })],
    );
    expect(framework).toMatchObject({ target: "5.0.0", refused: "6.0.0: adapter works with ^4.0.0 || ^5.0.0 only" });
  });

  test("S3-070: demands nothing of a package that is not there, or there in another version", () => {
    const published = (peers: Record<string, string>, optional: readonly string[] = []): Record<string, Published> => ({
      plugin: of(release("plugin", "2.0.0", { peers, optionalPeers: new Set(optional) })),
      host: of(release("host", "1.0.0")),
    });
    const both = [dependency("plugin", "1.0.0"), dependency("host", "1.0.0")];
    expect(plan(both, published({ host: "^2.0.0" }))[0]).toMatchObject({
      target: null,
      refused: "2.0.0: needs host ^2.0.0, here it is 1.0.0",
    });
    expect(plan(both, published({ ghost: "^1.0.0" }))[0]!.refused).toBe("2.0.0: needs ghost ^1.0.0, which is not installed");
    expect(plan(both, published({ ghost: "^1.0.0" }, ["ghost"]))[0]!.target).toBe("2.0.0");
    expect(plan(both, published({ host: "latest" }))[0]!.target).toBe("2.0.0");
  });

  test("takes what was planned before into account", () => {
    const advice = plan([dependency("host", "1.0.0"), dependency("plugin", "1.0.0")], {
      host: of(release("host", "2.0.0")),
      plugin: of(release("plugin", "2.0.0", { peers: { host: "^2.0.0" } })),
    });
    expect(advice.map(({ target }) => target)).toEqual(["2.0.0", "2.0.0"]);
  });

  test("S3-078: passes over pre-releases, deprecated versions and those that need another Node", () => {
    const [one] = plan([dependency("a", "1.0.0")], {
      a: of(release("a", "1.5.0"), release("a", "3.0.0-beta.1"), release("a", "1.6.0", { isDeprecated: true })),
    });
    expect(one!.target).toBe("1.5.0");
    const [held] = plan([dependency("a", "1.0.0")], { a: of(release("a", "1.5.0"), release("a", "2.0.0", { node: ">=99" })) });
    expect(held).toMatchObject({ target: "1.5.0", refused: "2.0.0: needs Node >=99, this is 24.21.0" });
    const [none] = plan([dependency("a", "1.0.0")], { a: of(release("a", "1.6.0", { isDeprecated: true })) });
    expect(none).toMatchObject({ target: null, refused: "every newer version is deprecated or a pre-release" });
  });

  test("survives ranges and versions that are none", () => {
    expect(plan([dependency("a", "not a version", "git+ssh://x")], { a: of(release("a", "1.0.0")) })[0]).toMatchObject({
      status: "outdated",
      target: null,
    });
  });
});

/** A registry of three packages, for the real npm: what it answers is all that is made up. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly peerDependencies?: Record<string, string>;
  readonly scripts?: Record<string, string>;
}
const MANIFESTS: readonly Manifest[] = [
  { name: "host", version: "1.0.0" },
  { name: "host", version: "1.4.0" },
  { name: "host", version: "2.0.0" },
  { name: "plugin", version: "1.0.0", peerDependencies: { host: "^1.0.0" } },
  { name: "plugin", version: "1.2.0", peerDependencies: { host: "^1.0.0" } },
];
const tarballs = new Map<string, Buffer>();
let registry: Server;
let address = "";

beforeAll(async () => {
  for (const manifest of MANIFESTS) {
    const place = join(folder.path, "made", `${manifest.name}-${manifest.version}`);
    mkdirSync(join(place, "package"), { recursive: true });
    writeFileSync(join(place, "package/package.json"), JSON.stringify(manifest));
    execFileSync("tar", ["-czf", "package.tgz", "package"], { cwd: place });
    tarballs.set(`/${manifest.name}/-/${manifest.name}-${manifest.version}.tgz`, readFileSync(join(place, "package.tgz")));
  }
  registry = createServer((request, response) => {
    const path = request.url!.split("?")[0]!;
    const tarball = tarballs.get(path);
    if (tarball !== undefined) return void response.end(tarball);
    const known = MANIFESTS.filter(({ name }) => path === `/${name}`);
    if (known.length === 0) return void response.writeHead(404, { "content-type": "application/json" }).end('{"error":"not found"}');
    const versions = Object.fromEntries(
      known.map((manifest) => {
        const file = `/${manifest.name}/-/${manifest.name}-${manifest.version}.tgz`;
        const integrity = `sha512-${createHash("sha512").update(tarballs.get(file)!).digest("base64")}`;
        return [manifest.version, { ...manifest, dist: { tarball: `${address}${file}`, integrity } }];
      }),
    );
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ name: known[0]!.name, "dist-tags": { latest: known.at(-1)!.version }, versions }));
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
});
afterAll(() => registry.close());

let projects = 0;
function project(dependencies: Record<string, string>): string {
  const place = join(folder.path, `project-${++projects}`);
  mkdirSync(place);
  writeFileSync(join(place, "package.json"), `${JSON.stringify({ name: "shop", version: "1.0.0", dependencies }, undefined, 2)}\n`);
  writeFileSync(
    join(place, ".npmrc"),
    `registry=${address}\ncache=${join(place, ".cache")}\nfund=false\naudit=false\nupdate-notifier=false\n`,
  );
  // Every start of npm under a loaded machine takes a second: only what is installed matters here, not how it came there.
  for (const [name, version] of Object.entries(dependencies)) {
    const inside = join(place, "node_modules", name);
    mkdirSync(inside, { recursive: true });
    writeFileSync(
      join(inside, "package.json"),
      JSON.stringify(MANIFESTS.find((one) => one.name === name && one.version === version) ?? { name, version }),
    );
  }
  return place;
}
const versionIn = (place: string, name: string): string =>
  (JSON.parse(readFileSync(join(place, "node_modules", name, "package.json"), "utf8")) as { version: string }).version;
const backupOf = (place: string): string => join(place, readdirSync(place).find((name) => name.startsWith(".aiwaf-backup"))!);

describe("aiwaf doctor with the real npm", { timeout: 120_000 }, () => {
  test("S3-013, S3-052, S3-053, S3-059, S3-064: shows the table, the reasons and the command, and the same as JSON", async () => {
    const place = project({ host: "1.0.0", plugin: "1.0.0", nowhere: "1.0.0" });
    const { code, out } = await aiwafHere(["doctor", "--folder", place]);
    expect(code).toBe(0);
    expect(out).toMatch(/3 dependencies: 0 up to date, 2 outdated, 0 ahead, 0 not installed, 1 unknown/);
    expect(out).toMatch(/host +1\.0\.0 +2\.0\.0 +can be 1\.4\.0/);
    expect(out).toMatch(/host: 2\.0\.0: plugin works with \^1\.0\.0 only/);
    expect(out).toMatch(/nowhere: .*404/);
    expect(out).toMatch(/npm install host@1\.4\.0 plugin@1\.2\.0/);
    const json = JSON.parse((await aiwafHere(["doctor", "--folder", place, "--json"])).out) as object[];
    expect(json[0]).toMatchObject({
      name: "host",
      constraint: "1.0.0",
      installed: "1.0.0",
      latest: "2.0.0",
      status: "outdated",
      update_available: true,
      target: "1.4.0",
    });
  });

  test("S3-055: changes nothing in a dry run", async () => {
    const place = project({ host: "1.0.0" });
    const before = readFileSync(join(place, "package.json"), "utf8");
    expect((await aiwafHere(["doctor", "--folder", place, "--upgrade", "--dry-run"])).out).toMatch(/Dry run: nothing was changed/);
    expect(readFileSync(join(place, "package.json"), "utf8")).toBe(before);
    expect(existsSync(join(place, "package-lock.json"))).toBe(false);
  });

  test("S3-056, S3-057, S3-066, S3-067, S3-073, S3-076: upgrades, keeps what was, looks after npm's cache, and goes back to it", async () => {
    const place = project({ host: "1.0.0", plugin: "1.0.0" });
    const { code, out } = await aiwafHere(["doctor", "--folder", place, "--upgrade", "--test", "node --version"]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /installed host 1\.4\.0[\s\S]*installed plugin 1\.2\.0[\s\S]*passed +node --version[\s\S]*verified +npm's cache[\s\S]*--rollback/,
    );
    expect([versionIn(place, "host"), versionIn(place, "plugin")]).toEqual(["1.4.0", "1.2.0"]);
    expect(JSON.parse(readFileSync(join(place, "package.json"), "utf8"))).toMatchObject({
      dependencies: { host: "1.4.0", plugin: "1.2.0" },
    });
    expect((await aiwafHere(["doctor", "--folder", place, "--rollback", backupOf(place)])).out).toMatch(
      /everything is installed as it was/,
    );
    expect([versionIn(place, "host"), versionIn(place, "plugin")]).toEqual(["1.0.0", "1.0.0"]);
  });

  test("S3-058, S3-075, S3-077: all flags at once say in parts what is outdated, planned, held back, found and done; the help names the five steps", async () => {
    const place = project({ host: "1.0.0", plugin: "1.0.0" });
    const flags = ["--folder", place, "--audit", "--upgrade", "--test", "node --version"];
    const { code, out } = await aiwafHere(["doctor", ...flags]);
    expect(code).toBe(0);
    const parts = ["Summary", "Outdated", "Held back, and why", "Planned", "Known vulnerabilities", "Result"];
    expect(out.split("\n").filter((line) => parts.includes(line))).toEqual(parts);
    const json = JSON.parse((await aiwafHere(["doctor", ...flags, "--json"])).out) as object;
    expect(json).toMatchObject({
      dependencies: [{ name: "host", status: "outdated" }, { name: "plugin" }],
      upgrade: { installed: [], taken_back: false },
    });
    const { out: help } = await aiwafHere(["doctor", "--help"]);
    expect(help.match(/^ {2}[1-5] {2}aiwaf doctor/gm)).toHaveLength(5);
  });

  test("S3-065, S3-072: takes everything back when the test fails", async () => {
    const place = project({ host: "1.0.0" });
    const before = readFileSync(join(place, "package.json"), "utf8");
    const { code, out } = await aiwafHere(["doctor", "--folder", place, "--upgrade", "--test", "node --no-such-flag"]);
    expect(code).toBe(1);
    expect(out).toMatch(/installed host 2\.0\.0[\s\S]*failed +node --no-such-flag[\s\S]*Put back/);
    expect(readFileSync(join(place, "package.json"), "utf8")).toBe(before);
    expect(versionIn(place, "host")).toBe("1.0.0");
  });

  test("S3-054, S3-063: says when vulnerabilities could not be checked, instead of none", async () => {
    expect((await aiwafHere(["doctor", "--folder", project({ host: "2.0.0" }), "--audit"])).out).toMatch(
      /Known vulnerabilities\n {2}not checked: /,
    );
  });

  test.each([
    ["a folder without a project", ["--folder", folder.path], /there is no such file; run this in your project's folder/],
    ["--dry-run alone", ["--dry-run"], /--dry-run belongs to --upgrade/],
    ["--test alone", ["--test", "x"], /--test belongs to --upgrade/],
    ["a folder that nothing was kept in", ["--rollback", folder.path], /holds no package\.json/],
  ])("answers %s in one line", async (_, args, says) => {
    const { code, out, err } = await aiwafHere(["doctor", ...args]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(says);
  });

  test("leaves installing to pnpm where a project is pnpm's", async () => {
    const place = project({ host: "1.0.0" });
    writeFileSync(join(place, "pnpm-lock.yaml"), "");
    expect((await aiwafHere(["doctor", "--folder", place, "--upgrade"])).err).toMatch(/upgrade with pnpm/);
  });
});

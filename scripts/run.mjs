#!/usr/bin/env node
// The way in for every root command. Plain JavaScript for any Node from 20 on: installs what is missing, then hands over to the pinned Node.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isSupported, spokenRange } from "./supported-node.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const bin = join(root, "node_modules", ".bin");
const windows = process.platform === "win32";

/** Everything that tests start: `build` alone leaves out the type declarations, which take most of the time, and the applications that are built a second way. */
const ALL = ["build", "build:types", "build:with-proxy"];

/** Each command: what is built for it, and the script it then runs. */
const COMMANDS = {
  sandbox: { build: ["build", "--filter=sandbox", "--filter=./sandbox/apps/*"], script: "sandbox/src/run-and-compare.ts" },
  test: { build: ALL, script: "scripts/test.ts" },
  check: { build: ALL, script: "scripts/check.ts" },
  bench: { build: ALL, script: "bench/index.ts" },
  fuzz: { build: ALL, script: "bench/fuzz.ts" },
  docs: { build: ALL, script: "scripts/docs.ts" },
  newcomer: { build: ALL, script: "scripts/newcomer.ts" },
  versions: { build: ALL, script: "scripts/versions.ts" },
  format: { build: undefined, script: "scripts/format.ts" },
};

const [name, ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) fail(`Unknown command ${JSON.stringify(name)}. Known: ${Object.keys(COMMANDS).join(", ")}.`, 2);

install();
const node = findNode();
/** Builds and started applications report nothing to anybody. */
const NO_TELEMETRY = { TURBO_TELEMETRY_DISABLED: "1", NEXT_TELEMETRY_DISABLED: "1", NUXT_TELEMETRY_DISABLED: "1" };
const env = { ...process.env, PATH: [dirname(node), bin, process.env.PATH].join(delimiter), ...NO_TELEMETRY };
// Build output goes to standard error: `--json` commands keep standard output to themselves.
if (command.build)
  run(
    join(bin, windows ? "turbo.cmd" : "turbo"),
    ["run", ...command.build, "--output-logs=errors-only", "--log-order=grouped"],
    ["ignore", 2, 2],
  );
run(node, [join(root, command.script), ...args], "inherit");

/** Installs the locked dependencies when they are missing or the lock file changed. */
function install() {
  const stamp = join(root, "node_modules", ".aiwaf-installed");
  const hash = createHash("sha256");
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"]) hash.update(readFileSync(join(root, file)));
  const wanted = hash.digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.error("Installing dependencies (once) …");
  const options = { cwd: root, stdio: ["ignore", 2, 2], shell: windows, env: { ...process.env, CI: "true" } };
  const { status } = spawnSync("npx", ["-y", "pnpm@12.21.0", "install", "--frozen-lockfile"], options);
  if (status !== 0) fail("The dependencies could not be installed; see above.", status ?? 1);
  writeFileSync(stamp, wanted);
}

/** The Node that the lock file pins, or the user's own (asked for with AIWAF_NODE=system), if the packages support it. */
function findNode() {
  const pinned = join(bin, "node");
  if (!windows && process.env.AIWAF_NODE !== "system" && existsSync(pinned) && spawnSync(pinned, ["--version"]).status === 0) return pinned;
  const range = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).engines.node;
  // npm puts the pinned Node before the user's for whatever it runs, this script too; npm itself is run by the user's.
  const own = process.env.npm_node_execpath ?? process.execPath;
  const version = spawnSync(own, ["--version"], { encoding: "utf8" }).stdout?.trim() || process.version;
  if (isSupported(version, range)) return own;
  const why = process.env.AIWAF_NODE === "system" ? "AIWAF_NODE=system asks for it" : `none is pinned for ${process.platform}`;
  return fail(`Node ${version} is not supported, and ${why}. Use Node ${spokenRange(range)}.`, 1);
}

function run(file, given, stdio) {
  const { status, signal, error } = spawnSync(file, given, { cwd: root, stdio, env, shell: windows });
  if (error) fail(`${file} did not start: ${error.message}`, 1);
  if (status !== 0) process.exit(status ?? (signal === "SIGINT" ? 130 : 1));
}

function fail(message, code) {
  console.error(message);
  process.exit(code);
}

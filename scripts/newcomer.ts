/**
 * The way of somebody new: makes an application of each framework as its documentation says, installs the packed packages by the README's line, copies the
 * README's code, builds, starts, and attacks it. Prints how long that took, and whether the framework's strict checks find nothing.
 *
 * `npm run newcomer [-- next sveltekit nuxt express next-15 next-15-edge] [--manager npm|pnpm]`. Needs a package registry; not part of the tests.
 *
 * @module
 */
import { once } from "node:events";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { firstLines } from "./newcomer/readme.ts";
import { serveRegistry } from "./newcomer/registry.ts";
import { end, runIn, start } from "./newcomer/run.ts";
import { type Manager, STARTERS, type Starter } from "./newcomer/starters.ts";

/** What the issue of this script promised. */
const LIMIT_SECONDS = 120;

const packages = join(import.meta.dirname, "..", "packages");
const { values, positionals } = parseArgs({ allowPositionals: true, options: { manager: { type: "string" }, keep: { type: "boolean" } } });
const managers: readonly Manager[] = values.manager === undefined ? ["npm", "pnpm"] : [values.manager === "pnpm" ? "pnpm" : "npm"];
const unknown = positionals.filter((name) => !STARTERS.some((starter) => starter.name === name));
if (unknown.length > 0) {
  console.error(`No starter is called ${unknown.join(", ")}. Known: ${STARTERS.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}

/** A request of the finished application, and how it must end. */
const REQUESTS: readonly { readonly path: string; readonly status: number }[] = [
  { path: "/", status: 200 },
  { path: "/?q=O%27Brien+%26+sons", status: 200 },
  { path: "/.env", status: 403 },
  { path: "/?q=%27+UNION+SELECT+password+FROM+users--", status: 403 },
  { path: "/?q=%3Cscript%3Ealert(document.cookie)%3C%2Fscript%3E", status: 403 },
];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function attack(port: number, hasEnded: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (const { path, status } of REQUESTS) {
    let told: Response | undefined;
    while (told === undefined) {
      try {
        told = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { accept: "text/html", "user-agent": "Mozilla/5.0 (newcomer)" } });
      } catch (error) {
        if (hasEnded() || Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    await told.arrayBuffer();
    const isOurs = told.headers.has("x-aiwaf-id");
    if (told.status !== status || isOurs !== (status === 403)) throw new Error(`${path}: ${told.status}, expected ${status}`);
  }
}

/** pnpm asks before it runs what packages want to run when they are installed, and says how to answer. */
async function install(app: string, manager: Manager): Promise<void> {
  try {
    await runIn(app, [manager, "install"]);
  } catch (error) {
    if (!String(error).includes("pnpm approve-builds")) throw error;
    await runIn(app, ["pnpm", "approve-builds", "--all"]);
  }
}

/** Seconds of each part of the way. */
async function walk(starter: Starter, manager: Manager, npmrc: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), `aiwaf-newcomer-${starter.name}-`));
  const app = join(folder, "app");
  const seconds: string[] = [];
  let last = performance.now();
  const began = last;
  const mark = (part: string): void => {
    seconds.push(`${part} ${((performance.now() - last) / 1_000).toFixed(1)}`);
    last = performance.now();
  };
  const bin = (command: readonly string[]): readonly string[] =>
    command[0] === "node"
      ? [process.execPath, ...command.slice(1)]
      : [...(manager === "npm" ? ["npx", "--no-install"] : ["pnpm", "exec"]), ...command];
  try {
    const origin = await starter.create(folder, manager);
    mark("create");
    await install(app, manager);
    mark("install");
    appendFileSync(join(app, ".npmrc"), npmrc);
    const lines = firstLines(join(packages, starter.readme, "README.md"));
    const wanted = lines.install.replace(/^npm install /, "").split(" ");
    await runIn(app, [manager, manager === "npm" ? "install" : "add", ...wanted]);
    starter.protect(app, lines);
    mark("README");
    if (starter.build !== undefined) await runIn(app, bin(starter.build));
    mark("build");
    const port = await freePort();
    const server = start(app, bin(starter.start), starter.env?.(port));
    let printed = "";
    for (const stream of [server.stdout, server.stderr]) stream?.on("data", (text: Buffer) => (printed = (printed + text).slice(-4_000)));
    try {
      await attack(port, () => server.exitCode !== null);
    } catch (error) {
      throw new Error(`${String(error)}\n${printed}`);
    } finally {
      end(server);
    }
    mark("start and attacks");
    const total = (last - began) / 1_000;
    const { tools = [] } = starter;
    if (tools.length > 0) await runIn(app, [manager, manager === "npm" ? "install" : "add", "-D", ...tools]);
    for (const check of starter.checks) await runIn(app, bin(check));
    mark(starter.checks.map((check) => (check[0] === "nuxt" ? "nuxt typecheck" : check[0])).join(", "));
    const told = `protected after ${total.toFixed(1)} s (${seconds.join(", ")})${origin === undefined ? "" : `; ${origin}`}`;
    if (total > LIMIT_SECONDS) throw new Error(`${told}: more than ${LIMIT_SECONDS} s`);
    return told;
  } finally {
    if (values.keep === true) console.log(folder);
    else rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const tarballs = mkdtempSync(join(tmpdir(), "aiwaf-newcomer-packed-"));
const registry = await serveRegistry(packages, tarballs);
let failed = 0;
for (const starter of STARTERS) {
  if (positionals.length > 0 && !positionals.includes(starter.name)) continue;
  for (const manager of managers) {
    try {
      console.log(`${starter.name} with ${manager}: ${await walk(starter, manager, registry.npmrc)}`);
    } catch (error) {
      failed++;
      console.error(`${starter.name} with ${manager}: FAILED. ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
registry.close();
rmSync(tarballs, { recursive: true, force: true });
process.exitCode = failed > 0 ? 1 : 0;

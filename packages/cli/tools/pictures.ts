/**
 * Draws the pictures of docs/cli.md: `node packages/cli/tools/pictures.ts`, after a build. Every screen is what the built command really printed, for
 * traffic that a real firewall decided about a moment before; what is typed is typed into a real terminal.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createWaf, type RawRequest, type Waf } from "@aiwaf/core";
import { recommended } from "@aiwaf/core/recommended";
import { recordFile } from "@aiwaf/core/records/node";
import { sqliteStore } from "@aiwaf/core/stores/sqlite";
import { drawScreens } from "./terminal-picture.ts";

const CLI = resolve(import.meta.dirname, "../dist/cli.js");
const PICTURES = resolve(import.meta.dirname, "../../../docs/cli");
const folder = mkdtempSync(join(tmpdir(), "aiwaf-pictures-"));

const BROWSER = new Map([
  ["host", "shop.example"],
  ["user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],
  ["accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"],
  ["accept-language", "en"],
  ["accept-encoding", "gzip, deflate, br"],
]);

const request = (peer: string, target: string): RawRequest => ({ method: "GET", target, headers: BROWSER, peer, httpVersion: "1.1" });

/** Sends a request through the firewall and tells it how the application answered. @returns the decision's id. */
async function visit(waf: Waf, peer: string, target: string, status = 200): Promise<string> {
  const decision = await waf.inspect(request(peer, target));
  waf.observe(decision, { status: decision.action === "block" ? decision.status : status, durationMs: 12 });
  return decision.id;
}

const ENV = { ...process.env, FORCE_COLOR: "1", TERM: "xterm-256color", COLUMNS: "80" };
const PROMPT = "\u001b[1;32m$\u001b[0m ";

function collect(child: ChildProcess, onText: (all: string) => void): Promise<string> {
  let all = "";
  return new Promise((resolve_, reject) => {
    for (const stream of [child.stdout!, child.stderr!])
      stream.on("data", (bytes: Buffer) => {
        all += bytes.toString("utf8");
        onText(all);
      });
    child.on("error", reject);
    child.on("close", () => resolve_(all));
  });
}

/** Runs a command to its end. */
async function shown(...args: readonly string[]): Promise<string> {
  const output = await collect(spawn(process.execPath, [CLI, ...args], { cwd: folder, env: ENV }), () => {});
  return `${PROMPT}aiwaf ${args.map((word) => (/[ ;?&<>'"*]/.test(word) ? `'${word}'` : word)).join(" ")}\n${output}`;
}

const lines = (text: string): number => text.split("\n").length - 1;

async function drawWhy(waf: Waf, flush: () => void): Promise<string> {
  const id = await visit(waf, "203.0.113.7", "/products?category=1%27%20UNION%20SELECT%20name%2Cpassword%20FROM%20users--%20-");
  for (let index = 0; index < 12; index++) await visit(waf, "203.0.113.7", `/.git/objects/${index}`, 404);
  flush();
  const decision = await shown("why", id, "--records", "requests.jsonl");
  return `${decision}\n${await shown("why", "203.0.113.7", "--sqlite", "aiwaf.db")}\n${await shown("why", "203.0.113.7", "--apply", "--sqlite", "aiwaf.db")}`;
}

const TRAFFIC: readonly (readonly [peer: string, target: string, status: number])[] = [
  ["198.51.100.23", "/", 200],
  ["198.51.100.23", "/products?category=garden", 200],
  ["192.0.2.81", "/search?q=o%27brien", 200],
  ["203.0.113.40", "/wp-login.php", 404],
  ["203.0.113.40", "/.env", 404],
  ["198.51.100.64", "/account/orders/1042", 200],
  ["203.0.113.40", "/.git/config", 404],
  ["192.0.2.81", "/products/17?size=XL", 200],
  ["203.0.113.99", "/search?q=%3Cscript%3Ealert(1)%3C/script%3E", 200],
  ["203.0.113.99", "/download?file=../../../../etc/passwd", 200],
  ["198.51.100.23", "/checkout", 302],
  ["203.0.113.99", "/products?id=1%20OR%201=1", 200],
  ["2001:db8:4:2::9", "/blog/why-we-select-from-local-farms", 200],
  ["203.0.113.40", "/phpmyadmin/index.php", 404],
  ["203.0.113.40", "/backup.sql", 404],
  ["198.51.100.64", "/account/orders/1043", 200],
];

async function drawLogs(waf: Waf, flush: () => void): Promise<string> {
  const child = spawn(process.execPath, [CLI, "logs", "live.jsonl", "--follow"], { cwd: folder, env: ENV });
  let last = 0;
  const output = collect(child, (all) => {
    last = lines(all);
    if (last >= TRAFFIC.length) child.kill("SIGINT");
  });
  for (const [peer, target, status] of TRAFFIC) {
    await visit(waf, peer, target, status);
    flush();
    await new Promise((done) => setTimeout(done, 250));
  }
  return `${PROMPT}aiwaf logs live.jsonl --follow\n${await output}`;
}

/** What is typed, each once the prompt or the question before it is there. Tabs complete. */
const TYPED = ["ls\r", "cd api\r", "ls\r", "exempt web\t signed by the sender\r", "ls\r", "cd ..\r", "pwd\r", "exit\r"];

async function drawPaths(): Promise<string> {
  const route = (category: string, ...methods: readonly string[]) => ({ methods, category, protections: {} });
  const routes = {
    "/": route("app", "GET"),
    "/products/:id": route("app", "GET"),
    "/products/:id/reviews": route("form", "POST"),
    "/login": route("auth", "GET", "POST"),
    "/api/orders": route("api", "GET", "POST"),
    "/api/orders/:id": route("api", "GET", "PATCH"),
    "/api/webhooks/mail": route("webhook", "POST"),
    "/api/webhooks/payments": route("webhook", "POST"),
  };
  mkdirSync(join(folder, ".aiwaf"));
  writeFileSync(join(folder, ".aiwaf/paths.json"), JSON.stringify({ schema_version: "1.0", framework: "express", routes }));
  const command = `stty cols 80 rows 40; exec '${process.execPath}' '${CLI}' paths --sqlite aiwaf.db`;
  const child = spawn("script", ["-qfc", `sh -c "${command}"`, "/dev/null"], { cwd: folder, env: ENV });
  let typed = 0;
  let seen = 0;
  const output = await collect(child, (all) => {
    // The prompt ends a line that nothing was typed into yet.
    if (!/\$ (?:\u001b\[[\d;]*[A-Za-z])*$/.test(all.slice(seen)) || typed >= TYPED.length) return;
    seen = all.length;
    const keys = TYPED[typed++]!;
    const [before, after] = keys.split("\t");
    child.stdin!.write(after === undefined ? before! : `${before}\t`);
    // The library completes between two keys, and takes what is pasted for text.
    if (after !== undefined) setTimeout(() => child.stdin!.write(after), 300);
  });
  return `${PROMPT}aiwaf paths --sqlite aiwaf.db\n${output}`;
}

try {
  const store = sqliteStore({ path: join(folder, "aiwaf.db"), busyTimeoutMs: 2_000 });
  const log = { warn: () => {}, error: () => {} };
  const waf = createWaf(recommended({ store, log }));
  const records = recordFile(join(folder, "requests.jsonl"));
  const unsubscribe = waf.subscribe(records.listener);
  const why = await drawWhy(waf, () => records.flush());
  unsubscribe();
  records.close();

  const live = recordFile(join(folder, "live.jsonl"));
  const other = createWaf(recommended({ log }));
  other.subscribe(live.listener);
  const logs = await drawLogs(other, () => live.flush());
  live.close();

  const paths = await drawPaths();
  await waf.close();
  mkdirSync(PICTURES, { recursive: true });
  await drawScreens([
    { file: join(PICTURES, "why.png"), title: "aiwaf why", output: why.trimEnd(), rows: lines(why.trimEnd()) + 1 },
    { file: join(PICTURES, "logs.png"), title: "aiwaf logs --follow", output: logs.trimEnd(), rows: lines(logs.trimEnd()) + 1 },
    { file: join(PICTURES, "paths.png"), title: "aiwaf paths", output: paths.trimEnd(), rows: lines(paths.trimEnd()) + 1 },
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

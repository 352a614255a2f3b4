/**
 * A console to look at: a real firewall under the sandbox's traffic, with a day of history behind it.
 *
 * `node packages/dashboard/test/demo.ts --port 8090 --rate 8` prints the address and the token, and runs until it is ended.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createWaf, type Decision, type HeaderReader, type Waf } from "@aiwaf/core";
import { geo } from "@aiwaf/core/detectors";
import { addEntries } from "@aiwaf/core/lists";
import { modelFolder } from "@aiwaf/core/models/file";
import { recommended } from "@aiwaf/core/recommended";
import { recordOf } from "@aiwaf/core/records";
import { recordTable } from "@aiwaf/core/records/sqlite";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { createDashboard, type Dashboard, type DashboardOptions } from "../src/index.ts";
import { addDemoModels } from "./demo-models.ts";

/** What `startDemo` takes. */
export interface DemoOptions {
  /** Default 0: a free one. */
  readonly port?: number;
  /** Requests a second while `run` is on. Default 8; 0 sends none. */
  readonly ratePerS?: number;
  /** Hours of history behind it. Default 24; 0 for an empty console. */
  readonly historyHours?: number;
  /** How the firewall starts. Default `"report"`, for the first-run guide. */
  readonly mode?: "report" | "enforce";
  /** A password that is set already; without it the first login takes the token. */
  readonly password?: string;
  /** Anything else for the console. */
  readonly dashboard?: Partial<DashboardOptions>;
}

/** A running demo. */
export interface Demo {
  /** `http://127.0.0.1:PORT/aiwaf/` */
  readonly url: string;
  /** For the first login; `undefined` when a password is set. */
  readonly token: string | undefined;
  readonly waf: Waf;
  readonly dashboard: Dashboard;
  /** Sends that many requests of the traffic now, as fast as they are decided. */
  send(count: number): Promise<void>;
  /** Sends one request of a browser. */
  ask(target: string, client?: string): Promise<Decision>;
  close(): Promise<void>;
}

interface Sent {
  readonly label: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

const FILES = [
  "normal-browsers",
  "normal-apps",
  "normal-api",
  "normal-office",
  "normal-text",
  "attacks-sql",
  "attacks-markup",
  "attacks-probes",
  "attacks-files",
  "attacks-execution",
  "attacks-objects",
];
/** Of documentation networks only, so that nobody real is named in a screenshot. */
const COUNTRIES = ["DE", "FR", "US", "BR", "IN", "JP", "GB", "NL", "PL", "KE"];
const placeOf = (address: string): { readonly country: string; readonly asn: number } => {
  const last = Number(address.split(".")[3]);
  return { country: COUNTRIES[last % COUNTRIES.length] as string, asn: 64_496 + (last % 7) };
};
const ROUTES = ["/", "/search", "/products", "/cart", "/checkout", "/login", "/account", "/api/products", "/api/orders", "/blog"];
const HOUR_MS = 3_600_000;

/** Starts the demo. */
export async function startDemo(options: DemoOptions = {}): Promise<Demo> {
  const { port = 0, ratePerS = 8, historyHours = 24, mode = "report", password } = options;
  const folder = mkdtempSync(join(tmpdir(), "aiwaf-demo-"));
  let now: number | undefined;
  const store = memoryStore();
  const waf = createWaf(
    recommended({
      mode,
      store,
      clock: () => now ?? Date.now(),
      log: { warn() {}, error() {} },
      rateLimit: { max: 600, windowMs: 60_000 },
      routes: (path) => (ROUTES.includes(path) ? { pattern: path, methods: undefined } : undefined),
      detectors: [geo({ database: { lookup: placeOf } })],
    }),
  );
  const records = recordTable(join(folder, "records.db"), { maxWaiting: 100_000 });
  const models = modelFolder(join(folder, "model.json"));
  await addDemoModels(models);
  for (const { name, model } of await models.list())
    if (model !== undefined)
      await models.note({ at: model.createdAt, outcome: "used", requests: model.trainedOn.lines, durationMs: 850, version: name });
  await models.note({
    at: Date.now() - HOUR_MS / 2,
    outcome: "failed",
    requests: 0,
    durationMs: 12,
    reason: "/var/log/nginx/access.log: no such file",
  });
  const traffic = FILES.flatMap(read);
  let seed = 7;
  const random = (limit: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  };

  const decide = async ({ method, url, headers, body }: Sent, client: string, durationMs: number): Promise<Decision> => {
    const bytes = body === null ? undefined : Buffer.from(body);
    const decision = await waf.inspect({
      method,
      target: url,
      headers: readerOf({ host: "shop.example", ...headers }),
      peer: client,
      httpVersion: "1.1",
      ...(bytes !== undefined && { readBody: (limit) => ({ bytes: bytes.subarray(0, limit), complete: bytes.length <= limit }) }),
    });
    waf.observe(decision, { status: decision.action === "block" ? decision.status : 200, durationMs });
    return decision;
  };
  const next = (): Promise<Decision> => {
    const one = traffic[random(traffic.length)] as Sent;
    const client = one.label === "attack" ? `203.0.113.${1 + random(40)}` : `198.51.100.${1 + random(200)}`;
    return decide(one, client, 2 + random(20) + (random(50) === 0 ? 300 : 0));
  };

  const start = Date.now();
  for (let hour = historyHours; hour > 0; hour--) {
    const many = 20 + random(60);
    for (let index = 0; index < many; index++) {
      now = start - hour * HOUR_MS + Math.floor((index / many) * HOUR_MS);
      records.write(recordOf(await next(), { status: 200, durationMs: 3 + random(30) }));
    }
  }
  await records.flush();
  now = undefined;

  const dashboard = createDashboard({ waf, records, models, auth: "token", deployment: "demo", ...options.dashboard });
  waf.subscribe(records.listener);
  if (historyHours > 0) {
    await addEntries(store, "exempt", [{ name: "192.0.2.10", reason: "The office's monitor" }], Date.now());
    await addEntries(
      store,
      "exempt-path",
      [{ name: "/webhooks", reason: "Signed by the payment provider", from: ["headers"] }],
      Date.now(),
    );
  }
  const server = createServer(dashboard.node);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${dashboard.path}`;
  const token = await dashboard.issueToken();
  if (password !== undefined) await setPassword(url, token ?? "", password);
  const timer = ratePerS > 0 ? setInterval(() => void next(), 1_000 / ratePerS) : undefined;
  return {
    url,
    token: password === undefined ? token : undefined,
    waf,
    dashboard,
    async send(count) {
      for (let index = 0; index < count; index++) await next();
    },
    ask: (target, client = "198.51.100.7") =>
      decide({ label: "benign", method: "GET", url: target, headers: BROWSER, body: null }, client, 5),
    async close() {
      clearInterval(timer);
      dashboard.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await records.close();
      await waf.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const BROWSER = {
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  accept: "text/html,application/xhtml+xml,*/*;q=0.8",
  "accept-language": "en",
  "accept-encoding": "gzip, br",
};

async function setPassword(url: string, token: string, password: string): Promise<void> {
  const origin = new URL(url).origin;
  const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url + path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", origin, ...headers } });
  const entered = await post("api/login", { token });
  const { csrf } = (await entered.json()) as { readonly csrf: string };
  const cookie = (entered.headers.get("set-cookie") ?? "").split(";")[0] as string;
  const set = await post("api/password", { password }, { cookie, "x-aiwaf-csrf": csrf });
  if (!set.ok) throw new Error(`the password was not taken: ${await set.text()}`);
}

function read(file: string): readonly Sent[] {
  const path = new URL(`../../../sandbox/traffic/${file}.jsonl`, import.meta.url);
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as Sent);
}

function readerOf(fields: Readonly<Record<string, string>>): HeaderReader {
  return { get: (name) => fields[name], [Symbol.iterator]: () => Object.entries(fields)[Symbol.iterator]() };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      rate: { type: "string" },
      hours: { type: "string" },
      password: { type: "string" },
      enforce: { type: "boolean" },
    },
  });
  const demo = await startDemo({
    port: Number(values.port ?? 0),
    ratePerS: Number(values.rate ?? 8),
    historyHours: Number(values.hours ?? 24),
    ...(values.password !== undefined && { password: values.password }),
    ...(values.enforce === true && { mode: "enforce" }),
  });
  console.log(`Console: ${demo.url}\n${demo.token === undefined ? "The password is set." : `Token, for the first login: ${demo.token}`}`);
  process.once("SIGINT", () => void demo.close().then(() => process.exit(0)));
  process.once("SIGTERM", () => void demo.close().then(() => process.exit(0)));
}

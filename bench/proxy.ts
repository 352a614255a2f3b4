/**
 * The proxy with everything on (the recommended firewall, events kept) against itself with inspection off, and against nginx with ModSecurity and the
 * Core Rule Set where those are installed. Also: what inspection adds to the median, a gigabyte streamed through, and idle connections by the thousand.
 *
 * Upstream and proxies run in processes of their own and take turns under the same load. `ratio` is throughput over throughput of the
 * reference, in the middle of all pairs.
 *
 * @module
 */
import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { createEvents, createProxy } from "@aiwaf/proxy";
import { type Line, print, round3 } from "./measure.ts";
import { NGINX_INSTALL, startNginx } from "./nginx.ts";

/** As `aiwaf proxy` begins itself, and its workers. */
const FLAGS = ["--max-semi-space-size=8"];
const PAIRS = 5;
const ROUNDS = 8;
const ROUND_MS = 400;
/**
 * Inspection is a lot of code, and the compiler's threads count as the proxy's time: after 20,000 requests they still take a fifth of it, after 50,000
 * hardly anything.
 */
const WARM_UP_REQUESTS = 50_000;
const WARM_UP_MOST_MS = 45_000;
const CONNECTIONS = 32;
const MEBIBYTE = 1024 * 1024;
const MEGABYTE = 1_000_000;
const STREAMED_BYTES = 1024 * MEBIBYTE;
const IDLE_CONNECTIONS = 10_000;
const COMMAND = fileURLToPath(new URL("../packages/cli/bin/aiwaf.mjs", import.meta.url));

const REQUEST = [
  "GET /products?category=light&page=2 HTTP/1.1",
  "Host: shop.example",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "Accept-Language: en-GB,en;q=0.9",
  "Accept-Encoding: gzip, deflate, br",
  "Connection: keep-alive",
  "",
  "",
].join("\r\n");

type Role = "upstream" | "inspecting" | "passing";

interface Report {
  readonly port: number;
  readonly rssBytes: number;
  readonly cpuMicros: number;
}

async function play(role: Role, upstream: number): Promise<void> {
  const port = role === "upstream" ? await serveUpstream() : await serveProxy(role, upstream);
  const report = (): void => {
    const { user, system } = process.cpuUsage();
    process.send?.({ port, rssBytes: process.memoryUsage.rss(), cpuMicros: user + system } satisfies Report);
  };
  report();
  process.on("message", (order) => {
    if (order === "collect") globalThis.gc?.();
    report();
  });
  process.on("disconnect", () => process.exit(0));
}

async function serveUpstream(): Promise<number> {
  const page = Buffer.from(`<!doctype html><title>Shop</title>${"<li>Trail lantern, 24.90</li>".repeat(80)}`);
  const piece = Buffer.alloc(MEBIBYTE, "a");
  const server = createServer(async (request, response) => {
    if (request.url !== "/large") {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-length": page.byteLength }).end(page);
      return;
    }
    for (let sent = 0; sent < STREAMED_BYTES && !response.destroyed; sent += MEBIBYTE) {
      if (!response.write(piece)) await new Promise((resolve) => response.once("drain", resolve));
    }
    response.end();
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function serveProxy(role: Role, upstream: number): Promise<number> {
  // One client sends everything here: the limiter must count it, and never stop it.
  const limits = { rateLimit: { max: 1_000_000, windowMs: 1_000 }, loginLimit: false } as const;
  const proxy = createProxy({
    upstream: `http://127.0.0.1:${upstream}`,
    firewall: role === "inspecting" ? limits : false,
    keepAliveMs: 600_000,
  });
  if (proxy.waf !== undefined) createEvents(proxy.waf);
  return (await proxy.listen(0)).port;
}

interface Target {
  readonly child: ChildProcess;
  readonly port: number;
  report(order?: "collect"): Promise<Report>;
}

async function start(role: Role, upstream = 0): Promise<Target> {
  const child = fork(new URL(import.meta.url), [role, String(upstream)], { execArgv: ["--expose-gc", ...FLAGS] });
  const next = (): Promise<Report> => new Promise((resolve) => child.once("message", (message) => resolve(message as Report)));
  const { port } = await next();
  return {
    child,
    port,
    report(order) {
      const report = next();
      child.send(order ?? "report");
      return report;
    },
  };
}

/** Requests answered in `ms`, and the milliseconds each took. */
function load(port: number, ms: number, connections: number): Promise<{ readonly perSecond: number; readonly latenciesMs: number[] }> {
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1").setNoDelay(true);
      let sentAt = performance.now();
      let left = -1;
      let head = "";
      const ask = (): void => {
        sentAt = performance.now();
        socket.write(REQUEST);
      };
      socket.once("connect", ask).once("error", reject);
      socket.on("data", (bytes) => {
        if (left < 0) {
          head += bytes.toString("latin1");
          const end = head.indexOf("\r\n\r\n");
          if (end < 0) return;
          if (!head.startsWith("HTTP/1.1 200")) {
            reject(new Error(`not answered: ${head.slice(0, 60)}`));
            socket.destroy();
            return;
          }
          left = Number(/content-length: (\d+)/i.exec(head)?.[1]) - (head.length - end - 4);
        } else left -= bytes.byteLength;
        if (left > 0) return;
        latenciesMs.push(performance.now() - sentAt);
        [left, head] = [-1, ""];
        if (performance.now() - startedAt < ms) ask();
        else {
          socket.destroy();
          resolve();
        }
      });
    });
  return Promise.all(Array.from({ length: connections }, one)).then(() => ({
    perSecond: (latenciesMs.length * 1000) / (performance.now() - startedAt),
    latenciesMs,
  }));
}

async function warmUp(port: number): Promise<void> {
  const since = performance.now();
  for (let seen = 0; seen < WARM_UP_REQUESTS && performance.now() - since < WARM_UP_MOST_MS; )
    seen += (await load(port, 1_000, CONNECTIONS)).latenciesMs.length;
}

const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;

/** What is measured of one of those that take turns. */
interface Samples {
  readonly rates: number[];
  readonly work: number[];
  readonly alone: number[];
}

/** What takes turns: processes of this script, or another proxy. */
interface Contestant {
  readonly name: string;
  readonly port: number;
  cpuMicros(): Promise<number>;
}

/** Everyone under the same load, one after the other, in an order that changes. */
async function takeTurns(contestants: readonly Contestant[], samples: Readonly<Record<string, Samples>>): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, port, cpuMicros } of round % 2 === 0 ? contestants : contestants.toReversed()) {
      const before = await cpuMicros();
      const { perSecond, latenciesMs } = await load(port, ROUND_MS, CONNECTIONS);
      samples[name]?.rates.push(perSecond);
      samples[name]?.work.push(((await cpuMicros()) - before) / latenciesMs.length);
    }
    for (const { name, port } of contestants) samples[name]?.alone.push(...(await load(port, ROUND_MS / 2, 1)).latenciesMs);
  }
}

/** Measures all and gives a line each. */
export async function benches(): Promise<Line[]> {
  const upstream = await start("upstream");
  const nginx = await startNginx(upstream.port);
  if (nginx === undefined) console.error(`skipped: nginx + ModSecurity + CRS, which is not installed here (${NGINX_INSTALL})`);
  const none = (): Samples => ({ rates: [], work: [], alone: [] });
  const samples = { inspecting: none(), passing: none(), nginx: none() };
  const { inspecting, passing } = samples;
  const [ratios, workRatios, beside]: [number[], number[], number[]] = [[], [], []];
  for (let pair = 0; pair < PAIRS; pair++) {
    const targets = { inspecting: await start("inspecting", upstream.port), passing: await start("passing", upstream.port) };
    const contestants: Contestant[] = Object.entries(targets).map(([name, { port, report }]) => ({
      name,
      port,
      cpuMicros: async () => (await report()).cpuMicros,
    }));
    for (const { port } of contestants) await warmUp(port);
    if (nginx !== undefined) contestants.push({ name: "nginx", port: nginx.port, cpuMicros: async () => nginx.cpuMicros() });
    await takeTurns(contestants, samples);
    const ofPair = ({ rates }: Samples): number => median(rates.slice(-ROUNDS));
    ratios.push(ofPair(inspecting) / ofPair(passing));
    workRatios.push(median(passing.work.slice(-ROUNDS)) / median(inspecting.work.slice(-ROUNDS)));
    beside.push(ofPair(inspecting) / ofPair(samples.nginx));
    for (const { child } of Object.values(targets)) child.disconnect();
  }
  const lines: Line[] = [
    {
      bench: "proxy throughput",
      median: Math.round(median(inspecting.rates)),
      p99: Math.round(Math.min(...inspecting.rates)),
      unit: "req/s",
      ratio: round3(median(ratios)),
      reference: `the proxy with inspection off, ${Math.round(median(passing.rates))} req/s`,
      runs: inspecting.rates.length,
    },
    {
      bench: "proxy processor time",
      median: round3(median(inspecting.work)),
      p99: round3(Math.max(...inspecting.work)),
      unit: "µs/req",
      ratio: round3(median(workRatios)),
      reference: `inspection off over on: the ratio of throughputs on a quiet machine; off ${round3(median(passing.work))} µs`,
      runs: inspecting.work.length,
    },
    {
      bench: "proxy added median",
      median: round3(median(inspecting.alone) - median(passing.alone)),
      p99: round3(median(inspecting.alone)),
      unit: "ms",
      ratio: round3(median(inspecting.alone) / median(passing.alone)),
      reference: `the median with inspection off, one connection, ${round3(median(passing.alone))} ms`,
      runs: inspecting.alone.length,
    },
  ];
  if (nginx !== undefined) {
    const { rates, work } = samples.nginx;
    lines.push({
      bench: "proxy beside nginx",
      median: Math.round(median(inspecting.rates)),
      p99: Math.round(Math.min(...inspecting.rates)),
      unit: "req/s",
      ratio: round3(median(beside)),
      reference: `${nginx.name}: ${Math.round(median(rates))} req/s, ${Math.round(median(work))} µs of its worker a request`,
      runs: rates.length,
    });
    await nginx.stop();
  }
  lines.push(await idle(upstream.port));
  // A process of its own: what the others left in memory would count for it.
  const target = await start("inspecting", upstream.port);
  await warmUp(target.port);
  lines.push(await streamed(target));
  for (const { child } of [target, upstream]) child.disconnect();
  return lines;
}

/** Idle connections alone: `node bench/proxy.ts idle`. */
async function idleAlone(): Promise<Line> {
  const upstream = await start("upstream");
  const line = await idle(upstream.port);
  upstream.child.disconnect();
  return line;
}

/** A gigabyte downloaded: the most memory held on the way, beyond what was held before. */
async function streamed(target: Target): Promise<Line> {
  const before = (await target.report("collect")).rssBytes;
  let most = before;
  let bytes = 0;
  const startedAt = performance.now();
  const timer = setInterval(() => void target.report().then(({ rssBytes }) => (most = Math.max(most, rssBytes))), 250);
  await new Promise<void>((resolve, reject) => {
    const socket = connect(target.port, "127.0.0.1", () =>
      socket.write(REQUEST.replace(/ \S+ /, " /large ").replace("keep-alive", "close")),
    );
    socket.on("data", (part) => {
      bytes += part.byteLength;
    });
    socket.once("close", () => resolve()).once("error", reject);
  });
  clearInterval(timer);
  if (bytes < STREAMED_BYTES) throw new Error(`only ${bytes} bytes came`);
  return {
    bench: "proxy 1 GiB streamed",
    median: round3((most - before) / MEBIBYTE),
    p99: round3(most / MEBIBYTE),
    unit: "MiB",
    ratio: round3((most - before) / STREAMED_BYTES),
    reference: `the bytes that passed, in ${round3((performance.now() - startedAt) / 1000)} s`,
    runs: 1,
  };
}

/**
 * Connections that have asked once and stay, as many as the machine lets a process open, against the command as a user starts it: with its console, and
 * no flag of Node. Memory for all in millions of bytes.
 */
async function idle(upstream: number): Promise<Line> {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const child = spawn(
    process.execPath,
    [COMMAND, "proxy", "--upstream", `http://127.0.0.1:${upstream}`, "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--json"],
    // Elsewhere there may be a configuration. All come from one client, whom the limiter must count and never stop.
    { cwd: tmpdir(), env: { ...inherited, AIWAF_RATE_MAX: "1000000", AIWAF_RATE_WINDOW_MS: "1000" }, stdio: ["ignore", "pipe", "inherit"] },
  );
  const [printed] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(new URL((JSON.parse(printed.toString()) as { readonly listening: string }).listening).port);
  await warmUp(port);
  const before = rssBytesOf(child);
  const sockets: Socket[] = [];
  for (let count = 0; count < IDLE_CONNECTIONS; count += 100) {
    const opened = await Promise.all(Array.from({ length: 100 }, () => openOne(port)));
    const working = opened.filter((socket) => socket !== undefined);
    sockets.push(...working);
    if (working.length < opened.length) break;
  }
  const after = rssBytesOf(child);
  const open = sockets.filter(({ readyState }) => readyState === "open").length;
  for (const socket of sockets) socket.destroy();
  child.kill();
  await once(child, "exit");
  return {
    bench: `proxy ${open} idle connections`,
    median: round3(after / MEGABYTE),
    p99: round3((after - before) / MEGABYTE),
    unit: "MB",
    ratio: round3(after / before),
    reference: `aiwaf proxy before they came, ${round3(before / MEGABYTE)} MB; p99 is what they added`,
    runs: 1,
  };
}

/** What another process holds in memory now. */
const rssBytesOf = ({ pid }: ChildProcess): number =>
  1024 *
  Number(
    existsSync(`/proc/${pid}/status`)
      ? /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
      : execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" }),
  );

/** `undefined` when no more can be opened. */
const openOne = (port: number): Promise<Socket | undefined> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(REQUEST));
    let bytes = 0;
    socket.on("data", (part) => {
      bytes += part.byteLength;
      if (bytes > 2_000) resolve(socket);
    });
    socket.once("error", () => resolve(undefined));
  });

const [role, port] = process.argv.slice(2);
if (process.send !== undefined && (role === "upstream" || role === "inspecting" || role === "passing")) await play(role, Number(port));
else if (role === "idle") print(await idleAlone());
else if (import.meta.main) for (const line of await benches()) print(line);

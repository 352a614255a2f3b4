/**
 * Shows the console 5,000 decisions a second, and measures the page, and how long requests of the site take meanwhile: in short turns with the page watching
 * and with the same page elsewhere, under the same load. Needs a build and Chromium; `node packages/dashboard/test/browser/flood.ts` takes four minutes.
 *
 * Server, requests and browser are processes of their own. Where there is `taskset`, the server has a processor that the others keep off, and an
 * administrator's goes before whatever else runs: a browser on the server's machine is no cost of watching.
 *
 * @module
 */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { availableParallelism, setPriority } from "node:os";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { createWaf, type HeaderReader, type Waf } from "@aiwaf/core";
import { fromIncoming, observeResponse } from "@aiwaf/core/node";
import { recommended } from "@aiwaf/core/recommended";
import type { Page } from "playwright-core";
import { createDashboard } from "../../src/index.ts";
import { type Pair, quantile, quotientOf, verdictOf } from "./flood-figures.ts";
import { launch, PAGES_FOLDER, visit } from "./harness.ts";

/** What the server tells of one turn. */
interface ServerTurn {
  /** Microseconds from when a request was sent until it was answered. */
  readonly tookMicros: readonly number[];
  readonly decisionsPerS: number;
  /** Processor time of the whole process for each decision. */
  readonly processorMicros: number;
}

/** What was measured in one turn. */
interface Turn {
  readonly server: ServerTurn;
  readonly page: Readonly<Record<string, number>>;
}

/** The p99 of watched over quiet turns may be this at most. */
const MOST = 1.1;
const TICK_MS = 1;
/** Decided at once at most: a process that is behind must not stop answering to catch up. */
const BURST_MAX = 100;
/** A millisecond each: what is late is left out, and not made up for in bursts that would wait for themselves. */
const REQUESTS_PER_S = 1_000;
const CONNECTIONS = 16;
const WARM_UP_TURNS = 6;
/** Opening a page asks for more than watching it does. */
const SETTLE_MS = 400;
const TARGETS = [
  "/",
  "/products/12",
  "/search?q=tea",
  "/cart",
  "/api/products?page=2",
  "/.env",
  "/search?q=%27%20OR%201%3D1--",
  "/blog/news",
];
const LINES = Object.entries({
  Host: "shop.example",
  "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  Accept: "text/html,application/xhtml+xml,*/*;q=0.8",
  "Accept-Language": "en",
  "Accept-Encoding": "gzip, br",
}).flat();
const HEADERS: HeaderReader = {
  lines: LINES,
  get: (name) => LINES[LINES.findIndex((line, index) => index % 2 === 0 && line.toLowerCase() === name) + 1],
  *[Symbol.iterator]() {
    for (let index = 0; index < LINES.length; index += 2) yield [LINES[index]!.toLowerCase(), LINES[index + 1]!] as const;
  },
};

/** One request, as Node's server would hand it over, and its response. */
function decide(waf: Waf, target: string, peer: string): void {
  const decision = waf.inspect({ method: "GET", target, headers: HEADERS, peer, httpVersion: "1.1" });
  if ("then" in decision) throw new Error("a memory store does not wait");
  waf.observe(decision, { status: decision.action === "block" ? decision.status : 200, durationMs: 5 });
}

/** The server: answers requests, and decides about as many more as make `rate`. */
async function serve(rate: number): Promise<void> {
  const waf = createWaf(recommended({ rateLimit: { max: 1_000_000, windowMs: 1_000 }, loginLimit: false, log: { warn() {}, error() {} } }));
  const dashboard = createDashboard({ waf, auth: () => "flood", pages: PAGES_FOLDER });
  let tookMicros: number[] = [];
  const server = createServer((request, response) => {
    dashboard.node(request, response, () => {
      const decision = waf.inspect(fromIncoming(request));
      if ("then" in decision) throw new Error("a memory store does not wait");
      observeResponse(waf, decision, response);
      response.end("ok");
      // The clock is one for all processes.
      const sentAt = request.headers["x-sent-at"];
      if (typeof sentAt === "string") tookMicros.push(Number(process.hrtime.bigint() - BigInt(sentAt)) / 1_000);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  let due = 0;
  let last = performance.now();
  let number = 0;
  setInterval(() => {
    const now = performance.now();
    due = Math.min(BURST_MAX, due + ((now - last) / 1_000) * (rate - REQUESTS_PER_S));
    last = now;
    for (; due >= 1; due--) {
      number++;
      decide(waf, TARGETS[number % TARGETS.length] ?? "/", `198.51.${(number >> 8) % 100}.${number & 255}`);
    }
  }, TICK_MS);
  let [since, used, decided] = [performance.now(), process.cpuUsage(), 0];
  process.on("message", () => {
    const { user, system } = process.cpuUsage(used);
    const { decisions } = dashboard.events.counts();
    process.send?.({
      tookMicros,
      decisionsPerS: ((decisions - decided) * 1_000) / (performance.now() - since),
      processorMicros: (user + system) / (decisions - decided),
    } satisfies ServerTurn);
    [since, used, decided, tookMicros] = [performance.now(), process.cpuUsage(), decisions, []];
  });
  process.send?.((server.address() as AddressInfo).port);
}

/** The requests of the site: over connections in turns, each with the time at which it is sent. */
async function ask(port: number): Promise<void> {
  const fields = LINES.flatMap((text, index) => (index % 2 === 0 ? [`${text}: ${LINES[index + 1]}`] : [])).join("\r\n");
  const sockets = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = connect(port, "127.0.0.1").setNoDelay(true).resume();
      await once(socket, "connect");
      return socket;
    }),
  );
  let number = 0;
  setInterval(() => {
    const socket = sockets[number++ % CONNECTIONS];
    socket?.write(`GET /products?page=${number % 50} HTTP/1.1\r\n${fields}\r\nX-Sent-At: ${process.hrtime.bigint()}\r\n\r\n`);
  }, 1_000 / REQUESTS_PER_S);
  process.send?.("asking");
}

/** How the page's frames came, while somebody scrolls and types. */
async function frames(page: Page, lengthMs: number, isTyping: boolean): Promise<Readonly<Record<string, number>>> {
  const typed = page.getByLabel("Client");
  const measured = page.evaluate(
    (untilMs) =>
      new Promise<Record<string, number>>((resolve) => {
        const gaps: number[] = [];
        const long: number[] = [];
        new PerformanceObserver((list) => {
          for (const { duration } of list.getEntries()) long.push(duration);
        }).observe({ entryTypes: ["longtask"] });
        const start = performance.now();
        let last = start;
        const frame = (now: number): void => {
          gaps.push(now - last);
          last = now;
          if (now - start < untilMs) requestAnimationFrame(frame);
          else {
            gaps.sort((one, other) => one - other);
            const at = (share: number): number => Math.round(gaps[Math.floor(gaps.length * share)] ?? 0);
            resolve({
              framesPerSecond: Math.round((gaps.length / untilMs) * 1_000),
              p50Ms: at(0.5),
              p99Ms: at(0.99),
              longTasks: long.length,
            });
          }
        };
        requestAnimationFrame(frame);
      }),
    lengthMs,
  );
  const answers: number[] = [];
  const until = performance.now() + lengthMs;
  while (isTyping && performance.now() < until) {
    const before = performance.now();
    await typed.press("2");
    answers.push(performance.now() - before);
    await typed.press("Backspace");
    await page.waitForTimeout(lengthMs / 20);
  }
  return { ...(await measured), keyMs: Math.round(answers.sort((one, other) => one - other).at(-1) ?? 0) };
}

/** @returns whether the machine can and lets. */
function isDone(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
/** Keeps all threads of a process to some processors. */
const keepTo = (processors: string, pid = 0): boolean =>
  isDone(() => execFileSync("taskset", ["-acp", processors, String(pid)], { stdio: "ignore" }));

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "5000" },
    ms: { type: "string", default: "1000" },
    rounds: { type: "string", default: "60" },
    serve: { type: "boolean", default: false },
    ask: { type: "string" },
  },
});

async function measure(rounds: number, lengthMs: number): Promise<void> {
  const others = `1-${availableParallelism() - 1}`;
  const started: ChildProcess[] = [];
  const start = async <Said>(...args: readonly string[]): Promise<{ readonly child: ChildProcess; readonly said: Said }> => {
    const child = fork(import.meta.filename, args, { stdio: "inherit" });
    started.push(child);
    return { child, said: ((await once(child, "message")) as [Said])[0] };
  };
  // What is started from here on keeps off the server's processor, too; and what others keep waiting says nothing about a page.
  const isApart = availableParallelism() > 1 && keepTo(others, process.pid);
  const isFirst = isDone(() => setPriority(-15));
  try {
    const { child: server, said: port } = await start<number>("--serve", "--rate", values.rate);
    const { child: client } = await start("--ask", String(port));
    if (isApart) keepTo("0", server.pid);
    for (const { pid = 0 } of isFirst ? [server, client] : []) setPriority(pid, -20);
    console.log(
      `The server ${isApart ? "has processor 0 for itself" : "shares its processors with the browser"}, and ${isFirst ? "goes before other programs" : "waits as other programs do"}.`,
    );
    const browser = await launch();
    try {
      const session = await visit(browser, { url: `http://127.0.0.1:${port}/aiwaf/` });
      const turn = async (isWatched: boolean): Promise<Turn> => {
        // The page stays open elsewhere in the console, so that only the watching differs.
        await (isWatched ? session.open("live", "Live") : session.open("guide", "Start here"));
        if (isWatched) await session.page.getByText("Connected", { exact: true }).waitFor();
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
        const figures = async (): Promise<ServerTurn> => {
          server.send("figures");
          return ((await once(server, "message")) as [ServerTurn])[0];
        };
        await figures();
        const page = await frames(session.page, lengthMs, isWatched);
        return { server: await figures(), page };
      };
      for (let count = 0; count < WARM_UP_TURNS; count++) await turn(count % 2 === 1);
      const turns: { readonly quiet: Turn; readonly watched: Turn }[] = [];
      for (let round = 0; round < rounds; round++) {
        // In an order that changes: a machine that gets slower, or faster, must not decide.
        const isQuietFirst = round % 2 === 0;
        const [first, second] = [await turn(!isQuietFirst), await turn(isQuietFirst)];
        turns.push(isQuietFirst ? { quiet: first, watched: second } : { quiet: second, watched: first });
      }
      report(turns);
      if (session.wrongs.length > 0) throw new Error(session.wrongs.join("\n"));
    } finally {
      await browser.close();
    }
  } finally {
    for (const child of started) child.kill();
  }
}

function report(turns: readonly { readonly quiet: Turn; readonly watched: Turn }[]): void {
  const kinds = ["quiet", "watched"] as const;
  const usual = (pick: (turn: Turn) => number): string =>
    kinds
      .map((kind) => {
        const all = turns.map((turn) => pick(turn[kind]));
        return `${kind} ${Math.round(quantile(all, 0.5))} (half of them ${Math.round(quantile(all, 0.25))} to ${Math.round(quantile(all, 0.75))})`;
      })
      .join(", ");
  const print = (
    what: string,
    pick: (turn: Turn) => readonly number[],
    figure: (values: readonly number[]) => number,
    most?: number,
  ): void => {
    const pairs: Pair[] = turns.map(({ quiet, watched }) => ({ quiet: pick(quiet), watched: pick(watched) }));
    const quotient = quotientOf(pairs, figure);
    const { value, low, high } = quotient;
    console.log(`${what}: ${usual((turn) => figure(pick(turn)))}`);
    console.log(
      `  watched/quiet ${value.toFixed(3)}, 95 % between ${low.toFixed(3)} and ${high.toFixed(3)}${most === undefined ? "" : `; ${verdictOf(quotient, most)}`}`,
    );
  };
  console.log(`${turns.length} pairs of turns`);
  console.log(`decisions a second: ${usual(({ server }) => server.decisionsPerS)}`);
  console.log(`requests measured in a turn: ${usual(({ server }) => server.tookMicros.length)}`);
  const took = ({ server }: Turn): readonly number[] => server.tookMicros;
  for (const share of [0.5, 0.95]) print(`p${share * 100} of a request, µs`, took, (values) => quantile(values, share));
  print("p99 of a request, µs", took, (values) => quantile(values, 0.99), MOST);
  print(
    "processor time of a decision, µs",
    ({ server }) => [server.processorMicros],
    ([value = Number.NaN]) => value,
  );
  console.log(`frames a second: ${usual(({ page }) => page["framesPerSecond"] ?? 0)}`);
  console.log(`longest wait for a key, ms: ${usual(({ page }) => page["keyMs"] ?? 0)}`);
}

if (values.serve) await serve(Number(values.rate));
else if (values.ask !== undefined) await ask(Number(values.ask));
else await measure(Number(values.rounds), Number(values.ms));

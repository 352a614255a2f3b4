/**
 * Shows the console thousands of decisions a second, and measures the page and the server, in short turns with the page watching and not:
 * `node packages/dashboard/test/browser/flood.ts --rate 5000 --seconds 4 --rounds 8`. Needs a build and Chromium.
 *
 * @module
 */
import { fork } from "node:child_process";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import type { HeaderReader, Waf } from "@aiwaf/core";
import type { Page } from "playwright-core";
import { startDemo } from "../demo.ts";
import { launch, PAGES_FOLDER, PASSWORD, signIn, visit } from "./harness.ts";

/** What the server took for a decision, in microseconds, and how many it made a second. */
interface ServerFigures {
  readonly perSecond: number;
  /** Processor time of the whole process for each decision: says more than clocks do where cores are shared. */
  readonly processor: number;
  readonly p50: number;
  readonly p99: number;
  /** How long a request waits until the thread is free, in microseconds, at p99. */
  readonly wait99: number;
}

/** What was measured in one turn. */
interface Turn {
  readonly server: ServerFigures;
  readonly page: Readonly<Record<string, number>>;
}

const TICK_MS = 4;
/** Decided at once at most: a process that is behind must not stop answering to catch up. */
const BURST_MAX = 100;
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

/** The process that decides: in steps of a few milliseconds, as many as the rate asks for. */
async function serve(rate: number): Promise<void> {
  const demo = await startDemo({ ratePerS: 0, historyHours: 1, mode: "enforce", password: PASSWORD, dashboard: { pages: PAGES_FOLDER } });
  const waits = monitorEventLoopDelay({ resolution: 1 });
  waits.enable();
  let took: number[] = [];
  let due = 0;
  let last = performance.now();
  let number = 0;
  setInterval(() => {
    const now = performance.now();
    due = Math.min(BURST_MAX, due + ((now - last) / 1_000) * rate);
    last = now;
    for (; due >= 1; due--) {
      number++;
      const before = performance.now();
      decide(demo.waf, TARGETS[number % TARGETS.length] ?? "/", `198.51.${(number >> 8) % 100}.${number & 255}`);
      took.push((performance.now() - before) * 1_000);
    }
  }, TICK_MS);
  let since = performance.now();
  let used = process.cpuUsage();
  process.on("message", () => {
    took.sort((one, other) => one - other);
    const at = (share: number): number => Math.round(took[Math.floor(took.length * share)] ?? 0);
    const seconds = (performance.now() - since) / 1_000;
    const { user, system } = process.cpuUsage(used);
    const processor = Math.round((user + system) / Math.max(1, took.length));
    const wait99 = Math.round(waits.percentile(99) / 1_000);
    process.send?.({
      perSecond: Math.round(took.length / seconds),
      processor,
      p50: at(0.5),
      p99: at(0.99),
      wait99,
    } satisfies ServerFigures);
    waits.reset();
    took = [];
    since = performance.now();
    used = process.cpuUsage();
  });
  process.send?.({ url: demo.url });
}

/** How the page's frames came, while somebody scrolls and types. */
async function frames(page: Page, seconds: number, isTyping: boolean): Promise<Readonly<Record<string, number>>> {
  const typed = page.getByLabel("Client");
  const measured = page.evaluate(
    (lengthMs) =>
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
          if (now - start < lengthMs) requestAnimationFrame(frame);
          else {
            gaps.sort((one, other) => one - other);
            const at = (share: number): number => Math.round(gaps[Math.floor(gaps.length * share)] ?? 0);
            resolve({
              framesPerSecond: Math.round((gaps.length / lengthMs) * 1_000),
              p50Ms: at(0.5),
              p99Ms: at(0.99),
              longTasks: long.length,
            });
          }
        };
        requestAnimationFrame(frame);
      }),
    seconds * 1_000,
  );
  const answers: number[] = [];
  for (const key of isTyping ? "203.0.113" : "") {
    const before = performance.now();
    await typed.press(key);
    answers.push(performance.now() - before);
    await typed.press("Backspace");
    await page.waitForTimeout((seconds * 1_000) / 20);
  }
  return { ...(await measured), keyMs: Math.round(answers.sort((one, other) => one - other).at(-1) ?? 0) };
}

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "5000" },
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "8" },
    serve: { type: "boolean", default: false },
  },
});
const rate = Number(values.rate);

if (values.serve) await serve(rate);
else {
  const seconds = Number(values.seconds);
  const server = fork(import.meta.filename, ["--serve", "--rate", values.rate], { stdio: "inherit" });
  const message = <T>(): Promise<T> => new Promise((resolve) => server.once("message", resolve as (value: unknown) => void));
  const figures = (): Promise<ServerFigures> => {
    const answer = message<ServerFigures>();
    server.send("figures");
    return answer;
  };
  const { url } = await message<{ readonly url: string }>();
  const browser = await launch();
  try {
    const session = await visit(browser, { url });
    await signIn(session);
    const wait = (lengthMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, lengthMs));
    const turns: { readonly quiet: Turn; readonly watched: Turn }[] = [];
    const quiet = async (): Promise<Turn> => {
      // The page stays open on a quiet part of the console, so that only the watching differs.
      await session.open("guide", "Start here");
      await wait(500);
      await figures();
      const page = await frames(session.page, seconds, false);
      return { server: await figures(), page };
    };
    const watched = async (): Promise<Turn> => {
      await session.open("live", "Live");
      await session.page.getByText("Connected", { exact: true }).waitFor();
      await wait(500);
      await figures();
      const page = await frames(session.page, seconds, true);
      return { server: await figures(), page };
    };
    for (let round = 0; round < Number(values.rounds); round++) {
      // In an order that changes: a machine that gets slower, or faster, must not decide.
      const first = await (round % 2 === 0 ? quiet() : watched());
      const second = await (round % 2 === 0 ? watched() : quiet());
      const turn = round % 2 === 0 ? { quiet: first, watched: second } : { quiet: second, watched: first };
      turns.push(turn);
      console.log(JSON.stringify({ round: round + 1, quiet: turn.quiet, watched: turn.watched }));
    }
    const of = (pick: (turn: (typeof turns)[number]) => number): string => {
      const sorted = turns.map(pick).sort((one, other) => one - other);
      const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(2);
      return `${at(0.5)} (half of them ${at(0.25)} to ${at(0.75)})`;
    };
    console.log(`decisions a second        ${of(({ watched }) => watched.server.perSecond)}`);
    // What else the machine does only ever makes a turn longer: the least of many turns is the server's own.
    const ofLeast = (pick: (figures: ServerFigures) => number): string => {
      const [own, reference] = (["watched", "quiet"] as const).map((kind) => Math.min(...turns.map((turn) => pick(turn[kind].server))));
      return ((own ?? 0) / (reference ?? 1)).toFixed(2);
    };
    console.log(
      `p99 over quiet            ${of(({ quiet, watched }) => watched.server.p99 / quiet.server.p99)}; least over least ${ofLeast(({ p99 }) => p99)}`,
    );
    console.log(
      `wait p99 over quiet       ${of(({ quiet, watched }) => watched.server.wait99 / quiet.server.wait99)}; least over least ${ofLeast(({ wait99 }) => wait99)}`,
    );
    console.log(`processor over quiet      ${of(({ quiet, watched }) => watched.server.processor / quiet.server.processor)}`);
    console.log(`frames a second, quiet    ${of(({ quiet }) => quiet.page["framesPerSecond"] ?? 0)}`);
    console.log(`frames a second, watched  ${of(({ watched }) => watched.page["framesPerSecond"] ?? 0)}`);
    console.log(`longest key, ms           ${of(({ watched }) => watched.page["keyMs"] ?? 0)}`);
    if (session.wrongs.length > 0) throw new Error(session.wrongs.join("\n"));
  } finally {
    await browser.close();
    server.kill();
  }
}

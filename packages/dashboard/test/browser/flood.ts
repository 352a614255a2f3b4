/**
 * Shows the console thousands of decisions a second, and measures the page and the server:
 * `node packages/dashboard/test/browser/flood.ts --rate 5000 --seconds 10 --rounds 3`. Needs a build and Chromium.
 *
 * @module
 */
import { fork } from "node:child_process";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
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

/** The process that decides: in steps of a few milliseconds, as many as the rate asks for. */
async function serve(rate: number): Promise<void> {
  const demo = await startDemo({ ratePerS: 0, historyHours: 1, mode: "enforce", password: PASSWORD, dashboard: { pages: PAGES_FOLDER } });
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
      void demo.ask(TARGETS[number % TARGETS.length] ?? "/", `198.51.${(number >> 8) % 100}.${number & 255}`);
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
    process.send?.({ perSecond: Math.round(took.length / seconds), processor, p50: at(0.5), p99: at(0.99) } satisfies ServerFigures);
    took = [];
    since = performance.now();
    used = process.cpuUsage();
  });
  process.send?.({ url: demo.url });
}

/** How the page's frames came, while somebody scrolls and types. */
async function frames(page: Page, seconds: number): Promise<Readonly<Record<string, number>>> {
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
  for (const key of "203.0.113") {
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
    seconds: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
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
    for (let round = 1; round <= Number(values.rounds); round++) {
      // The page stays open on a quiet part of the console, so that only the watching differs.
      await session.open("guide", "Start here");
      await wait(1_000);
      await figures();
      await wait(seconds * 1_000);
      const quiet = await figures();
      await session.open("live", "Live");
      await session.page.getByText("Connected", { exact: true }).waitFor();
      await wait(1_000);
      await figures();
      const page = await frames(session.page, seconds);
      const watched = await figures();
      console.log(JSON.stringify({ round, quiet, watched, p99Ratio: Number((watched.p99 / quiet.p99).toFixed(2)), page }));
      console.log((await session.page.locator(".live-figures").textContent())?.trim());
    }
    if (session.wrongs.length > 0) throw new Error(session.wrongs.join("\n"));
  } finally {
    await browser.close();
    server.kill();
  }
}

/**
 * One limiter decision through each store, beside the same decision in memory. Redis answers later, so its lines are measured in two ways: one
 * decision at a time against a bare PING (how many round trips it costs), and 50 at a time (how many a core does). Then one count alone, beside the
 * stores of two limiters of the field.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWaf, type Store, type Waf } from "@aiwaf/core";
import { rateLimit } from "@aiwaf/core/detectors";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { redisStore } from "@aiwaf/core/stores/redis";
import { sqliteStore } from "@aiwaf/core/stores/sqlite";
import { MemoryStore, type Options } from "express-rate-limit";
import { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis } from "rate-limiter-flexible";
import { compare, type Line, round3 } from "./measure.ts";

const headers = new Headers();
const address = (index: number): string => `${(index >> 24) & 127}.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
const raw = (peer: string) => ({ method: "GET", target: "/", headers, peer });
const hot = Array.from({ length: 256 }, (_, index) => raw(address(index)));
const many = Array.from({ length: 65_536 }, (_, index) => raw(address(1_000_000 + index * 7)));

const peerOf = (index: number): string => many[index % many.length]!.peer;

const BATCH = 4_000;
const POINTS = 1_000_000;
const IN_FLIGHT = 50;

const limited = (store: Store): Waf => {
  let at = Date.UTC(2026, 0, 1);
  return createWaf({ detectors: [rateLimit({ max: 1_000_000, windowMs: 60_000 })], store, clock: () => ++at, deadlineMs: 5_000 });
};
const decide = (waf: Waf, requests: typeof hot) => (index: number) => waf.inspect(requests[index % requests.length]!);

export async function benches(): Promise<Line[]> {
  const folder = mkdtempSync(join(tmpdir(), "aiwaf-bench-"));
  try {
    return [...sqliteLines(folder), ...(await redisLines()), ...(await fieldLines())];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function sqliteLines(folder: string): Line[] {
  const lines: Line[] = [];
  for (const [name, shared] of [
    ["sqlite", true],
    ["sqlite-one-process", false],
  ] as const) {
    const store = sqliteStore({ path: join(folder, `${name}.db`), shared });
    const [own, memory] = [limited(store), limited(memoryStore())];
    for (const [clients, requests] of [
      ["hot", hot],
      ["many", many],
    ] as const) {
      const subject = { name, run: decide(own, requests) };
      lines.push(compare(`store/${name}/${clients}-clients`, subject, { name: "memory", run: decide(memory, requests) }, { batch: BATCH }));
    }
    store.close?.();
  }
  return lines;
}

async function redisLines(): Promise<Line[]> {
  const server = await startRedis();
  if (server === undefined) {
    console.error("store/redis is left out: it needs redis-server (apt-get install -y redis-server).");
    return [];
  }
  const client = new Redis({ port: server.port, host: "127.0.0.1", enableAutoPipelining: true });
  try {
    const store = redisStore({ send: ([name, ...args]) => client.call(name, ...args) });
    const waf = limited(store);
    const flexible = new RateLimiterRedis({ storeClient: client, points: POINTS, duration: 60 });
    const memory = limited(memoryStore());
    return [
      await compareWaits("store/redis/one-at-a-time", decide(waf, many), { name: "PING", run: () => client.ping() }, 1),
      await compareWaits(`store/redis/${IN_FLIGHT}-at-a-time`, decide(waf, many), { name: "memory", run: decide(memory, many) }, IN_FLIGHT),
      await compareWaits(
        `store/redis/count/${IN_FLIGHT}-at-a-time`,
        (index) => store.increment(`rate::${peerOf(index)}:1`, 1, 60_000, Date.now()),
        { name: "rate-limiter-flexible", run: (index) => flexible.consume(peerOf(index)) },
        IN_FLIGHT,
      ),
    ];
  } finally {
    client.disconnect();
    server.child.kill("SIGKILL");
    await once(server.child, "close");
  }
}

/** One count of one client among 65,536, waited for. */
async function fieldLines(): Promise<Line[]> {
  const own = memoryStore();
  const express = new MemoryStore();
  express.init({ windowMs: 60_000 } as Options);
  const flexible = new RateLimiterMemory({ points: POINTS, duration: 60 });
  const count: Run = (index) => own.increment(peerOf(index), 1, 60_000, Date.now());
  const lines = [
    await compareWaits("store/memory/count", count, { name: "express-rate-limit", run: (index) => express.increment(peerOf(index)) }, 1),
    await compareWaits("store/memory/count", count, { name: "rate-limiter-flexible", run: (index) => flexible.consume(peerOf(index)) }, 1),
  ];
  express.shutdown();
  return lines;
}

type Run = (index: number) => unknown;

/** As `compare`, for calls that are waited for, `inFlight` at a time. */
async function compareWaits(bench: string, run: Run, reference: { name: string; run: Run }, inFlight: number): Promise<Line> {
  const ROUNDS = 9;
  await timeWaits(run, inFlight, 0);
  await timeWaits(reference.run, inFlight, 0);
  const [own, other, tails]: [number[], number[], number[]] = [[], [], []];
  for (let round = 1; round <= ROUNDS; round++) {
    other.push((await timeWaits(reference.run, inFlight, round)).each);
    const { each, p99 } = await timeWaits(run, inFlight, round);
    own.push(each);
    tails.push(p99);
  }
  const middle = (values: number[]): number => values.sort((a, b) => a - b)[ROUNDS >> 1]!;
  const [median, referenceMedian] = [middle(own), middle(other)];
  return {
    bench,
    median: round3(median),
    p99: round3(middle(tails)),
    unit: "µs",
    reference: `${reference.name} (${round3(referenceMedian)} µs)`,
    ratio: round3(median / referenceMedian),
    runs: ROUNDS * BATCH,
  };
}

/** Microseconds of wall time for each call, and the 99th percentile of what one call waited. */
async function timeWaits(run: Run, inFlight: number, round: number): Promise<{ readonly each: number; readonly p99: number }> {
  const waits: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < BATCH) {
      const before = performance.now();
      await run(round * BATCH + next++);
      waits.push(performance.now() - before);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  const each = ((performance.now() - start) * 1_000) / BATCH;
  return { each, p99: waits.sort((a, b) => a - b)[Math.floor(waits.length * 0.99)]! * 1_000 };
}

async function startRedis(): Promise<{ readonly port: number; readonly child: ChildProcess } | undefined> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  const child = spawn("redis-server", ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], {
    cwd: tmpdir(),
    stdio: ["ignore", "pipe", "ignore"],
  });
  process.once("exit", () => child.kill("SIGKILL"));
  return new Promise((resolve) => {
    child.on("error", () => resolve(undefined));
    child.stdout.on("data", (text) => {
      if (String(text).includes("Ready to accept")) resolve({ port, child });
    });
  });
}

/**
 * One limiter decision through each store: in SQLite beside a loop of known work, in Redis beside the same decision in memory. Redis answers later, so
 * its lines are measured in three ways: one decision at a time against a bare PING, 50 at a time, and how many round trips a decision takes. Then one
 * decision alone, beside two limiters of the field, in time and in bytes a client. All times but `wall` are of the processor, not of the clock,
 * because these machines are shared.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createWaf, isThenable, type Store, type Waf } from "@aiwaf/core";
import { rateLimit } from "@aiwaf/core/detectors";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { redisStore } from "@aiwaf/core/stores/redis";
import { sqliteStore } from "@aiwaf/core/stores/sqlite";
import type { Request, RequestHandler, Response } from "express";
import { rateLimit as expressRateLimit, MemoryStore, type Options } from "express-rate-limit";
import type { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis } from "rate-limiter-flexible";
import { type Line, referenceLoop, round3 } from "./measure.ts";

const headers = new Headers();
const address = (index: number): string => `${(index >> 24) & 127}.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
const raw = (peer: string) => ({ method: "GET", target: "/", headers, peer });
const hot = Array.from({ length: 256 }, (_, index) => raw(address(index)));
const many = Array.from({ length: 65_536 }, (_, index) => raw(address(1_000_000 + index * 7)));

const peerOf = (index: number): string => many[index % many.length]!.peer;

const BATCH = 4_000;
const POINTS = 1_000_000;
const IN_FLIGHT = 50;
const START = Date.UTC(2026, 0, 1);
const WINDOW_MS = 60_000;

/** A millisecond a decision, unless told another clock: so that windows begin and end within a run. */
const limited = (store: Store, reserve = 1, clock?: () => number): Waf => {
  let at = START;
  return createWaf({
    detectors: [rateLimit({ max: 1_000_000, windowMs: WINDOW_MS, reserve })],
    store,
    clock: clock ?? (() => ++at),
    deadlineMs: 5_000,
  });
};
const decide = (waf: Waf, requests: typeof hot) => (index: number) => waf.inspect(requests[index % requests.length]!);

export async function benches(): Promise<Line[]> {
  const folder = mkdtempSync(join(tmpdir(), "aiwaf-bench-"));
  try {
    // The field first: what the other lines do with the same code would change how the engine compiles it.
    return [...(await fieldLines()), ...byteLines(), ...(await sqliteLines(folder)), ...(await redisLines())];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A decision in SQLite, held against a loop of known work: the speed of these machines' cores changes by half from run to run. */
async function sqliteLines(folder: string): Promise<Line[]> {
  const lines: Line[] = [];
  const reference = { name: "FNV-1a over 4 kB", run: referenceLoop(["x".repeat(4_096)]).run };
  for (const [name, shared, reserve] of [
    ["sqlite", true, 1],
    ["sqlite-reserve-10", true, 10],
    ["sqlite-one-process", false, 1],
  ] as const) {
    for (const [clients, subject] of Object.entries(CLIENTS_OF_SQLITE)) {
      const path = join(folder, `${name}-${clients}.db`);
      const store = sqliteStore({ path, shared });
      const run = subject(store, reserve);
      lines.push(await compareCpu(`store/${name}/${clients}`, run, reference, 1));
      if (name === "sqlite" && clients === "known-clients") {
        const writer = await startWriter(path);
        lines.push(await compareCpu(`store/${name}/${clients}-beside-a-writer`, run, reference, 1));
        writer.kill("SIGKILL");
        await once(writer, "close");
      }
      store.close?.();
    }
  }
  return lines;
}

/** Who is decided about: clients that were seen in the window, that were last seen in the one before, and that were never seen. */
const CLIENTS_OF_SQLITE: Readonly<Record<string, (store: Store, reserve: number) => Run>> = {
  "known-clients": (store, reserve) => decide(limited(store, reserve), hot),
  "new-in-window"(store, reserve) {
    let decided = 0;
    // As many decisions a window as there are clients; the order of their addresses tells nothing, as with real ones.
    const waf = limited(store, reserve, () => START + Math.floor((decided * WINDOW_MS) / many.length));
    const run: Run = () => waf.inspect(many[(decided++ * 40_503) % many.length]!);
    for (let warm = 0; warm < many.length; warm++) run(warm);
    return run;
  },
  "unseen-clients"(store, reserve) {
    let decided = 0;
    const waf = limited(store, reserve);
    return () => waf.inspect(raw(address(Math.imul(decided++, 0x9e3779b1) >>> 1)));
  },
};

/** Another process that counts in the same file without a pause. */
async function startWriter(path: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("./sqlite-writer.ts", import.meta.url));
  const child = spawn(process.execPath, ["--no-warnings", script, path], { stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => child.kill("SIGKILL"));
  await once(child.stdout!, "data");
  return child;
}

async function redisLines(): Promise<Line[]> {
  const server = await startRedis();
  if (server === undefined) {
    console.error("store/redis is left out: it needs redis-server (apt-get install -y redis-server).");
    return [];
  }
  // Loaded here: what it sets up for tracing makes typed arrays slower in the whole process (a count in memory: 0.17 µs in place of 0.10).
  const { Redis } = await import("ioredis");
  const client = new Redis({ port: server.port, host: "127.0.0.1", enableAutoPipelining: true });
  try {
    const store = redisStore({ send: ([name, ...args]) => client.call(name, ...args) });
    const waf = limited(store);
    const flexible = new RateLimiterRedis({ storeClient: client, points: POINTS, duration: 60 });
    const memory = limited(memoryStore());
    return [
      await compareCpu("store/redis/one-at-a-time", decide(waf, many), { name: "PING", run: () => client.ping() }, 1),
      await compareCpu(`store/redis/${IN_FLIGHT}-at-a-time`, decide(waf, many), { name: "memory", run: decide(memory, many) }, IN_FLIGHT),
      await roundTripLine(client),
      await compareCpu(
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

/** How often the store has something sent for one decision, once the script is known. */
async function roundTripLine(client: Redis): Promise<Line> {
  let trips = 0;
  const store = redisStore({
    prefix: "trips",
    send([name, ...args]) {
      trips += 1;
      return client.call(name, ...args);
    },
    async sendMany(commands) {
      trips += 1;
      const answers = await client.pipeline(commands.map(([name, ...args]) => ["call", name, ...args])).exec();
      return (answers ?? []).map(([error, answer]) => error ?? answer);
    },
  });
  const waf = limited(store);
  await waf.inspect(many[0]!);
  trips = 0;
  for (let index = 1; index <= 1_000; index++) await waf.inspect(many[index]!);
  const each = trips / 1_000;
  return {
    bench: "store/redis/round-trips",
    median: each,
    p99: each,
    unit: "a decision",
    reference: "one round trip",
    ratio: each,
    runs: 1_000,
  };
}

/** One count, and one whole decision, about 256 clients and about 65,536; waited for where the limiter answers later. */
async function fieldLines(): Promise<Line[]> {
  const lines: Line[] = [];
  // One of each for all lines, as an application has: code that belongs to one object alone is compiled better than code that several share.
  const own = memoryStore();
  const waf = limited(own, 1, Date.now);
  const express = new MemoryStore();
  express.init({ windowMs: 60_000 } as Options);
  const flexible = new RateLimiterMemory({ points: POINTS, duration: 60 });
  const middleware = expressRateLimit({ windowMs: 60_000, limit: POINTS, validate: false });
  for (const [name, requests] of [
    ["hot", hot],
    ["many", many],
  ] as const) {
    const peers = requests.map(({ peer }) => peer);
    const peerAt = (index: number): string => peers[index % peers.length]!;
    const count: Run = (index) => own.increment(peerAt(index), 1, 60_000, Date.now());
    const expressCount = { name: "express-rate-limit", run: (index: number) => express.increment(peerAt(index)) };
    const flexibleCount = { name: "rate-limiter-flexible", run: (index: number) => flexible.consume(peerAt(index)) };
    // By the real clock, which is the only one the others have: with one of its own every client of many would be new in every window here, and known there.
    const decision = decide(waf, requests);
    const expressDecision = { name: "express-rate-limit", run: throughMiddleware(middleware, peerAt) };
    for (const reference of [expressCount, flexibleCount])
      lines.push(await compareCpu(`store/memory/count/${name}-clients`, count, reference, 1, 20_000));
    for (const reference of [expressDecision, flexibleCount])
      lines.push(await compareCpu(`store/memory/decision/${name}-clients`, decision, reference, 1, 20_000));
  }
  express.shutdown();
  return lines;
}

/** What an Express application runs for a request: the middleware, on the least of a request and a response that it takes. */
function throughMiddleware(middleware: RequestHandler, peerAt: (index: number) => string): Run {
  const response = { headersSent: false, setHeader: () => response, append: () => response } as unknown as Response;
  return (index) =>
    new Promise((resolve) => {
      const request = { ip: peerAt(index), headers: {}, method: "GET" } as unknown as Request;
      void middleware(request, response, resolve);
    });
}

const CLIENTS = 200_000;

/** What a client costs in memory, each limiter in a process of its own. */
function byteLines(): Line[] {
  const script = fileURLToPath(new URL("./limiter-bytes.ts", import.meta.url));
  const bytesOf = (name: string): number =>
    Number(execFileSync(process.execPath, ["--expose-gc", "--no-warnings", script, name, `${CLIENTS}`], { encoding: "utf8" }));
  const own = bytesOf("aiwaf");
  return ["express-rate-limit", "rate-limiter-flexible"].map((name) => {
    const other = bytesOf(name);
    return {
      bench: "store/memory/client",
      median: own,
      p99: own,
      unit: "bytes",
      reference: `${name} (${other} bytes)`,
      ratio: round3(own / other),
      runs: CLIENTS,
    };
  });
}

type Run = (index: number) => unknown;

const ROUNDS = 15;
const WARM_ROUNDS = 9;

/**
 * As `compare`, for calls that may answer later, `inFlight` at a time: microseconds of this process's processor time, in alternating rounds. `p99` is
 * of what single calls waited, by the clock.
 */
async function compareCpu(bench: string, run: Run, reference: { name: string; run: Run }, inFlight: number, batch = BATCH): Promise<Line> {
  // The compiler's threads count as processor time: after one batch they are still at work.
  for (let round = 0; round < WARM_ROUNDS; round++) for (const warm of [run, reference.run]) await cpuOf(warm, inFlight, round, batch);
  const [own, other, walls]: [number[], number[], number[]] = [[], [], []];
  for (let round = 1; round <= ROUNDS; round++) {
    other.push(await cpuOf(reference.run, inFlight, round, batch));
    const since = performance.now();
    own.push(await cpuOf(run, inFlight, round, batch));
    walls.push(((performance.now() - since) * 1_000) / batch);
  }
  const middle = (values: number[]): number => values.sort((a, b) => a - b)[ROUNDS >> 1]!;
  const [median, referenceMedian] = [middle(own), middle(other)];
  return {
    bench,
    median: round3(median),
    min: round3(own[0]!),
    wall: round3(middle(walls)),
    p99: round3(await waitOf(run, inFlight)),
    unit: "µs CPU",
    reference: `${reference.name} (${round3(referenceMedian)} µs)`,
    ratio: round3(median / referenceMedian),
    runs: ROUNDS * batch,
  };
}

/** Runs a batch, `inFlight` calls at a time; waits only for those that answer later. */
async function runBatch(run: Run, inFlight: number, from: number, batch: number): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < batch) {
      const answer = run(from + next++);
      if (answer instanceof Promise) await answer;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

async function cpuOf(run: Run, inFlight: number, round: number, batch: number): Promise<number> {
  const before = process.cpuUsage();
  await runBatch(run, inFlight, round * batch, batch);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / batch;
}

async function waitOf(run: Run, inFlight: number): Promise<number> {
  const waits: number[] = [];
  const timed: Run = (index) => {
    const since = performance.now();
    const end = (): void => void waits.push(performance.now() - since);
    const answer = run(index);
    return isThenable(answer) ? answer.then(end) : end();
  };
  await runBatch(timed, inFlight, (ROUNDS + 1) * BATCH, BATCH);
  return waits.sort((a, b) => a - b)[Math.floor(waits.length * 0.99)]! * 1_000;
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

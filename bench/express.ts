/**
 * Express hello-world with the head detectors in front, against the same application bare. Two servers in processes of their own take turns under the
 * same load; `ratio` is throughput over bare throughput. Two processes of the same program differ by up to 8 % for as long as they live (where their code
 * and heap came to lie), so every pair is started anew several times, and the turns are short, so that the machine's moods hit both.
 *
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createWaf } from "@aiwaf/core";
import { blocklist, headers, methods, probes, rateLimit } from "@aiwaf/core/detectors";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { protect } from "@aiwaf/express";
import express from "express";
import { stayAwake } from "./awake.ts";
import { type Line, print, round3 } from "./measure.ts";
import { pinApart } from "./pin.ts";

const PAIRS = 6;
const ROUNDS = 16;
const ROUND_MS = 200;
/** What a server keeps for all but its first seconds is measured: V8 takes about that long to compile both of them to their ends. */
const WARM_UP_MS = 6_000;
const CONNECTIONS = 32;

/** What a browser sends, so that the header detector has its usual work. */
const REQUEST = [
  "GET / HTTP/1.1",
  "Host: shop.example",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "Accept-Language: en-GB,en;q=0.9",
  "Accept-Encoding: gzip, deflate, br",
  "Connection: keep-alive",
  "",
  "",
].join("\r\n");

interface ServerReport {
  readonly port: number;
  readonly cpuMicros: number;
}

interface Target {
  readonly child: ChildProcess;
  readonly port: number;
  readonly perSecond: number[];
  readonly cpuPerRequest: number[];
}

function serve(guarded: boolean): void {
  const app = express();
  // One client sends everything here: the limiter must count it, and never stop it.
  if (guarded) {
    const limit = rateLimit({ max: 1_000_000, windowMs: 1_000 });
    app.use(protect(createWaf({ store: memoryStore(), detectors: [blocklist(), limit, methods(), probes(), headers()] })));
  }
  app.get("/", (_, response) => void response.send("Hello World"));
  const server = app.listen(0, "127.0.0.1", () => {
    const report = (): void => {
      const { user, system } = process.cpuUsage();
      process.send?.({ port: (server.address() as AddressInfo).port, cpuMicros: user + system } satisfies ServerReport);
    };
    process.on("message", report);
    report();
  });
}

function ask(child: ChildProcess): Promise<ServerReport> {
  return new Promise((resolve, reject) => {
    const fail = (code: number | null): void => reject(new Error(`the server ended with code ${code}`));
    child.once("exit", fail);
    child.once("message", (report) => {
      child.off("exit", fail);
      resolve(report as ServerReport);
    });
  });
}

async function start(role: string): Promise<Target> {
  const child = fork(import.meta.filename, [role], { env: { ...process.env, NODE_ENV: "production" } });
  const { port } = await ask(child);
  return { child, port, perSecond: [], cpuPerRequest: [] };
}

/** Keeps one request under way on every connection for `lengthMs` and counts the responses. */
function load(port: number, lengthMs: number): Promise<{ readonly responses: number; readonly seconds: number }> {
  return new Promise((resolve, reject) => {
    const request = Buffer.from(REQUEST);
    const sockets: Socket[] = [];
    let responses = 0;
    const started = performance.now();
    for (let index = 0; index < CONNECTIONS; index++) {
      const socket = connect(port, "127.0.0.1", () => socket.write(request)).setNoDelay(true);
      socket.on("data", (bytes) => {
        // A response is far smaller than a segment and arrives in one piece; anything else would be counted wrongly.
        if (!bytes.subarray(0, 15).toString("latin1").startsWith("HTTP/1.1 200 OK") || !bytes.subarray(-11).equals(HELLO)) {
          reject(new Error(`unexpected answer: ${bytes.toString("latin1").slice(0, 200)}`));
          return;
        }
        responses++;
        socket.write(request);
      });
      socket.on("error", reject);
      sockets.push(socket);
    }
    setTimeout(() => {
      const seconds = (performance.now() - started) / 1_000;
      for (const socket of sockets) socket.removeAllListeners("data").destroy();
      resolve({ responses, seconds });
    }, lengthMs);
  });
}
const HELLO = Buffer.from("Hello World");

async function round(target: Target): Promise<void> {
  const before = await report(target);
  const { responses, seconds } = await load(target.port, ROUND_MS);
  const after = await report(target);
  target.perSecond.push(responses / seconds);
  target.cpuPerRequest.push((after - before) / responses);
}

async function report({ child }: Target): Promise<number> {
  const answer = ask(child);
  child.send("report");
  return (await answer).cpuMicros;
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length * share)]!;

/** Throughput of the guarded application, and its ratio to the bare one. */
export async function benches(): Promise<Line[]> {
  const sleep = stayAwake();
  const pairs: Pair[] = [];
  try {
    while (pairs.length < PAIRS) pairs.push(await measurePair());
  } finally {
    sleep();
  }
  const all = (of: (pair: Pair) => readonly number[]): readonly number[] => pairs.flatMap((pair) => of(pair));
  const bare = all((pair) => pair.bare.perSecond);
  const guarded = all((pair) => pair.guarded.perSecond);
  const ratios = guarded.map((value, index) => value / bare[index]!);
  const line: ExpressLine = {
    bench: "express",
    median: Math.round(quantile(guarded, 0.5)),
    // Of throughput, the bad tail is the low one.
    p99: Math.round(quantile(guarded, 0.01)),
    unit: "requests/s",
    reference: `bare Express (${Math.round(quantile(bare, 0.5))} requests/s)`,
    ratio: round3(quantile(ratios, 0.5)),
    /** Half of the rounds lay between these ratios. */
    quartiles: [round3(quantile(ratios, 0.25)), round3(quantile(ratios, 0.75))],
    runs: ratios.length,
    /** The servers' own processor time for a request, bare over guarded: the same ratio without the time the machine gave to others. */
    cpuRatio: round3(
      quantile(
        all((pair) => pair.bare.cpuPerRequest),
        0.5,
      ) /
        quantile(
          all((pair) => pair.guarded.cpuPerRequest),
          0.5,
        ),
    ),
    pairs: pairs.map(({ bare, guarded }) =>
      round3(
        quantile(
          guarded.perSecond.map((value, index) => value / bare.perSecond[index]!),
          0.5,
        ),
      ),
    ),
    pinned: pairs.every(({ pinned }) => pinned),
  };
  return [line];
}

interface ExpressLine extends Line {
  readonly quartiles: readonly number[];
  readonly cpuRatio: number;
  /** `ratio` of each pair of processes. */
  readonly pairs: readonly number[];
  /** Whether load and servers had a processor each. */
  readonly pinned: boolean;
}

interface Pair {
  readonly bare: Target;
  readonly guarded: Target;
  readonly pinned: boolean;
}

async function measurePair(): Promise<Pair> {
  const bare = await start("bare");
  const guarded = await start("guarded");
  const free = pinApart([bare.child.pid, guarded.child.pid]);
  try {
    for (const { port } of [bare, guarded]) await load(port, WARM_UP_MS);
    for (let index = 0; index < ROUNDS; index++) {
      // Who goes first alternates too, so that a machine that slows down favours neither.
      for (const target of index % 2 === 0 ? [bare, guarded] : [guarded, bare]) await round(target);
    }
    return { bare, guarded, pinned: free !== undefined };
  } finally {
    free?.();
    bare.child.kill();
    guarded.child.kill();
  }
}

// Run by itself, this file measures and prints; forked by itself, it is one of the two servers; imported, it does nothing.
if (process.argv[1] === import.meta.filename) {
  const role = process.argv[2];
  if (role === "bare" || role === "guarded") serve(role === "guarded");
  else for (const line of await benches()) print(line);
}

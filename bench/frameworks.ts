/**
 * The built Next, SvelteKit and Nuxt applications of the sandbox with the recommended firewall in front, against the same builds bare, on a plain page that
 * the framework renders and on a JSON route that it serves. Two processes take turns under the same load, in short rounds, and each pair of rounds gives one
 * ratio; `ratio` is throughput over bare throughput, `cpuRatio` bare over guarded processor time of the servers alone. Both need a quiet machine: where others
 * take turns with the servers, caches are as cold as after a start. `share` does not: how much of the guarded server's own time a profile finds in the
 * firewall, collecting garbage apart. About eleven minutes.
 *
 * @module
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type BenchReport, type Framework, type LaunchedApp, launchApp } from "sandbox/launch";
import { stayAwake } from "./awake.ts";
import { type Line, round3 } from "./measure.ts";
import { pinApart } from "./pin.ts";

/**
 * Fresh processes each time: what V8 compiles, and where it lies in memory, differs from process to process by more than some detectors cost. And in its first
 * second of full load V8 chooses, once for a process's life, which literals it allocates in its old generation: where it takes one of SvelteKit or h3 that
 * points to the request, each request is kept until the next full collection, and `collectingMicros` says 5 to 15 more. Any handler in front changes what
 * it chooses, one that does nothing too. `pairs` shows who was lucky.
 */
const PAIRS = 6;
const ROUNDS = 6;
const ROUND_MS = 250;
const PROFILE_MS = 2_000;
/**
 * A server runs for hours, and its first seconds in V8's interpreter and baseline code are none of a firewall's steady cost: after 2.5 s the same build kept
 * 0.67 of the bare throughput, after 20 s 0.90. What is compiled is told by requests, not by seconds; both sides warm up alike, in turns and on both paths.
 */
const WARM_REQUESTS = 60_000;
const WARM_MS = 20_000;
const WARM_SLICE_MS = 1_000;
const CONNECTIONS = 16;
/**
 * Traffic comes to a fresh server by and by. Under full load from the first request on, V8's choice (see `PAIRS`) fell against the guarded side in six of
 * nine processes of SvelteKit; with two connections at first in none of nine.
 */
const GENTLE_SLICES = 4;
const GENTLE_CONNECTIONS = 2;
const PATHS = ["/framework/page", "/framework/data"] as const;

/** Each set-up as its README names it. Next's proxy alone costs more than a firewall, whatever it does: there the guard stands before its server. */
const SETUPS: readonly { readonly name: string; readonly framework: Framework; readonly env: Readonly<Record<string, string>> }[] = [
  { name: "next", framework: "next", env: { AIWAF_SANDBOX_GUARD: "1" } },
  { name: "sveltekit", framework: "sveltekit", env: {} },
  { name: "nuxt", framework: "nuxt", env: {} },
];

const request = (path: string): string =>
  [
    `GET ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Connection: keep-alive",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: en-GB,en;q=0.9",
    "Accept-Encoding: gzip, deflate, br",
    "\r\n",
  ].join("\r\n");

/** Keeps one request under way on every connection for `lengthMs`; the number of answers. Node's own client would be busier than the server. */
function load(port: number, path: string, lengthMs: number, connections = CONNECTIONS): Promise<number> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(request(path));
    const sockets: Socket[] = [];
    let answers = 0;
    for (let index = 0; index < connections; index++) {
      const socket = connect(port, "127.0.0.1", () => socket.write(bytes)).setNoDelay(true);
      const isEnd = answerReader();
      socket.on("data", (chunk) => {
        try {
          if (!isEnd(chunk)) return;
        } catch (error) {
          reject(error);
          return;
        }
        answers++;
        socket.write(bytes);
      });
      socket.on("error", reject);
      sockets.push(socket);
    }
    setTimeout(() => {
      for (const socket of sockets) socket.removeAllListeners("data").destroy();
      resolve(answers);
    }, lengthMs);
  });
}

/** Tells whether a chunk is the last of an answer, where one is under way at a time. */
function answerReader(): (chunk: Buffer) => boolean {
  let restBytes: number | undefined;
  let isChunked = false;
  return (chunk) => {
    if (restBytes === undefined) {
      const text = chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (!text.startsWith("HTTP/1.1 200 ") || end < 0) throw new Error(`unexpected answer: ${text.slice(0, 300)}`);
      const declared = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end));
      isChunked = declared === null;
      restBytes = declared === null ? 0 : end + 4 + Number(declared[1]);
    }
    restBytes -= chunk.length;
    const isLast = isChunked ? chunk.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK) : restBytes <= 0;
    if (isLast) restBytes = undefined;
    return isLast;
  };
}
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** Times of one request. */
interface Sample extends BenchReport {
  readonly perSecond: number;
}

async function ask<Answer>({ child }: LaunchedApp, message: "report" | "profile" | "share"): Promise<Answer> {
  const answer = once(child, "message");
  child.send(message);
  return (await answer)[0] as Answer;
}

async function round(app: LaunchedApp, path: string): Promise<Sample> {
  const before = await ask<BenchReport>(app, "report");
  const started = performance.now();
  const answers = await load(app.port, path, ROUND_MS);
  const seconds = (performance.now() - started) / 1_000;
  const after = await ask<BenchReport>(app, "report");
  return {
    perSecond: answers / seconds,
    cpuMicros: (after.cpuMicros - before.cpuMicros) / answers,
    collectingMicros: (after.collectingMicros - before.collectingMicros) / answers,
  };
}

async function firewallShare(app: LaunchedApp, path: string): Promise<number> {
  await ask(app, "profile");
  await load(app.port, path, PROFILE_MS);
  return ask<number>(app, "share");
}

async function warmUp(apps: readonly LaunchedApp[]): Promise<void> {
  const counts = apps.map(() => 0);
  for (let slice = 0; slice * WARM_SLICE_MS < WARM_MS && Math.min(...counts) < WARM_REQUESTS; slice++) {
    const connections = slice < GENTLE_SLICES ? GENTLE_CONNECTIONS : CONNECTIONS;
    for (const [index, { port }] of apps.entries())
      counts[index]! += await load(port, PATHS[slice % PATHS.length]!, WARM_SLICE_MS, connections);
  }
}

/** Both sides of one round. */
interface Taken {
  readonly bare: Sample;
  readonly guarded: Sample;
}

/** All rounds of one path, and what the profiles of its pairs say. */
interface Measured {
  readonly taken: Taken[];
  readonly shares: number[];
}

async function measurePair(
  framework: Framework,
  env: Readonly<Record<string, string>>,
  samples: ReadonlyMap<string, Measured>,
): Promise<void> {
  const bare = await launchApp(framework, "bench-host");
  const guarded = await launchApp(framework, "bench-host", { ...env, AIWAF_SANDBOX_TARGET: "protected" });
  const free = pinApart([bare.child.pid, guarded.child.pid]);
  try {
    await warmUp([bare, guarded]);
    for (let index = 0; index < ROUNDS; index++) {
      for (const path of PATHS) {
        // Who goes first alternates too, so that a machine that slows down favours neither.
        const order = index % 2 === 0 ? [bare, guarded] : [guarded, bare];
        const [one, other] = [await round(order[0]!, path), await round(order[1]!, path)];
        samples.get(path)!.taken.push(index % 2 === 0 ? { bare: one, guarded: other } : { bare: other, guarded: one });
      }
    }
    for (const [path, { shares }] of samples) shares.push(await firewallShare(guarded, path));
  } finally {
    free?.();
    await Promise.all([bare.stop(), guarded.stop()]);
  }
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length * share)]!;

const median = (taken: readonly Taken[], of: (each: Taken) => number): number => quantile(taken.map(of), 0.5);

const mean = (taken: readonly Taken[], of: (each: Taken) => number): number =>
  round3(taken.reduce((sum, each) => sum + of(each), 0) / taken.length);

const kept = ({ guarded, bare }: Taken): number => guarded.perSecond / bare.perSecond;

const own = ({ cpuMicros, collectingMicros }: Sample): number => cpuMicros - collectingMicros;

/** Throughput of each guarded application on each route, and its ratio to the bare one. */
export async function benches(): Promise<Line[]> {
  const sleep = stayAwake();
  const lines: Line[] = [];
  try {
    for (const { name, framework, env } of SETUPS) {
      const samples = new Map<string, Measured>(PATHS.map((path) => [path, { taken: [], shares: [] }]));
      for (let pair = 0; pair < PAIRS; pair++) await measurePair(framework, env, samples);
      for (const [path, measured] of samples) lines.push(toLine(`frameworks ${name} ${path}`, measured));
    }
  } finally {
    sleep();
  }
  return lines;
}

interface FrameworkLine extends Line {
  /** Bare over guarded processor time of a request. */
  readonly cpuRatio: number;
  /** Half of the rounds lay between these. */
  readonly cpuQuartiles: readonly number[];
  /** Processor time of a request, bare and guarded. */
  readonly cpuMicros: readonly number[];
  /** What of it went into collecting garbage, bare and guarded: means, because most rounds have few collections. */
  readonly collectingMicros: readonly number[];
  /** `cpuRatio` without it. */
  readonly ownRatio: number;
  /** Of each pair, the firewall's share of the guarded server's time. */
  readonly share: readonly number[];
  /** `ratio` of each pair. */
  readonly pairs: readonly number[];
}

function toLine(bench: string, { taken, shares }: Measured): FrameworkLine {
  const guarded = taken.map((each) => each.guarded.perSecond);
  // Neighbouring rounds are held against each other: what slows the machine for a while slows both.
  const cpuRatios = taken.map((each) => each.bare.cpuMicros / each.guarded.cpuMicros);
  return {
    bench,
    median: Math.round(quantile(guarded, 0.5)),
    p99: Math.round(Math.min(...guarded)),
    unit: "requests/s",
    reference: `bare (${Math.round(median(taken, (each) => each.bare.perSecond))} requests/s)`,
    ratio: round3(median(taken, kept)),
    cpuRatio: round3(quantile(cpuRatios, 0.5)),
    cpuQuartiles: [round3(quantile(cpuRatios, 0.25)), round3(quantile(cpuRatios, 0.75))],
    cpuMicros: [Math.round(median(taken, (each) => each.bare.cpuMicros)), Math.round(median(taken, (each) => each.guarded.cpuMicros))],
    collectingMicros: [mean(taken, (each) => each.bare.collectingMicros), mean(taken, (each) => each.guarded.collectingMicros)],
    ownRatio: round3(median(taken, (each) => own(each.bare) / own(each.guarded))),
    share: shares.map(round3),
    pairs: shares.map((_, pair) => round3(median(taken.slice(pair * ROUNDS, (pair + 1) * ROUNDS), kept))),
    runs: taken.length,
  };
}

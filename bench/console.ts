/**
 * What watching costs: a server that decides 5,000 requests a second beside those it answers, with nobody watching and with a page watching; and with
 * three pages and a program that takes every event. In the same process, in turns; the watchers run in a process of their own, which needs a core as the
 * server does: on two cores the program's figures are those of three busy processes. `ratio` is the watched server's figure over the quiet one's.
 *
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Agent, createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { createWaf } from "@aiwaf/core";
import { fromIncoming, observeResponse } from "@aiwaf/core/node";
import { recommended } from "@aiwaf/core/recommended";
import { createDashboard } from "@aiwaf/dashboard";
import { type Line, round3 } from "./measure.ts";
import { traffic } from "./traffic.ts";

const EVENTS_PER_S = 5_000;
const TICK_MS = 10;
const ROUNDS = 16;
const ROUND_MS = 2_000;
const WARM_UP_MS = 6_000;
const PROBE_MS = 4;
/** As pages ask: so many a second at most; and programs, which take all. */
const WATCHERS = {
  page: ["rate=200"],
  program: ["rate=200", "rate=200&action=block", "rate=200&rule=probes", ""],
} as const;
type Watchers = keyof typeof WATCHERS;

/** The server: answers, and decides about what never came over the wire, so that one machine can make so many. */
async function serve(): Promise<void> {
  const waf = createWaf(recommended({ rateLimit: { max: 1_000_000, windowMs: 1_000 }, loginLimit: false, log: { warn() {}, error() {} } }));
  const dashboard = createDashboard({ waf, auth: () => "bench" });
  const samples = traffic(2_000);
  const server = createServer((request, response) => {
    dashboard.node(request, response, () => {
      const decision = waf.inspect(fromIncoming(request));
      if ("then" in decision) throw new Error("a memory store does not wait");
      observeResponse(waf, decision, response);
      response.end("ok");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  let sent = 0;
  let at = performance.now();
  setInterval(() => {
    const now = performance.now();
    // What a late tick missed is made up for, but a stall does not become a flood.
    const due = Math.min(EVENTS_PER_S / 10, Math.floor(((now - at) * EVENTS_PER_S) / 1_000));
    at += (due * 1_000) / EVENTS_PER_S;
    if (now - at > 1_000) at = now;
    for (let count = 0; count < due; count++) {
      const { raw } = samples[sent++ % samples.length]!;
      void (async () => {
        const decision = await waf.inspect({ ...raw, peer: `198.51.${(sent >> 8) & 255}.${sent & 255}` });
        waf.observe(decision, { status: 200, durationMs: 1 });
      })();
    }
  }, TICK_MS);
  process.send?.({ port: (server.address() as AddressInfo).port });
  process.on("message", () => process.send?.({ ...dashboard.events.counts(), ...process.cpuUsage() }));
}

/** The watchers: read, and count what they read. */
async function watch(port: number): Promise<void> {
  let open: AbortController | undefined;
  let bytes = 0;
  let events = 0;
  process.on("message", (order: Watchers | "stop") => {
    if (order === "stop") {
      open?.abort();
      process.send?.({ bytes, events });
      return;
    }
    const controller = new AbortController();
    open = controller;
    bytes = 0;
    events = 0;
    for (const query of WATCHERS[order]) {
      void (async () => {
        const response = await fetch(`http://127.0.0.1:${port}/aiwaf/api/events?${query}`, { signal: controller.signal });
        for await (const part of response.body!) {
          bytes += part.length;
          for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) if (part[at + 1] === 10) events++;
        }
      })().catch(() => {});
    }
    process.send?.({});
  });
  process.send?.({});
}

const ask = async <Answer>(child: ChildProcess, order: string): Promise<Answer> => {
  const answered = once(child, "message");
  child.send(order);
  return (await answered)[0] as Answer;
};

/** Milliseconds of each of the requests of one round. */
async function probe(port: number, agent: Agent, lengthMs: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + lengthMs;
  while (performance.now() < end) {
    const startedAt = performance.now();
    const request = get({
      port,
      host: "127.0.0.1",
      path: "/products?page=2",
      agent,
      headers: { "user-agent": "Mozilla/5.0 Firefox/140.0", accept: "*/*", "accept-language": "en" },
    });
    const [response] = (await once(request, "response")) as [import("node:http").IncomingMessage];
    response.resume();
    await once(response, "end");
    times.push(performance.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, PROBE_MS));
  }
  return times;
}

const share = (times: readonly number[], part: number): number =>
  [...times].sort((one, other) => one - other)[Math.floor((times.length - 1) * part)]!;
const median = (values: readonly number[]): number => share(values, 0.5);

interface ServerState {
  readonly decisions: number;
  readonly dropped: number;
  readonly user: number;
  readonly system: number;
}

/** The lines of this benchmark. */
export async function benches(): Promise<Line[]> {
  const server = fork(new URL(import.meta.url), ["serve"], { stdio: "inherit" });
  const [{ port }] = (await once(server, "message")) as [{ readonly port: number }];
  const watchers = fork(new URL(import.meta.url), ["watch", String(port)], { stdio: "inherit" });
  await once(watchers, "message");
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    await ask(watchers, "program");
    await probe(port, agent, WARM_UP_MS);
    await ask(watchers, "stop");
    const lines: Line[] = [];
    for (const kind of ["page", "program"] as const) lines.push(...(await measure(kind, { server, watchers, port, agent })));
    return lines;
  } finally {
    agent.destroy();
    server.kill();
    watchers.kill();
  }
}

interface Setting {
  readonly server: ChildProcess;
  readonly watchers: ChildProcess;
  readonly port: number;
  readonly agent: Agent;
}

/** Rounds with these watchers and without. */
async function measure(kind: Watchers, { server, watchers, port, agent }: Setting): Promise<Line[]> {
  const quiet: number[][] = [];
  const watched: number[][] = [];
  const busy: Record<"quiet" | "watched", number[]> = { quiet: [], watched: [] };
  let events = 0;
  let decisions = 0;
  let dropped = 0;
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const isWatched = round % 2 === (round & 2 ? 1 : 0);
    if (isWatched) await ask(watchers, kind);
    const before = await ask<ServerState>(server, "state");
    const startedAt = performance.now();
    (isWatched ? watched : quiet).push(await probe(port, agent, ROUND_MS));
    const after = await ask<ServerState>(server, "state");
    const micros = (performance.now() - startedAt) * 1_000;
    busy[isWatched ? "watched" : "quiet"].push((after.user + after.system - before.user - before.system) / micros);
    decisions += (after.decisions - before.decisions) / (micros / 1e6) / (2 * ROUNDS);
    if (isWatched) {
      events += (await ask<{ readonly events: number }>(watchers, "stop")).events / (micros / 1e6) / ROUNDS;
      dropped = after.dropped;
    }
  }
  const line = (bench: string, unit: string, own: readonly number[], reference: readonly number[]): Line => {
    // Neighbours in time: what else the machine does changes from one minute to the next by more than what is measured here.
    const ratios = own.map((value, round) => value / reference[round]!);
    return {
      bench,
      reference: `console/quiet, ${round3(median(reference))} ${unit}; half of the ratios lie between ${round3(share(ratios, 0.25))} and ${round3(share(ratios, 0.75))}`,
      median: round3(median(own)),
      p99: round3(share(own, 0.99)),
      unit,
      ratio: round3(median(ratios)),
      runs: ROUNDS,
    };
  };
  const latency = (part: number): Line => {
    const [own, reference] = [watched, quiet].map((rounds) => rounds.map((times) => share(times, part))) as [number[], number[]];
    return line(`console/${kind} p${part * 100}`, "ms", own, reference);
  };
  console.log(
    `${Math.round(decisions)} decisions a second; ${WATCHERS[kind].length} watchers were told ${Math.round(events)} events a second together, ${dropped} cut off`,
  );
  // Processor time does not depend on what else the machine does, as waiting times do.
  return [line(`console/${kind} processor`, "cores", busy.watched, busy.quiet), latency(0.5), latency(0.95), latency(0.99)];
}

const [role, port] = process.argv.slice(2);
if (role === "serve") await serve();
else if (role === "watch") await watch(Number(port));

/**
 * The built Next, SvelteKit and Nuxt applications of the sandbox with the recommended firewall in front, against the same builds bare, on a plain page and
 * on a JSON route. Two processes take turns under the same load; `ratio` is throughput over bare throughput, `cpuRatio` the same by the servers' own
 * processor time, which the machine's other work does not touch.
 *
 * @module
 */
import { once } from "node:events";
import { Agent, get } from "node:http";
import { type Framework, type LaunchedApp, launchApp } from "sandbox/launch";
import { type Line, round3 } from "./measure.ts";

const PAIRS = 2;
const ROUNDS = 10;
const ROUND_MS = 300;
/**
 * A server runs for hours, and its first seconds in V8's interpreter and baseline code are none of a firewall's steady cost: after 2.5 s the same build kept 0.67
 * of the bare throughput, after 20 s 0.90. Both sides warm up alike; the second path finds most of the code compiled.
 */
const WARM_UPS_MS = { "/page": 12_000, "/json": 6_000 } as const;
const CONNECTIONS = 16;

/** Each set-up as its README names it. Next's proxy alone costs more than a firewall, whatever it does: it is measured beside. */
const SETUPS: readonly { readonly name: string; readonly framework: Framework; readonly env: Readonly<Record<string, string>> }[] = [
  { name: "next", framework: "next", env: { AIWAF_SANDBOX_GUARD: "1" } },
  { name: "sveltekit", framework: "sveltekit", env: {} },
  { name: "sveltekit guardServers", framework: "sveltekit", env: { AIWAF_SANDBOX_GUARD: "1" } },
  { name: "nuxt", framework: "nuxt", env: {} },
];

const BROWSER = {
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "accept-language": "en-GB,en;q=0.9",
  "accept-encoding": "gzip, deflate, br",
};

/** Keeps one request under way on every connection for `lengthMs`; the number of answers. */
async function load(port: number, path: string, lengthMs: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const end = performance.now() + lengthMs;
  let answers = 0;
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      await new Promise<void>((resolve, reject) => {
        get({ host: "127.0.0.1", port, path, agent, headers: BROWSER }, (response) => {
          if (response.statusCode !== 200) reject(new Error(`${path}: status ${response.statusCode}`));
          response.resume().once("end", resolve);
        }).once("error", reject);
      });
      answers++;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  agent.destroy();
  return answers;
}

interface Sample {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

async function round({ port, child }: LaunchedApp, path: string): Promise<Sample> {
  const cpu = async (): Promise<number> => {
    const answer = once(child, "message");
    child.send("report");
    return (await answer)[0] as number;
  };
  const before = await cpu();
  const started = performance.now();
  const answers = await load(port, path, ROUND_MS);
  const seconds = (performance.now() - started) / 1_000;
  return { perSecond: answers / seconds, cpuMicros: ((await cpu()) - before) / answers };
}

const median = (values: readonly number[]): number => values.toSorted((left, right) => left - right)[values.length >> 1]!;

/** Throughput of each guarded application on each route, and its ratio to the bare one. */
export async function benches(): Promise<Line[]> {
  const lines: Line[] = [];
  for (const { name, framework, env } of SETUPS) {
    const samples = new Map<keyof typeof WARM_UPS_MS, { bare: Sample; guarded: Sample }[]>([
      ["/page", []],
      ["/json", []],
    ]);
    for (let pair = 0; pair < PAIRS; pair++) {
      const bare = await launchApp(framework, "bench-host");
      const guarded = await launchApp(framework, "bench-host", { ...env, AIWAF_SANDBOX_TARGET: "protected" });
      try {
        for (const [path, taken] of samples) {
          for (const app of [bare, guarded]) await load(app.port, path, WARM_UPS_MS[path]);
          for (let index = 0; index < ROUNDS; index++) {
            // Who goes first alternates too, so that a machine that slows down favours neither.
            const order = index % 2 === 0 ? [bare, guarded] : [guarded, bare];
            const [one, other] = [await round(order[0]!, path), await round(order[1]!, path)];
            taken.push(index % 2 === 0 ? { bare: one, guarded: other } : { bare: other, guarded: one });
          }
        }
      } finally {
        await Promise.all([bare.stop(), guarded.stop()]);
      }
    }
    for (const [path, taken] of samples) lines.push(toLine(`frameworks ${name} ${path}`, taken));
  }
  return lines;
}

function toLine(bench: string, taken: readonly { readonly bare: Sample; readonly guarded: Sample }[]): Line {
  const guarded = taken.map((each) => each.guarded.perSecond);
  const line: Line & { readonly cpuRatio: number } = {
    bench,
    median: Math.round(median(guarded)),
    p99: Math.round(Math.min(...guarded)),
    unit: "requests/s",
    reference: `bare (${Math.round(median(taken.map((each) => each.bare.perSecond)))} requests/s)`,
    ratio: round3(median(taken.map((each) => each.guarded.perSecond / each.bare.perSecond))),
    cpuRatio: round3(median(taken.map((each) => each.bare.cpuMicros)) / median(taken.map((each) => each.guarded.cpuMicros))),
    runs: taken.length,
  };
  return line;
}

/**
 * Measures content inspection on labelled requests, one line a file and a table of classes.
 *
 * Usage: node packages/core/tools/evaluate-content.ts DIRECTORY [--misses FILE-PREFIX] [--limit N] [--only FILE-PREFIX]
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inspectBody, inspectHead, settingOf } from "../src/content/request-parts.ts";
import { headers } from "../src/detectors/headers.ts";
import { scannerShape } from "../src/detectors/scanner-paths.ts";
import type { Finding, WafRequest } from "../src/types.ts";

/** A record of a corpus file. */
export interface Item {
  readonly id: string;
  readonly label: string;
  readonly class: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly raw_headers?: [string, string][];
  readonly body: string | null;
  readonly encoding?: string;
  readonly tier?: string;
}

const encoder = new TextEncoder();

/** A request as a detector sees it, built from a corpus record. */
export function requestOf(item: Item): WafRequest {
  const fields = item.raw_headers ?? Object.entries(item.headers ?? {});
  const lower = fields.map(([name, value]) => [name.toLowerCase(), value] as const);
  const mark = item.url.indexOf("?");
  let bytes: Uint8Array | undefined;
  if (item.body !== null && item.body !== undefined) {
    if (item.encoding === "latin-1") {
      bytes = new Uint8Array(item.body.length);
      for (let at = 0; at < item.body.length; at++) bytes[at] = item.body.charCodeAt(at);
    } else bytes = encoder.encode(item.body);
  }
  return {
    receivedAt: 0,
    method: item.method,
    target: item.url,
    path: mark < 0 ? item.url : item.url.slice(0, mark),
    query: mark < 0 ? "" : item.url.slice(mark + 1),
    canonical: true,
    httpVersion: "1.1",
    headers: {
      get: (name) => lower.find(([key]) => key === name)?.[1],
      [Symbol.iterator]: () => lower[Symbol.iterator](),
    },
    client: { address: "", key: "" },
    route: undefined,
    policy: {
      mode: "enforce",
      threshold: 100,
      skip: [],
      bodyLimitBytes: 65_536,
      onFailure: "allow",
      rateLimit: undefined,
      methods: undefined,
      profile: undefined,
    },
    body: bytes === undefined ? undefined : { bytes: bytes.subarray(0, 65_536), complete: bytes.length <= 65_536 },
  };
}

const agents = headers();

/**
 * What `headers` finds in the name of a tool, and `probes` by the shapes it knows of scanners; what else they find is measured with the detectors, not
 * here.
 */
function scannerFindings(request: WafRequest): readonly Finding[] {
  const { path } = request;
  const agent = agents.inspect(request, undefined as never) as Finding | readonly Finding[] | undefined;
  if (agent !== undefined && "rule" in agent && agent.rule === "headers/attack-tool") return [agent];
  let decoded = path;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    // A path that no server could decode has the shape it was sent with.
  }
  const rule = scannerShape(decoded.toLowerCase());
  return rule === undefined ? [] : [{ rule, score: 100, where: "path" }];
}

/** Findings of head and body together, with tools' names and the shapes of scanners' paths, which others judge beside content inspection. */
export function findingsOf(request: WafRequest, sensitivity = 1): readonly Finding[] {
  const setting = settingOf(request, sensitivity);
  const head = [...scannerFindings(request), ...(inspectHead(request, () => setting) ?? [])];
  if (request.body === undefined || head.reduce((sum, finding) => sum + finding.score, 0) >= 100) return head;
  return [...head, ...(inspectBody(request, request.body, setting) ?? [])];
}

export function scoreOf(findings: readonly Finding[]): number {
  return findings.reduce((sum, finding) => sum + finding.score, 0);
}

function main(): void {
  const [directory = "", ...flags] = process.argv.slice(2);
  const option = (name: string): string | undefined => (flags.includes(name) ? flags[flags.indexOf(name) + 1] : undefined);
  const misses = option("--misses");
  const only = option("--only");
  const limit = Number(option("--limit") ?? "40");
  const classes = new Map<string, [number, number]>();
  const rates: number[] = [];
  const honest = { blocked: 0, total: 0 };
  for (const file of readdirSync(directory)
    .filter((name) => name.endsWith(".jsonl"))
    .sort()) {
    if (only !== undefined && !file.startsWith(only)) continue;
    const items = readFileSync(join(directory, file), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Item);
    const benign = items.every((item) => item.label === "benign");
    const clear = !benign && !/_ambiguous|_nopayload|_encoded|crs_pl2plus|crs_protocol|crs_negative|aiwaf_sandbox/.test(file);
    let blocked = 0;
    const byClass = new Map<string, [number, number]>();
    const shown: string[] = [];
    const times: number[] = [];
    for (const item of items) {
      const request = requestOf(item);
      const from = performance.now();
      const findings = findingsOf(request);
      times.push(performance.now() - from);
      const hit = scoreOf(findings) >= 100;
      if (hit) blocked++;
      const key = item.tier ?? item.class;
      const entry = byClass.get(key) ?? [0, 0];
      entry[0]++;
      if (hit) entry[1]++;
      byClass.set(key, entry);
      if (clear && !file.startsWith("crs")) {
        const all = classes.get(item.class) ?? [0, 0];
        all[0]++;
        if (hit) all[1]++;
        classes.set(item.class, all);
      }
      if (misses !== undefined && file.startsWith(misses) && hit === benign) {
        shown.push(
          `${item.id} ${key} ${item.method} ${item.url.slice(0, 300)} ${(item.body ?? "").slice(0, 300)} || ${JSON.stringify(findings.map((finding) => [finding.rule, finding.score, finding.where, finding.match?.text.slice(0, 60)]))}${item.headers?.["cookie"] || item.headers?.["referer"] ? ` C:${item.headers["cookie"] ?? ""} R:${item.headers["referer"] ?? ""}` : ""}`,
        );
      }
    }
    times.sort((one, other) => one - other);
    const rate = (100 * blocked) / items.length;
    if (clear) rates.push(rate);
    if (benign && !file.startsWith("benign_hard")) {
      honest.blocked += blocked;
      honest.total += items.length;
    }
    const table = [...byClass]
      .sort((one, other) => other[1][0] - one[1][0])
      .slice(0, 9)
      .map(([name, [total, hits]]) => `${name} ${hits}/${total}`)
      .join(", ");
    console.log(
      `${clear ? "A" : benign ? "B" : " "} ${file.replace(".jsonl", "").padEnd(30)} ${rate.toFixed(2).padStart(6)} %  ${blocked}/${items.length}  p50 ${(1000 * times[times.length >> 1]!).toFixed(0)} us p99 ${(1000 * times[Math.floor(times.length * 0.99)]!).toFixed(0)} us  ${table}`,
    );
    for (const line of shown.slice(0, limit)) console.log(`    ${line.replace(/[\u0000-\u001f]/g, "·")}`);
  }
  if (honest.total > 0)
    console.log(
      `benign files other than benign_hard: ${honest.blocked} of ${honest.total} blocked, ${((100 * honest.blocked) / honest.total).toFixed(3)} %`,
    );
  console.log(`mean over clear files ${(rates.reduce((sum, rate) => sum + rate, 0) / Math.max(1, rates.length)).toFixed(2)} %`);
  console.log(
    [...classes]
      .sort((one, other) => one[1][1] / one[1][0] - other[1][1] / other[1][0])
      .map(([name, [total, hits]]) => `${name} ${((100 * hits) / total).toFixed(1)} (${total})`)
      .join(" | "),
  );
}

if (process.argv[1]?.endsWith("evaluate-content.ts") === true) main();

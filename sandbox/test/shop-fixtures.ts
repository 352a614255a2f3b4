import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Shop } from "../src/shop/shop.ts";
import { loadTraffic } from "../src/traffic/load.ts";
import type { TrafficRecord, TrafficResponse } from "../src/types.ts";

const trafficFolder = new URL("../traffic/", import.meta.url);

/** The records of all files whose names begin so, floods cut to one request each. */
export function readTraffic(prefix: "attacks" | "normal"): TrafficRecord[] {
  const names = readdirSync(fileURLToPath(trafficFolder)).filter((name) => name.startsWith(prefix) && name.endsWith(".jsonl"));
  const records = names.sort().flatMap((name) => loadTraffic(new URL(name, trafficFolder)));
  return records.filter(({ id }) => !/#(?!1$)\d+$/.test(id));
}

/** One record's answer, without a server in between. */
export async function send(
  shop: Shop,
  record: Pick<TrafficRecord, "method" | "url"> & Partial<TrafficRecord>,
  cookie?: string,
): Promise<TrafficResponse> {
  const encoding = record.encoding === "latin-1" ? "latin1" : "utf8";
  const headers = new Headers(
    (record.raw_headers ?? Object.entries(record.headers ?? {})).map(([name, value]): [string, string] => [name, value]),
  );
  if (cookie !== undefined && cookie !== "")
    headers.set("cookie", [headers.get("cookie"), cookie].filter((text) => text !== null).join("; "));
  const bodyless = /^(?:GET|HEAD|TRACE|TRACK)$/.test(record.method);
  const body = record.body == null || bodyless ? {} : { body: Buffer.from(record.body, encoding) };
  const request = new Request("http://shop.example/", { method: bodyless ? "GET" : record.method, headers, ...body });
  const response = await shop.handle(request, { peer: "127.0.0.1", target: record.url, method: record.method });
  return { status: response.status, headers: [...response.headers], body: await response.text() };
}

/** True for records that a `Request` can carry: broken protocol is only tried on a real server. */
export function isSendable(record: TrafficRecord): boolean {
  try {
    new Headers((record.raw_headers ?? Object.entries(record.headers)).map(([name, value]): [string, string] => [name, value]));
    return true;
  } catch {
    return false;
  }
}

/** Records by what `keyOf` says, in order of first appearance. */
export function groupBy(
  records: readonly TrafficRecord[],
  keyOf: (record: TrafficRecord) => string | undefined,
): Map<string, TrafficRecord[]> {
  const groups = new Map<string, TrafficRecord[]>();
  for (const record of records) {
    const key = keyOf(record) ?? "";
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [record]);
    else group.push(record);
  }
  return groups;
}

/** A seeded generator of numbers in 0..1 (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Three sites of the development corpora, each alone: normal requests to learn from, normal requests held out, the site's own attacks, and attack
 * payloads of other sources placed where the site's own requests carry values.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createWaf, type RawRequest } from "@aiwaf/core";
import { content } from "@aiwaf/core/content";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { isAttack, type LoggedRequest, logReader, readTarget } from "@aiwaf/core/train";
import type { ReadableRequest } from "../src/index.ts";

/** A request, and what the forest and content inspection need besides. */
export interface SiteRequest extends ReadableRequest {
  readonly referer?: string | undefined;
}

export interface Site {
  readonly name: string;
  readonly training: readonly SiteRequest[];
  readonly heldOut: readonly SiteRequest[];
  /** Attacks among the site's own traffic. */
  readonly own: readonly SiteRequest[];
  /** Payloads of other sources in requests that were held out. */
  readonly foreign: readonly SiteRequest[];
}

const HELD_PART = 5;
/** Payloads of each list, so that no list is the result. */
const PAYLOADS_EACH = 150;
const PAYLOAD_LISTS = [
  "httpparams",
  "fuzzdb",
  "fuzzdb_rfi",
  "patt",
  "grananqvist",
  "libinjection",
  "intruder1n3",
  "fwaf_payload",
  "wafbypass_attack",
  "mgm_attack",
  "blns",
];

/** A small generator of its own, so that the split is the same everywhere. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

export function loadSites(corpora: string, only: string | undefined, byClient = true, seed = 1): Site[] {
  const payloads = loadPayloads(corpora);
  const sites = [
    { name: "shop", load: () => loadShop(corpora, seed) },
    { name: "blog", load: () => loadLog(join(corpora, "logs/elastic_apache_logs.log"), byClient, seed) },
    { name: "data", load: () => loadLog(join(corpora, "logs/erddap_nginx_2024.log"), byClient, seed) },
  ].filter(({ name }) => only === undefined || name === only);
  return sites.map(({ name, load }) => {
    const { training, heldOut, own } = load();
    return { name, training, heldOut, own, foreign: placed(payloads, heldOut, createRandom(seed + 7)) };
  });
}

interface JsonRecord {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly payload?: string | null;
  readonly label: string;
}

const readJson = (path: string): JsonRecord[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JsonRecord);

const wire = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

function loadShop(corpora: string, seed: number): Pick<Site, "training" | "heldOut" | "own"> {
  const load = (name: string): SiteRequest[] =>
    readJson(join(corpora, `dev/${name}.jsonl`)).map(({ method, url, headers, body }) => ({
      method,
      target: wire(url),
      userAgent: headers["user-agent"],
      form: body === null ? undefined : wire(body),
    }));
  return { ...split(load("csic2010_normal"), (_, index) => `${index}`, seed), own: load("csic2010_anomalous_clear") };
}

function loadLog(path: string, byClient: boolean, seed: number): Pick<Site, "training" | "heldOut" | "own"> {
  const reader = logReader();
  const own: LoggedRequest[] = [];
  const normal: LoggedRequest[] = [];
  const hostile = new Set<string | undefined>();
  for (const line of readFileSync(path, "latin1").split("\n")) {
    const read = reader.read(line);
    if (typeof read === "string") continue;
    const isBad = isAttack(read, readTarget(read.target));
    if (isBad) hostile.add(read.client);
    if (isBad) own.push(read);
    // What the site refused is neither normal nor surely an attack.
    else if (read.status !== undefined && read.status < 400) normal.push(read);
  }
  return {
    ...split(
      normal.filter(({ client }) => !hostile.has(client)),
      ({ client = "" }, index) => (byClient ? client : `${index}`),
      seed,
    ),
    own,
  };
}

/** Whole clients are held out, drawn by lot until the share is reached: requests of one client resemble each other. */
function split<Request extends SiteRequest>(
  requests: readonly Request[],
  clientOf: (request: Request, index: number) => string,
  seed: number,
): Pick<Site, "training" | "heldOut"> {
  const counts = new Map<string, number>();
  const clients = requests.map(clientOf);
  for (const client of clients) counts.set(client, (counts.get(client) ?? 0) + 1);
  const random = createRandom(seed);
  const lots = [...counts].map(([client, count]) => ({ client, count, at: random() })).sort((left, right) => left.at - right.at);
  const held = new Set<string>();
  let room = Math.round(requests.length / HELD_PART);
  for (const { client, count } of lots) {
    if (count > room) continue;
    held.add(client);
    room -= count;
  }
  return {
    training: requests.filter((_, index) => !held.has(clients[index]!)),
    heldOut: requests.filter((_, index) => held.has(clients[index]!)),
  };
}

function loadPayloads(corpora: string): string[] {
  return PAYLOAD_LISTS.flatMap((list) => {
    const found = new Set<string>();
    for (const { payload, label } of readJson(join(corpora, `dev/${list}.jsonl`)))
      if (label === "attack" && typeof payload === "string" && payload !== "") found.add(payload);
    const random = createRandom(list.length);
    return [...found]
      .map((payload) => ({ payload, at: random() }))
      .sort((left, right) => left.at - right.at)
      .slice(0, PAYLOADS_EACH)
      .map(({ payload }) => payload);
  });
}

/** Each payload in a request of its own: as a parameter's value where a request has parameters, else as the last segment of the path. */
function placed(payloads: readonly string[], requests: readonly SiteRequest[], random: () => number): SiteRequest[] {
  const withValues = requests.filter(({ target, form }) => /[?&][^=&]+=/.test(target) || (form ?? "").includes("="));
  return payloads.map((payload) => {
    const pool = withValues.length > 0 && random() < 0.8 ? withValues : requests;
    const request = pool[Math.floor(random() * pool.length)]!;
    const value = encodeURIComponent(payload.replace(/[\ud800-\udfff]/g, ""));
    const [path = "/", query = ""] = request.target.split(/\?(.*)/s);
    if (request.form?.includes("=") === true) return { ...request, form: inValue(request.form, value, random) };
    if (query.includes("=")) return { ...request, target: `${path}?${inValue(query, value, random)}` };
    return { ...request, target: `${path.replace(/[^/]*$/, "")}${value}${query === "" ? "" : `?${query}`}` };
  });
}

function inValue(query: string, value: string, random: () => number): string {
  const pairs = query.split("&");
  const places = pairs.map((pair, index) => (pair.includes("=") ? index : -1)).filter((index) => index >= 0);
  const place = places[Math.floor(random() * places.length)]!;
  return pairs.map((pair, index) => (index === place ? `${pair.split("=")[0]}=${value}` : pair)).join("&");
}

const BROWSER = [
  ["host", "shop.example"],
  ["accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
  ["accept-language", "en"],
  ["accept-encoding", "gzip, deflate, br"],
] as const;

/** The request as an adapter would hand it over. */
export function rawOf({ method, target, userAgent = "", form, referer }: SiteRequest): RawRequest {
  const fields: (readonly [string, string])[] = [
    ...BROWSER,
    ["user-agent", userAgent],
    ...(referer === undefined ? [] : [["referer", referer] as const]),
    ...(form === undefined ? [] : [["content-type", "application/x-www-form-urlencoded"] as const]),
  ];
  const bytes = form === undefined ? undefined : Buffer.from(form, "latin1");
  return {
    method,
    target,
    peer: "192.0.2.1",
    httpVersion: "1.1",
    headers: { get: (name) => fields.find(([one]) => one === name)?.[1], [Symbol.iterator]: () => fields[Symbol.iterator]() },
    ...(bytes !== undefined && { readBody: (limit: number) => ({ bytes: bytes.subarray(0, limit), complete: bytes.length <= limit }) }),
  };
}

/** Whether content inspection at its shipped threshold blocks each request. */
export async function contentVerdicts(requests: readonly SiteRequest[]): Promise<boolean[]> {
  const waf = createWaf({ detectors: [...content()], store: memoryStore() });
  const verdicts: boolean[] = [];
  for (const request of requests) verdicts.push((await waf.inspect(rawOf(request))).action === "block");
  await waf.close();
  return verdicts;
}

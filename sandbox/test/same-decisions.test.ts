import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { toWireRequest } from "../src/runner/to-wire.ts";
import { createWireClient } from "../src/runner/wire-client.ts";
import { startTarget } from "../src/targets/start.ts";
import { loadTraffic } from "../src/traffic/load.ts";
import type { DecisionEvent, TargetName, TrafficRecord } from "../src/types.ts";

const folder = new URL("../traffic/", import.meta.url);

/** Attacks that need many requests are compared by the sandbox's own figures; here one request says all. */
const MANY = /floods|guessing|scanners/;
const EVERY = { attack: 4, benign: 16 } as const;

const JSON_FIELDS = { "content-type": "application/json" };
const devalued = (text: string): string => Buffer.from(JSON.stringify([{ q: 1 }, text])).toString("base64url");
const SQL = "x' UNION SELECT password FROM users--";
const MARKUP = "<img src=x onerror=alert(1)>";

/** What frameworks' own scripts send, whichever framework stands behind: an attacker does not ask. */
const PAYLOADS: readonly TrafficRecord[] = [
  payload("action", "POST", "/", { "next-action": "7f3c9a1be2", "content-type": "text/plain;charset=UTF-8" }, JSON.stringify([{ q: SQL }])),
  payload("action, honest", "POST", "/", { "next-action": "7f3c9a1be2", "content-type": "text/plain;charset=UTF-8" }, '[{"q":"O\'Brien"}]'),
  payload("flight", "POST", "/", { "next-action": "7f3c9a1be2", "content-type": "text/plain" }, '[{"a":"$1:__proto__:then"}]'),
  payload("remote query", "GET", `/_app/remote/1a2b3c/find?payload=${devalued(SQL)}`),
  payload("remote query, honest", "GET", `/_app/remote/1a2b3c/find?payload=${devalued("O'Brien")}`),
  payload("remote command", "POST", "/_app/remote/1a2b3c/sign", JSON_FIELDS, JSON.stringify({ payload: devalued(MARKUP), refreshes: [] })),
  payload("island", "GET", `/__nuxt_island/Card_x.json?props=${encodeURIComponent(JSON.stringify({ text: MARKUP }))}`),
  payload("payload", "GET", `/product/_payload.json?q=${encodeURIComponent(SQL)}`),
  payload("data", "GET", `/products/__data.json?q=${encodeURIComponent(MARKUP)}`),
  payload("subrequest", "GET", "/admin", { "x-middleware-subrequest": "middleware:middleware" }),
];

function payload(
  id: string,
  method: string,
  url: string,
  fields: Readonly<Record<string, string>> = {},
  body: string | null = null,
): TrafficRecord {
  const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";
  const headers = { "user-agent": agent, accept: "*/*", "accept-language": "en", "accept-encoding": "gzip", ...fields };
  return { id, label: "unknown", class: "payload", method, url, headers, body };
}

const records: readonly TrafficRecord[] = [
  ...readdirSync(folder)
    .filter((file) => file.endsWith(".jsonl") && !MANY.test(file))
    .sort()
    .flatMap((file) => loadTraffic(new URL(file, folder)))
    .filter((record) => record.repeat === undefined)
    .filter(({ label }, index) => index % (label === "benign" ? EVERY.benign : EVERY.attack) === 0),
  ...PAYLOADS,
];

/** Each record from a client of its own, one after the other: its block in a line, by the record's name. */
async function decisionsOf(name: TargetName): Promise<Map<string, string>> {
  const target = await startTarget(name, { startTimeoutMs: 100_000 });
  const events = new Map<string, DecisionEvent>();
  target.onDecision((event) => events.set(event.id, event));
  const client = createWireClient({ host: "127.0.0.1", port: target.port, maxSockets: 1, timeoutMs: 60_000 });
  const ids = new Map<string, string>();
  try {
    for (const [index, record] of records.entries()) {
      const address = `198.${18 + (index & 1)}.${index >> 7}.${1 + ((index >> 1) & 63) * 3}`;
      const { headers, error } = await client.send(toWireRequest(record, address, undefined));
      // What a framework or Node itself refuses is no decision.
      ids.set(record.id, headers.find(([field]) => field === "x-aiwaf-id")?.[1] ?? (error === undefined ? "passed" : "no answer"));
    }
    await target.drain();
  } finally {
    client.close();
    await target.stop();
  }
  return new Map(
    [...ids].map(([record, id]) => {
      const event = events.get(id);
      return [record, event === undefined ? id : `${event.status} ${event.rule} ${event.score} ${[...event.rules].sort()}`];
    }),
  );
}

const title = "every adapter blocks the same requests by the same rules, with the same points: Express, Next, SvelteKit, Nuxt, the proxy";
test(title, { timeout: 600_000 }, async () => {
  const reference = await decisionsOf("protected_express");
  expect([...reference.values()].filter((one) => one.startsWith("4")).length).toBeGreaterThan(150);
  expect(PAYLOADS.map(({ id }) => `${id}: ${reference.get(id)?.split(" ").slice(0, 2).join(" ")}`)).toEqual([
    "action: 403 sql/union",
    "action, honest: passed",
    "flight: 403 flight/reference",
    "remote query: 403 sql/union",
    "remote query, honest: passed",
    "remote command: 403 xss/event-handler",
    "island: 403 xss/event-handler",
    "payload: 403 sql/union",
    "data: 403 xss/event-handler",
    "subrequest: 403 internals/header",
  ]);
  for (const name of ["protected_next", "protected_sveltekit", "protected_nuxt", "protected_proxy"] as const) {
    const own = await decisionsOf(name);
    const different = [...reference].flatMap(([record, told]) =>
      own.get(record) === told ? [] : [`${record}: ${told}; ${own.get(record)}`],
    );
    expect({ name, different }).toEqual({ name, different: [] });
  }
});

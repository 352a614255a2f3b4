import { readdirSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readTraffic, singleAttackerAddress } from "../src/runner/plan.ts";
import { createCookieJar, toWireRequest } from "../src/runner/to-wire.ts";
import { createShop, type Shop } from "../src/shop/shop.ts";
import { loadTraffic } from "../src/traffic/load.ts";
import { generateNormalTraffic } from "../src/traffic/normal/generate.ts";
import type { TrafficRecord } from "../src/types.ts";

const folder = new URL("../traffic/", import.meta.url);
const names = readdirSync(folder).filter((name) => name.startsWith("normal"));
const records: TrafficRecord[] = names.flatMap((name) => loadTraffic(new URL(name, folder)));

test("commits exactly what the generator writes", () => {
  const generated = generateNormalTraffic();
  expect([...generated.keys()].sort()).toEqual(names.sort());
  for (const [name, content] of generated)
    expect(readFileSync(new URL(name, folder), "utf8") === content, `${name} is not up to date`).toBe(true);
});

test("is at least 900 requests of every kind of client", () => {
  expect(records.length).toBeGreaterThanOrEqual(900);
  const classes = new Map<string, number>();
  for (const each of records) classes.set(each.class, (classes.get(each.class) ?? 0) + 1);
  for (const [kind, least] of Object.entries({
    browser: 300,
    office: 100,
    text: 100,
    "mobile-app": 80,
    "api-client": 80,
    webhook: 20,
    monitor: 40,
    crawler: 60,
    "feed-reader": 10,
    upload: 30,
    graphql: 10,
    xml: 10,
  })) {
    expect(classes.get(kind), kind).toBeGreaterThanOrEqual(least);
  }
  expect(new Set(records.map((each) => each.headers["user-agent"])).size).toBeGreaterThan(120);
});

test("has ids and scenarios that occur in one file only, and is all benign", () => {
  expect(new Set(records.map((each) => each.id)).size).toBe(records.length);
  const scenarios = names.flatMap((name) => [...new Set(loadTraffic(new URL(name, folder)).map((each) => each.scenario))]);
  expect(scenarios).not.toContain(undefined);
  expect(new Set(scenarios).size).toBe(scenarios.length);
  expect(records.every((each) => each.label === "benign")).toBe(true);
});

test("takes less than a minute, in order, and leaves people time before they send a form", () => {
  const times = records.map((each) => each.at!);
  expect(Math.max(...times) - Math.min(...times)).toBeLessThan(60_000);
  for (const unit of readTraffic(folder).normal) {
    for (const [index, each] of unit.records.entries()) {
      const before = unit.records[index - 1];
      if (before !== undefined) expect(each.at!).toBeGreaterThanOrEqual(before.at!);
      const isForm = each.method === "POST" && each.class === "browser" && /^\/(?:login|reviews)$/.test(each.url);
      if (isForm) expect(each.at! - before!.at!, each.id).toBeGreaterThan(2_000);
    }
  }
});

test("comes from valid addresses that no attacker has", () => {
  for (const { client, id } of records) {
    expect(isIP(client!), id).toBeGreaterThan(0);
    expect(client === singleAttackerAddress || /^198\.1[89]\./.test(client!), id).toBe(false);
  }
  const attackers = new Set(readTraffic(folder).attacks.flatMap((unit) => unit.records.map((each) => each.client)));
  expect(records.filter((each) => attackers.has(each.client)).map((each) => each.id)).toEqual([]);
});

test("has an office of twelve browsers behind one address, four of which log in", () => {
  const office = records.filter((each) => each.client === "192.0.2.200");
  expect(new Set(office.map((each) => each.scenario)).size).toBe(12);
  expect(new Set(office.map((each) => each.headers["user-agent"])).size).toBeGreaterThan(10);
  expect(office.filter((each) => each.method === "POST" && each.url === "/login")).toHaveLength(4);
  expect(office.length).toBeGreaterThan(100);
});

test("uses GET, HEAD, POST and OPTIONS, ranges, conditional requests and files of arbitrary bytes", () => {
  expect(new Set(records.map((each) => each.method))).toEqual(new Set(["GET", "HEAD", "POST", "OPTIONS"]));
  for (const field of [
    "range",
    "if-none-match",
    "if-modified-since",
    "access-control-request-method",
    "sec-purpose",
    "cookie",
    "authorization",
  ]) {
    expect(
      records.some((each) => each.headers[field] !== undefined),
      field,
    ).toBe(true);
  }
  expect(records.filter((each) => each.encoding === "latin-1").length).toBeGreaterThanOrEqual(30);
});

let shop: Shop;

beforeAll(() => {
  shop = createShop();
});

afterAll(async () => {
  await shop.close();
});

test("gets an answer without an error from the unprotected shop, but for honest mistakes", async () => {
  const surprises: string[] = [];
  for (const unit of readTraffic(folder).normal) {
    const jar = createCookieJar();
    for (const each of unit.records) {
      const { method, target, headers, body } = toWireRequest(each, each.client!, each.cookies === "keep" ? jar.text : undefined);
      const sent = headers.map(([name, value]): [string, string] => [name, value]);
      const request = new Request(`http://shop.example${target}`, {
        method,
        headers: sent,
        ...(body === undefined ? {} : { body: Buffer.from(body) }),
      });
      const response = await shop.handle(request, { peer: "127.0.0.1", target, method });
      await response.arrayBuffer();
      jar.store([...response.headers]);
      const expected = each.expectDirect === undefined ? response.status < 400 : response.status === each.expectDirect;
      // The shop shares nothing with other origins: it may answer a preflight that the method is not for it.
      if (!expected && !(each.method === "OPTIONS" && response.status === 405))
        surprises.push(`${each.id} ${each.method} ${each.url}: ${response.status}`);
    }
  }
  expect(surprises).toEqual([]);
});

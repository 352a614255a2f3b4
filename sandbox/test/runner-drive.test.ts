import { expect, test } from "vitest";
import { driveInTime, driveInTurn, type Lane, type Outcomes } from "../src/runner/drive.ts";
import { createAddresses, singleAttackerAddress, toUnits } from "../src/runner/plan.ts";
import { createCookieJar, toWireRequest } from "../src/runner/to-wire.ts";
import type { WireAnswer, WireRequest } from "../src/runner/wire-client.ts";
import type { TrafficRecord } from "../src/types.ts";
import { record } from "./runner-fixtures.ts";

type Reply = (request: WireRequest, target: string) => Partial<WireAnswer>;

/** Lanes that note what they are asked, and answer after a turn of the event loop. */
function lanesOf(targets: readonly string[], log: string[], reply: Reply = () => ({})): Lane[] {
  return targets.map((target) => ({
    target,
    client: {
      connections: 0,
      close() {},
      async send(request) {
        log.push(`${target} ${request.target}`);
        await new Promise((resolve) => setTimeout(resolve, 2));
        log.push(`${target} ${request.target} answered`);
        return {
          status: 200,
          headers: [],
          body: new Uint8Array(),
          complete: true,
          durationMs: 1,
          error: undefined,
          ...reply(request, target),
        };
      },
    },
  }));
}

function drive(records: readonly TrafficRecord[], log: string[], reply?: Reply, targets = ["a", "b", "c"]): Promise<Outcomes> {
  const oracle = (): boolean => false;
  return driveInTurn({ units: toUnits(records), lanes: lanesOf(targets, log, reply), addressOf: createAddresses("rotating"), oracle });
}

test("sends each request to every target before the next one, and rotates which target is first", async () => {
  const log: string[] = [];
  await drive([record({ id: "1" }), record({ id: "2" }), record({ id: "3" }), record({ id: "4" })], log);
  const sent = log.filter((line) => !line.endsWith("answered"));
  expect(sent).toEqual(["a /1", "b /1", "c /1", "b /2", "c /2", "a /2", "c /3", "a /3", "b /3", "a /4", "b /4", "c /4"]);
});

test("has one request under way at a time unless a scenario says otherwise", async () => {
  const log: string[] = [];
  await drive([record({ id: "1" }), record({ id: "2" })], log, undefined, ["a"]);
  expect(log).toEqual(["a /1", "a /1 answered", "a /2", "a /2 answered"]);
});

test("has as many requests under way as a scenario's concurrency, at one target after the other", async () => {
  const log: string[] = [];
  const burst = ["1", "2", "3"].map((id) => record({ id, scenario: "burst", concurrency: 2 }));
  await drive(burst, log, undefined, ["a", "b"]);
  expect(log.slice(0, 4)).toEqual(["a /1", "a /2", "a /1 answered", "a /2 answered"]);
  expect(log.slice(4, 6)).toEqual(["b /1", "b /2"]);
  expect(log.slice(8)).toEqual(["b /3", "b /3 answered", "a /3", "a /3 answered"]);
});

test("asks two targets at a time where it may, and goes on when all have answered", async () => {
  const log: string[] = [];
  const units = toUnits([record({ id: "1" }), record({ id: "2" })]);
  const oracle = (): boolean => false;
  const lanes = lanesOf(["a", "b", "c"], log);
  await driveInTurn({ units, lanes, addressOf: createAddresses("rotating"), oracle, lanesAtOnce: 2 });
  let underWay = 0;
  const most = Math.max(
    ...log.map((line) => {
      underWay += line.endsWith("answered") ? -1 : 1;
      return underWay;
    }),
  );
  expect(most).toBe(2);
  expect(log.slice(0, 6).every((line) => line.includes("/1"))).toBe(true);
  expect(log.filter((line) => !line.endsWith("answered"))).toEqual(["a /1", "b /1", "c /1", "b /2", "c /2", "a /2"]);
});

test("gives one outcome for each record and target, in the order of the records", async () => {
  const records = ["1", "2", "3", "4"].map((id) => record({ id, ...(id === "2" || id === "4" ? { scenario: "s" } : {}) }));
  const outcomes = await drive(records, []);
  for (const target of ["a", "b", "c"]) expect(outcomes.get(target)?.map((each) => each.record.id)).toEqual(["1", "2", "4", "3"]);
});

test("keeps cookies within a scenario and a target, and only for records that ask for it", async () => {
  const cookies: string[] = [];
  const reply: Reply = (request, target) => {
    cookies.push(`${target} ${request.target} ${request.headers.find(([name]) => name === "cookie")?.[1] ?? "-"}`);
    return { headers: [["set-cookie", `sid=${target}${request.target.slice(1)}; Path=/; HttpOnly`]] };
  };
  const inScenario = { scenario: "s", cookies: "keep" as const };
  await drive(
    [
      record({ id: "1", ...inScenario }),
      record({ id: "2", ...inScenario, headers: { cookie: "a=b" } }),
      record({ id: "3", scenario: "s" }),
      record({ id: "4", cookies: "keep" }),
    ],
    [],
    reply,
    ["x", "y"],
  );
  expect(cookies).toEqual(["x /1 -", "y /1 -", "y /2 a=b; sid=y1", "x /2 a=b; sid=x1", "x /3 -", "y /3 -", "y /4 -", "x /4 -"]);
});

test("asks the oracle with what the target answered earlier in the scenario", async () => {
  const seen: string[] = [];
  const records = ["1", "2"].map((id) => record({ id, scenario: "s", oracle: "markup" }));
  const outcomes = await driveInTurn({
    units: toUnits(records),
    lanes: lanesOf(["a", "b"], [], (request, target) => ({ body: Buffer.from(`${target}${request.target}`) })),
    addressOf: createAddresses("rotating"),
    oracle: (asked, response, history) => {
      seen.push(`${asked.id}: ${response.body} after [${history.map((exchange) => exchange.response.body)}]`);
      return response.body === "a/2";
    },
  });
  expect(seen.sort()).toEqual(["1: a/1 after []", "1: b/1 after []", "2: a/2 after [a/1]", "2: b/2 after [b/1]"]);
  expect(outcomes.get("a")?.map((each) => each.exploited)).toEqual([false, true]);
  expect(outcomes.get("b")?.map((each) => each.exploited)).toEqual([false, false]);
});

test("never asks the oracle about a request without an answer", async () => {
  const outcomes = await driveInTurn({
    units: toUnits([record({ id: "1", oracle: "markup" })]),
    lanes: lanesOf(["a"], [], () => ({ status: 0, error: "reset" })),
    addressOf: createAddresses("rotating"),
    oracle: () => true,
  });
  expect(outcomes.get("a")?.[0]).toMatchObject({ status: 0, exploited: false, error: "reset" });
});

test("tells what Node's HTTP parser refused from what an application answered", async () => {
  const reply: Reply = (request) =>
    request.target === "/parser"
      ? { status: 400, headers: [["connection", "close"]] }
      : {
          status: 400,
          headers: [
            ["connection", "close"],
            ["content-type", "text/plain"],
          ],
          body: Buffer.from("no"),
        };
  const outcomes = await drive([record({ id: "parser" }), record({ id: "shop" })], [], reply, ["a"]);
  expect(outcomes.get("a")?.map((each) => each.refused)).toEqual([true, false]);
});

test("plays normal traffic at its own times, scenarios side by side", async () => {
  const log: string[] = [];
  const at = 1_000_000;
  const records = [
    record({ id: "1", scenario: "x", at }),
    record({ id: "3", scenario: "x", at: at + 600 }),
    record({ id: "2", scenario: "y", at: at + 300 }),
    record({ id: "4", scenario: "y", at: at + 900 }),
  ];
  const startedAt = performance.now();
  await driveInTime({ units: toUnits(records), lanes: lanesOf(["a"], log), addressOf: createAddresses("own"), oracle: () => false }, 10);
  expect(log.filter((line) => !line.endsWith("answered"))).toEqual(["a /1", "a /2", "a /3", "a /4"]);
  expect(performance.now() - startedAt).toBeGreaterThan(85);
});

test("gives each attacker an address of its own, or the same to all, and leaves stated addresses alone", () => {
  const units = toUnits([
    record({ id: "1", scenario: "s" }),
    record({ id: "2", scenario: "s" }),
    record({ id: "3" }),
    record({ id: "4", client: "192.0.2.7" }),
  ]);
  const all = (mode: "rotating" | "single" | "own"): string[] => {
    const addressOf = createAddresses(mode);
    return units.flatMap((unit) => unit.records.map((each) => addressOf(unit, each)));
  };
  expect(all("rotating")).toEqual(["198.18.0.1", "198.18.0.1", "198.18.0.2", "192.0.2.7"]);
  expect(all("single")).toEqual(Array(4).fill(singleAttackerAddress));
  expect(all("own")[3]).toBe("192.0.2.7");
});

test("writes the client's address where a proxy would, behind what the client claimed", () => {
  const fieldOf = (headers: Record<string, string>): string | undefined =>
    toWireRequest(record({ id: "1", headers }), "198.18.0.1", undefined).headers.find(([name]) => name === "x-forwarded-for")?.[1];
  expect(fieldOf({})).toBe("198.18.0.1");
  expect(fieldOf({ "x-forwarded-for": "127.0.0.1" })).toBe("127.0.0.1, 198.18.0.1");
});

test("adds host and length only where they are missing", () => {
  const lines = (fields: Partial<TrafficRecord>): string[] =>
    toWireRequest(record({ id: "1", ...fields }), "192.0.2.1", undefined).headers.map(([name, value]) => `${name}: ${value}`);
  expect(lines({})).toEqual(["host: shop.example", "x-forwarded-for: 192.0.2.1"]);
  expect(lines({ method: "POST" })).toContain("content-length: 0");
  expect(lines({ method: "POST", body: "ü" })).toContain("content-length: 2");
  expect(lines({ method: "POST", body: "\xfc", encoding: "latin-1" })).toContain("content-length: 1");
  expect(lines({ body: "x", headers: { "content-length": "9", host: "other" } })).toEqual([
    "content-length: 9",
    "host: other",
    "x-forwarded-for: 192.0.2.1",
  ]);
  expect(
    lines({
      body: "x",
      raw_headers: [
        ["X-A", "1"],
        ["x-a", "2"],
        ["Transfer-Encoding", "chunked"],
      ],
    }),
  ).toEqual(["host: shop.example", "X-A: 1", "x-a: 2", "Transfer-Encoding: chunked", "x-forwarded-for: 192.0.2.1"]);
});

test("forgets a cookie that the shop takes back", () => {
  const jar = createCookieJar();
  jar.store([
    ["set-cookie", "a=1; Path=/"],
    ["set-cookie", "b=x=y"],
    ["set-cookie", "nonsense"],
  ]);
  expect(jar.text).toBe("a=1; b=x=y");
  jar.store([["set-cookie", "a=; Max-Age=0; Path=/"]]);
  expect(jar.text).toBe("b=x=y");
});

import { request as httpRequest } from "node:http";
import { createWaf } from "@aiwaf/core";
import { recommended } from "@aiwaf/core/recommended";
import { type Control, type ControlOptions, createControl, createEvents, createScorer, type Events } from "@aiwaf/proxy";
import { afterEach, describe, expect, it } from "vitest";
import { exchange, pause, waitUntil } from "./servers.ts";

const open: Control[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

interface Started {
  readonly port: number;
  readonly events: Events;
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** A decision about a GET of this target. */
  decide(target: string): void;
}

async function start(options: ControlOptions & { readonly events?: never; readonly viewerBytes?: number } = {}): Promise<Started> {
  const { viewerBytes, ...rest } = options;
  const waf = createWaf(recommended());
  const events = createEvents(waf, { capacity: 10, ...(viewerBytes !== undefined && { viewerBytes }) });
  const control = createControl({ ...rest, events, scorer: createScorer() });
  open.push(control);
  const { port } = await control.listen(0);
  return {
    port,
    events,
    ask: (path, init) =>
      fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { authorization: `Bearer ${control.token}`, ...init?.headers } }),
    decide(target) {
      const headers = new Headers({ host: "a", "user-agent": "Mozilla/5.0 Firefox/140.0", accept: "*/*", "accept-language": "en" });
      const decision = waf.inspect({ method: "GET", target, headers, peer: "192.0.2.9", httpVersion: "1.1" });
      if ("then" in decision) throw new Error("nothing waits here");
      waf.observe(decision, { status: decision.action === "block" ? decision.status : 200, durationMs: 1 });
    },
  };
}

const score = (raw: unknown): RequestInit => ({
  method: "POST",
  body: JSON.stringify({ raw }),
  headers: { "content-type": "application/json" },
});

/** Reads the stream until `count` events came. */
async function readEvents(response: Response, count: number): Promise<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (text.split("\nevent: decision\n").length <= count) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader.cancel();
  return text;
}

describe("the operator's port", () => {
  it("is closed without the token, to other sites, and to confused paths (S5-017)", async () => {
    const { port, ask } = await start();
    const without = (path: string, headers: Record<string, string> = {}): Promise<number> =>
      fetch(`http://127.0.0.1:${port}${path}`, { headers }).then(({ status }) => status);
    for (const path of [
      "/events",
      "/history",
      "/status",
      "/score",
      "/openapi.json",
      "/decisions/x",
      "/",
      "/%65vents",
      "/healthz/../events",
      "/healthz%2f..%2fevents",
      "/EVENTS",
    ]) {
      expect([path, await without(path)]).toEqual([path, 401]);
    }
    for (const authorization of ["Bearer", "Bearer ", "Bearer x", "Basic YTpi", `Bearer ${"x".repeat(600)}`]) {
      expect(await without("/status", { authorization })).toBe(401);
    }
    expect((await ask("/status", { headers: { "sec-fetch-site": "cross-site" } })).status).toBe(403);
    const answered = await exchange(
      port,
      "OPTIONS /score HTTP/1.1\r\nHost: a\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\nConnection: close\r\n\r\n",
    );
    expect(answered).toMatch(/^HTTP\/1\.1 401/);
    expect(answered).not.toMatch(/access-control-allow/i);
    expect(await exchange(port, "GET http://evil.example/status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 400/,
    );
    expect(await without("//events")).toBe(400);
    expect(await without("/healthz")).toBe(200);
  });

  it("makes a token that cannot be guessed, and refuses one that can", () => {
    expect(createControl({}).token).not.toBe(createControl({}).token);
    expect(() => createControl({ token: "secret" })).toThrow(/16 characters/);
  });

  it("says in an OpenAPI document what it answers", async () => {
    const document = (await (await start()).ask("/openapi.json").then((response) => response.json())) as { openapi: string; paths: object };
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toEqual(["/score", "/events", "/tap", "/history", "/decisions/{id}", "/status", "/healthz"]);
  });
});

describe("POST /score", () => {
  it("says score, rules, anomaly, threshold and action of one text", async () => {
    const { ask } = await start();
    const response = await ask("/score", score("GET /search?q=1'%20UNION%20SELECT%20password%20FROM%20users-- HTTP/1.1"));
    const body = (await response.json()) as Record<string, unknown>;
    expect(Object.keys(body)).toEqual(["score", "rules", "anomaly", "threshold", "action"]);
    expect(body).toMatchObject({ action: "block", threshold: 100 });
    expect(Object.keys((body["rules"] as object[])[0] ?? {})).toEqual([
      "rule_id",
      "description",
      "severity",
      "where",
      "match",
      "start",
      "end",
      "rule",
    ]);
    expect(await (await ask("/score", score("GET /products?id=5"))).json()).toMatchObject({ action: "allow", rules: [] });
    expect(await (await ask("/score", score("<script>alert(document.cookie)</script>"))).json()).toMatchObject({ action: "block" });
    const body2 = "q=1'+UNION+SELECT+password+FROM+users--";
    const post = `POST /a HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n${body2}`;
    expect(await (await ask("/score", score(post))).json()).toMatchObject({ action: "block" });
  });

  it("scores the same text the same a thousand times: it counts nothing and bans nobody", async () => {
    const { ask } = await start();
    const attack = "GET /.env HTTP/1.1";
    const all = (await (await ask("/score", score([...Array.from({ length: 999 }, () => attack), "GET / HTTP/1.1"]))).json()) as {
      action: string;
    }[];
    expect(all).toHaveLength(1_000);
    expect(new Set(all.slice(0, 999).map((one) => JSON.stringify(one))).size).toBe(1);
    expect(all[999]?.action).toBe("allow");
  });

  it("answers lines as they come, wrong ones too", async () => {
    const { ask } = await start();
    const lines = ['{"raw":"GET / HTTP/1.1"}', "nonsense", '{"raw":["a"]}', "", '{"raw":"GET /.env HTTP/1.1"}'].join("\n");
    const response = await ask("/score", { method: "POST", body: lines, headers: { "content-type": "application/x-ndjson" } });
    const answers = (await response.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(answers.map((one) => one["action"] ?? one["status"])).toEqual(["allow", 400, 400, "block"]);
  });

  it("answers what it cannot read with problem documents", async () => {
    const { ask, port } = await start({ deadlineMs: 2_000, maxPending: 1 });
    const json = { "content-type": "application/json" };
    for (const body of [
      "",
      "{",
      "[]",
      "null",
      '{"raw":5}',
      '{"raw":[5]}',
      '{"other":"x"}',
      `{"raw":${JSON.stringify(Array(1_001).fill("a"))}}`,
      '{"__proto__":{"raw":"x"}}',
    ]) {
      const response = await ask("/score", { method: "POST", body, headers: json });
      expect([body.slice(0, 20), response.status]).toEqual([body.slice(0, 20), 400]);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
    }
    expect(
      (await ask("/score", { method: "POST", body: "raw=x", headers: { "content-type": "application/x-www-form-urlencoded" } })).status,
    ).toBe(415);
    expect((await ask("/score", { method: "POST", body: "x".repeat(5 * 1024 * 1024), headers: json })).status).toBe(413);
    expect((await ask("/score")).status).toBe(405);
    // One whose body does not come holds the only place until its deadline.
    let isOver = false;
    const slow = exchange(
      port,
      `POST /score HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${open.at(-1)?.token}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
    ).finally(() => (isOver = true));
    let status = 0;
    while (status !== 503 && !isOver) ({ status } = await ask("/score", score("GET /")));
    expect(status).toBe(503);
    expect(await slow).toMatch(/^HTTP\/1\.1 408/);
    expect((await ask("/score", score("GET /"))).status).toBe(200);
  });
});

describe("GET /events", () => {
  it("tells decisions as they are made, and goes on where it was left (S5-007, S5-018, S5-032)", async () => {
    const { ask, decide } = await start();
    const first = await ask("/events");
    decide("/one");
    decide("/.env");
    const text = await readEvents(first, 2);
    expect(text).toMatch(/id: (\w+-1)\nevent: decision\ndata: \{.*"url":"\/one"/);
    expect(text).toContain('"rule":"probes/dotfile"');
    decide("/three");
    const last = /id: (\w+-2)\n/.exec(text)?.[1] ?? "";
    const resumed = await readEvents(await ask("/events", { headers: { "last-event-id": last } }), 1);
    expect(resumed).toContain('"url":"/three"');
    expect(resumed).not.toMatch(/"url":"\/one"|event: gap/);
  });

  it("says when some are lost, and begins anew after a restart", async () => {
    const { ask, decide } = await start();
    for (let time = 0; time < 12; time++) decide(`/page-${time}`);
    const after = async (id: string): Promise<string> => readEvents(await ask("/events", { headers: { "last-event-id": id } }), 10);
    const epoch = /id: (\w+)-/.exec(await after("x-1"))?.[1];
    expect(await after(`${epoch}-1`)).toContain("event: gap");
    expect(await after("before-5")).toContain("event: gap");
  });

  it("filters by action, rule, client, path, status and time (S5-010, S5-034)", async () => {
    const { ask, decide } = await start();
    for (const target of ["/one", "/.env", "/two"]) decide(target);
    const urls = async (query: string): Promise<string[]> =>
      ((await (await ask(`/history?${query}`)).json()) as { url: string }[]).map(({ url }) => url);
    expect(await urls("")).toEqual(["/two", "/.env", "/one"]);
    expect(await urls("limit=1")).toEqual(["/two"]);
    expect(await urls("action=block")).toEqual(["/.env"]);
    expect(await urls("rule=probes")).toEqual(["/.env"]);
    expect(await urls("path=/t")).toEqual(["/two"]);
    expect(await urls("status=4")).toEqual(["/.env"]);
    expect(await urls("client=192.0.2.9&action=allow")).toEqual(["/two", "/one"]);
    expect(await urls(`since=${Date.now() + 1_000}`)).toEqual([]);
    expect(await urls("until=2020-01-01")).toEqual([]);
    for (const wrong of ["action=x", "status=x", "since=x", "limit=0", "limit=9999"])
      expect((await ask(`/history?${wrong}`)).status).toBe(400);
    const [{ id }] = (await (await ask("/history?action=block")).json()) as [{ id: string }];
    expect(await (await ask(`/decisions/${id}`)).json()).toMatchObject({ url: "/.env" });
    expect((await ask("/decisions/none")).status).toBe(404);
  });

  it("cuts off who reads too slowly, and delays no decision for it", async () => {
    const { ask, decide, events, port } = await start({ viewerBytes: 64 * 1024 });
    const token = open.at(-1)?.token;
    const request = httpRequest({ port, host: "127.0.0.1", path: "/events", headers: { authorization: `Bearer ${token}` } }).end();
    const response = await new Promise<import("node:http").IncomingMessage>((resolve) => request.once("response", resolve));
    response.on("error", () => {}).pause();
    for (let time = 0; time < 20_000 && events.counts().viewers > 0; time++) {
      decide(`/${"a".repeat(1_000)}${time}`);
      if (time % 100 === 0) await pause(1);
    }
    await waitUntil(() => events.counts().viewers === 0);
    expect(events.counts()).toMatchObject({ viewers: 0, dropped: 1 });
    expect((await ask("/status")).status).toBe(200);
    request.destroy();
  });
});

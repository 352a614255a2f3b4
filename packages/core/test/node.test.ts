import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { fromIncoming, observeResponse, writeBlocked } from "../src/node.ts";
import type { BlockedResponse } from "../src/respond.ts";
import type { Decision, Outcome, RawRequest, Waf } from "../src/types.ts";
import { oneConnection, patternBytes, rawSocket, send, withServer } from "./node-server.ts";
import { pause, waitUntil } from "./wait.ts";

const never = new AbortController().signal;

/** What `fromIncoming` said about one request written byte by byte. */
async function describeRequest(text: string): Promise<RawRequest> {
  let described: RawRequest | undefined;
  await withServer(
    (request, response) => {
      described = fromIncoming(request);
      response.end();
    },
    async ({ port }) => {
      const { socket, until } = await rawSocket(port);
      socket.write(text);
      await until("\r\n\r\n");
      socket.destroy();
    },
  );
  return described!;
}

describe("fromIncoming", () => {
  test("says when a request came, once for all of a turn, and anew in the next one", async () => {
    const at = (): number => fromIncoming({ url: "/", headers: {}, rawHeaders: [] } as unknown as IncomingMessage).receivedAt!;
    const before = Date.now();
    const first = at();
    expect(first).toBeGreaterThanOrEqual(before);
    while (Date.now() < first + 5) at();
    expect(at()).toBe(first);
    // Also where nothing but the next request would wake the loop: from an immediate, which runs behind those of its turn.
    await new Promise((resolve) => setImmediate(resolve));
    const second = at();
    expect(second).toBeGreaterThanOrEqual(first + 5);
    await pause(20);
    expect(at()).toBeGreaterThan(second);
  });

  test("hands over the target, the method and the peer as they arrived", async () => {
    const raw = await describeRequest("GET /a/%2e%2e//b\\c;x?q=%27#f HTTP/1.1\r\nhost: a\r\n\r\n");
    expect(raw).toMatchObject({ method: "GET", target: "/a/%2e%2e//b\\c;x?q=%27#f", peer: "127.0.0.1", httpVersion: "1.1", secure: false });
    expect((await describeRequest("GET http://other/x HTTP/1.1\r\nhost: a\r\n\r\n")).target).toBe("http://other/x");
    expect((await describeRequest("OPTIONS * HTTP/1.0\r\n\r\n")).target).toBe("*");
  });

  test("prefers the target that a router kept when it rewrote the url", () => {
    const request = { url: "/rest", originalUrl: "/mounted/rest", headers: {}, rawHeaders: [], socket: {} };
    expect(fromIncoming(request as unknown as IncomingMessage).target).toBe("/mounted/rest");
  });

  test("survives a request object without a socket", () => {
    expect(fromIncoming({ headers: {}, rawHeaders: [] } as unknown as IncomingMessage)).toMatchObject({
      method: "GET",
      target: "/",
      peer: undefined,
    });
  });

  test("reads headers by lower-case name and joins repeated ones", async () => {
    const { headers } = await describeRequest(
      "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\r\nx-forwarded-for: 2.2.2.2\r\nuser-agent: first\r\nUser-Agent: second\r\n\r\n",
    );
    expect(headers.get("x-forwarded-for")).toBe("1.1.1.1, 2.2.2.2");
    expect(headers.get("user-agent")).toBe("first");
    expect(headers.get("missing")).toBeUndefined();
    expect([...headers].filter(([name]) => name === "user-agent").map(([, value]) => value)).toEqual(["first", "second"]);
    expect([...headers][0]).toEqual(["host", "a"]);
  });

  test("shows nothing that Object.prototype would lend to the headers", async () => {
    const { headers } = await describeRequest("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "__defineGetter__"])
      expect(headers.get(name)).toBeUndefined();
    const sent = await describeRequest(
      "GET / HTTP/1.1\r\nhost: a\r\n__proto__: x\r\nconstructor: y\r\nset-cookie: a\r\nset-cookie: b\r\n\r\n",
    );
    expect(sent.headers.get("constructor")).toBe("y");
    expect(sent.headers.get("set-cookie")).toBe("a, b");
    expect([...sent.headers]).toContainEqual(["__proto__", "x"]);
  });

  test("a body that a parser took is encoded again; one that vanished is incomplete", async () => {
    const bodies: unknown[] = [];
    await withServer(
      async (request, response) => {
        for await (const _ of request);
        for (const body of [undefined, { q: 1 }, "text", Buffer.from("raw")])
          bodies.push(await fromIncoming(Object.assign(request, { body })).readBody?.(100, never));
        response.end();
      },
      async ({ port }) => {
        await send(port, { body: patternBytes(10) });
      },
    );
    const bytes = (text: string) => new Uint8Array(Buffer.from(text));
    expect(bodies).toEqual([
      { bytes: bytes(""), complete: false },
      { bytes: bytes('{"q":1}'), complete: true, parsed: true },
      { bytes: bytes("text"), complete: true, parsed: true },
      { bytes: bytes("raw"), complete: true, parsed: true },
    ]);
  });

  test("the empty object of a parser that left the stream alone does not hide the body", async () => {
    let seen: unknown;
    await withServer(
      async (request, response) => {
        seen = await fromIncoming(Object.assign(request, { body: {} })).readBody?.(100, never);
        response.end();
      },
      async ({ port }) => {
        await send(port, { body: patternBytes(10) });
      },
    );
    expect(seen).toEqual({ bytes: patternBytes(10), complete: true });
  });
});

const blocked: BlockedResponse = {
  status: 403,
  headers: { "x-aiwaf-id": "abc", "content-type": "text/plain; charset=utf-8" },
  body: "blocked é\n",
};

describe("writeBlocked", () => {
  test("writes status, headers, the length in bytes and the body", async () => {
    await withServer(
      (_, response) => writeBlocked(response, blocked),
      async ({ port }) => {
        const { status, headers, body } = await send(port, { method: "GET" });
        expect(status).toBe(403);
        expect(headers).toMatchObject({ "x-aiwaf-id": "abc", "content-length": "11", "content-type": "text/plain; charset=utf-8" });
        expect(body).toBe("blocked é\n");
      },
    );
  });

  test("answers HEAD with the same headers and no body, and keeps the connection", async () => {
    const agent = oneConnection();
    await withServer(
      (_, response) => writeBlocked(response, blocked),
      async ({ port }) => {
        const head = await send(port, { method: "HEAD", agent });
        const get = await send(port, { method: "GET", agent });
        expect(head.body).toBe("");
        expect({ ...head.headers, date: "" }).toEqual({ ...get.headers, date: "" });
        expect(get.body).toBe("blocked é\n");
      },
    );
    agent.destroy();
  });

  test("does nothing when something else has answered or the client is gone", async () => {
    let late: (() => void) | undefined;
    let isGone = false;
    await withServer(
      (request, response) => {
        if (request.url === "/answered") {
          response.end("first");
          writeBlocked(response, blocked);
        } else if (request.url === "/begun") {
          response.write("first");
          writeBlocked(response, blocked);
          response.end();
        } else response.on("close", () => (isGone = true));
        late = () => writeBlocked(response, blocked);
      },
      async ({ port }) => {
        expect(await send(port, { method: "GET", path: "/answered" })).toMatchObject({ status: 200, body: "first" });
        expect(await send(port, { method: "GET", path: "/begun" })).toMatchObject({ status: 200, body: "first" });
        late = undefined;
        const { socket } = await rawSocket(port);
        socket.write("GET /gone HTTP/1.1\r\nhost: a\r\n\r\n");
        await waitUntil(() => late, "the request");
        socket.destroy();
        await waitUntil(() => isGone, "the hang-up");
        expect(late).not.toThrow();
      },
    );
  });

  test("keeps the connection after a small unread body, at once or after a peek", async () => {
    const agent = oneConnection();
    let sockets = 0;
    await withServer(
      async (request, response) => {
        if (request.url === "/peek") await fromIncoming(request).readBody?.(20, never);
        writeBlocked(response, blocked);
      },
      async ({ port, server }) => {
        server.on("connection", () => sockets++);
        for (const path of ["/", "/peek", "/", "/peek"])
          expect(await send(port, { path, body: patternBytes(60_000), agent })).toMatchObject({ status: 403, body: "blocked é\n" });
      },
    );
    expect(sockets).toBe(1);
    agent.destroy();
  });

  test("a client that is still sending a large body reads the answer, and then the connection closes", async () => {
    for (const framing of ["content-length: 50000000", "transfer-encoding: chunked"]) {
      await withServer(
        (_, response) => writeBlocked(response, blocked),
        async ({ port }) => {
          const { socket, until, closed } = await rawSocket(port);
          socket.write(`POST / HTTP/1.1\r\nhost: a\r\n${framing}\r\n\r\n`);
          socket.write(framing.startsWith("t") ? `100000\r\n${"x".repeat(0x100000)}\r\n` : "x".repeat(0x100000));
          const text = await until("blocked");
          expect(text).toMatch(/^HTTP\/1\.1 403 /);
          expect(text.toLowerCase()).toContain("connection: close");
          await closed;
        },
      );
    }
  });

  test("a connection whose large body was sent in full closes without waiting for the grace period", async () => {
    await withServer(
      (_, response) => writeBlocked(response, blocked),
      async ({ port }) => {
        // The period is 500 ms. A busy machine may take that long by itself, but not each time.
        let leastMs = Number.POSITIVE_INFINITY;
        for (let attempt = 0; attempt < 20 && leastMs > 400; attempt++) {
          const { socket, received, closed } = await rawSocket(port);
          const started = performance.now();
          socket.write(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3000000\r\n\r\n${"x".repeat(3_000_000)}`);
          await closed;
          leastMs = Math.min(leastMs, performance.now() - started);
          expect(received()).toContain("blocked");
        }
        expect(leastMs).toBeLessThan(400);
      },
    );
  });

  test("body bytes that look like a request are never taken for one", async () => {
    const urls: (string | undefined)[] = [];
    await withServer(
      (request, response) => {
        urls.push(request.url);
        writeBlocked(response, blocked);
      },
      async ({ port }) => {
        const inner = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
        for (const length of [inner.length, 100_000]) {
          const { socket, until, closed } = await rawSocket(port);
          socket.write(`POST /outer HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n${inner.padEnd(length, "x")}`);
          await until("blocked");
          socket.write("GET /next HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
          await closed;
        }
      },
    );
    expect(urls.filter((url) => url === "/smuggled")).toEqual([]);
    expect(urls.filter((url) => url === "/outer")).toHaveLength(2);
  });

  test("a client that stops sending a large body does not hold the connection", async () => {
    await withServer(
      (_, response) => writeBlocked(response, blocked),
      async ({ port }) => {
        const { socket, until, closed } = await rawSocket(port);
        socket.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nstart");
        await until("blocked");
        // Node itself would wait for the rest for five minutes.
        await closed;
      },
    );
  });
});

describe("observeResponse", () => {
  /** What the firewall is told when the client hangs up: `before` anybody listened, once the response is `observed`, or `begun`. */
  async function outcomeOf(
    act: (response: ServerResponse) => void | Promise<void>,
    hangUp?: "before" | "observed" | "begun",
  ): Promise<Outcome> {
    let told: Outcome | undefined;
    let calls = 0;
    let hasArrived = false;
    let isObserved = false;
    const waf = {
      wantsOutcome: () => true,
      observe: (_: Decision, outcome: Outcome) => {
        told = outcome;
        calls++;
      },
    } as unknown as Waf;
    await withServer(
      async (_, response) => {
        const decision = { request: { receivedAt: Date.now() } } as Decision;
        hasArrived = true;
        if (hangUp === "before") await waitUntil(() => response.closed, "the hang-up");
        observeResponse(waf, decision, response);
        isObserved = true;
        await act(response);
      },
      async ({ port }) => {
        let hasBegun = false;
        const client = httpRequest({ host: "127.0.0.1", port }, (response) => {
          hasBegun = true;
          response.resume().on("error", () => {});
        });
        client.on("error", () => {});
        client.end();
        if (hangUp === "before") await waitUntil(() => hasArrived, "the request");
        if (hangUp === "observed") await waitUntil(() => isObserved, "the observation");
        if (hangUp === "begun") await waitUntil(() => hasBegun, "the response");
        if (hangUp !== undefined) client.destroy();
        await waitUntil(() => calls > 0, "the outcome");
        client.destroy();
        await pause(10);
      },
    );
    expect(calls).toBe(1);
    return told!;
  }

  test("does not wait for the end of a response nobody would learn from", async () => {
    let listeners = -1;
    const idle = { wantsOutcome: () => false, observe: () => expect.fail("told although nobody wants to know") } as unknown as Waf;
    await withServer(
      (_, response) => {
        const before = response.listenerCount("close");
        observeResponse(idle, { request: { receivedAt: 0 } } as Decision, response);
        listeners = response.listenerCount("close") - before;
        response.end();
      },
      async ({ port }) => void (await fetch(`http://127.0.0.1:${port}/`)),
    );
    expect(listeners).toBe(0);
  });

  test("reports the status and how long the response took", async () => {
    const before = Date.now();
    const outcome = await outcomeOf(async (response) => {
      await pause(30);
      response.writeHead(404).end();
    });
    expect(outcome.status).toBe(404);
    expect(outcome.durationMs).toBeGreaterThan(25);
    expect(outcome.durationMs).toBeLessThanOrEqual(Date.now() - before);
  });

  test("reports a hang-up before the response as 499, also when it came before anybody listened", async () => {
    expect((await outcomeOf(() => {}, "observed")).status).toBe(499);
    expect((await outcomeOf(() => {}, "before")).status).toBe(499);
  });

  test("reports the status that was sent when the client hangs up in the middle of the response", async () => {
    expect(
      (
        await outcomeOf((response) => {
          response.writeHead(201).write("begun");
        }, "begun")
      ).status,
    ).toBe(201);
  });
});

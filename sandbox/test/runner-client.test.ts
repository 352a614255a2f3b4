import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createWireClient, type WireClient, type WireClientOptions, type WireRequest } from "../src/runner/wire-client.ts";

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket.on("error", () => undefined));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function clientOf(server: Server, options: Partial<WireClientOptions> = {}): Promise<WireClient> {
  const client = createWireClient({ host: "127.0.0.1", port: await listen(server), timeoutMs: 60_000, ...options });
  closers.push(() => client.close());
  return client;
}

/** A client of an ordinary Node server. */
function httpClient(listener: RequestListener, options: Partial<WireClientOptions> = {}): Promise<WireClient> {
  return clientOf(createHttpServer(listener), options);
}

/** A client of a server that sends these bytes for each chunk it reads, and tells what it read. */
async function rawClient(reply: string, options: Partial<WireClientOptions> = {}, then?: (socket: Socket) => void) {
  const received: Buffer[] = [];
  const client = await clientOf(
    createNetServer((socket) => {
      socket.on("data", (chunk) => {
        received.push(chunk);
        socket.write(reply, "latin1");
        then?.(socket);
      });
    }),
    options,
  );
  return { client, received: () => Buffer.concat(received).toString("latin1") };
}

const get: WireRequest = { method: "GET", target: "/", headers: [["host", "shop.example"]], body: undefined, encoding: "utf8" };
const text = (body: Uint8Array): string => Buffer.from(body).toString("utf8");

test("reads a body of a declared length", async () => {
  const client = await httpClient((_request, response) => response.writeHead(200, { "content-length": "5", "x-a": "1" }).end("hello"));
  const answer = await client.send(get);
  expect(answer).toMatchObject({ status: 200, complete: true, error: undefined });
  expect(text(answer.body)).toBe("hello");
  expect(answer.headers).toContainEqual(["x-a", "1"]);
  expect(answer.durationMs).toBeGreaterThan(0);
});

test("reads a chunked body that arrives in pieces", async () => {
  const client = await httpClient((_request, response) => {
    response.write("one ");
    setTimeout(() => response.write("two "), 5);
    setTimeout(() => response.end("three"), 10);
  });
  const answer = await client.send(get);
  expect(text(answer.body)).toBe("one two three");
  expect(answer.headers).toContainEqual(["transfer-encoding", "chunked"]);
});

test("reads chunks that the network cut anywhere", async () => {
  const reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;note=x\r\nWiki\r\n6\r\npedia \r\n0\r\nx-trailer: 1\r\n\r\n";
  const client = await clientOf(
    createNetServer((socket) => {
      socket.on("data", async () => {
        for (const byte of reply) await new Promise((resolve) => socket.write(byte, resolve));
      });
    }),
  );
  const answer = await client.send(get);
  expect(text(answer.body)).toBe("Wikipedia ");
  expect((await client.send(get)).status).toBe(200);
  expect(client.connections).toBe(1);
});

test("expects no body after HEAD, 204 and 304, whatever the length says", async () => {
  const client = await httpClient((request, response) => {
    response
      .writeHead(request.url === "/204" ? 204 : request.url === "/304" ? 304 : 200, {
        "content-length": request.method === "HEAD" ? "5000" : "0",
      })
      .end();
  });
  expect(await client.send({ ...get, method: "HEAD" })).toMatchObject({ status: 200, complete: true });
  expect(await client.send({ ...get, target: "/204" })).toMatchObject({ status: 204, complete: true });
  expect(await client.send({ ...get, target: "/304" })).toMatchObject({ status: 304, complete: true });
  expect(client.connections).toBe(1);
});

test("skips interim responses and takes the final one", async () => {
  const { client } = await rawClient(
    "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok",
  );
  expect((await client.send(get)).status).toBe(201);
});

test("reads a body without a length until the connection ends", async () => {
  const { client } = await rawClient("HTTP/1.0 200 OK\r\n\r\nold style", {}, (socket) => socket.end());
  const answer = await client.send(get);
  expect([answer.status, text(answer.body), answer.complete]).toEqual([200, "old style", true]);
});

test("sends one request after another over one connection", async () => {
  const client = await httpClient((request, response) => response.end(request.url));
  for (let number = 0; number < 25; number += 1)
    expect(text((await client.send({ ...get, target: `/${number}` })).body)).toBe(`/${number}`);
  expect(client.connections).toBe(1);
});

test("opens at most as many connections as it may, and makes the rest wait", async () => {
  let open = 0;
  let most = 0;
  const client = await httpClient(
    (_request, response) => {
      open += 1;
      most = Math.max(most, open);
      // Nobody is answered before four have come.
      const answer = (): void => {
        if (most < 4) return void setTimeout(answer, 5);
        open -= 1;
        response.end("x");
      };
      setTimeout(answer, 5);
    },
    { maxSockets: 4 },
  );
  const answers = await Promise.all(Array.from({ length: 30 }, () => client.send(get)));
  expect(answers.every((answer) => answer.status === 200)).toBe(true);
  expect([most, client.connections]).toEqual([4, 4]);
});

test("sends target, header order, repeats and latin-1 bytes exactly as given", async () => {
  const { client, received } = await rawClient("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  const body = Buffer.from([0, 255, 13, 10]);
  await client.send({
    method: "POST",
    target: "/a/..//%2e%2e\\b?q=<\xe9>&%zz",
    headers: [
      ["HOST", "x"],
      ["x-b", " two  spaces "],
      ["x-a", "1"],
      ["x-b", "\xfc"],
      ["content-length", "4"],
    ],
    body,
    encoding: "latin1",
  });
  expect(received()).toBe(
    "POST /a/..//%2e%2e\\b?q=<\xe9>&%zz HTTP/1.1\r\nHOST: x\r\nx-b:  two  spaces \r\nx-a: 1\r\nx-b: \xfc\r\ncontent-length: 4\r\n\r\n\0\xff\r\n",
  );
});

test("sends text outside latin-1 as UTF-8", async () => {
  const { client, received } = await rawClient("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  await client.send({ ...get, target: "/ü", headers: [["x", "日"]] });
  expect(Buffer.from(received(), "latin1").toString("utf8")).toBe("GET /ü HTTP/1.1\r\nx: 日\r\n\r\n");
});

test("answers with status 0 when the connection is reset", async () => {
  const client = await clientOf(createNetServer((socket) => socket.once("data", () => socket.resetAndDestroy())));
  expect(await client.send(get)).toMatchObject({ status: 0, error: "connection closed before a response" });
});

test("answers with status 0 when the response ends too early", async () => {
  const { client } = await rawClient("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", {}, (socket) => socket.end());
  expect(await client.send(get)).toMatchObject({ status: 0, error: "connection closed inside the response body" });
});

test("answers with status 0 when nobody listens", async () => {
  const server = createNetServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  const client = createWireClient({ host: "127.0.0.1", port });
  expect(await client.send(get)).toMatchObject({ status: 0, error: expect.stringContaining("ECONNREFUSED") });
});

test.each([
  ["something that is no HTTP", "SSH-2.0-OpenSSH_9.9\r\n\r\n"],
  ["a header line without a name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n"],
  ["a length that is no number", "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n"],
  ["a chunk size that is no number", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n"],
  ["a head without an end", `HTTP/1.1 200 OK\r\nx: ${"a".repeat(70_000)}`],
  ["a chunk longer than its size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n"],
])("answers with status 0 to %s", async (_what, reply) => {
  const { client } = await rawClient(reply);
  expect(await client.send(get)).toMatchObject({ status: 0, error: expect.any(String) });
});

test("gives up on a server that is slower than the limit, and frees the connection", async () => {
  const client = await httpClient((request, response) => void (request.url === "/slow" ? undefined : response.end("quick")), {
    timeoutMs: 60,
    maxSockets: 1,
  });
  const late = await client.send({ ...get, target: "/slow" });
  expect(late).toMatchObject({ status: 0, error: "no answer within 60 ms" });
  // On a busy machine even the quick one may take longer than that.
  await expect.poll(async () => (await client.send(get)).status).toBe(200);
});

test.each(["content-length", "chunked"])("cuts a body beyond the limit (%s) and closes its connection", async (framing) => {
  const client = await httpClient(
    (_request, response) => {
      if (framing === "content-length") response.setHeader("content-length", "100000");
      response.write("a".repeat(50_000));
      response.end("b".repeat(50_000));
    },
    { bodyLimitBytes: 1_000 },
  );
  const answer = await client.send(get);
  expect([answer.status, answer.body.length, answer.complete]).toEqual([200, 1_000, false]);
  await client.send(get);
  expect(client.connections).toBe(2);
});

test("answers an endless event stream after its first bytes", async () => {
  const client = await httpClient(
    (_request, response) => void response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n"),
  );
  const answer = await client.send(get);
  expect([answer.status, text(answer.body), answer.complete]).toEqual([200, "data: 1\n\n", false]);
});

test("takes an answer that comes before the body was read, and does not reuse that connection", async () => {
  const body = Buffer.alloc(8_000_000);
  const client = await clientOf(
    createNetServer((socket) => {
      socket.once("data", () => {
        socket.pause();
        socket.write("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
      });
    }),
  );
  const answer = await client.send({ ...get, method: "POST", headers: [["content-length", String(body.length)]], body });
  expect(answer.status).toBe(403);
  await client.send({ ...get, method: "POST" });
  expect(client.connections).toBe(2);
});

test("never takes a second response on a connection for the answer to the next request", async () => {
  const { client } = await rawClient("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 418 Smuggled\r\ncontent-length: 0\r\n\r\n");
  expect((await client.send(get)).status).toBe(200);
  expect((await client.send(get)).status).toBe(200);
  expect(client.connections).toBe(2);
});

test.each([
  ["a line break in a header", { headers: [["x", "1\r\nx-y: 2"]] as const }],
  ["a line break in the target", { target: "/ HTTP/1.1\r\nx: y\r\n\r\nGET /" }],
  ["a wrong length", { headers: [["content-length", "3"]] as const }],
  [
    "two lengths",
    {
      headers: [
        ["content-length", "0"],
        ["content-length", "0"],
      ] as const,
    },
  ],
  ["a transfer encoding", { headers: [["transfer-encoding", "chunked"]] as const }],
  ["an upgrade", { headers: [["upgrade", "h2c"]] as const }],
])("throws the connection away after a request with %s", async (_what, odd) => {
  const { client } = await rawClient("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  await client.send({ ...get, ...odd });
  await client.send(get);
  expect(client.connections).toBe(2);
});

test("sends again when the server closed an idle connection at that moment", async () => {
  let requests = 0;
  const client = await clientOf(
    createNetServer((socket) => {
      let served = false;
      socket.on("data", () => {
        // The second request on a connection finds it closed, as with a keep-alive timeout.
        if (served) socket.resetAndDestroy();
        else {
          served = true;
          requests += 1;
          socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
      });
    }),
  );
  expect((await client.send(get)).status).toBe(200);
  expect((await client.send(get)).status).toBe(200);
  expect([requests, client.connections]).toEqual([2, 2]);
});

test("ends requests under way as errors when it is closed", async () => {
  const client = await httpClient(() => undefined, { maxSockets: 1 });
  const answers = Promise.all([client.send(get), client.send(get)]);
  setTimeout(() => client.close(), 20);
  expect((await answers).map((answer) => answer.status)).toEqual([0, 0]);
});

import { createServer, type IncomingMessage, type RequestListener, request, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { probes } from "../src/detectors/probes.ts";
import { createWaf, type Decision, type Detector } from "../src/index.ts";
import { currentExchange, guardServers } from "../src/server.ts";
import { memoryStore } from "../src/stores/memory.ts";

const firewall = (...before: Detector[]) => createWaf({ store: memoryStore(), detectors: [...before, probes()] });
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server that was made and is started after the guard was set up, as a framework's is. */
async function listen(listener?: RequestListener): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer(listener ?? (() => {}));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

/** Everything that the server answers to one raw request. */
function ask(port: number, path: string, ...fields: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () =>
      socket.write([`GET ${path} HTTP/1.1`, "Host: a", "Accept: */*", "Connection: close", ...fields, "", ""].join("\r\n")),
    );
    let text = "";
    socket.on("data", (bytes) => (text += bytes.toString("latin1")));
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });
}

const statusOf = (answer: string): number => Number(answer.split(" ")[1]);

describe("in front of every server of the process", () => {
  beforeAll(() => guardServers(firewall()));

  test("blocked requests reach no listener, whenever it was added; others find their decision", async () => {
    const seen: (Decision | undefined)[] = [];
    const { server, port } = await listen();
    server.removeAllListeners("request");
    server.on("request", (_: IncomingMessage, response: ServerResponse) => {
      seen.push(currentExchange()?.decision);
      response.end("ok");
    });
    server.prependListener("request", () => void seen.push(currentExchange()?.decision));
    expect(statusOf(await ask(port, "/.env"))).toBe(403);
    expect(seen).toEqual([]);
    expect(statusOf(await ask(port, "/products"))).toBe(200);
    expect(seen.map((decision) => decision?.action)).toEqual(["allow", "allow"]);
  });

  test.each(["checkContinue", "checkExpectation"] as const)("a client cannot choose its way around by Expect: %s", async (event) => {
    const reached: string[] = [];
    const { server, port } = await listen((request, response) => {
      reached.push(request.url!);
      response.end("ok");
    });
    server.on(event, (request: IncomingMessage, response: ServerResponse) => {
      reached.push(request.url!);
      response.end("ok");
    });
    const expectation = event === "checkContinue" ? "Expect: 100-continue" : "Expect: something-else";
    expect(statusOf(await ask(port, "/.env", expectation))).toBe(403);
    expect(reached).toEqual([]);
    expect(statusOf(await ask(port, "/products", expectation))).toBe(200);
    expect(reached).toEqual(["/products"]);
  });

  test("a client that waits to be asked for its body is asked, when a detector wants to see it", async () => {
    const bodies: (string | undefined)[] = [];
    guardServers(
      firewall({
        name: "reads",
        phase: "body",
        rules: [],
        inspect: (request) => void bodies.push(request.body && new TextDecoder().decode(request.body.bytes)),
      }),
    );
    const { server, port } = await listen();
    server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
      request.setEncoding("utf8").on("data", (text: string) => response.end(`got ${text}`));
    });
    const answer = await new Promise<string>((resolve, reject) => {
      const sent = request(
        { port, host: "127.0.0.1", method: "POST", headers: { expect: "100-continue", "content-length": 5 } },
        (response) => {
          response.setEncoding("utf8").on("data", resolve);
        },
      );
      sent.on("continue", () => sent.end("hello")).on("error", reject);
      sent.flushHeaders();
    });
    expect(answer).toBe("got hello");
    expect(bodies).toEqual(["hello"]);
  });

  test("a request that one server hands to another is asked about once", async () => {
    let decisions = 0;
    const waf = firewall();
    guardServers({
      ...waf,
      inspect(raw) {
        decisions++;
        return waf.inspect(raw);
      },
    });
    const inner = createServer((_, response) => void response.end("inner"));
    const { port } = await listen((request, response) => void inner.emit("request", request, response));
    expect(await ask(port, "/products")).toMatch(/inner$/);
    expect(decisions).toBe(1);
  });

  test("after a wait, too", async () => {
    const waits: Detector = {
      name: "waits",
      phase: "head",
      rules: [],
      inspect: () => new Promise((resolve) => setImmediate(() => resolve(undefined))),
    };
    guardServers(firewall(waits));
    const { port } = await listen((_, response) => void response.end(currentExchange()?.decision?.action));
    expect(statusOf(await ask(port, "/.env"))).toBe(403);
    expect(await ask(port, "/products")).toMatch(/allow$/);
  });
});

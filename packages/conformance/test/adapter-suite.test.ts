import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Decision, type RawRequest, renderBlocked, type Waf } from "@aiwaf/core";
import { fromIncoming, observeResponse, writeBlocked } from "@aiwaf/core/node";
import { describe, expect, test } from "vitest";
import { ADAPTER_CASES, readCases } from "../src/adapter-case.ts";
import { type AdapterSuiteOptions, adapterSuite } from "../src/adapter-suite.ts";
import {
  STATUS_FIELD,
  STREAM_PATH,
  SUITE_EVENT_PAUSE_MS,
  SUITE_EVENTS,
  type SuiteAnswer,
  suiteAnswer,
  THROWS_PATH,
  UNREAD_PATH,
  unreadAnswer,
} from "../src/suite-app.ts";
import { suiteWaf } from "../src/suite-waf.ts";

/** The steps of an adapter, each of which a test can get wrong on purpose. */
interface Steps {
  read(request: IncomingMessage): RawRequest;
  observe(waf: Waf, decision: Decision, response: ServerResponse): void;
  block(response: ServerResponse, decision: Decision & { action: "block" }): void;
  hands(decision: Decision): string | undefined;
}

const right: Steps = {
  read: fromIncoming,
  observe: observeResponse,
  block: (response, decision) => writeBlocked(response, renderBlocked(decision)),
  hands: ({ id }) => id,
};

/** An application on `node:http` alone, behind an adapter made of these steps. */
function listenerOf(steps: Steps): RequestListener {
  const waf = suiteWaf();
  return async (request, response) => {
    const decision = await waf.inspect(steps.read(request));
    steps.observe(waf, decision, response);
    if (decision.action === "block") steps.block(response, decision);
    else await answer(request, response, steps.hands(decision));
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, decisionId: string | undefined): Promise<void> {
  const write = ({ status, headers, body }: SuiteAnswer): void => void response.writeHead(status, headers).end(body);
  if (request.url === THROWS_PATH) response.writeHead(500).end();
  else if (request.url === UNREAD_PATH) write(unreadAnswer());
  else if (request.url === STREAM_PATH) {
    response.writeHead(200, { "content-type": "text/event-stream", "x-suite-reached": "1" });
    for (const event of SUITE_EVENTS) {
      response.write(event);
      await new Promise((resolve) => setTimeout(resolve, SUITE_EVENT_PAUSE_MS));
    }
    response.end();
  } else {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    write(await suiteAnswer(Buffer.concat(parts), decisionId, request.headers[STATUS_FIELD] as string | undefined));
  }
}

const everything = { "raw-target": true, peer: true, body: true, decision: true, outcome: true, "any-method": true } as const;

/** Runs the suite on an adapter and returns the names of the cases that fail. */
async function failuresOf(steps: Partial<Steps>, more: Partial<AdapterSuiteOptions> = {}): Promise<readonly string[]> {
  const tests: { readonly title: string; readonly run: () => void | Promise<void> }[] = [];
  let stop: () => Promise<void> = async () => {};
  adapterSuite({
    name: "node",
    test: (title, run) => tests.push({ title, run }),
    after: (run) => {
      stop = run;
    },
    readme: "",
    capabilities: everything,
    patienceMs: 1_000,
    async start() {
      const server = createServer((request, response) => {
        // A broken adapter may reject; a real server would lose the connection.
        Promise.resolve(listener(request, response)).catch(() => response.destroy());
      });
      const listener = listenerOf({ ...right, ...steps });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return {
        port: (server.address() as AddressInfo).port,
        async stop() {
          server.closeAllConnections();
          await new Promise((resolve) => server.close(resolve));
        },
      };
    },
    ...more,
  });
  const failed: string[] = [];
  for (const { title, run } of tests) {
    if (!title.includes(", sync store")) continue;
    try {
      await run();
    } catch {
      failed.push(title.slice(title.indexOf(": ") + 2));
    }
  }
  await stop();
  return failed;
}

describe("the adapter suite", () => {
  test("passes an adapter that does everything right", async () => {
    expect(await failuresOf({}, { patienceMs: 30_000 })).toEqual([]);
  });

  test("notices an adapter that parses the target", async () => {
    const failed = await failuresOf({
      read: (request) => ({ ...fromIncoming(request), target: new URL(request.url ?? "/", "http://a").pathname }),
    });
    expect(failed).toContain("an absolute-form target gets no relaxation");
    expect(failed).toContain("dots before the relaxed folder get no relaxation");
  });

  test("notices an adapter that believes a header about the peer", async () => {
    const failed = await failuresOf({
      read: (request) => ({ ...fromIncoming(request), peer: String(request.headers["x-forwarded-for"] ?? request.socket.remoteAddress) }),
    });
    expect(failed).toContain("a forwarding header of a stranger is not believed");
    expect(failed).toContain("a forwarding header does not lift a ban");
  });

  test("notices an adapter that renders blocks of its own", async () => {
    const failed = await failuresOf({ block: (response, decision) => void response.writeHead(decision.status).end("denied") });
    expect(failed.length).toBeGreaterThan(30);
  });

  test("notices an adapter that forgets to tell how responses end", async () => {
    const failed = await failuresOf({ observe: (waf, decision) => waf.observe(decision, undefined) });
    expect(failed).toContain("the application's own status is what the firewall is told");
    expect(failed).toContain("a client that keeps probing is banned after its responses");
  });

  test("notices an adapter that hands the application no decision", async () => {
    expect(await failuresOf({ hands: () => undefined })).toContain("a plain page passes");
  });

  test("notices an adapter that eats what it inspects", async () => {
    const failed = await failuresOf({
      read: (request) => ({
        ...fromIncoming(request),
        readBody: (limit) =>
          new Promise((resolve) => {
            if (request.headers["content-length"] === undefined) return resolve(undefined);
            request.once("data", (bytes: Buffer) => resolve({ bytes: bytes.subarray(0, limit), complete: true }));
            request.once("end", () => resolve(undefined));
          }),
      }),
    });
    expect(failed).toContain("a small body is inspected and arrives whole");
  });

  test("notices an adapter that inspects no bodies", async () => {
    const failed = await failuresOf({
      read: (request) => {
        const { readBody: _, ...rest } = fromIncoming(request);
        return rest;
      },
    });
    expect(failed).toContain("an attack in the body does not reach the application");
  });

  test("refuses a missing capability that the README does not explain, and skips by name where it does", () => {
    const sentence = "The platform hides the socket's address.";
    const register = (readme: string): string[] => {
      const titles: string[] = [];
      adapterSuite({
        name: "hidden",
        test: (title) => titles.push(title),
        after: () => {},
        start: () => Promise.reject(new Error("never started")),
        readme,
        capabilities: { ...everything, peer: sentence },
      });
      return titles;
    };
    expect(() => register("Nothing said.")).toThrow(/lacks "peer"/);
    const titles = register("Limits: The platform hides\nthe socket's address.");
    expect(titles.filter((title) => title.endsWith(`(skipped: ${sentence})`))).toHaveLength(
      2 * ADAPTER_CASES.filter(({ needs }) => needs?.includes("peer")).length,
    );
  });
});

describe("the cases", () => {
  test("a misspelt or missing field is refused with the case's name", () => {
    const good = { name: "a", send: { method: "GET", url: "/" }, expect: { status: 200, reachedApp: true } };
    expect(readCases([good])).toHaveLength(1);
    expect(() => readCases([good, good])).toThrow(/no name of its own: a/);
    expect(() => readCases([{ ...good, sned: {} }])).toThrow(/a: case has no field "sned"/);
    expect(() => readCases([{ ...good, send: { method: "GET" } }])).toThrow(/a: a request needs method and url/);
    expect(() => readCases([{ ...good, expect: { status: 200 } }])).toThrow(/a: expect needs status and reachedApp/);
    expect(() => readCases([{ ...good, needs: ["wings"] }])).toThrow(/no capability is called "wings"/);
  });
});

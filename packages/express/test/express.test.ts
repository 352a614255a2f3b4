import { createWaf, type Decision, type Detector, type Outcome, type Store, type Waf, type WafOptions } from "@aiwaf/core";
import { recommended } from "@aiwaf/core/recommended";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { protect } from "@aiwaf/express";
import type { NextFunction, Request, Response } from "express";
import { describe, expect, test } from "vitest";
import { pause, rawSocket, send, VERSIONS, withServer } from "./servers.ts";

const text = new TextDecoder();

/** Blocks a body that contains "attack", wherever it stands. */
const bodyWatch: Detector = {
  name: "body-watch",
  phase: "body",
  rules: ["body-watch/attack"],
  inspect: ({ body }) =>
    text.decode(body?.bytes).includes("attack") ? { rule: "body-watch/attack", score: 100, block: { status: 403 } } : undefined,
};

/** The same store, one turn of the event loop away. */
function distant(store: Store): Store {
  const later = async <T>(value: T): Promise<T> => {
    await pause(1);
    return value;
  };
  return {
    name: "distant",
    increment: (...call) => later(store.increment(...call)) as ReturnType<Store["increment"]>,
    get: (...call) => later(store.get(...call)) as ReturnType<Store["get"]>,
    set: (...call) => later(store.set(...call)) as ReturnType<Store["set"]>,
    delete: (...call) => later(store.delete(...call)) as ReturnType<Store["delete"]>,
    list: (...call) => later(store.list(...call)) as ReturnType<Store["list"]>,
  };
}

const STORES = [
  ["a store in memory", () => memoryStore()],
  ["a store that is waited for", () => distant(memoryStore())],
] as const;

const silent: WafOptions["log"] = { warn() {}, error() {} };

/** The recommended firewall on this store, with whatever else a test needs. */
const wafOn = (store: Store, more: Partial<WafOptions> = {}): Waf => {
  const options = recommended({ store, log: silent });
  // No test here is about the deadline of a store, and a machine that stalls must not make one of it.
  return createWaf({ ...options, deadlineMs: 60_000, ...more, detectors: [...options.detectors, ...(more.detectors ?? [])] });
};

/** Warnings of all tests: each kind comes once a process, whichever test meets it first. */
const warnings: string[] = [];

/** Fails a test that leaves a rejection behind: on Express 4 one ends the process. */
async function withoutRejections(run: () => Promise<void>): Promise<void> {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  process.on("unhandledRejection", note);
  try {
    await run();
    await pause(10);
  } finally {
    process.off("unhandledRejection", note);
  }
  expect(rejections).toEqual([]);
}

for (const [version, express] of VERSIONS) {
  for (const [kind, makeStore] of STORES) {
    describe(`protect() on ${version} with ${kind}`, () => {
      test("answers what it blocks, and hands the decision to everything that passes", async () => {
        const app = express();
        app.use(protect(wafOn(makeStore())));
        app.use((request: Request, response: Response) => void response.json([request.aiwaf?.action, request.aiwaf?.request.path]));
        await withServer(app, async (port) => {
          expect(JSON.parse((await send(port, "/page")).body)).toEqual(["allow", "/page"]);
          const blocked = await send(port, "/.env", { headers: { accept: "application/json" } });
          expect(blocked.status).toBe(403);
          expect(blocked.headers["content-type"]).toBe("application/problem+json");
          expect(JSON.parse(blocked.body)).toMatchObject({
            status: 403,
            instance: expect.stringContaining(String(blocked.headers["x-aiwaf-id"])),
          });
        });
      });

      test("sees the whole path and the same decision inside mounted applications and routers", async () => {
        const seen: (string | undefined)[] = [];
        const app = express();
        const sub = express();
        const router = express.Router();
        sub.use("/deep", protect(wafOn(makeStore())), router);
        router.get("/page", (request: Request, response: Response) => {
          seen.push(request.url, request.aiwaf?.request.target);
          response.end();
        });
        app.use("/mounted", sub);
        await withServer(app, async (port) => {
          await send(port, "/mounted/deep/page?a=%2e");
        });
        expect(seen).toEqual(["/page?a=%2e", "/mounted/deep/page?a=%2e"]);
      });

      test("an error thrown behind it reaches the application's error handler as it is, and is not answered by us", async () => {
        const error = new Error("the application's own");
        const caught: unknown[] = [];
        const app = express();
        app.use(protect(wafOn(makeStore())));
        app.get("/throws", () => {
          throw error;
        });
        app.get("/passes-on", (_: Request, __: Response, next: NextFunction) => next(error));
        app.use((reason: unknown, _: Request, response: Response, __: NextFunction) => {
          caught.push(reason);
          response.status(500).send("handled");
        });
        await withoutRejections(() =>
          withServer(app, async (port) => {
            for (const path of ["/throws", "/passes-on"]) expect(await send(port, path)).toMatchObject({ status: 500, body: "handled" });
          }),
        );
        expect(caught).toEqual([error, error]);
      });

      test("an error handler that throws itself leaves no rejection behind", async () => {
        const app = express();
        app.set("env", "test");
        app.use(protect(wafOn(makeStore())));
        app.get("/", () => {
          throw new Error("first");
        });
        app.use((_: unknown, __: Request, ___: Response, ____: NextFunction) => {
          throw new Error("second");
        });
        await withoutRejections(() =>
          withServer(app, async (port) => {
            expect((await send(port, "/")).status).toBe(500);
          }),
        );
      });

      test("every body parser reads the whole body after us, and an attack in the body never reaches one", async () => {
        const app = express();
        app.use(protect(wafOn(makeStore(), { detectors: [bodyWatch], bodyLimitBytes: 100_000 })));
        app.use(express.json({ limit: "6mb" }), express.urlencoded({ extended: true, limit: "6mb" }), express.text({ limit: "6mb" }));
        app.use(express.raw({ limit: "6mb" }));
        let reached = 0;
        app.post("/", (request: Request, response: Response) => {
          reached++;
          const body: unknown = request.body;
          response.json(Buffer.isBuffer(body) ? body.byteLength : body);
        });
        await withServer(app, async (port) => {
          const post = async (type: string, body: string): Promise<unknown> =>
            JSON.parse((await send(port, "/", { body, headers: { "content-type": type } })).body);
          for (const size of [0, 10, 70_000, 300_000, 5_000_000]) {
            const filling = "x".repeat(size);
            expect(await post("application/json", JSON.stringify({ filling }))).toEqual({ filling });
            expect(await post("application/x-www-form-urlencoded", `filling=${filling}`)).toEqual({ filling });
            expect(await post("text/plain", `t${filling}`)).toBe(`t${filling}`);
            expect(await post("application/octet-stream", `b${filling}`)).toBe(size + 1);
          }
          const before = reached;
          expect((await send(port, "/", { body: '{"q":"attack"}', headers: { "content-type": "application/json" } })).status).toBe(403);
          expect(reached).toBe(before);
        });
      });

      test("a multipart upload is read whole by whoever takes the stream, late or at once", async () => {
        const app = express();
        app.use(protect(wafOn(makeStore(), { detectors: [bodyWatch] })));
        app.post("/:wait", async (request: Request, response: Response) => {
          await pause(Number(request.params["wait"]));
          const parts: Buffer[] = [];
          request.on("data", (part: Buffer) => parts.push(part));
          request.on("end", () => response.json([Buffer.concat(parts).toString().split("--edge").length, Buffer.concat(parts).byteLength]));
        });
        await withServer(app, async (port) => {
          const part = (name: string, value: string): string =>
            `--edge\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
          for (const size of [10, 200_000]) {
            const body = `${part("a", "1")}${part("file", "y".repeat(size))}--edge--\r\n`;
            for (const wait of [0, 30]) {
              const { body: answer } = await send(port, `/${wait}`, {
                body,
                headers: { "content-type": "multipart/form-data; boundary=edge" },
              });
              expect(JSON.parse(answer)).toEqual([4, body.length]);
            }
          }
        });
      });

      test("a body that a parser read before us is still inspected", async () => {
        const app = express();
        app.use(express.json(), express.urlencoded({ extended: true }));
        app.use(protect(wafOn(makeStore(), { detectors: [bodyWatch] })));
        app.post("/", (request: Request, response: Response) => void response.json(request.body));
        await withServer(app, async (port) => {
          const post = (type: string, body: string) => send(port, "/", { body, headers: { "content-type": type } });
          expect(await post("application/json", '{"a":1}')).toMatchObject({ status: 200, body: '{"a":1}' });
          expect((await post("application/json", '{"deep":[{"q":"attack"}]}')).status).toBe(403);
          expect((await post("application/x-www-form-urlencoded", "a[b]=%61ttack")).status).toBe(403);
          // No parser took this one: its bytes are still in the stream.
          expect((await post("text/plain", "attack")).status).toBe(403);
        });
      });

      test("an event stream flows piece by piece", async () => {
        const app = express();
        app.use(protect(wafOn(makeStore(), { detectors: [bodyWatch] })));
        let finish: () => void = () => {};
        app.get("/events", (_: Request, response: Response) => {
          response.writeHead(200, { "content-type": "text/event-stream" });
          response.write("data: first\n\n");
          finish = () => response.end("data: last\n\n");
        });
        await withServer(app, async (port) => {
          const { socket, until } = await rawSocket(
            port,
            "GET /events HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\nuser-agent: x\r\n\r\n",
          );
          expect(await until("first")).not.toContain("last");
          finish();
          await until("last");
          socket.destroy();
        });
      });

      test("upgrades pass it by", async () => {
        const app = express();
        let asked = 0;
        app.use(
          (_: Request, __: Response, next: NextFunction) => {
            asked++;
            next();
          },
          protect(wafOn(makeStore())),
        );
        await withServer(app, async (port, server) => {
          server.on("upgrade", (_, socket) =>
            socket.end("HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\nhello"),
          );
          const { until } = await rawSocket(port, "GET /.env HTTP/1.1\r\nhost: a\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n");
          await until("hello");
        });
        expect(asked).toBe(0);
      });

      test("tells the firewall how every response ended, also when the client hung up", async () => {
        const waf = wafOn(makeStore());
        const told: [Decision["action"], string, number | undefined][] = [];
        waf.subscribe(({ action, request }: Decision, outcome: Outcome | undefined) => told.push([action, request.path, outcome?.status]));
        const app = express();
        app.use(protect(waf));
        app.get("/found", (_: Request, response: Response) => void response.send("found"));
        let isWaiting = false;
        app.get("/waits", () => {
          isWaiting = true;
        });
        await withServer(app, async (port) => {
          await send(port, "/found");
          await send(port, "/missing");
          await send(port, "/.env");
          const { socket } = await rawSocket(port, "GET /waits HTTP/1.1\r\nhost: a\r\naccept: */*\r\nuser-agent: x\r\n\r\n");
          await expect.poll(() => isWaiting).toBe(true);
          socket.destroy();
          await expect
            .poll(() => told)
            .toEqual([
              ["allow", "/found", 200],
              ["allow", "/missing", 404],
              ["block", "/.env", 403],
              ["allow", "/waits", 499],
            ]);
        });
      });

      test("a client that hangs up during the decision harms nobody", async () => {
        const app = express();
        app.use(protect(wafOn(makeStore(), { detectors: [bodyWatch], bodyDeadlineMs: 200 })));
        app.post("/", (_: Request, response: Response) => void response.send("reached"));
        await withoutRejections(() =>
          withServer(app, async (port) => {
            for (let count = 0; count < 5; count++) {
              const { socket } = await rawSocket(
                port,
                "POST / HTTP/1.1\r\nhost: a\r\nuser-agent: x\r\naccept: */*\r\ncontent-length: 100\r\n\r\nhalf",
              );
              await pause(5);
              socket.destroy();
            }
            await pause(20);
            expect((await send(port, "/", { body: "whole" })).body).toBe("reached");
          }),
        );
      });

      test("two firewalls on one request both look; the same one looks once and says so once", async () => {
        const log = { warn: (message: string) => void warnings.push(message), error() {} };
        const first = wafOn(makeStore(), { log });
        const second = wafOn(makeStore(), { log });
        const looks: string[] = [];
        first.subscribe(() => looks.push("first"));
        second.subscribe(() => looks.push("second"));
        const app = express();
        app.use(protect(first), protect(first), protect(second), protect(first));
        app.use((_: Request, response: Response) => void response.end());
        await withServer(app, async (port) => {
          await send(port, "/");
          await send(port, "/");
        });
        await expect.poll(() => looks.toSorted()).toEqual(["first", "first", "second", "second"]);
        expect(warnings.filter((warning) => warning.includes("mount it once"))).toHaveLength(1);
      });
    });
  }
}

test("with state in memory the next handler runs in the same tick", async () => {
  for (const [, express] of VERSIONS) {
    const guard = protect();
    const app = express();
    let sameTick = false;
    app.use((request: Request, response: Response, next: NextFunction) => {
      let called = false;
      guard(request, response, () => {
        called = true;
      });
      sameTick = called;
      next();
    });
    app.use((_: Request, response: Response) => void response.end());
    await withServer(app, async (port) => {
      await send(port, "/");
    });
    expect(sameTick).toBe(true);
  }
});

test("what next() throws in the same tick reaches the caller; after a wait it is handed to next()", async () => {
  const error = new Error("thrown by next");
  const handed: unknown[] = [];
  let thrown: unknown;
  const [[, express]] = VERSIONS;
  const app = express();
  app.use((request: Request, response: Response) => {
    const now = protect(wafOn(memoryStore()));
    const later = protect(wafOn(distant(memoryStore())));
    const next = (reason?: unknown): void => {
      if (reason === undefined) throw error;
      handed.push(reason);
      response.end();
    };
    try {
      now(request, response, next);
    } catch (reason) {
      thrown = reason;
    }
    later(request, response, next);
  });
  await withoutRejections(() =>
    withServer(app, async (port) => {
      await send(port, "/");
    }),
  );
  expect(thrown).toBe(error);
  expect(handed).toEqual([error]);
});

test("the firewall is at hand, for subscribing and closing", async () => {
  const waf = wafOn(memoryStore());
  expect(protect(waf).waf).toBe(waf);
  await expect(protect().waf.close()).resolves.toBeUndefined();
});

test("a wrong option is refused when the middleware is made", () => {
  expect(() => protect({ moed: "report" } as never)).toThrow(/AIWAF_OPTION_UNKNOWN.*"moed".*"mode"/);
});

import { describe, expect, test } from "vitest";
import { renderBlocked } from "../src/respond.ts";
import type { Blocked, Body } from "../src/types.ts";
import { fromRequest, toResponse } from "../src/web.ts";
import { digest, patternBytes } from "./node-server.ts";
import { pause } from "./wait.ts";

const never = new AbortController().signal;
const peek = async (request: Request, limit: number, signal: AbortSignal = never): Promise<Body | undefined> =>
  fromRequest(request, undefined).readBody?.(limit, signal);

/** A request whose body arrives in the given pieces; `undefined` in the list means: never ends. */
function streaming(pieces: readonly (Uint8Array | Error | undefined)[], pauseMs = 0): { request: Request; cancelled(): boolean } {
  let next = 0;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (pauseMs > 0) await pause(pauseMs);
      if (next >= pieces.length) return controller.close();
      const piece = pieces[next++];
      if (piece === undefined) return new Promise(() => {});
      if (piece instanceof Error) return controller.error(piece);
      controller.enqueue(piece);
    },
    cancel() {
      cancelled = true;
    },
  });
  const init = { method: "POST", body, duplex: "half" } as RequestInit;
  return { request: new Request("http://a/", init), cancelled: () => cancelled };
}

const post = (body: BodyInit): Request => new Request("http://a/", { method: "POST", body });
const bytesOf = async (request: Request): Promise<Uint8Array> => new Uint8Array(await request.arrayBuffer());

describe("fromRequest", () => {
  test("cuts path and query out of the url as they stand there", () => {
    const target = (url: string): string => fromRequest({ url, headers: new Headers() } as Request, undefined).target;
    expect(target("http://a.example/")).toBe("/");
    expect(target("https://a.example:8443/x%2fy/%252e?q=http://b/c?d#top")).toBe("/x%2fy/%252e?q=http://b/c?d");
    expect(target("http://[::1]:80//double/")).toBe("//double/");
    expect(target(new Request("http://a?x=1").url)).toBe("/?x=1");
    expect(target("/relative?as=some#frameworks-do")).toBe("/relative?as=some");
    expect(target("http://a")).toBe("/");
  });

  test("hands over method, headers and the peer it was told", () => {
    const raw = fromRequest(new Request("http://a/", { method: "PUT", headers: { "X-Test": "1" } }), "203.0.113.9");
    expect([raw.method, raw.headers.get("x-test"), raw.peer]).toEqual(["PUT", "1", "203.0.113.9"]);
    expect([...raw.headers]).toContainEqual(["x-test", "1"]);
    expect(raw.headers.get("__proto__") ?? undefined).toBeUndefined();
  });
});

describe("the body peek on a web request", () => {
  test("a request without a body is answered without waiting", () => {
    expect(fromRequest(new Request("http://a/"), undefined).readBody?.(100, never)).toBeUndefined();
  });

  test("the body is seen up to the limit and stays whole, for limits below, at and above its size", async () => {
    for (const size of [0, 1, 1_000, 70_000]) {
      for (const limit of [0, 1, 999, 1_000, 1_001, 65_536, 70_000, 1_000_000]) {
        const bytes = patternBytes(size);
        for (const request of [post(bytes as Uint8Array<ArrayBuffer>), streaming([bytes.slice(0, 400), bytes.slice(400)]).request]) {
          const body = await peek(request, limit);
          const label = `${size} bytes, limit ${limit}`;
          expect(digest(body!.bytes), label).toBe(digest(bytes.subarray(0, limit)));
          expect(body!.complete, label).toBe(size <= limit);
          expect(request.bodyUsed).toBe(false);
          expect(digest(await bytesOf(request)), label).toBe(digest(bytes));
        }
      }
    }
  });

  test("a chunk larger than the limit is cut", async () => {
    const { request } = streaming([patternBytes(500_000)]);
    const body = await peek(request, 10);
    expect(body).toEqual({ bytes: patternBytes(10), complete: false });
    expect(body!.bytes.buffer.byteLength).toBe(10);
  });

  test("a body of 12 MB reaches the application whole", async () => {
    const bytes = patternBytes(12_000_000);
    const pieces = Array.from({ length: 12 }, (_, index) => bytes.subarray(index * 1_000_000, (index + 1) * 1_000_000));
    for (const limit of [1_000, 65_536, 5_000_000, 16 * 1024 * 1024]) {
      const { request } = streaming(pieces);
      expect((await peek(request, limit))!.complete).toBe(limit >= 12_000_000);
      expect(digest(await bytesOf(request))).toBe(digest(bytes));
    }
  });

  test("no more is pulled than the limit needs until the application reads", async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (++pulled > 200) controller.close();
        else controller.enqueue(patternBytes(1_000));
      },
    });
    const request = new Request("http://a/", { method: "POST", body, duplex: "half" } as RequestInit);
    await peek(request, 5_000);
    await pause(20);
    expect(pulled).toBeLessThan(10);
    expect((await bytesOf(request)).byteLength).toBe(200_000);
  });

  test("an abort ends the peek with what has arrived", async () => {
    const { request } = streaming([patternBytes(100), undefined]);
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 20);
    expect(await peek(request, 1_000, abort.signal)).toEqual({ bytes: patternBytes(100), complete: false });
    expect(await peek(request, 1_000, AbortSignal.abort())).toEqual({ bytes: new Uint8Array(0), complete: false });
  });

  test("an abort leaves the application its body, and cancelling that reaches the source", async () => {
    const slow = streaming([patternBytes(10), patternBytes(20), patternBytes(30)], 15);
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 22);
    expect((await peek(slow.request, 1_000, abort.signal))!.complete).toBe(false);
    expect((await bytesOf(slow.request)).byteLength).toBe(60);

    const stalled = streaming([patternBytes(10), undefined]);
    await peek(stalled.request, 5);
    await stalled.request.body?.cancel();
    expect(stalled.cancelled()).toBe(true);
  });

  test("a body that breaks ends the peek, and the application meets the error itself", async () => {
    const { request } = streaming([patternBytes(100), new Error("reset")]);
    expect(await peek(request, 1_000)).toEqual({ bytes: patternBytes(100), complete: false });
    await expect(request.text()).rejects.toThrow();
  });

  test("a body that was read or is being read is incomplete, not absent", async () => {
    const used = post("text");
    await used.text();
    expect(await peek(used, 100)).toEqual({ bytes: new Uint8Array(0), complete: false });
    const locked = post("text");
    locked.body?.getReader();
    expect(await peek(locked, 100)).toEqual({ bytes: new Uint8Array(0), complete: false });
  });

  test("chunks that are no bytes end the peek", async () => {
    const { request } = streaming(["text" as unknown as Uint8Array]);
    expect(await peek(request, 100)).toEqual({ bytes: new Uint8Array(0), complete: false });
  });

  test("what a detector does to the peeked bytes does not reach the application", async () => {
    const { request } = streaming([patternBytes(100)]);
    (await peek(request, 1_000))!.bytes.fill(0);
    expect(await bytesOf(request)).toEqual(patternBytes(100));
  });
});

test("toResponse answers exactly what the one rendering says", async () => {
  for (const accept of ["text/html", "application/json", "*/*"]) {
    const request = { method: "GET", headers: new Headers({ accept }) } as unknown as Blocked["request"];
    const decision = {
      action: "block",
      id: "abc",
      status: 429,
      rule: "a/b",
      retryAfterMs: 1_500,
      headers: { ratelimit: "x" },
      request,
    } as unknown as Blocked;
    const rendered = renderBlocked(decision);
    const response = toResponse(decision);
    expect(response.status).toBe(rendered.status);
    expect(Object.fromEntries(response.headers)).toEqual(rendered.headers);
    expect(await response.text()).toBe(rendered.body);
  }
});

import type { IncomingMessage, ServerResponse } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { fromIncoming, type NodeRequest, writeBlocked } from "../src/node.ts";
import type { Body } from "../src/types.ts";
import { never, peek, READERS } from "./body-readers.ts";
import { digest, patternBytes, rawSocket, send, withServer } from "./node-server.ts";
import { pause, waitUntil } from "./wait.ts";

describe("the body peek at the edges", () => {
  test("a request without a body is answered without waiting", async () => {
    const results: unknown[] = [];
    await withServer(
      (request, response) => {
        results.push(fromIncoming(request).readBody?.(1_000, never));
        response.end();
      },
      async ({ port }) => {
        const get = await rawSocket(port);
        get.socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
        await get.until("200 OK");
        get.socket.destroy();
        await send(port, { body: new Uint8Array(0) });
      },
    );
    expect(results).toEqual([undefined, undefined]);
  });

  test("a request line that claims HTTP/2.0 on an HTTP/1 connection hides no body, and shows none where there is none", async () => {
    const results: unknown[] = [];
    await withServer(
      async (request, response) => {
        const body = await fromIncoming(request).readBody?.(1_000, never);
        results.push(body === undefined ? undefined : new TextDecoder().decode(body.bytes));
        response.end();
      },
      async ({ port }) => {
        const line = await rawSocket(port);
        line.socket.write("POST / HTTP/2.0\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody");
        await line.until("200 OK");
        line.socket.destroy();
        const bare = await rawSocket(port);
        bare.socket.write("GET / HTTP/2.0\r\nhost: a\r\n\r\n");
        await bare.until("200 OK");
        bare.socket.destroy();
      },
    );
    expect(results).toEqual(["body", undefined]);
  });

  test("a body that is already there in full is returned in the same tick", async () => {
    let result: unknown;
    await withServer(
      async (request, response) => {
        await waitUntil(() => request.complete, "the body");
        result = fromIncoming(request).readBody?.(1_000, never);
        response.end();
      },
      async ({ port }) => {
        await send(port, { body: patternBytes(100) });
      },
    );
    expect(result).toEqual({ bytes: patternBytes(100), complete: true });
  });

  test("the peek ends with what has arrived when its signal aborts, and the rest still reaches the application", async () => {
    let hasPeeked = false;
    await withServer(
      async (request, response) => {
        const abort = new AbortController();
        setTimeout(() => abort.abort(), 30);
        const body = await peek(request, 1_000, abort.signal);
        hasPeeked = true;
        const restored = !Object.hasOwn(request, "push") && request.listenerCount("close") === 0;
        const whole = await READERS["data events"](request);
        response.end(JSON.stringify([Buffer.from(body!.bytes).toString(), body!.complete, whole.toString(), restored]));
      },
      async ({ port }) => {
        const { socket, until } = await rawSocket(port);
        socket.write("POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 10\r\n\r\nstart");
        await waitUntil(() => hasPeeked, "the end of the peek");
        socket.write("-rest");
        const text = await until("]");
        expect(text).toContain(JSON.stringify(["start", false, "start-rest", true]));
      },
    );
  });

  test("a signal that has aborted before returns what is there at once", async () => {
    let result: unknown;
    await withServer(
      (request, response) => {
        result = fromIncoming(request).readBody?.(1_000, AbortSignal.abort());
        response.end();
      },
      async ({ port }) => {
        await send(port, { body: patternBytes(100) });
      },
    );
    expect(result).toEqual({ bytes: new Uint8Array(0), complete: false });
  });

  test("a client that hangs up ends the peek with what it had sent", async () => {
    let tell: (body: Body | undefined) => void = () => {};
    const told = new Promise<Body | undefined>((resolve) => {
      tell = resolve;
    });
    let hasArrived = false;
    await withServer(
      async (request) => {
        hasArrived = true;
        tell(await peek(request, 1_000));
        expect(Object.hasOwn(request, "push")).toBe(false);
        expect(await peek(request, 1_000)).toEqual({ bytes: new Uint8Array(Buffer.from("half")), complete: false });
      },
      async ({ port }) => {
        const { socket } = await rawSocket(port);
        socket.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nhalf");
        await waitUntil(() => hasArrived, "the request");
        socket.destroy();
        const body = await told;
        expect([Buffer.from(body!.bytes).toString(), body!.complete]).toEqual(["half", false]);
      },
    );
  });

  test("a client that breaks its chunked framing ends the peek", async () => {
    let body: Body | undefined;
    await withServer(
      async (request) => {
        body = await peek(request, 1_000);
      },
      async ({ port }) => {
        const { socket, closed } = await rawSocket(port);
        socket.write("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n");
        await closed;
        await waitUntil(() => body, "the end of the peek");
      },
    );
    expect([Buffer.from(body!.bytes).toString(), body!.complete]).toEqual(["half", false]);
  });

  test("a client that waits for 100-continue is told to go on", async () => {
    await withServer(
      async (request, response) => {
        const body = await peek(request, 1_000);
        response.end(`saw ${body!.bytes.byteLength}`);
      },
      async ({ port }) => {
        const { socket, until } = await rawSocket(port);
        socket.write("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n");
        await until("100 Continue");
        socket.write("hello");
        await until("saw 5");
        socket.destroy();
      },
    );
  });

  test("a second peek sees the same bytes, also while the first is under way", async () => {
    await withServer(
      async (request, response) => {
        const bodies = await Promise.all([peek(request, 10), peek(request, 1_000)]);
        bodies.push(await peek(request, 20));
        const whole = await READERS.pipe(request);
        response.end(JSON.stringify([...bodies.map((body) => body!.bytes.byteLength), whole.byteLength, Object.hasOwn(request, "push")]));
      },
      async ({ port }) => {
        const { body } = await send(port, { body: patternBytes(300), chunked: true, dribble: 50 });
        expect(JSON.parse(body)).toEqual([10, 300, 20, 300, true]);
      },
    );
  });

  test("another wrapper of push around ours keeps working, and an own one is put back", async () => {
    await withServer(
      async (request, response) => {
        let before = 0;
        let after = 0;
        const original = request.push;
        const inner = function (this: IncomingMessage, chunk: unknown, encoding?: BufferEncoding): boolean {
          before++;
          return original.call(this, chunk, encoding);
        };
        request.push = inner;
        const first = peek(request, 5);
        const ours = request.push;
        request.push = function (this: IncomingMessage, chunk: unknown, encoding?: BufferEncoding): boolean {
          after++;
          return ours.call(this, chunk, encoding);
        };
        await first;
        const whole = await READERS["data events"](request);
        request.push = original;
        expect(before).toBe(after);
        response.end(`${whole.byteLength} ${before > 1}`);
      },
      async ({ port }) => {
        expect((await send(port, { body: patternBytes(40), chunked: true, dribble: 10 })).body).toBe("40 true");
      },
    );
  });

  test("a reader that began in the same tick does not hide the body", async () => {
    await withServer(
      async (request, response) => {
        const reading = READERS["data events"](request);
        const body = await peek(request, 20);
        response.end(`${body!.bytes.byteLength} ${(await reading).byteLength}`);
      },
      async ({ port }) => {
        expect((await send(port, { body: patternBytes(40) })).body).toBe("20 40");
      },
    );
  });

  test("setEncoding before the peek changes neither what is seen nor what is read", async () => {
    for (const wait of [0, 20]) {
      await withServer(
        async (request, response) => {
          request.setEncoding("latin1");
          if (wait > 0) await pause(wait);
          const body = await peek(request, 1_000);
          let text = "";
          for await (const part of request) text += part;
          response.end(JSON.stringify([digest(body!.bytes), digest(Buffer.from(text, "latin1"))]));
        },
        async ({ port }) => {
          const bytes = patternBytes(300);
          expect(JSON.parse((await send(port, { body: bytes })).body)).toEqual([digest(bytes), digest(bytes)]);
        },
      );
    }
  });

  test("what a detector does to the peeked bytes does not reach the application", async () => {
    await withServer(
      async (request, response) => {
        const body = await peek(request, 1_000);
        body!.bytes.fill(0);
        expect(body!.bytes.buffer.byteLength).toBe(body!.bytes.byteLength);
        response.end(digest(await READERS["for await"](request)));
      },
      async ({ port }) => {
        const bytes = patternBytes(300);
        expect((await send(port, { body: bytes })).body).toBe(digest(bytes));
      },
    );
  });

  test("a runtime that keeps its buffers elsewhere is reported, not guessed at", async () => {
    await withServer(
      (request, response) => {
        const fake = Object.create(request, { _readableState: { value: {} }, readableDidRead: { value: false } }) as NodeRequest;
        expect(() => fromIncoming(fake).readBody?.(10, never)).toThrow(TypeError);
        response.end();
      },
      async ({ port }) => {
        await send(port, { body: patternBytes(5) });
      },
    );
  });
});

describe("the body peek on other request objects", () => {
  test("an HTTP/2 body is seen and stays whole, and a block is answered while it is still being sent", async () => {
    const server = createHttp2Server(async (request, response) => {
      const incoming = request as unknown as IncomingMessage;
      if (request.url === "/.env") {
        writeBlocked(response as unknown as ServerResponse, { status: 403, headers: {}, body: "blocked" });
        return;
      }
      const body = await peek(incoming, 100_000);
      const whole = await READERS["data events"](incoming);
      response.end(JSON.stringify([body?.bytes.byteLength, body?.complete, digest(whole)]));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const ask = async (size: number | undefined): Promise<unknown> => {
      const stream = client.request({ ":method": size === undefined ? "GET" : "POST", ":path": "/" }, { endStream: size === undefined });
      if (size !== undefined) stream.end(patternBytes(size));
      let text = "";
      for await (const part of stream) text += part;
      return JSON.parse(text);
    };
    expect(await ask(undefined)).toEqual([null, null, digest(new Uint8Array(0))]);
    expect(await ask(50)).toEqual([50, true, digest(patternBytes(50))]);
    expect(await ask(100_000)).toEqual([100_000, true, digest(patternBytes(100_000))]);
    expect(await ask(300_000)).toEqual([100_000, false, digest(patternBytes(300_000))]);
    const block = client.request({ ":method": "POST", ":path": "/.env" });
    block.write(patternBytes(100_000));
    const status = new Promise((resolve) => block.on("response", (headers) => resolve(headers[":status"])));
    let text = "";
    for await (const part of block) text += part;
    expect([await status, text]).toEqual([403, "blocked"]);
    block.destroy();
    client.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test("a request object that produces its body on demand is asked for it", async () => {
    const make = (size: number): NodeRequest => {
      const bytes = patternBytes(size);
      const stream = new Readable({
        read() {
          this.push(bytes);
          this.push(null);
        },
      });
      return Object.assign(stream, {
        headers: { "content-length": String(size) },
        rawHeaders: [],
        method: "POST",
        url: "/",
      }) as unknown as NodeRequest;
    };
    const request = make(200);
    expect(await peek(request, 1_000)).toEqual({ bytes: patternBytes(200), complete: true });
    expect(digest(await READERS["for await"](request))).toBe(digest(patternBytes(200)));
  });

  test("a source that stops at the high-water mark ends the peek there", async () => {
    let sent = 0;
    const stream = new Readable({
      highWaterMark: 100,
      read() {
        sent += 60;
        this.push(sent > 600 ? null : patternBytes(60));
      },
    });
    const request = Object.assign(stream, {
      headers: { "content-length": "600" },
      rawHeaders: [],
      method: "POST",
      url: "/",
    }) as unknown as NodeRequest;
    const body = await peek(request, 1_000);
    expect(body!.complete).toBe(false);
    expect(body!.bytes.byteLength).toBeGreaterThanOrEqual(100);
    expect((await READERS["for await"](request)).byteLength).toBe(600);
  });
});

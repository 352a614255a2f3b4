import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { peek, READERS } from "./body-readers.ts";
import { digest, oneConnection, patternBytes, type Sending, send, withServer } from "./node-server.ts";
import { pause } from "./wait.ts";

const MEBIBYTE = 1024 * 1024;
interface Report {
  readonly seen: number | undefined;
  readonly seenDigest: string;
  readonly complete: boolean | undefined;
  readonly read: number;
  readonly readDigest: string;
  readonly restored: boolean;
}

interface Plan {
  readonly limit: number;
  readonly reader: keyof typeof READERS;
  readonly peekAfterMs?: number;
  readonly readAfterMs?: number;
}

/** Peeks, then reads as planned in the `x-plan` header, and answers with what both saw. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const plan = JSON.parse(String(request.headers["x-plan"])) as Plan;
  if (plan.peekAfterMs !== undefined) await pause(plan.peekAfterMs);
  const body = await peek(request, plan.limit);
  const restored = !Object.hasOwn(request, "push") && request.listenerCount("close") === 0;
  if (plan.readAfterMs !== undefined) await pause(plan.readAfterMs);
  const whole = await READERS[plan.reader](request);
  const report: Report = {
    seen: body?.bytes.byteLength,
    seenDigest: digest(body?.bytes ?? new Uint8Array(0)),
    complete: body?.complete,
    read: whole.byteLength,
    readDigest: digest(whole),
    restored,
  };
  response.end(JSON.stringify(report));
}

async function check(port: number, plan: Plan, sending: Sending): Promise<void> {
  const body = sending.body ?? new Uint8Array(0);
  const label = JSON.stringify({ ...plan, size: body.byteLength, chunked: sending.chunked ?? false, dribble: sending.dribble });
  const { body: text } = await send(port, { ...sending, headers: { "x-plan": JSON.stringify(plan) } });
  const report = JSON.parse(text) as Report;
  const hasBody = body.byteLength > 0 || sending.chunked === true;
  const seen = body.subarray(0, plan.limit);
  expect(report, label).toEqual({
    seen: hasBody ? seen.byteLength : undefined,
    seenDigest: digest(seen),
    complete: hasBody ? body.byteLength <= plan.limit : undefined,
    read: body.byteLength,
    readDigest: digest(body),
    restored: true,
  });
}

const SIZES = [0, 1, 2, 1_000, 16_384, 65_535, 65_536, 65_537, 131_072, 300_000];
const LIMITS = [1, 1_000, 65_536, 200_000, MEBIBYTE];
const readers = Object.keys(READERS) as (keyof typeof READERS)[];

describe("the body peek on Node", () => {
  for (const chunked of [false, true]) {
    for (const peekAfterMs of [undefined, 4]) {
      const title = `${chunked ? "chunked" : "sized"} bodies, peeked ${peekAfterMs === undefined ? "at once" : "late"}, reach every reader whole at every limit`;
      test(title, async () => {
        const agent = oneConnection();
        await withServer(answer, async ({ port }) => {
          let turn = 0;
          for (const size of SIZES) {
            for (const limit of LIMITS) {
              const reader = readers[turn++ % readers.length]!;
              const late = turn % 3 === 0 ? { readAfterMs: 4 } : {};
              const plan: Plan = { limit, reader, ...(peekAfterMs === undefined ? {} : { peekAfterMs }), ...late };
              await check(port, plan, { body: patternBytes(size), chunked, agent });
            }
          }
        });
        agent.destroy();
      });
    }
  }

  test("a body of 5 MB is seen up to 16 MiB and reaches the application whole", async () => {
    const agent = oneConnection();
    const body = patternBytes(5_000_000);
    await withServer(answer, async ({ port }) => {
      for (const [index, limit] of [64 * 1024, MEBIBYTE, 5_000_000, 4_999_999, 16 * MEBIBYTE].entries()) {
        for (const chunked of [false, true]) {
          for (const peekAfterMs of [undefined, 5]) {
            const plan: Plan = { limit, reader: readers[index % readers.length]!, ...(peekAfterMs === undefined ? {} : { peekAfterMs }) };
            await check(port, plan, { body, chunked, agent });
          }
        }
      }
    });
    agent.destroy();
  });

  test("a dribbled body is collected across many small reads", async () => {
    await withServer(answer, async ({ port }) => {
      for (const chunked of [false, true]) {
        for (const reader of readers) {
          await check(port, { limit: 64, reader }, { body: patternBytes(40), chunked, dribble: 7 });
          await check(port, { limit: 10, reader }, { body: patternBytes(40), chunked, dribble: 7 });
        }
      }
    });
  });

  test("after the limit the socket waits for the application instead of filling memory", async () => {
    let buffered = 0;
    await withServer(
      async (request, response) => {
        await peek(request, 1_000);
        await pause(150);
        buffered = request.readableLength;
        response.end(String((await READERS["data events"](request)).byteLength));
      },
      async ({ port }) => {
        const { body } = await send(port, { body: patternBytes(12_000_000) });
        expect(body).toBe("12000000");
        expect(buffered).toBeLessThan(256 * 1024);
      },
    );
  });

  test("a body the application never reads does not block the connection's next request", async () => {
    const agent = oneConnection();
    await withServer(
      async (request, response) => {
        await peek(request, 1_000);
        response.end("unread");
      },
      async ({ port }) => {
        for (const size of [10, 1_000, 300_000]) {
          for (const chunked of [false, true]) expect((await send(port, { body: patternBytes(size), chunked, agent })).body).toBe("unread");
        }
      },
    );
    agent.destroy();
  });
});

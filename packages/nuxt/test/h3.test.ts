import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  ADAPTER_CASES,
  adapterSuite,
  STATUS_FIELD,
  STREAM_PATH,
  SUITE_EVENT_PAUSE_MS,
  SUITE_EVENTS,
  suiteAnswer,
  suiteWaf,
  THROWS_PATH,
  UNREAD_PATH,
  unreadAnswer,
} from "@aiwaf/conformance";
import { protect } from "@aiwaf/nuxt/h3";
import { createApp, eventHandler, toNodeListener, toWebRequest } from "h3";
import { H3, serve } from "h3-next";
import { afterAll, test } from "vitest";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const capabilities = { "raw-target": true, peer: true, body: true, decision: true, outcome: true, "any-method": true } as const;
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function stream(): Response {
  const events = SUITE_EVENTS[Symbol.iterator]();
  const body = new ReadableStream({
    async pull(controller) {
      const { done, value } = events.next();
      if (done === true) {
        controller.close();
        return;
      }
      controller.enqueue(new TextEncoder().encode(value));
      await pause(SUITE_EVENT_PAUSE_MS);
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", "x-suite-reached": "1" } });
}

async function answer(path: string, request: Request, id: string | undefined): Promise<Response> {
  if (path === STREAM_PATH) return stream();
  if (path === THROWS_PATH) throw new Error("thrown by the application");
  const told =
    path === UNREAD_PATH
      ? unreadAnswer()
      : await suiteAnswer(new Uint8Array(await request.arrayBuffer()), id, request.headers.get(STATUS_FIELD));
  return new Response(told.body, told);
}

adapterSuite({
  name: "h3 1",
  test,
  after: afterAll,
  async start() {
    const app = createApp();
    app.use(eventHandler(protect(suiteWaf())));
    app.use(eventHandler((event) => answer(event.path, toWebRequest(event), event.context.aiwaf?.id)));
    const server = createServer(toNodeListener(app));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return {
      port: (server.address() as AddressInfo).port,
      async stop() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
  readme,
  capabilities,
});

adapterSuite({
  name: "h3 2",
  test,
  after: afterAll,
  async start() {
    const app = new H3({ silent: true });
    app.use(protect(suiteWaf()));
    app.all("/**", (event) => answer(event.url.pathname, event.req, (event.context as { aiwaf?: { id: string } }).aiwaf?.id));
    const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
    await server.ready();
    return { port: Number(new URL(server.url as string).port), stop: () => server.close(true) };
  },
  readme,
  capabilities: { ...capabilities, "raw-target": "h3 2 itself answers a path whose escapes are no UTF-8 with 400, before any middleware." },
  // All the others about targets hold.
  extraCases: ADAPTER_CASES.flatMap(({ needs, ...one }) =>
    needs?.includes("raw-target") === true && one.name !== "an overlong escape gets no relaxation" ? [one] : [],
  ),
});

import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import {
  adapterSuite,
  STATUS_FIELD,
  STREAM_PATH,
  SUITE_EVENT_PAUSE_MS,
  SUITE_EVENTS,
  type SuiteAnswer,
  suiteAnswer,
  suiteWaf,
  THROWS_PATH,
  UNREAD_PATH,
  unreadAnswer,
} from "@aiwaf/conformance";
import { createProxy } from "@aiwaf/proxy";
import { afterAll, test } from "vitest";
import { pause, serve } from "./servers.ts";

const write = (response: ServerResponse, { status, headers, body }: SuiteAnswer): void =>
  void response.writeHead(status, headers).end(body);

adapterSuite({
  name: "the proxy",
  test,
  after: afterAll,
  readme: readFileSync(new URL("../README.md", import.meta.url), "utf8"),
  // The decision reaches the application as a field: its id.
  capabilities: { "raw-target": true, peer: true, body: true, decision: true, outcome: true, "any-method": true },
  async start() {
    const upstream = await serve(async (request, response) => {
      if (request.url === STREAM_PATH) {
        response.writeHead(200, { "content-type": "text/event-stream", "x-suite-reached": "1" });
        for (const event of SUITE_EVENTS) {
          response.write(event);
          await pause(SUITE_EVENT_PAUSE_MS);
        }
        response.end();
        return;
      }
      if (request.url === UNREAD_PATH) return write(response, unreadAnswer());
      if (request.url === THROWS_PATH) return void response.writeHead(500).end("thrown");
      const parts: Buffer[] = [];
      request.on("error", () => {});
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", async () => {
        const { "x-aiwaf-id": id, [STATUS_FIELD]: status } = request.headers;
        write(response, await suiteAnswer(Buffer.concat(parts), id as string | undefined, status as string | undefined));
      });
    });
    const proxy = createProxy({ upstream: `http://127.0.0.1:${upstream.port}`, firewall: suiteWaf(), drainMs: 0 });
    const { port } = await proxy.listen(0);
    return {
      port,
      async stop() {
        await proxy.close();
        await upstream.stop();
      },
    };
  },
});

import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type AdapterSuiteOptions,
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
import { protect } from "@aiwaf/express";
import type { Request, Response } from "express";
import { afterAll, test } from "vitest";
import { pause, VERSIONS } from "./servers.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

const write = (response: Response, { status, headers, body }: SuiteAnswer): void => void response.writeHead(status, headers).end(body);

for (const [name, express] of VERSIONS) {
  const start: AdapterSuiteOptions["start"] = async () => {
    const app = express();
    // Without it Express prints the error of the route that throws.
    app.set("env", "test");
    app.use(protect(suiteWaf()));
    app.get(STREAM_PATH, async (_: Request, response: Response) => {
      response.writeHead(200, { "content-type": "text/event-stream", "x-suite-reached": "1" });
      for (const event of SUITE_EVENTS) {
        response.write(event);
        await pause(SUITE_EVENT_PAUSE_MS);
      }
      response.end();
    });
    app.post(UNREAD_PATH, (_: Request, response: Response) => write(response, unreadAnswer()));
    app.get(THROWS_PATH, () => {
      throw new Error("thrown by the application");
    });
    app.use((request: Request, response: Response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", async () => write(response, await suiteAnswer(Buffer.concat(parts), request.aiwaf?.id, request.get(STATUS_FIELD))));
    });
    const server = createServer(app as RequestListener);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return {
      port: (server.address() as AddressInfo).port,
      async stop() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  };
  adapterSuite({
    name,
    test,
    after: afterAll,
    start,
    readme,
    capabilities: { "raw-target": true, peer: true, body: true, decision: true, outcome: true, "any-method": true },
  });
}

import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { secrets } from "./secrets.ts";

/** The one thing server-side request forgery can reach: a server on loopback that the shop started itself. */
export interface Canary {
  /** What the canary answers to a path. The name of the host that was asked for goes along as its Host field. Never rejects. */
  fetch(path: string, host: string): Promise<string>;
  close(): Promise<void>;
}

const answerLimitMs = 300;

/** A canary that starts on an ephemeral loopback port when it is first asked, and keeps no process alive. */
export function createCanary(): Canary {
  let server: Server | undefined;
  let starting: Promise<number> | undefined;

  function start(): Promise<number> {
    starting ??= new Promise((resolve, reject) => {
      const created = createServer((incoming, outgoing) => {
        outgoing.setHeader("content-type", "text/plain");
        outgoing.end(`internal service ${secrets.canary}\nhost: ${incoming.headers.host ?? ""}\npath: ${incoming.url ?? ""}\n`);
      });
      server = created;
      created.once("error", reject);
      created.listen(0, "127.0.0.1", () => resolve((created.address() as AddressInfo).port));
      created.unref();
    });
    return starting;
  }

  return {
    async fetch(path, host) {
      try {
        return await askLoopback(await start(), path, host);
      } catch {
        return "internal service did not answer\n";
      }
    },
    async close() {
      if (starting !== undefined) await starting.catch(() => 0);
      server?.closeAllConnections();
      await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
    },
  };
}

/** The address is fixed to 127.0.0.1 here, whatever `host` says: nothing can lead this request elsewhere. */
function askLoopback(port: number, path: string, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      host: "127.0.0.1",
      port,
      path: encodeURI(path).slice(0, 1000),
      headers: { host: host.replace(/[^\w.:[\]-]/g, "").slice(0, 200) },
    };
    const asked = request({ ...options, agent: false, timeout: answerLimitMs }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("end", () => resolve(text));
      answer.on("error", reject);
    });
    asked.on("timeout", () => asked.destroy(new Error("timeout")));
    asked.on("error", reject);
    asked.end();
  });
}

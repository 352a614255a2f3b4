/**
 * Redis over HTTP as the hosted services offer it: `POST /` with a command, `POST /pipeline` with several, answers as `{ result }` or `{ error }`.
 *
 * @module
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { RespClient } from "./resp.ts";

export interface RestServer {
  readonly url: string;
  /** HTTP requests so far. */
  readonly requests: () => number;
  close(): Promise<void>;
}

/** Serves `redis` over HTTP to whoever knows `token`. */
export async function startRedisRest(redis: RespClient, token: string): Promise<RestServer> {
  let requests = 0;
  const run = (command: readonly string[]): Promise<object> =>
    redis.send(command).then(
      (result) => ({ result }),
      (error: Error) => ({ error: error.message }),
    );
  const server: Server = createServer(async (request, response) => {
    requests += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { error: "Unauthorized" });
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    if (request.url === "/pipeline") return answer(200, await Promise.all((body as string[][]).map(run)));
    const result = await run(body as string[]);
    return answer("error" in result ? 400 : 200, result);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

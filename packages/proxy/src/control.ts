/**
 * The operator's side of a firewall, on a port of its own: scores, decisions, health. Closed to everybody without the token, and to other sites.
 *
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, problemOf, send } from "./control-answer.ts";
import { type Events, readFilter } from "./events.ts";
import { OPENAPI } from "./openapi.ts";
import type { ReverseProxy } from "./proxy.ts";
import type { Scorer } from "./score.ts";
import { answerScores, type ScoreLimits } from "./score-api.ts";

/** What `createControl` shows, and to whom. What is absent is answered 404. */
export interface ControlOptions extends Partial<ScoreLimits> {
  /** At least 16 characters. Default: a random one, made for this start. */
  readonly token?: string;
  readonly scorer?: Scorer;
  readonly events?: Events;
  readonly proxy?: ReverseProxy;
}

/** The operator's port. */
export interface Control {
  /** What to send as `Authorization: Bearer …`. */
  readonly token: string;
  /** Listens, by default on loopback alone. Port 0 takes a free one. */
  listen(port: number, host?: string): Promise<AddressInfo>;
  close(): Promise<void>;
}

/**
 * Builds the operator's port. Opens nothing before `listen`.
 *
 * @throws TypeError for a token that could be guessed.
 */
export function createControl(options: ControlOptions): Control {
  const { token = randomBytes(24).toString("base64url"), scorer, events, proxy, maxPending = 64, deadlineMs = 2_000 } = options;
  if (token.length < 16) throw new TypeError("The token must have at least 16 characters.");
  const expected = digestOf(token);
  const limits = { maxPending, deadlineMs };
  const pending = { count: 0 };

  /** `undefined` when the response is on its way already. */
  function answerTo(request: IncomingMessage, response: ServerResponse): Answer | undefined {
    // The base only completes an address without a host; it is never asked for.
    const url = URL.parse(request.url ?? "/", "http://control.invalid");
    if (url === null || url.host !== "control.invalid") return problemOf(400, "The address cannot be read.");
    const { pathname, searchParams } = url;
    if (pathname === "/healthz") {
      const isUp = proxy?.health().status !== "draining";
      return { status: isUp ? 200 : 503, value: { status: isUp ? "up" : "draining" } };
    }
    // A page of another site can make a browser send requests, but neither read the token nor add the field.
    if (/^(?:cross-site|same-site)$/.test(String(request.headers["sec-fetch-site"] ?? ""))) {
      return problemOf(403, "Requests from other sites are refused.");
    }
    const [, given = ""] = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? "") ?? [];
    if (!timingSafeEqual(digestOf(given), expected)) {
      response.setHeader("www-authenticate", "Bearer");
      return problemOf(401, "The token is missing or wrong.");
    }
    if (pathname === "/score" && scorer !== undefined) {
      if (request.method !== "POST") return notAllowed(response, "POST");
      return answerScores(request, response, scorer, limits, pending);
    }
    if (request.method !== "GET" && request.method !== "HEAD") return notAllowed(response, "GET, HEAD");
    if (pathname === "/openapi.json") return { status: 200, value: OPENAPI };
    if (pathname === "/status") return { status: 200, value: { ...proxy?.health(), events: events?.counts() ?? null } };
    if (events === undefined) return problemOf(404, "There is nothing here.");
    if (pathname.startsWith("/decisions/")) {
      const record = events.find(pathname.slice("/decisions/".length));
      if (record === undefined) return problemOf(404, "This decision is not kept.");
      return { status: 200, value: record };
    }
    if (pathname !== "/events" && pathname !== "/history") return problemOf(404, "There is nothing here.");
    const filter = readFilter(searchParams);
    if (typeof filter === "string") return problemOf(400, filter);
    if (pathname === "/history") {
      const limit = Number(searchParams.get("limit") ?? 100);
      if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) return problemOf(400, "limit must be 1 to 1000");
      return { status: 200, value: events.history(filter, limit) };
    }
    const last = request.headers["last-event-id"];
    if (request.method === "HEAD") return notAllowed(response, "GET");
    return events.stream(response, filter, Array.isArray(last) ? last[0] : last) ? undefined : problemOf(503, "Too many listen already.");
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    request.on("error", () => {});
    response.on("error", () => {});
    const answer = answerTo(request, response);
    if (answer !== undefined) send(request, response, answer);
  }

  const server = createServer({ headersTimeout: 10_000, requestTimeout: 0, maxHeaderSize: 16 * 1024 }, handle);
  server.maxConnections = 1_024;
  return {
    token,
    listen: (port, host = "127.0.0.1") =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => {
          server.off("error", reject);
          resolve(server.address() as AddressInfo);
        });
      }),
    async close() {
      events?.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await scorer?.close();
    },
  };
}

/** Digests are of one length, so that comparing them tells nothing about the token's. */
const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();

function notAllowed(response: ServerResponse, allow: string): Answer {
  response.setHeader("allow", allow);
  return problemOf(405, "This address does not answer that method.");
}

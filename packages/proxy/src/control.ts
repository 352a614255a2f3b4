/**
 * The operator's side of a firewall, on a port of its own: scores, decisions, health. Closed to everybody without the token, and to other sites.
 *
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type Dashboard, type Events, readFilter } from "@aiwaf/dashboard";
import { answerOnSocket } from "./answer.ts";
import { type Answer, problemOf, send } from "./control-answer.ts";
import { createTap, streamEvents, type TapQuery } from "./control-tap.ts";
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
  /** Pages for people, at their own path of this port. They have their own login: the token opens none of them, and their cookie nothing else here. */
  readonly dashboard?: Dashboard;
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
  const { token = randomBytes(24).toString("base64url"), scorer, events, proxy, dashboard, maxPending = 64, deadlineMs = 2_000 } = options;
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
    const refused = refusalOf(request);
    if (refused !== undefined) {
      if (refused.status === 401) response.setHeader("www-authenticate", "Bearer");
      return refused;
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
    const query = readQuery(request, searchParams);
    if (typeof query === "string") return problemOf(400, query);
    if (pathname === "/history") {
      const limit = Number(searchParams.get("limit") ?? 100);
      if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) return problemOf(400, "limit must be 1 to 1000");
      return { status: 200, value: events.history(query.filter, limit) };
    }
    if (request.method === "HEAD") return notAllowed(response, "GET");
    return streamEvents(events, response, query) ? undefined : problemOf(503, "Too many listen already.");
  }

  /** Why a request may not come in; `undefined` when it may. */
  function refusalOf({ headers }: IncomingMessage): Answer | undefined {
    // A page of another site can make a browser send requests, but neither read the token nor add the field.
    if (/^(?:cross-site|same-site)$/.test(String(headers["sec-fetch-site"] ?? "")))
      return problemOf(403, "Requests from other sites are refused.");
    const [, given = ""] = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(headers.authorization ?? "") ?? [];
    return timingSafeEqual(digestOf(given), expected) ? undefined : problemOf(401, "The token is missing or wrong.");
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const refuse = ({ status, value }: Answer): void =>
      answerOnSocket(socket, status, JSON.stringify(value), { "content-type": "application/problem+json" });
    const url = URL.parse(request.url ?? "/", "http://control.invalid");
    const refused = refusalOf(request);
    if (url === null || url.host !== "control.invalid") refuse(problemOf(400, "The address cannot be read."));
    else if (refused !== undefined) refuse(refused);
    // Browsers say where a page is from, and no page holds the token.
    else if (request.headers.origin !== undefined) refuse(problemOf(403, "Pages use the console's own stream."));
    else if (url.pathname !== "/tap" || tap === undefined) refuse(problemOf(404, "There is nothing here."));
    else {
      const query = readQuery(request, url.searchParams);
      if (typeof query === "string") refuse(problemOf(400, query));
      else tap.open(request, socket, head, query);
    }
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    request.on("error", () => {});
    response.on("error", () => {});
    if (dashboard === undefined) {
      rest(request, response);
      return;
    }
    if (request.url === "/" && request.method === "GET" && request.headers.authorization === undefined) {
      response.writeHead(302, { location: dashboard.path, "cache-control": "no-store" }).end();
      return;
    }
    // Whatever is not the console's, as written, goes on: no address is the console's and the API's.
    dashboard.node(request, response, () => rest(request, response));
  }

  function rest(request: IncomingMessage, response: ServerResponse): void {
    const answer = answerTo(request, response);
    if (answer !== undefined) send(request, response, answer);
  }

  const tap = events === undefined ? undefined : createTap(events);
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 0, maxHeaderSize: 16 * 1024 }, handle);
  server.on("upgrade", upgrade);
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
      tap?.close();
      events?.close();
      dashboard?.close();
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

const RATE_MAX = 5_000;

/** What a stream is asked for. @returns what is wrong with it, as text. */
function readQuery({ headers }: IncomingMessage, query: URLSearchParams): TapQuery | string {
  const filter = readFilter(query);
  if (typeof filter === "string") return filter;
  const rate = query.get("rate") === null ? undefined : Number(query.get("rate"));
  if (rate !== undefined && !(Number.isInteger(rate) && rate >= 1 && rate <= RATE_MAX)) return `rate must be 1 to ${RATE_MAX}`;
  const last = headers["last-event-id"];
  return { filter, after: (Array.isArray(last) ? last[0] : last) ?? query.get("after") ?? undefined, rate };
}

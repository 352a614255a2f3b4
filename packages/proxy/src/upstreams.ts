/**
 * Where requests go: routes by host and path, each to one or several servers, of which those that fail are left alone for a while.
 *
 * @module
 */
import { Pool } from "undici";

/** Where requests of a host, below a path, are sent. */
export interface UpstreamRoute {
  /** The host that is asked for, without a port; `*.example.org` stands for every name below. Default: every host. */
  readonly host?: string;
  /** The path and everything below it, such as `/api`. Default: every path. */
  readonly path?: string;
  /** Origins of the servers, such as `http://127.0.0.1:9000`. Requests take turns. */
  readonly to: readonly string[];
}

/** How long an upstream may take. */
export interface UpstreamLimits {
  /** Connections to each server at most. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** Until the response's head has come. */
  readonly responseTimeoutMs: number;
  /** Between two pieces of a response's body. */
  readonly idleTimeoutMs: number;
}

/** One server behind the proxy. */
export interface Server {
  readonly origin: string;
  readonly pool: Pool;
  failures: number;
  /** Milliseconds since the epoch; until then others are asked first. */
  restsUntil: number;
  /** Requests under way. */
  running: number;
}

/** A route with its servers. */
export interface Group {
  readonly host: string | undefined;
  readonly path: string;
  readonly servers: readonly Server[];
}

/** All servers behind the proxy. */
export interface Upstreams {
  /**
   * The group that answers; the longest path of the most exact host wins.
   *
   * @returns `"ambiguous"` when the path can be read in several ways, and paths decide here.
   */
  find(host: string, path: string, isCanonical: boolean): Group | "ambiguous" | undefined;
  readonly servers: readonly Server[];
  close(): Promise<void>;
  destroy(): Promise<void>;
}

/** Failures in a row after which a server rests. */
const FAILURES = 3;
const REST_MS = 5_000;
const MAX_REST_MS = 60_000;

/** Opens nothing until the first request. */
export function createUpstreams(routes: readonly UpstreamRoute[], limits: UpstreamLimits): Upstreams {
  const known = new Map<string, Server>();
  const serverOf = (address: string): Server => {
    const { origin } = new URL(address);
    const server = known.get(origin) ?? {
      origin,
      pool: new Pool(origin, {
        connections: limits.connections,
        pipelining: 1,
        headersTimeout: limits.responseTimeoutMs,
        bodyTimeout: limits.idleTimeoutMs,
        connectTimeout: limits.connectTimeoutMs,
        keepAliveTimeout: 4_000,
        keepAliveMaxTimeout: 60_000,
        maxHeaderSize: 64 * 1024,
      }),
      failures: 0,
      restsUntil: 0,
      running: 0,
    };
    known.set(origin, server);
    return server;
  };
  const groups = routes
    .map(({ host, path = "/", to }) => ({ host: host?.toLowerCase(), path: path.replace(/\/+$/, ""), servers: to.map(serverOf) }))
    .sort((left, right) => weight(right.host) - weight(left.host) || right.path.length - left.path.length);
  const servers = [...known.values()];
  return {
    servers,
    find(given, path, isCanonical) {
      const host = given.toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "");
      const ofHost = groups.filter((group) => matchesHost(group.host, host));
      // Whoever is behind may read the path differently from us, and must not be reached by a path that is another's.
      if (!isCanonical && ofHost.some((group) => group.path !== "")) return "ambiguous";
      return ofHost.find((group) => group.path === "" || path === group.path || path.startsWith(`${group.path}/`));
    },
    close: async () => void (await Promise.all(servers.map(({ pool }) => pool.close()))),
    destroy: async () => void (await Promise.all(servers.map(({ pool }) => pool.destroy()))),
  };
}

const weight = (host: string | undefined): number => (host === undefined ? 0 : host.startsWith("*.") ? host.length : 1_000 + host.length);
const matchesHost = (pattern: string | undefined, host: string): boolean =>
  pattern === undefined || pattern === host || (pattern.startsWith("*.") && host.endsWith(pattern.slice(1)));

/** The server with the least to do among those that work; all rest: the one whose rest ends first. */
export function choose({ servers }: Group, now: number, except?: Server): Server | undefined {
  let best: Server | undefined;
  for (const server of servers) {
    if (server === except) continue;
    if (best === undefined || rank(server, now) < rank(best, now)) best = server;
  }
  return best;
}

const rank = ({ restsUntil, running }: Server, now: number): number => (restsUntil > now ? 1e6 + restsUntil - now : running);

/** The server did not answer. After three times in a row it rests: 5 s, twice as long each further time, a minute at most. */
export function noteFailure(server: Server, now: number): void {
  server.failures++;
  if (server.failures >= FAILURES) server.restsUntil = now + Math.min(MAX_REST_MS, REST_MS * 2 ** Math.min(10, server.failures - FAILURES));
}

/** The server answered, whatever it said. */
export function noteSuccess(server: Server): void {
  server.failures = 0;
  server.restsUntil = 0;
}

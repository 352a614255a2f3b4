/**
 * The reverse proxy: requests in, inspected, and streamed to the servers behind.
 *
 * @module
 */
import { readFileSync, statSync } from "node:fs";
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createSecureServer, type Http2SecureServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createWaf, type Decision, isThenable, type RawRequest, renderBlocked, type Waf } from "@aiwaf/core";
import { fromIncoming, observeResponse, writeBlocked } from "@aiwaf/core/node";
import { type RecommendedOptions, recommended } from "@aiwaf/core/recommended";
import { answer, answerOnSocket } from "./answer.ts";
import { upstreamFields } from "./fields.ts";
import { forward } from "./forward.ts";
import { type ProxyOptions, type ProxySettings, readProxyOptions } from "./options.ts";
import { createSlowWatch } from "./slow.ts";
import { isRefusal, type Readable, readStrictly } from "./strict.ts";
import { openTunnel, type Tunnel, wantsWebSocket } from "./upgrade.ts";
import { choose, createUpstreams, type Group, noteFailure, noteSuccess, type Server } from "./upstreams.ts";

/** How the proxy is doing. */
export interface ProxyHealth {
  readonly status: "up" | "draining";
  /** Requests that were refused because they could be read in two ways. */
  readonly refused: number;
  /** Requests that no server answered. */
  readonly failed: number;
  readonly tunnels: number;
  readonly upstreams: readonly { readonly origin: string; readonly isResting: boolean; readonly running: number }[];
}

/** A proxy that was built; it listens once it is told to. */
export interface ReverseProxy {
  /** The firewall that decides. Subscribe to its decisions here. `undefined` when nothing is inspected. */
  readonly waf: Waf | undefined;
  /** Listens, by default on loopback alone. Port 0 takes a free one. */
  listen(port: number, host?: string): Promise<AddressInfo>;
  health(): ProxyHealth;
  /** Reads the certificate again. Keeps the old one, and says so in the log, when the new one cannot be read. */
  reloadCertificate(): void;
  /** Takes no more connections, lets exchanges under way end for `drainMs`, then ends all, and closes the firewall when it was built here. */
  close(): Promise<void>;
}

/** Header lines of a request at most; the head's size in bytes is limited apart. */
const MAX_LINES = 200;

/**
 * A reverse proxy with the firewall in front. Opens nothing before `listen`.
 *
 * @throws WafError when an option is wrong.
 * @example
 * const proxy = createProxy({ upstream: "http://127.0.0.1:9000" });
 * await proxy.listen(8080);
 */
export function createProxy(options: ProxyOptions): ReverseProxy {
  const settings = readProxyOptions(options);
  const { waf, isOwn } = firewallOf(options.firewall);
  const upstreams = createUpstreams(settings.routes, {
    connections: settings.upstreamConnections,
    connectTimeoutMs: settings.connectTimeoutMs,
    responseTimeoutMs: settings.responseTimeoutMs,
    idleTimeoutMs: settings.idleTimeoutMs,
  });
  const watch = createSlowWatch(settings.minBytesPerSecond);
  const tunnels = new Set<Tunnel>();
  let isDraining = false;
  let refused = 0;
  let failures = 0;
  const log = waf?.services.log ?? console;

  const onFailure = (server: Server, error: Error): void => {
    failures++;
    log.warn("An upstream did not answer.", { origin: server.origin, error: error.message.slice(0, 200) });
  };
  const fieldsFor = (request: IncomingMessage, socket: Socket, read: Readable, decision: Decision | undefined, server: Server): string[] =>
    upstreamFields(request, {
      host: read.host,
      upstreamHost: settings.host === "upstream" || read.host === "" ? new URL(server.origin).host : read.host,
      peer: socket.remoteAddress ?? "",
      client: decision?.request.client.address ?? "",
      isSecure: settings.tls !== undefined,
      port: socket.localPort,
      decisionId: decision?.id ?? "",
    });
  const find = (read: Readable, decision: Decision | undefined): ReturnType<typeof upstreams.find> =>
    decision === undefined
      ? upstreams.find(read.host, read.target.replace(/\?.*$/s, ""), !/[%\\;]|\/\.|\/\//.test(read.target))
      : upstreams.find(read.host, decision.request.path, decision.request.canonical);

  function handle(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void {
    // Without a listener, a client that hangs up in the middle of a body would end the process.
    request.on("error", () => {});
    response.on("error", () => {});
    const { socket } = request;
    const read = readStrictly(request);
    if (isRefusal(read) || request.rawHeaders.length > 2 * MAX_LINES) {
      refused++;
      const { status, detail } = isRefusal(read) ? read : { status: 431, detail: "The request has too many fields." };
      answer(request, response, status, detail, true);
      return;
    }
    if (isDraining && request.httpVersionMajor === 1) response.shouldKeepAlive = false;
    watch.add(request, response);
    let mustContinue = awaitsContinue;
    const goOn = (): void => {
      if (mustContinue) response.writeContinue();
      mustContinue = false;
    };
    const pass = (decision: Decision | undefined): void => {
      // Whoever waits to be told will not send a body now, and the next request must not be taken for it.
      if (decision?.action === "block") {
        if (mustContinue && request.httpVersionMajor === 1) response.shouldKeepAlive = false;
        writeBlocked(response, renderBlocked(decision));
        return;
      }
      if (read.refusal !== undefined) {
        refused++;
        answer(request, response, read.refusal.status, read.refusal.detail, true);
        return;
      }
      const group = find(read, decision);
      if (group === undefined || group === "ambiguous") {
        answer(
          request,
          response,
          group === undefined ? 421 : 400,
          group === undefined ? "No such site is served here." : "The address can be read in several ways.",
          mustContinue,
        );
        return;
      }
      goOn();
      forward({
        request,
        response,
        group,
        target: read.target,
        fieldsFor: (server) => fieldsFor(request, socket, read, decision, server),
        uploadLimitBytes: settings.uploadLimitBytes,
        onFailure,
      });
    };
    if (waf === undefined) {
      pass(undefined);
      return;
    }
    const facts = fromIncoming(request);
    const raw: RawRequest = awaitsContinue
      ? {
          ...facts,
          readBody(limit, signal) {
            goOn();
            return facts.readBody?.(limit, signal);
          },
        }
      : facts;
    const settle = (decision: Decision): void => {
      observeResponse(waf, decision, response);
      pass(decision);
    };
    const decision = waf.inspect(raw);
    if (isThenable(decision)) void decision.then(settle);
    else settle(decision);
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const read = readStrictly(request);
    const refusal = isRefusal(read) ? read : read.refusal;
    if (isRefusal(read) || refusal !== undefined || !wantsWebSocket(request)) {
      refused++;
      const { status, detail } = refusal ?? { status: 400, detail: "This upgrade is not supported." };
      answerOnSocket(socket, status, `${status}\n${detail}\n`);
      return;
    }
    const startedAt = Date.now();
    const pass = (decision: Decision | undefined): void => {
      const observe = (status: number): void => {
        if (decision !== undefined) waf?.observe(decision, { status, durationMs: Date.now() - startedAt });
      };
      if (decision?.action === "block") {
        const { status, headers, body } = renderBlocked(decision);
        observe(status);
        answerOnSocket(socket, status, body, headers);
        return;
      }
      const group = find(read, decision);
      const server = group === undefined || group === "ambiguous" ? undefined : choose(group as Group, Date.now());
      if (server === undefined || isDraining) {
        observe(503);
        answerOnSocket(socket, isDraining ? 503 : 421, "No such site is served here.\n");
        return;
      }
      const fields = fieldsFor(request, request.socket, read, decision, server);
      openTunnel(server.origin, read.target, fields, socket, head, settings.responseTimeoutMs, {
        answered: observe,
        opened(tunnel) {
          noteSuccess(server);
          tunnels.add(tunnel);
          tunnel.client.once("close", () => tunnels.delete(tunnel));
        },
        failed(error) {
          noteFailure(server, Date.now());
          onFailure(server, error);
        },
      });
    };
    const decision = waf?.inspect(fromIncoming(request));
    if (decision !== undefined && isThenable(decision)) void decision.then(pass);
    else pass(decision);
  }

  const server = serverOf(settings);
  const plain = server as HttpServer;
  plain.on("request", (request, response) => handle(request, response, false));
  plain.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => handle(request, response, true));
  plain.on("upgrade", upgrade);
  plain.on("connect", (_: IncomingMessage, socket: Duplex) =>
    answerOnSocket(socket, 405, "405 Method Not Allowed\n", { allow: "GET, HEAD, POST" }),
  );
  plain.maxConnections = settings.maxConnections;

  let timer: NodeJS.Timeout | undefined;
  const reloadCertificate = (): void => {
    if (settings.tls === undefined) return;
    try {
      (server as Http2SecureServer).setSecureContext(readCertificate(settings.tls));
    } catch (error) {
      log.error("The certificate cannot be read; the old one stays.", { error: String(error).slice(0, 200) });
    }
  };
  return {
    waf,
    reloadCertificate,
    listen: (port, host = "127.0.0.1") =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => {
          server.off("error", reject);
          if (settings.tls !== undefined) timer = watchCertificate(settings.tls, reloadCertificate);
          resolve(server.address() as AddressInfo);
        });
      }),
    health: () => ({
      status: isDraining ? "draining" : "up",
      refused,
      failed: failures,
      tunnels: tunnels.size,
      upstreams: upstreams.servers.map(({ origin, restsUntil, running }) => ({ origin, isResting: restsUntil > Date.now(), running })),
    }),
    async close() {
      isDraining = true;
      clearInterval(timer);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Kept connections become idle one by one, as their last response ends.
      const sweep = setInterval(() => plain.closeIdleConnections?.(), 50);
      const forced = setTimeout(() => {
        for (const { client } of tunnels) client.destroy();
        plain.closeAllConnections?.();
        for (const session of sessionsOf(server)) session.destroy();
      }, settings.drainMs);
      plain.closeIdleConnections?.();
      for (const session of sessionsOf(server)) session.close();
      await closed;
      clearInterval(sweep);
      clearTimeout(forced);
      watch.stop();
      await upstreams.destroy();
      if (isOwn) await waf?.close();
    },
  };
}

function firewallOf(given: ProxyOptions["firewall"]): { readonly waf: Waf | undefined; readonly isOwn: boolean } {
  if (given === false) return { waf: undefined, isOwn: false };
  if (typeof (given as Waf | undefined)?.inspect === "function") return { waf: given as Waf, isOwn: false };
  return { waf: createWaf(recommended((given ?? {}) as RecommendedOptions)), isOwn: true };
}

type Session = { close(): void; destroy(): void };
const sessions = new WeakMap<object, Set<Session>>();
const sessionsOf = (server: object): Iterable<Session> => sessions.get(server) ?? [];

function serverOf(settings: ProxySettings): HttpServer | Http2SecureServer {
  const limits = {
    maxHeaderSize: settings.headLimitBytes,
    headersTimeout: settings.headTimeoutMs,
    // How long a body may take depends on its size: `createSlowWatch` looks at its speed instead.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(5_000, settings.headTimeoutMs),
    keepAliveTimeout: settings.keepAliveMs,
    insecureHTTPParser: false,
    // An upgrade that is not supported is a request like any other (RFC 9110 section 7.8); older Nodes hand it over, and it is refused.
    shouldUpgradeCallback: wantsWebSocket,
  };
  if (settings.tls === undefined) {
    const server = createServer(limits);
    server.maxHeadersCount = 0;
    return server;
  }
  const server = createSecureServer({
    ...limits,
    ...readCertificate(settings.tls),
    allowHTTP1: true,
    maxHeaderListPairs: MAX_LINES,
    settings: { maxConcurrentStreams: 100, maxHeaderListSize: settings.headLimitBytes },
    maxSessionMemory: 10,
  });
  const open = new Set<Session>();
  sessions.set(server, open);
  server.on("session", (session) => {
    open.add(session);
    session.setTimeout(Math.max(settings.keepAliveMs, 1_000), () => session.close());
    session.once("close", () => open.delete(session));
  });
  return server;
}

const readCertificate = ({
  certFile,
  keyFile,
}: {
  readonly certFile: string;
  readonly keyFile: string;
}): { readonly cert: Buffer; readonly key: Buffer } => ({
  cert: readFileSync(certFile),
  key: readFileSync(keyFile),
});

/** Looks at times of change instead of being told: renewals replace files by links and renames, which watchers of files lose. */
function watchCertificate(
  tls: { readonly certFile: string; readonly keyFile: string; readonly reloadMs: number },
  reload: () => void,
): NodeJS.Timeout {
  const stamp = (): string =>
    [tls.certFile, tls.keyFile]
      .map((file) => statSync(file, { throwIfNoEntry: false }))
      .map((found) => `${found?.ino} ${found?.mtimeMs}`)
      .join();
  let last = stamp();
  return setInterval(() => {
    const now = stamp();
    if (now === last) return;
    last = now;
    reload();
  }, tls.reloadMs).unref();
}

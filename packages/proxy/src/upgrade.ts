/**
 * WebSocket connections: the handshake is inspected like any request, and what follows passes untouched.
 *
 * @module
 */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, STATUS_CODES } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Duplex } from "node:stream";
import { answerOnSocket } from "./answer.ts";
import { clientFields } from "./fields.ts";

/** Whether the request wants the one upgrade that is passed on. Anything else, `h2c` above all, would carry requests past the firewall. */
export function wantsWebSocket({ method, headers, httpVersion }: IncomingMessage): boolean {
  return (
    method === "GET" &&
    httpVersion === "1.1" &&
    /^websocket$/i.test(headers.upgrade ?? "") &&
    /(?:^|,)\s*upgrade\s*(?:,|$)/i.test(headers.connection ?? "") &&
    headers["sec-websocket-version"] === "13" &&
    /^[\w+/]{22}==$/.test(headers["sec-websocket-key"] ?? "") &&
    headers["transfer-encoding"] === undefined &&
    Number(headers["content-length"] ?? 0) === 0
  );
}

/** Both ends of a connection that was upgraded. */
export interface Tunnel {
  readonly client: Duplex;
  readonly upstream: Duplex;
}

/** What `openTunnel` reports. */
export interface TunnelEvents {
  /** The handshake was answered, or failed as if with this status. */
  answered(status: number): void;
  opened(tunnel: Tunnel): void;
  failed(error: Error): void;
}

/**
 * Asks the upstream for the upgrade. Only its 101 opens a tunnel; any other answer goes to the client, and the connection ends: an upstream that declined
 * must not be reached by what the client believes to be a tunnel.
 */
export function openTunnel(
  origin: string,
  target: string,
  fields: readonly string[],
  client: Duplex,
  head: Buffer,
  timeoutMs: number,
  events: TunnelEvents,
): void {
  const { protocol, hostname, port } = new URL(origin);
  const ask = protocol === "https:" ? httpsRequest : httpRequest;
  const outgoing = ask({
    protocol,
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port,
    method: "GET",
    path: target,
    setHost: false,
    headers: [...fields, "connection", "Upgrade", "upgrade", "websocket"],
    agent: false,
    timeout: timeoutMs,
  });
  const onClientGone = (): void => void outgoing.destroy();
  client.once("close", onClientGone).on("error", onClientGone);
  outgoing.once("upgrade", (response, upstream, rest) => {
    outgoing.setTimeout(0);
    (upstream as { setTimeout?(ms: number): void }).setTimeout?.(0);
    client.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n${linesOf(response.headers)}\r\n`);
    if (rest.length > 0) client.write(rest);
    if (head.length > 0) upstream.write(head);
    upstream.on("error", () => client.destroy()).once("close", () => client.destroy());
    client.once("close", () => upstream.destroy());
    client.pipe(upstream).pipe(client);
    events.answered(101);
    events.opened({ client, upstream });
  });
  outgoing.once("response", (response) => {
    events.answered(response.statusCode ?? 502);
    client.write(
      `HTTP/1.1 ${response.statusCode} ${STATUS_CODES[response.statusCode ?? 502] ?? "Error"}\r\n${linesOf(response.headers)}connection: close\r\n\r\n`,
    );
    response.pipe(client);
    response.once("error", () => client.destroy());
  });
  outgoing.once("timeout", () => outgoing.destroy(new Error("the upstream took too long")));
  outgoing.once("error", (error) => {
    if (client.destroyed) return;
    events.answered(502);
    events.failed(error);
    answerOnSocket(client, 502, "502 Bad Gateway\nThe server behind this one does not answer.\n");
  });
  outgoing.end();
}

function linesOf(headers: IncomingHttpHeaders): string {
  return Object.entries(clientFields(headers, false))
    .flatMap(([name, value]) => (Array.isArray(value) ? value.map((one) => [name, one]) : [[name, value]]))
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}

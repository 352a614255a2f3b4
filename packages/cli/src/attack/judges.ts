/**
 * Who decides about a mutated request: a firewall in this process, or a server on this machine.
 *
 * @module
 */
import { type IncomingMessage, request as send } from "node:http";
import { isIP } from "node:net";
import type { LoadedConfig } from "../config-file.ts";
import { createReplayEngine } from "../replay-engine.ts";
import { type RequestParts, rawRequest } from "../request-record.ts";
import { messageOf, UsageError } from "../usage-error.ts";

/** Decides about requests, each from a client it has not seen. */
export interface Judge {
  /** The rule that blocked it; `undefined` when it passed. */
  ask(parts: RequestParts): Promise<string | undefined>;
  /** What decides, for the report. */
  readonly name: string;
}

/** The firewall of a configuration, in this process. Sends nothing. */
export function engineJudge(config: LoadedConfig | undefined): Judge {
  const engine = createReplayEngine(config);
  let asked = 0;
  return {
    name: config === undefined ? "the recommended firewall" : `the firewall of ${config.name}`,
    async ask(parts) {
      asked++;
      // A /64 of its own in the range for documentation (RFC 3849): no limit and no ban carries over.
      const peer = `2001:db8:${(asked >>> 16).toString(16)}:${(asked & 0xffff).toString(16)}::1`;
      const { verdict } = await engine.inspect(rawRequest({ ...parts, peer }), AT);
      return verdict?.rule;
    },
  };
}

/** Any moment will do, as long as it is the same for every run. */
const AT = Date.UTC(2026, 0, 1);

const TIMEOUT_MS = 10_000;

/**
 * A server on this machine. Every request comes from another address of 127.0.0.0/8, where the system lets a program choose one.
 *
 * @throws UsageError unless the address is a loopback address over plain HTTP: this tool attacks nobody else's server.
 */
export function serverJudge(address: string): Judge {
  const { hostname, port } = loopback(address);
  let asked = 0;
  return {
    name: `the server at ${hostname}:${port}`,
    async ask(parts) {
      asked++;
      const localAddress = hostname.startsWith("127.")
        ? `127.${1 + ((asked >>> 16) % 250)}.${(asked >>> 8) & 255}.${asked & 255 || 1}`
        : undefined;
      const response = await exchange(parts, { hostname, port, localAddress });
      // The firewall marks what it answers itself; an application's own 403 is none of its blocks.
      return response.headers["x-aiwaf-id"] === undefined ? undefined : `${response.statusCode}`;
    },
  };
}

function loopback(address: string): { readonly hostname: string; readonly port: number } {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw new UsageError(`${JSON.stringify(address.slice(0, 80))} is no address; write for example http://127.0.0.1:3000`);
  }
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const hostname = name === "localhost" ? "127.0.0.1" : name;
  const isLoopback = isIP(hostname) === 4 ? hostname.startsWith("127.") : hostname === "::1";
  if (!isLoopback) throw new UsageError(`${name.slice(0, 80)} is not this machine; only 127.0.0.0/8, ::1 and localhost are attacked`);
  if (url.protocol !== "http:") throw new UsageError("only http:// is attacked; start the application without TLS for this");
  return { hostname, port: Number(url.port || 80) };
}

interface Place {
  readonly hostname: string;
  readonly port: number;
  readonly localAddress: string | undefined;
}

/** Sends one request on a connection of its own and reads the head of the answer. */
function exchange(parts: RequestParts, { hostname, port, localAddress }: Place): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(new UsageError(`${hostname}:${port}: ${messageOf(error)}`));
    const fields = parts.fields.filter(([name]) => !/^(?:host|connection|transfer-encoding|content-length|expect|upgrade)$/.test(name));
    try {
      const request = send({
        host: hostname,
        port,
        method: parts.method,
        path: parts.target,
        headers: [...fields, ["host", `${hostname}:${port}`], ["connection", "close"]].flat(),
        agent: false,
        timeout: TIMEOUT_MS,
        ...(localAddress !== undefined && { localAddress }),
      });
      request.on("timeout", () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} seconds`)));
      request.on("error", fail);
      request.on("response", (response) => {
        resolve(response);
        response.destroy();
      });
      request.end(parts.body);
    } catch (error) {
      fail(error);
    }
  });
}

/**
 * What the proxy takes, and how wrong values are answered.
 *
 * @module
 */
import { type Waf, WafError } from "@aiwaf/core";
import type { RecommendedOptions } from "@aiwaf/core/recommended";
import type { UpstreamRoute } from "./upstreams.ts";

/** Certificate and key in PEM, as files that are read again when they change. */
export interface TlsOptions {
  /** The certificate with its chain. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Milliseconds between two looks for a renewed certificate, 1,000 to 86,400,000. Default: 60,000. */
  readonly reloadMs?: number;
}

/** Everything `createProxy` takes. Only the upstream has no default. */
export interface ProxyOptions {
  /** Where requests go: the origin of one server, such as `http://127.0.0.1:9000`, or routes by host and path. */
  readonly upstream: string | readonly UpstreamRoute[];
  /** A firewall of your own, options for the recommended one, or `false` to inspect nothing. Default: the recommended one. */
  readonly firewall?: Waf | RecommendedOptions | false;
  /** Which host the upstream is asked for: the one the client named, or its own. Default: `"client"`. */
  readonly host?: "client" | "upstream";
  /** Speak TLS and HTTP/2 to clients. Default: plain HTTP/1.1. */
  readonly tls?: TlsOptions;
  /** Bytes of an upload at most, 0 to 2^50. Larger ones are answered 413. Default: 1 GiB. */
  readonly uploadLimitBytes?: number;
  /** Bytes of a request's line and fields at most, 1,024 to 1,048,576. Default: 32 KiB. */
  readonly headLimitBytes?: number;
  /** Longest wait for a request's line and fields, 100 to 600,000 ms. Default: 10,000. */
  readonly headTimeoutMs?: number;
  /** Slower uploads are ended; 0 to 1,000,000, 0 for never. Default: 100. */
  readonly minBytesPerSecond?: number;
  /** How long an idle connection of a client is kept, 0 to 3,600,000 ms. Default: 60,000. */
  readonly keepAliveMs?: number;
  /** Connections of clients at most, 1 to 1,000,000. Default: 100,000. */
  readonly maxConnections?: number;
  /** Connections to each upstream server at most, 1 to 65,536. Default: 256. */
  readonly upstreamConnections?: number;
  /** Longest wait for a connection to an upstream, 10 to 600,000 ms. Default: 5,000. */
  readonly connectTimeoutMs?: number;
  /** Longest wait for the head of an upstream's response, 10 to 3,600,000 ms. Default: 60,000. */
  readonly responseTimeoutMs?: number;
  /** Longest silence within an upstream's response, 0 to 86,400,000 ms, 0 for any. Default: 300,000. */
  readonly idleTimeoutMs?: number;
  /** Longest wait for exchanges under way when the proxy closes, 0 to 3,600,000 ms. Default: 10,000. */
  readonly drainMs?: number;
}

/** The numbers among the options: default, least, most. */
const NUMBERS = {
  uploadLimitBytes: [2 ** 30, 0, 2 ** 50],
  headLimitBytes: [32 * 1024, 1_024, 1_048_576],
  headTimeoutMs: [10_000, 100, 600_000],
  minBytesPerSecond: [100, 0, 1_000_000],
  keepAliveMs: [60_000, 0, 3_600_000],
  maxConnections: [100_000, 1, 1_000_000],
  upstreamConnections: [256, 1, 65_536],
  connectTimeoutMs: [5_000, 10, 600_000],
  responseTimeoutMs: [60_000, 10, 3_600_000],
  idleTimeoutMs: [300_000, 0, 86_400_000],
  drainMs: [10_000, 0, 3_600_000],
} as const satisfies Readonly<Record<string, readonly [fallback: number, least: number, most: number]>>;

const OTHERS = ["upstream", "firewall", "host", "tls"];

/** The options with their defaults. */
export type ProxySettings = { readonly [Name in keyof typeof NUMBERS]: number } & {
  readonly routes: readonly UpstreamRoute[];
  readonly host: "client" | "upstream";
  readonly tls: Required<TlsOptions> | undefined;
};

/** @throws WafError naming the option, what it is and what it may be. */
export function readProxyOptions(options: ProxyOptions): ProxySettings {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(NUMBERS, name) && !OTHERS.includes(name)) {
      throw new WafError(
        "AIWAF_OPTION_UNKNOWN",
        `Option "${name}" is not known. Known here: ${[...OTHERS, ...Object.keys(NUMBERS)].join(", ")}.`,
      );
    }
  }
  const numbers: Record<string, number> = {};
  for (const [name, [fallback, least, most]] of Object.entries(NUMBERS)) {
    const value = options[name as keyof typeof NUMBERS] ?? fallback;
    if (!Number.isInteger(value) || value < least || value > most) throw wrong(name, `a whole number from ${least} to ${most}`, value);
    numbers[name] = value;
  }
  const { host = "client", tls } = options;
  if (host !== "client" && host !== "upstream") throw wrong("host", '"client" or "upstream"', host);
  return { ...(numbers as { [Name in keyof typeof NUMBERS]: number }), routes: routesOf(options.upstream), host, tls: tlsOf(tls) };
}

function tlsOf(tls: TlsOptions | undefined): Required<TlsOptions> | undefined {
  if (tls === undefined) return undefined;
  const { certFile, keyFile, reloadMs = 60_000 } = tls;
  if (!isText(certFile)) throw wrong("tls.certFile", "the path of a file", certFile);
  if (!isText(keyFile)) throw wrong("tls.keyFile", "the path of a file", keyFile);
  if (!Number.isInteger(reloadMs) || reloadMs < 1_000 || reloadMs > 86_400_000)
    throw wrong("tls.reloadMs", "a whole number from 1000 to 86400000", reloadMs);
  return { certFile, keyFile, reloadMs };
}

const HOST = /^(?:\*\.)?[a-z0-9._-]+$/i;

function routesOf(upstream: ProxyOptions["upstream"]): readonly UpstreamRoute[] {
  const routes: readonly UpstreamRoute[] = typeof upstream === "string" ? [{ to: [upstream] }] : upstream;
  if (!Array.isArray(routes) || routes.length === 0)
    throw wrong("upstream", "the origin of a server, such as http://127.0.0.1:9000, or a list of routes", upstream);
  const seen = new Set<string>();
  for (const [index, { host, path, to }] of routes.entries()) {
    const name = typeof upstream === "string" ? "upstream" : `upstream[${index}]`;
    if (host !== undefined && !(isText(host) && HOST.test(host)))
      throw wrong(`${name}.host`, "a host's name without a port, or *.name", host);
    if (path !== undefined && !(isText(path) && /^\/[\w\-./~]*$/.test(path) && !/\/\.{0,2}\//.test(path)))
      throw wrong(`${name}.path`, "a plain path such as /api", path);
    if (!Array.isArray(to) || to.length === 0) throw wrong(`${name}.to`, "a list of origins", to);
    for (const origin of to) if (!isOrigin(origin)) throw wrong(name, "an origin such as http://127.0.0.1:9000, without a path", origin);
    const key = `${host?.toLowerCase() ?? ""} ${path?.replace(/\/+$/, "") ?? ""}`;
    if (seen.has(key)) throw wrong(name, "another host or path than the routes before it", key.trim());
    seen.add(key);
  }
  return routes;
}

function isOrigin(value: unknown): boolean {
  if (!isText(value) || !URL.canParse(value)) return false;
  const { protocol, pathname, search, hash, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && pathname === "/" && `${search}${hash}${username}${password}` === "";
}

const isText = (value: unknown): value is string => typeof value === "string" && value.length > 0;

function wrong(name: string, allowed: string, value: unknown): WafError {
  const shown =
    typeof value === "string"
      ? JSON.stringify(value.slice(0, 60))
      : Array.isArray(value)
        ? "a list"
        : typeof value === "object"
          ? "an object"
          : String(value);
  return new WafError("AIWAF_OPTION_INVALID", `Option "${name}" must be ${allowed}; it is ${shown}.`);
}

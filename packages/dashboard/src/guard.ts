/**
 * What stands before every answer: which host is spoken to, which page it comes from, and how its address is written.
 *
 * @module
 */
import { isIP } from "node:net";
import { ProblemError } from "./problem.ts";

/** Turns a host list into a check. Ports are not looked at: what is asked for has reached this port. */
export function createHostCheck(hosts: readonly string[]): (request: Request) => void {
  const allowed = new Set(["localhost", ...hosts.map((host) => host.toLowerCase())]);
  return (request) => {
    const host = hostOf(request);
    // An address cannot be rebound to another: only names can.
    const name = host.replace(/:\d{1,5}$/, "");
    const bare = name.replace(/^\[(.+)\]$/, "$1");
    if (allowed.has(name) || (isIP(bare) !== 0 && (isIP(bare) === 4) === (bare === name))) return;
    throw new ProblemError(421, "host", "The console does not answer to this name; its option hosts lists those that it answers to.");
  };
}

/** The host that the client named, in lower case. */
export const hostOf = (request: Request): string => (request.headers.get("host") ?? new URL(request.url).host).toLowerCase();

/**
 * Refuses what a page of another site, or of another port of this host, may have made a browser send.
 *
 * @throws ProblemError
 */
export function checkOrigin(request: Request): void {
  const refused = new ProblemError(403, "csrf", "Requests of other sites are refused.");
  const site = request.headers.get("sec-fetch-site");
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (site !== null && site !== "same-origin" && !(site === "none" && isRead)) throw refused;
  const origin = request.headers.get("origin");
  if (origin !== null) {
    const parsed = URL.parse(origin);
    const isOurs =
      parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.host.toLowerCase() === withoutDefaultPort(hostOf(request), parsed);
    if (!isOurs) throw refused;
  }
}

/** A host as a URL of that protocol spells it. */
const withoutDefaultPort = (host: string, { protocol }: URL): string => host.replace(protocol === "https:" ? /:443$/ : /:80$/, "");

/**
 * The part of a target behind the prefix, as written. Nothing is decoded and no dots are resolved, so a path has one spelling; every other spelling is
 * some other path, and the application's.
 *
 * @param target - The target as sent, with its query.
 * @returns `undefined` for what is not the console's.
 */
export function pathUnder(prefix: string, target: string): string | undefined {
  const path = target.replace(/[?#].*$/s, "");
  if (path === prefix) return "";
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1) : undefined;
}

/** @throws TypeError for a prefix that could be written in two ways. */
export function readPrefix(prefix: string): string {
  if (prefix === "/" || prefix === "") return "";
  if (typeof prefix !== "string" || !/^(?:\/[a-z\d][a-z\d._-]{0,60}){1,5}\/?$/.test(prefix))
    throw new TypeError("prefix must be a path of lower-case letters, digits, dots and hyphens, such as /aiwaf");
  return prefix.replace(/\/$/, "");
}

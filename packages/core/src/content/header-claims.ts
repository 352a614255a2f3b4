/**
 * Headers in which a client claims what only a proxy may say: which path was asked for, and where the request came from.
 *
 * @module
 */
import type { Hits, RuleTable } from "./hits.ts";

export const CLAIM_RULES: RuleTable = {
  /**
   * `X-Original-URL` or `X-Rewrite-URL` with another path than the request's: frameworks that believe it serve that path, past every check on
   * the one that was asked for. Passes the request's own target, which is what a proxy in front writes.
   */
  "header/forged-url": { severity: 8, description: "A header that asks for another path than the request" },
  /** `X-Forwarded-For: 127.0.0.1` and its kin. Some health checks do this, so it cannot block alone. */
  "header/forged-loopback": { severity: 5, description: "A client that claims to be this machine" },
};

const ADDRESSES = new Set([
  "x-forwarded-for",
  "forwarded",
  "x-real-ip",
  "x-client-ip",
  "client-ip",
  "true-client-ip",
  "cf-connecting-ip",
  "fastly-client-ip",
  "x-cluster-client-ip",
  "x-originating-ip",
  "x-remote-ip",
  "x-remote-addr",
  "x-forwarded",
  "forwarded-for",
  "x-custom-ip-authorization",
  "x-host",
  "x-forwarded-host",
]);
const LOOPBACK =
  /(?:^|[\s,;="[])(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|::1|0:0:0:0:0:0:0:1|(?:::ffff:)127\.\d{1,3}\.\d{1,3}\.\d{1,3})(?:$|[\s,;\]":])/i;

/** True for the headers that {@link scanClaim} judges. */
export const isClaim = (name: string): boolean => name === "x-original-url" || name === "x-rewrite-url" || ADDRESSES.has(name);

/** Judges one such header. `target` is the request's own, `client` the address that the firewall made out. */
export function scanClaim(name: string, value: string, target: string, client: string, hits: Hits): void {
  if (!ADDRESSES.has(name)) {
    const claimed = value.trim().replace(/^https?:\/\/[^/]{1,300}/i, "");
    if (claimed !== target && claimed !== "") hits.add("header/forged-url", 100, 0, value.length);
    return;
  }
  const found = LOOPBACK.exec(value);
  if (found === null || LOOPBACK.test(client)) return;
  hits.add("header/forged-loopback", 60, found.index, found.index + found[0].length);
}

/**
 * Headers in which a client claims what only a proxy may say: which path was asked for, and where the request came from.
 *
 * @module
 */
import type { Hits, RuleTable } from "./hits.ts";

export const CLAIM_RULES: RuleTable = {
  /**
   * `X-Original-URL` or `X-Rewrite-URL` with another path than the request's: frameworks that believe it serve that path, past every check
   * on the one that was asked for.
   *
   * Passes the request's own target, which is what a proxy in front writes.
   *
   * Exempt everything, when your proxy rewrites paths and says so in this header; have it drop what clients send.
   */
  "claim/forged-url": [8, "A header that asks for another path"],
  /**
   * `X-Real-IP: 127.0.0.1` and its kin, which only a proxy writes, from a client on the internet.
   *
   * Passes `X-Forwarded-For` and `Forwarded`, where filters on a visitor's own machine write a loopback address, and any field from a
   * private address, which may be a proxy that checks its own health: noted at 60, which does not block alone.
   *
   * Exempt nothing: set `trustProxy` instead.
   */
  "claim/forged-loopback": [5, "A client that claims to be local"],
};

const ADDRESSES =
  /^((x-)?forwarded(-for)?|x-(forwarded-)?host|x-real-ip|(x-|true-|fastly-|x-cluster-)?client-ip|cf-connecting-ip|x-originating-ip|x-remote-(ip|addr)|x-custom-ip-authorization)$/;
const LOOPBACK =
  /(^|[\s,;="[])(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|::1|0:0:0:0:0:0:0:1|(::ffff:)127\.\d{1,3}\.\d{1,3}\.\d{1,3})($|[\s,;\]":])/i;

/** Fields to which every proxy on the way appends, the visitor's own included. */
const APPENDED = /forwarded|host/;

/** Addresses of the own network, and the lack of one. */
const INSIDE = /^($|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|f[cd]|fe80:)/i;

/** True for the headers that {@link scanClaim} judges, where they claim anything. */
export const isClaim = (name: string, value: string): boolean =>
  name === "x-original-url" || name === "x-rewrite-url" || (ADDRESSES.test(name) && LOOPBACK.test(value));

/** Judges one such header. `target` is the request's own, `client` the address that the firewall made out. */
export function scanClaim(name: string, value: string, target: string, client: string, hits: Hits): void {
  if (!ADDRESSES.test(name)) {
    const claimed = value.trim().replace(/^https?:\/\/[^/]{1,400}/i, "");
    if (claimed !== target && claimed !== "") hits.add("claim/forged-url", 100, 0, value.length);
    return;
  }
  const found = LOOPBACK.exec(value);
  if (found === null || LOOPBACK.test(client)) return;
  hits.found("claim/forged-loopback", APPENDED.test(name) || INSIDE.test(client) ? 60 : 100, found);
}

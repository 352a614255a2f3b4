import type { Detector, Finding, RuleId, WafRequest } from "@aiwaf/core";
import type { RecommendedOptions } from "@aiwaf/core/recommended";
import type { TargetOptions } from "../types.ts";

/**
 * How the shop's owner would set the firewall up: the recommended set, told that a proxy stands on loopback, with a tight limit on logins.
 *
 * The general limit lets a browser load pages and their files freely, and an office behind one address, too. Only sending a password counts
 * against the login limit; looking at the form does not.
 */
export function firewallOptions({ mode = "enforce" }: TargetOptions): RecommendedOptions {
  const login = { max: 5, windowMs: 60_000, bucket: "login" };
  return {
    mode,
    client: { proxies: ["127.0.0.0/8"] },
    methods: { allow: ["GET", "POST"] },
    // The shop sends its visitors nowhere else.
    content: { redirectHosts: [] },
    rateLimit: {
      max: 60,
      windowMs: 10_000,
      floodMax: 120,
      cost: ({ policy, method }) => (policy.rateLimit?.bucket === "login" && method !== "POST" ? 0 : 1),
    },
    // Nobody tests the shop's speed from outside.
    repeats: {},
    // A finger that slips twice is no guesser; three wrong passwords within a second are.
    logins: { quickMax: 3 },
    detectors: ownRules,
    paths: {
      // A limit of its own names the area in every spelling of its path: see `officeOnly`.
      "/admin/**": { rateLimit: { max: 30, windowMs: 60_000, bucket: "admin" } },
      "/login": { rateLimit: login },
      "/api/login": { rateLimit: login, methods: ["POST"], profile: "api" },
      "/api/**": { profile: "api" },
      "/graphql": { profile: "api" },
      "/webhook": { profile: "webhook", methods: ["POST"] },
    },
  };
}

/** Where the shop's staff sit. */
const isOffice = (address: string): boolean => address.startsWith("10.8.");

/**
 * What only the owner knows: who may go where, and which fields are nobody's business. No inspection of content can tell `{ users { email } }` from an
 * honest question; the shop should not have answered it, and until it is mended these rules stand in front of it.
 */
const ownRules: readonly Detector[] = [
  rule("head", "shop/office-only", ({ policy, client }) => policy.rateLimit?.bucket === "admin" && !isOffice(client.address)),
  rule("head", "shop/private-field", ({ path, query }) => path === "/api/products" && /[?&]filter=[^&]*released/i.test(`?${query}`)),
  rule("body", "shop/private-field", ({ path, body }) => path === "/graphql" && /\busers\b/.test(text.decode(body?.bytes))),
];

const text = new TextDecoder();

function rule(phase: Detector["phase"], id: RuleId, stops: (request: WafRequest) => boolean): Detector {
  const found: Finding = { rule: id, score: 100, block: { status: 403 } };
  return { name: id, phase, rules: [id], inspect: (request) => (stops(request) ? found : undefined) };
}

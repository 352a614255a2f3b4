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
    rateLimit: {
      max: 60,
      windowMs: 10_000,
      floodMax: 120,
      cost: ({ policy, method }) => (policy.rateLimit?.bucket === "login" && method !== "POST" ? 0 : 1),
    },
    paths: {
      "/login": { rateLimit: login },
      "/api/login": { rateLimit: login, methods: ["POST"], profile: "api" },
      "/api/**": { profile: "api" },
      "/graphql": { profile: "api" },
      "/webhook": { profile: "webhook", methods: ["POST"] },
    },
  };
}

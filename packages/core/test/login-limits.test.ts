import { describe, expect, test } from "vitest";
import { type RecommendedOptions, recommended } from "../src/recommended.ts";
import type { Decision } from "../src/types.ts";
import { createWaf } from "../src/waf.ts";

const limitAt = (path: string, options: RecommendedOptions = {}): number | undefined => {
  const waf = createWaf(recommended({ ...options, log: { warn() {}, error() {} } }));
  const decision = waf.inspect({ method: "GET", target: path, headers: new Headers(), peer: undefined }) as Decision;
  return decision.request.policy.rateLimit?.max;
};

describe("S2-217 logins", () => {
  test("have a stricter limit than everything else, in any case and spelling", () => {
    for (const path of ["/login", "/login/", "/Login", "/%6cogin", "/api/auth/login", "/accounts/login/", "/x/../login"])
      expect(limitAt(path), path).toBe(60);
    for (const path of ["/", "/logins", "/login/help", "/my/login"]) expect(limitAt(path), path).toBe(600);
  });

  test("count together, so that many doors are no more tries than one", () => {
    const waf = createWaf(recommended());
    const send = (target: string) => waf.inspect({ method: "POST", target, headers: new Headers(), peer: "192.0.2.1" }) as Decision;
    for (let count = 0; count < 30; count++)
      for (const path of ["/login", "/api/login"]) expect(send(path)).not.toMatchObject({ status: 429 });
    expect(send("/signin")).toMatchObject({ action: "block", status: 429, rule: "rate-limit/exceeded" });
    expect(send("/shop")).not.toMatchObject({ status: 429 });
  });

  test("are left as you set them: by a limit of their own, a general rule, or a narrower general limit", () => {
    expect(limitAt("/login", { paths: { "/login": { rateLimit: { max: 500, windowMs: 60_000 } } } })).toBe(500);
    expect(limitAt("/api/login", { paths: { "/api/**": { rateLimit: { max: 9, windowMs: 60_000 } } } })).toBe(9);
    expect(limitAt("/login", { rateLimit: { max: 20, windowMs: 10_000 } })).toBe(20);
    expect(limitAt("/login", { rateLimit: false })).toBeUndefined();
    expect(limitAt("/login", { loginLimit: false })).toBe(600);
    expect(limitAt("/login", { loginLimit: { max: 5, windowMs: 60_000 } })).toBe(5);
  });

  test("keep the rest of your rule for them, also when it is written in another case", () => {
    const paths = { "/Login/": { threshold: 60 } };
    expect(limitAt("/Login", { paths })).toBe(60);
    expect(limitAt("/login", { paths })).toBe(60);
    expect(() => createWaf(recommended({ paths: { login: {} } }))).toThrow("AIWAF_PATTERN_INVALID");
    expect(() => createWaf(recommended({ loginLimit: { max: 0, windowMs: 1 } }))).toThrow("rateLimit.max");
  });
});

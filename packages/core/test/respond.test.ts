import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { recommended } from "../src/recommended.ts";
import { renderBlocked } from "../src/respond.ts";
import type { Blocked, Decision } from "../src/types.ts";
import { createWaf } from "../src/waf.ts";

function blocked(fields: Record<string, string>, target = "/.env?<script>", method = "GET"): Blocked {
  const waf = createWaf(recommended({ client: { header: "x-client" } }));
  const decision = waf.inspect({ method, target, headers: new Headers(fields), peer: "192.0.2.1" }) as Decision;
  if (decision.action !== "block") throw new Error("not blocked");
  return decision;
}

describe("the rendering of a block", () => {
  test.each<readonly [accept: string, type: string]>([
    ["text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"],
    ["application/json", "application/problem+json"],
    ["application/problem+json", "application/problem+json"],
    ["application/vnd.api+json", "application/problem+json"],
    ["application/json, text/html", "application/problem+json"],
    ["*/*", "text/plain; charset=utf-8"],
    ["", "text/plain; charset=utf-8"],
    ["image/png", "text/plain; charset=utf-8"],
  ])("for Accept %s is %s", (accept, type) => {
    expect(renderBlocked(blocked({ accept })).headers["content-type"]).toBe(type);
  });

  test("is problem+json for a client that sends JSON and accepts anything", () => {
    expect(renderBlocked(blocked({ accept: "*/*", "content-type": "application/json" })).headers["content-type"]).toBe(
      "application/problem+json",
    );
  });

  test("as problem+json has exactly the members of RFC 9457 and carries the decision's id", () => {
    const decision = blocked({ accept: "application/json" });
    const { body, headers } = renderBlocked(decision);
    expect(JSON.parse(body)).toEqual({
      type: "about:blank",
      title: "Forbidden",
      status: 403,
      detail: "This request was blocked by the site's firewall.",
      instance: `urn:aiwaf:decision:${decision.id}`,
    });
    expect(headers).toMatchObject({ "x-aiwaf-id": decision.id, "cache-control": "no-store", "x-content-type-options": "nosniff" });
  });

  test("never names a rule and never echoes the request", () => {
    for (const accept of ["text/html", "application/json", "*/*"]) {
      const text = JSON.stringify(renderBlocked(blocked({ accept, "user-agent": "<script>echo</script>" })));
      expect(text).not.toMatch(/probes|dotfile|\.env|script|echo|192\.0\.2/);
    }
  });

  test("as a page allows its own style by hash and nothing else", () => {
    const { body, headers } = renderBlocked(blocked({ accept: "text/html" }));
    const style = /<style>(.*)<\/style>/s.exec(body)![1]!;
    const hash = createHash("sha256").update(style).digest("base64");
    expect(headers["content-security-policy"]).toBe(`default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'`);
    expect(body).toMatch(/^<!doctype html><html lang="en">/);
  });

  test("says Allow with 405, and Retry-After in whole seconds with 429", () => {
    expect(renderBlocked(blocked({ accept: "*/*" }, "/", "TRACE"))).toMatchObject({
      status: 405,
      headers: { allow: "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS" },
    });
    const { headers } = renderBlocked({ ...blocked({}), status: 429, retryAfterMs: 1001 });
    expect(headers["retry-after"]).toBe("2");
    expect(renderBlocked({ ...blocked({}), status: 429, retryAfterMs: 0 }).headers["retry-after"]).toBe("1");
  });

  test("lets no detector's field make it cacheable or change its id", () => {
    const decision = blocked({});
    const { headers } = renderBlocked({ ...decision, headers: { "cache-control": "public", "x-aiwaf-id": "other", allow: "GET" } });
    expect(headers).toMatchObject({ "cache-control": "no-store", "x-aiwaf-id": decision.id, allow: "GET" });
  });

  test("survives a header reader that throws", () => {
    const decision = blocked({});
    const headers = {
      get: () => {
        throw new Error("reader");
      },
      [Symbol.iterator]: () => [][Symbol.iterator](),
    };
    expect(renderBlocked({ ...decision, request: { ...decision.request, headers } }).headers["content-type"]).toBe(
      "text/plain; charset=utf-8",
    );
  });
});

import { createWaf } from "@aiwaf/core";
import { recommended } from "@aiwaf/core/recommended";
import { describe, expect, test } from "vitest";
import { fromManifest, readManifest } from "../../src/manifest.ts";

const manifest = (routes: Record<string, unknown>): unknown => ({ schema_version: "1.0", framework: "next", routes });

describe("a manifest that is read", () => {
  test.each([
    [null, /the manifest is null/],
    [{ schema_version: "2.0", framework: "next", routes: {} }, /schema_version is "2.0"; allowed: "1.0"/],
    [manifest({ users: {} }), /a path that starts with/],
    [manifest({ "/a": { methods: ["get"] } }), /\.methods/],
    [manifest({ "/a": { protections: { rate_limit: { requests: 0, window_seconds: 60 } } } }), /requests is 0/],
    [manifest({ "/a": { protections: { rate_limit: { requests: 5, window_seconds: 60, flood: 4 } } } }), /flood is 4/],
    [manifest({ "/a": { protections: { honeypot: "no" } } }), /honeypot/],
  ])("is refused by the name of the wrong field: %j", (value, message) => {
    expect(() => readManifest(value)).toThrow(message);
    expect(() => readManifest(value)).toThrow(/AIWAF_MANIFEST_INVALID/);
  });

  test("loses what this version does not know", () => {
    expect(readManifest(manifest({ "/a": { methods: ["GET"], view: "page", api_confidence: 0.9 } })).routes).toEqual({
      "/a": { methods: ["GET"], category: "unknown", protections: {} },
    });
  });
});

describe("rules from a manifest", () => {
  test("carry methods, limits, the profile of programs and what is switched off", () => {
    const { paths } = fromManifest(
      manifest({
        "/api/users/:id": {
          methods: ["GET", "PUT"],
          category: "api",
          protections: { api_rate_limit: { requests: 120, window_seconds: 60 }, honeypot: false },
        },
        "/assets/**": { category: "static", protections: { header_validation: { enabled: false }, ai_anomaly: { enabled: false } } },
        "/plain": {},
      }),
    );
    expect(paths).toEqual({
      "/api/users/:id": { methods: ["GET", "PUT"], profile: "api", rateLimit: { max: 120, windowMs: 60_000 }, skip: ["honeypot"] },
      "/assets/**": { skip: ["headers", "anomaly"] },
    });
  });

  test("S2-172 yield to manual rules field by field, also to less specific ones", () => {
    const routes = { "/api/users": { methods: ["GET"], protections: { rate_limit: { requests: 60, window_seconds: 60 } } } };
    const general = { "/api/**": { rateLimit: { max: 5, windowMs: 1_000 } } };
    expect(fromManifest(manifest(routes), general).paths).toEqual({ ...general, "/api/users": { methods: ["GET"] } });
    const same = { "/API/Users": { methods: ["GET", "POST"] } };
    expect(fromManifest(manifest(routes), same).paths).toEqual({
      "/API/Users": { methods: ["GET", "POST"], rateLimit: { max: 60, windowMs: 60_000 } },
    });
    const other = { "/api/users/:id": { methods: ["PUT"] }, "/api": { methods: ["HEAD"] } };
    expect(fromManifest(manifest(routes), other).paths["/api/users"]).toEqual({
      methods: ["GET"],
      rateLimit: { max: 60, windowMs: 60_000 },
    });
  });

  test("of routes that no path tells apart are one, with both methods and the lower limit", () => {
    const limited = (requests: number, methods: string[]): unknown => ({
      methods,
      protections: { rate_limit: { requests, window_seconds: 60 } },
    });
    const { paths } = fromManifest(manifest({ "/:id": limited(30, ["GET"]), "/:name": limited(10, ["POST"]) }));
    expect(paths).toEqual({ "/:id": { methods: ["GET", "POST"], rateLimit: { max: 10, windowMs: 60_000 } } });
    expect(() => createWaf(recommended({ paths }))).not.toThrow();
  });

  test("of a catch-all do not reach more specific routes that say nothing of the kind", () => {
    const limit = { rate_limit: { requests: 60, window_seconds: 60 } };
    const { paths } = fromManifest(
      manifest({
        "/**": { methods: ["GET"], protections: { ...limit, honeypot: false } },
        "/assets/**": {},
        "/users/:id": { methods: ["GET"], protections: limit },
        "/users/me": { methods: ["GET"] },
      }),
    );
    expect(paths).toEqual({ "/users/:id": { methods: ["GET"] }, "/users/me": { methods: ["GET"] } });
    const alone = fromManifest(
      manifest({ "/docs/**": { methods: ["GET"], protections: limit }, "/docs/:id": { methods: ["PUT"], protections: limit } }),
    );
    expect(alone.paths["/docs/**"]).toEqual({ methods: ["GET"], rateLimit: { max: 60, windowMs: 60_000 } });
  });

  test("of the largest manifest are made", () => {
    const routes = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, index) => [`/a${index}/:id/b/${index % 2 === 0 ? "**" : ":x"}`, { methods: ["GET"] }]),
    );
    expect(Object.keys(fromManifest(manifest(routes)).paths).length).toBeGreaterThan(0);
    expect(() => fromManifest(manifest({ ...routes, "/one/more": {} }))).toThrow(/at most 5000/);
  });

  test("block what no route answers, and leave what is no route alone", async () => {
    const waf = createWaf(recommended(fromManifest(manifest({ "/": { methods: ["GET"] }, "/users/:id": { methods: ["GET"] } }))));
    const ask = async (method: string, target: string): Promise<unknown> => {
      const headers = new Headers({ accept: "text/html", "user-agent": "Mozilla/5.0 (X11) Firefox/140.0", "accept-language": "en" });
      const decision = await waf.inspect({ method, target, headers, peer: "192.0.2.1" });
      return decision.action === "block" ? decision.rule : decision.request.route?.pattern;
    };
    expect(await ask("GET", "/users/7")).toBe("/users/:id");
    expect(await ask("GET", "/")).toBe("/");
    expect(await ask("DELETE", "/users/7")).toBe("methods/not-allowed");
    expect(await ask("DELETE", "/users/7/posts")).toBeUndefined();
    expect(await ask("DELETE", "/Users/7")).toBe("methods/not-allowed");
  });
});

describe("the route of a path", () => {
  const { routes } = fromManifest(
    manifest({ "/": {}, "/users/me": {}, "/users/:id": { methods: ["GET"] }, "/users/:id/posts": {}, "/docs/**": {}, "/docs/intro": {} }),
  );

  test.each([
    ["/", "/"],
    ["/users/me", "/users/me"],
    ["/users/7", "/users/:id"],
    ["/USERS/7/", "/users/:id"],
    ["/users/me/posts", "/users/:id/posts"],
    ["/docs", "/docs/**"],
    ["/docs/intro", "/docs/intro"],
    ["/docs/intro/more", "/docs/**"],
    ["/nothing", undefined],
    ["/users", undefined],
  ])("%s is %s", (path, pattern) => {
    expect(routes(path)?.pattern).toBe(pattern);
  });

  test("says its methods where they are known", () => {
    expect([routes("/users/7")?.methods, routes("/docs")?.methods]).toEqual([["GET"], undefined]);
  });

  test("is found in time that does not grow with hostile paths", () => {
    const deep = fromManifest(
      manifest(Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`/a${"/:x/a".repeat(index % 20)}/${index}`, {}]))),
    );
    // Were each piece compared with all others, this would take many minutes.
    expect(deep.routes("/a".repeat(1_000_000))).toBeUndefined();
  });
});

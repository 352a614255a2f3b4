import { describe, expect, test } from "vitest";
import { methods } from "../../src/detectors/methods.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { Decision } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";

const waf = createWaf({
  store: memoryStore(),
  detectors: [methods()],
  paths: { "/read/**": { methods: ["GET"] }, "/dav/**": { methods: ["GET", "PROPFIND"] } },
});
const send = (method: string, target = "/", fields: Record<string, string> = {}): Decision =>
  waf.inspect({ method, target, headers: new Headers(fields), peer: "192.0.2.1" }) as Decision;

describe("methods", () => {
  test("that applications answer pass", () => {
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get"])
      expect(send(method).action, method).toBe("allow");
  });

  test.each(["TRACE", "TRACK", "DEBUG", "CONNECT", "PROPFIND", "FOO", ""])("others get 405 with Allow and no ban: %s", (method) => {
    const decision = send(method);
    expect(decision).toMatchObject({
      action: "block",
      status: 405,
      rule: "methods/not-allowed",
      headers: { allow: "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS" },
    });
    expect(decision.findings[0]?.block?.banMs).toBeUndefined();
  });

  test("of a path rule replace the general list, and HEAD comes with GET", () => {
    expect(send("HEAD", "/read/x").action).toBe("allow");
    expect(send("OPTIONS", "/read/x").action).toBe("allow");
    expect(send("POST", "/read/x")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD, OPTIONS" } });
    expect(send("PROPFIND", "/dav/x").action).toBe("allow");
  });

  test("that a path allows beyond the general list are not gained by an ambiguous spelling", () => {
    expect(send("PROPFIND", "/dav/..%2fx")).toMatchObject({ status: 405 });
  });

  test("smuggled in an override header count like the real one", () => {
    for (const name of ["x-http-method-override", "x-http-method", "x-method-override"]) {
      expect(send("POST", "/", { [name]: "trace" })).toMatchObject({ status: 405, rule: "methods/override" });
      expect(send("POST", "/", { [name]: "PATCH" }).action).toBe("allow");
    }
  });
});

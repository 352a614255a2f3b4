import { expect, test } from "vitest";
import { internals } from "../../src/detectors/internals.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { Decision } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";

const waf = createWaf({ store: memoryStore(), detectors: [internals()] });
const send = (fields: Record<string, string>): Decision =>
  waf.inspect({ method: "GET", target: "/", headers: new Headers(fields), peer: "192.0.2.1" }) as Decision;

test.each([
  "x-middleware-subrequest",
  "X-Middleware-Subrequest",
  "x-middleware-rewrite",
  "x-middleware-next",
  "x-middleware-override-headers",
  "x-middleware-request-authorization",
  "x-invoke-path",
  "x-invoke-query",
  "x-nitro-prerender",
])("a framework's own header from outside is refused: %s", (name) => {
  expect(send({ [name]: "1" })).toMatchObject({ action: "block", status: 403, rule: "internals/header" });
});

test.each([
  "x-middleware-prefetch",
  "x-middleware-cache",
  "x-nextjs-data",
  "next-router-prefetch",
  "next-action",
  "rsc",
  "x-sveltekit-action",
  "x-requested-with",
  "x-forwarded-for",
  "x-matched-path",
])("what browsers, clients and platforms send passes: %s", (name) => {
  expect(send({ [name]: "1" }).action).toBe("allow");
});

test("a server's request to itself passes by the number it made up, and by nothing else", () => {
  const key = Symbol.for("@next/middleware-subrequest-id");
  const shared = globalThis as { [key]?: string };
  const fields = { "x-middleware-subrequest": "middleware", "x-middleware-subrequest-id": "0123456789abcdef" };
  expect(send(fields).action).toBe("block");
  shared[key] = "0123456789abcdef";
  try {
    expect(send(fields).action).toBe("allow");
    expect(send({ ...fields, "x-middleware-subrequest-id": "0" }).action).toBe("block");
  } finally {
    delete shared[key];
  }
});

import { expect, test } from "vitest";
import { content } from "../../src/detectors/content.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { createWaf } from "../../src/waf.ts";

const raw = (target: string, body?: string) => ({
  method: body === undefined ? "GET" : "POST",
  target,
  headers: new Headers({
    host: "www.example.com",
    ...(body === undefined ? {} : { "content-type": "application/json", "content-length": String(body.length) }),
  }),
  peer: "192.0.2.7",
  ...(body === undefined ? {} : { readBody: () => ({ bytes: new TextEncoder().encode(body), complete: true }) }),
});

test("a firewall with content inspection blocks in the same tick, in the head and in the body, and lets honest requests pass", () => {
  const waf = createWaf({ detectors: [...content()], store: memoryStore() });
  const decide = (target: string, body?: string) => waf.inspect(raw(target, body));
  expect(decide("/?q=%27%20or%201%3D1--")).toMatchObject({ action: "block", status: 403 });
  expect(decide("/comments", '{"text":"<img src=x onerror=alert(1)>"}')).toMatchObject({ action: "block" });
  expect(decide("/?q=O%27Brien%20and%20sons")).toMatchObject({ action: "allow", score: 0 });
  expect(decide("/comments", '{"text":"I\'d say it is 5 < 6 & that\'s it; select one or drop by"}')).toMatchObject({ action: "allow" });
});

test("a path that skips content inspection, or one of its rules, is not inspected for it", () => {
  const waf = createWaf({ detectors: [...content()], store: memoryStore(), paths: { "/sql/**": { skip: ["content"] } } });
  expect(waf.inspect(raw("/sql/console?q=1%20or%201%3D1"))).toMatchObject({ action: "allow" });
  expect(waf.inspect(raw("/other?q=1%20or%201%3D1"))).toMatchObject({ action: "block" });
});

test("an unknown preset is refused at start", () => {
  expect(() => content({ preset: "paranoid" as never })).toThrow(/preset/);
});

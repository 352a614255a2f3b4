import { BROWSER, blocked, testExample } from "example-suite";
import { expect, test } from "vitest";

const example = testExample({
  testFile: import.meta.url,
  args: [".output/server/index.mjs"],
  env: (port) => ({ NITRO_PORT: port, NITRO_HOST: "127.0.0.1" }),
  logs: false,
});

test("a visitor reads the page, signs it and finds the entry", async () => {
  const body = new URLSearchParams({ text: "Bread & <butter>" });
  const headers = { ...BROWSER, origin: example.origin };
  const signed = await fetch(`${example.origin}/entries`, { method: "POST", headers, body, redirect: "manual" });
  expect(signed.status).toBe(303);
  const page = await fetch(example.origin, { headers: BROWSER });
  expect(await page.text()).toMatch(/Bread &amp; &lt;butter(?:&gt;|>)/);
});

test("an attack in a form or in JSON reaches no handler", async () => {
  const text = "x' UNION SELECT password FROM users--";
  await blocked(example, "/entries", { method: "POST", headers: BROWSER, body: new URLSearchParams({ text }) });
  const headers = { ...BROWSER, "content-type": "application/json" };
  await blocked(example, "/entries", { method: "POST", headers, body: JSON.stringify({ text }) });
  expect(await (await fetch(example.origin, { headers: BROWSER })).text()).not.toContain("UNION");
});

test("a page's payload is inspected like the page", async () => {
  const honest = await fetch(`${example.origin}/about/_payload.json?1a2b3c`, { headers: BROWSER });
  expect(honest.headers.get("x-aiwaf-id")).toBeNull();
  await blocked(example, "/_payload.json?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E", { headers: BROWSER });
});

test("the properties of an island are inspected value by value", async () => {
  const island = (props: object): string => `/__nuxt_island/Entry_x.json?props=${encodeURIComponent(JSON.stringify(props))}`;
  const honest = await fetch(`${example.origin}${island({ name: "O'Brien", size: 2 })}`, { headers: BROWSER });
  expect(honest.headers.get("x-aiwaf-id")).toBeNull();
  await blocked(example, island({ name: "<img src=x onerror=alert(1)>" }), { headers: BROWSER });
});

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: ChildProcess;
let origin = "";
let output = "";

beforeAll(async () => {
  server = spawn(process.execPath, [new URL("../server.ts", import.meta.url).pathname], { env: { ...process.env, PORT: "0" } });
  server.stdout?.on("data", (text) => {
    output += text;
  });
  server.stderr?.on("data", (text) => {
    output += text;
  });
  while (origin === "" && server.exitCode === null) {
    origin = /listening on (\S+)/.exec(output)?.[1] ?? "";
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (origin === "") throw new Error(`the example did not start: ${output}`);
});

afterAll(async () => {
  const ended = once(server, "exit");
  server.kill();
  await ended;
});

const browser = {
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  accept: "text/html,*/*;q=0.8",
  "accept-language": "en",
};

test("a visitor reads the page, signs it and finds the entry", async () => {
  const signed = await fetch(`${origin}/entries`, {
    method: "POST",
    headers: browser,
    body: new URLSearchParams({ text: "Bread & <butter>" }),
  });
  expect(signed.status).toBe(200);
  expect(await signed.text()).toContain("Bread &#38; &#60;butter&#62;");
});

test("a program reads the API and its decision", async () => {
  const response = await fetch(`${origin}/api/entries`, { headers: { accept: "application/json", "user-agent": "example-sdk/1.0" } });
  expect(await response.json()).toMatchObject({
    entries: expect.arrayContaining(["Nice shop!"]),
    decision: expect.stringMatching(/^\w+$/),
  });
});

test("an upload arrives whole", async () => {
  const response = await fetch(`${origin}/files/photo.jpg`, { method: "PUT", headers: browser, body: new Uint8Array(2_000_000) });
  expect([response.status, await response.json()]).toEqual([201, { name: "photo.jpg", bytes: 2_000_000 }]);
});

test("a probe is refused with an id that leads to the log", async () => {
  const response = await fetch(`${origin}/.env`, { headers: browser });
  expect(response.status).toBe(403);
  const id = response.headers.get("x-aiwaf-id");
  expect(await response.text()).toContain(String(id));
  await expect.poll(() => output).toContain(`blocked GET /.env: probes/dotfile (${id})`);
});

test("a method that a route does not have is refused", async () => {
  const response = await fetch(`${origin}/files/photo.jpg`, { method: "DELETE", headers: browser });
  expect([response.status, response.headers.get("allow")]).toEqual([405, "PUT, OPTIONS"]);
});

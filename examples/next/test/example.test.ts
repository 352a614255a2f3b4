import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: ChildProcess;
let origin = "";
let output = "";

/** Frameworks take a port from the environment and do not tell which one "any" became. */
async function freePort(): Promise<string> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return String(port);
}

beforeAll(async () => {
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  const folder = new URL("../", import.meta.url).pathname;
  server = spawn(process.execPath, ["node_modules/next/dist/bin/next", "start"], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: "production", PORT: port, HOSTNAME: "127.0.0.1" },
  });
  server.stdout?.on("data", (text) => {
    output += text;
  });
  server.stderr?.on("data", (text) => {
    output += text;
  });
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await fetch(`${origin}/about`, { headers: browser }).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the example did not start: ${output}`);
});

afterAll(async () => {
  const ended = once(server, "exit");
  server.kill("SIGKILL");
  await ended;
});

const browser = {
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  accept: "text/html,*/*;q=0.8",
  "accept-language": "en",
};

test("a visitor reads the page, signs it and finds the entry", async () => {
  const page = await (await fetch(origin, { headers: browser })).text();
  // Without JavaScript, a form names its Server Action in a hidden field.
  const action = /name="(\$ACTION_ID_[0-9a-f]+)"/.exec(page)?.[1] ?? "";
  const body = new FormData();
  body.set(action, "");
  body.set("text", "Bread & <butter>");
  const signed = await fetch(origin, { method: "POST", headers: { ...browser, origin }, body });
  expect(signed.status).toBe(200);
  expect(await signed.text()).toContain("Bread &amp; &lt;butter&gt;");
});

test("a program reads the API and its decision", async () => {
  const response = await fetch(`${origin}/api/entries`, { headers: { accept: "application/json", "user-agent": "example-sdk/1.0" } });
  expect(await response.json()).toMatchObject({
    entries: expect.arrayContaining(["Nice shop!"]),
    decision: expect.stringMatching(/^\w+$/),
  });
});

test("an upload arrives whole", async () => {
  const response = await fetch(`${origin}/files/photo.jpg`, {
    method: "PUT",
    headers: { ...browser, "content-type": "image/jpeg" },
    body: new Uint8Array(2_000_000),
  });
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

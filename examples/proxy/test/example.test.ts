import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: ChildProcess;
let output = "";
let site = "";
let operators = "";
let token = "";

beforeAll(async () => {
  const env = { ...process.env, PORT: "0", CONTROL_PORT: "0" };
  server = spawn(process.execPath, [new URL("../server.ts", import.meta.url).pathname], { env });
  const keep = (text: Buffer): void => {
    output += text;
  };
  server.stdout?.on("data", keep);
  server.stderr?.on("data", keep);
  while (token === "" && server.exitCode === null) {
    site = /listening on (\S+)/.exec(output)?.[1] ?? "";
    [, operators = "", token = ""] = /for operators (\S+) token (\S+)/.exec(output) ?? [];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (token === "") throw new Error(`the example did not start: ${output}`);
});

afterAll(async () => {
  if (server.exitCode !== null) return;
  const ended = once(server, "exit");
  server.kill("SIGKILL");
  await ended;
});

const browser = {
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  accept: "*/*",
  "accept-language": "en",
};

test("a visitor reaches the application, and an attacker does not", async () => {
  expect(await (await fetch(`${site}/hello`, { headers: browser })).text()).toBe("You asked for /hello\n");
  expect((await fetch(`${site}/.env`, { headers: browser })).status).toBe(403);
});

test("the operator sees why, and nobody else does", async () => {
  const headers = { authorization: `Bearer ${token}` };
  const blocks = await (await fetch(`${operators}/history?action=block`, { headers })).json();
  expect(blocks).toMatchObject([{ url: "/.env", rule: "probes/dotfile" }]);
  expect((await fetch(`${operators}/history`)).status).toBe(401);
});

test("it ends when it is asked to", async () => {
  const ended = once(server, "exit");
  server.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});

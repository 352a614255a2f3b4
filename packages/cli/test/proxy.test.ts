import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const bin = fileURLToPath(new URL("../bin/aiwaf.mjs", import.meta.url));
let upstream: Server;
const children: ChildProcess[] = [];

beforeAll(async () => {
  upstream = createServer((request, response) => response.end(`upstream ${request.url}`));
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
});

const origin = (): string => `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;

/** Runs until `isEnough` is printed, or the command ends. */
async function run(
  args: readonly string[],
  env: Record<string, string>,
  isEnough: RegExp,
): Promise<{ child: ChildProcess; output: string }> {
  const child = spawn(process.execPath, [bin, "proxy", ...args], { env: { PATH: process.env["PATH"], ...env } });
  children.push(child);
  let output = "";
  const ended = once(child, "exit");
  const printed = new Promise<void>((resolve) => {
    const keep = (text: Buffer): void => {
      output += text;
      if (isEnough.test(output)) resolve();
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
  });
  await Promise.race([printed, ended]);
  return { child, output };
}

const browser = {
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  accept: "*/*",
  "accept-language": "en",
};

describe("aiwaf proxy", () => {
  it("opens a console with a token for the first login, and none when told so (S5-017)", async () => {
    const args = ["--upstream", origin(), "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"];
    const { child, output } = await run(args, {}, /Token[^\n]*\n/);
    const [, pages = ""] = /Console: (\S+)/.exec(output) ?? [];
    const [, token = ""] = /First login[^\n]*: (\S+)/.exec(output) ?? [];
    expect(await (await fetch(`${pages}api/session`)).json()).toMatchObject({ authenticated: false, needsToken: true });
    const entered = await fetch(`${pages}api/login`, {
      method: "POST",
      body: JSON.stringify({ token }),
      headers: { "content-type": "application/json" },
    });
    expect(await entered.json()).toMatchObject({ authenticated: true, needsPassword: true, has: { switches: true } });
    child.kill("SIGKILL");
    const { output: without } = await run([...args, "--no-console"], { AIWAF_TOKEN: "a-token-of-some-length" }, /For operators[^\n]*\n/);
    expect(without).not.toMatch(/Console|First login/);
  });

  it("serves what PYWAF_UPSTREAM names, shows it to operators, and leaves when asked (S5-014, S5-015)", async () => {
    const args = ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"];
    const { child, output } = await run(args, { PYWAF_UPSTREAM: origin() }, /Token[^\n]*\n/);
    const [, site = ""] = /Listening on (\S+)/.exec(output) ?? [];
    expect(await (await fetch(`${site}/a`, { headers: browser })).text()).toBe("upstream /a");
    expect((await fetch(`${site}/.env`, { headers: browser })).status).toBe(403);
    const [, operators = ""] = /For operators: (http:\/\/[\d.:]+)/.exec(output) ?? [];
    const [, token = ""] = /Token, for this start only: (\S+)/.exec(output) ?? [];
    const history = await (await fetch(`${operators}/history?action=block`, { headers: { authorization: `Bearer ${token}` } })).json();
    expect(history).toMatchObject([{ url: "/.env", status: 403 }]);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });

  it("blocks nothing with --report", async () => {
    const { output } = await run(["--upstream", origin(), "--listen", "127.0.0.1:0", "--no-control", "--report"], {}, /Listening[^\n]*\n/);
    const [, site = ""] = /Listening on (\S+)/.exec(output) ?? [];
    expect((await fetch(`${site}/.env`, { headers: browser })).status).toBe(200);
  });

  it("has no default upstream, and says in one line what is wrong (S5-014)", async () => {
    for (const [args, message] of [
      [[], /^aiwaf: an upstream is missing; name the server behind, for example --upstream http:\/\/127\.0\.0\.1:9000\n$/],
      [["--upstream", "nonsense"], /^aiwaf: .*AIWAF_OPTION_INVALID.*origin/],
      [["--upstream", "http://127.0.0.1:9", "--listen", "nowhere:x"], /^aiwaf: --listen "nowhere:x": give HOST:PORT/],
      [["--upstream", "http://127.0.0.1:9", "--tls-cert", "a"], /go together/],
      [["--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--tls-cert", "/none", "--tls-key", "/none"], /^aiwaf: .*ENOENT/],
    ] as const) {
      const { child, output } = await run(args, {}, /never printed/);
      expect(output).toMatch(message);
      expect(child.exitCode).toBe(2);
    }
  });
});

import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const bin = fileURLToPath(new URL("../bin/aiwaf.mjs", import.meta.url));
let upstream: Server;
const children: ChildProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), "aiwaf-proxy-"));
/** Responses that were asked for at `/slow`, to be ended by the test. */
const held: ServerResponse[] = [];

beforeAll(async () => {
  upstream = createServer((request, response) => {
    if (request.url === "/slow") held.push(response);
    else response.end(`upstream ${request.url}`);
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const origin = (): string => `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;

/** Runs until `isEnough` is printed, or the command ends. */
async function run(
  args: readonly string[],
  env: Record<string, string>,
  isEnough: RegExp,
  flags: readonly string[] = [],
): Promise<{ child: ChildProcess; output: string }> {
  const child = spawn(process.execPath, [...flags, bin, "proxy", ...args], { cwd: folder, env: { PATH: process.env["PATH"], ...env } });
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

/** Whether nobody listens there any more. */
const isRefused = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", () => resolve(true));
  });

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

  it("serves with several processes, shows what all of them decide, and lets each end what it has under way", {
    timeout: 120_000,
  }, async () => {
    const args = [
      "--upstream",
      origin(),
      "--listen",
      "127.0.0.1:0",
      "--control",
      "127.0.0.1:0",
      "--workers",
      "2",
      "--sqlite",
      "workers.db",
    ];
    const { child, output } = await run(args, {}, /Token[^\n]*\n/);
    const [, site = ""] = /Listening on (\S+)/.exec(output) ?? [];
    const [, operators = ""] = /For operators: (http:\/\/[\d.:]+)/.exec(output) ?? [];
    const [, token = ""] = /Token, for this start only: (\S+)/.exec(output) ?? [];
    const paths = ["/a?token=hunter2", "/b", "/c", "/d", "/e", "/.env"];
    // A connection each: the processes take turns.
    for (const path of paths) await (await fetch(`${site}${path}`, { headers: { ...browser, connection: "close" } })).text();
    const ask = async (path: string): Promise<unknown> =>
      (await fetch(`${operators}${path}`, { headers: { authorization: `Bearer ${token}` } })).json();
    const isWhole = (found: unknown): boolean => (found as readonly unknown[]).length >= paths.length;
    let found = await ask("/history");
    for (; !isWhole(found); found = await ask("/history")) await new Promise((resolve) => setTimeout(resolve, 20));
    expect((found as readonly { readonly url: string }[]).map(({ url }) => url).sort()).toEqual(
      ["/a?token=[redacted]", ...paths.slice(1)].sort(),
    );
    expect(await ask("/history?action=block")).toMatchObject([{ url: "/.env", status: 403, client: "127.0.0.1" }]);
    expect(await ask("/status")).toMatchObject({ status: "up", upstreams: [{ origin: origin(), isResting: false }] });

    const slow = fetch(`${site}/slow`, { headers: browser });
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    // No more connections are taken; the response that is under way is waited for.
    while (!(await isRefused(Number(new URL(site).port)))) await new Promise((resolve) => setTimeout(resolve, 20));
    held.pop()?.end("at last");
    expect(await (await slow).text()).toBe("at last");
    expect(await ended).toEqual([0, null]);
  });

  it("goes by the configuration of its folder or of AIWAF_CONFIG: the firewall's options, or the proxy's with them", async () => {
    const args = ["--listen", "127.0.0.1:0", "--no-control"];
    const statusWith = async (more: readonly string[], env: Record<string, string>): Promise<{ output: string; status: number }> => {
      const { child, output } = await run([...args, ...more], env, /Listening[^\n]*\n/);
      const [, site = ""] = /Listening on (\S+)/.exec(output) ?? [];
      const path = env["AIWAF_RATE_MAX"] === undefined ? "/.env" : "/a";
      if (path === "/a") expect((await fetch(`${site}/a`, { headers: browser })).status).toBe(200);
      const { status } = await fetch(`${site}${path}`, { headers: browser });
      child.kill("SIGKILL");
      return { output, status };
    };
    const whole = join(folder, "whole.json");
    writeFileSync(whole, JSON.stringify({ upstream: origin(), firewall: { mode: "report" }, console: { readOnly: true } }));
    const limited = join(folder, "limited.json");
    writeFileSync(limited, JSON.stringify({ upstream: origin(), firewall: { rateLimit: { windowMs: 3_600_000 } } }));
    writeFileSync(join(folder, "aiwaf.config.json"), JSON.stringify({ mode: "report" }));
    try {
      const found = await statusWith(["--upstream", origin()], {});
      expect(found).toMatchObject({ status: 200, output: expect.stringContaining("Configuration: aiwaf.config.json\n") });
      expect(await statusWith([], { AIWAF_CONFIG: whole })).toMatchObject({
        status: 200,
        output: expect.stringContaining(`Configuration: ${whole}`),
      });
      const over = await statusWith([], { AIWAF_CONFIG: limited, AIWAF_RATE_MAX: "1" });
      expect(over).toMatchObject({ status: 429, output: expect.stringContaining(`${limited}, AIWAF_RATE_MAX`) });
      const named = await statusWith(["--config", whole], {});
      expect(named.status).toBe(200);
      expect(named.output).not.toContain("Configuration");
    } finally {
      rmSync(join(folder, "aiwaf.config.json"));
    }
  });

  describe("begins itself again with a smaller young heap", { timeout: 120_000 }, () => {
    const args = ["--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--no-control"];
    const size = "--max-semi-space-size=8";
    /** What the process that serves was started with, as a configuration sees it: how often it was read, and whose process it is. */
    const config = join(folder, "started.mjs");
    const startedWith = (output: string): readonly unknown[] =>
      output
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line));
    beforeAll(() => {
      writeFileSync(
        config,
        `process.stderr.write(JSON.stringify({ pid: process.pid, argv: process.execArgv, mark: process.env.AIWAF_BEGUN_AGAIN ?? null }) + "\\n");
         export default { firewall: { mode: "report" } };`,
      );
    });

    it("in the process that was started, once, with nothing said about it, and ends as it is asked to", async () => {
      const { child, output } = await run([...args, "--config", config], {}, /Listening[^\n]*\n/);
      expect(startedWith(output)).toEqual([{ pid: child.pid, argv: [size], mark: null }]);
      expect(output.replace(/^\{.*\}$/gm, "")).toMatch(/^\s*Listening on \S+\s*$/);
      for (const signal of ["SIGHUP", "SIGINT"] as const) child.kill(signal);
      expect(await once(child, "exit")).toEqual([0, null]);
    });

    it("not where somebody has said a size, where the flag is lost on the way, or for workers, who are started with it", async () => {
      for (const [flags, env, said] of [
        [[], { NODE_OPTIONS: "--max-semi-space-size=32" }, []],
        [["--max_semi_space_size=16"], {}, ["--max_semi_space_size=16"]],
        [[], { AIWAF_BEGUN_AGAIN: "1" }, []],
      ] as const) {
        const { child, output } = await run([...args, "--config", config], env, /Listening[^\n]*\n/, flags);
        expect(startedWith(output)).toEqual([{ pid: child.pid, argv: said, mark: null }]);
        child.kill("SIGKILL");
      }
      const ofWorkers = ["--config", config, "--workers", "1", "--sqlite", "lean.db"];
      const { child, output } = await run([...args, ...ofWorkers], {}, /Listening[^\n]*\n/);
      expect(startedWith(output)).toMatchObject([{ pid: child.pid, argv: [] }, { argv: [size] }]);
      child.kill("SIGTERM");
      expect(await once(child, "exit")).toEqual([0, null]);
    });

    it("not where a program listens to it through a channel, which stays open", async () => {
      const env = { PATH: process.env["PATH"] };
      const child = fork(bin, ["proxy", ...args, "--config", config], { env, execArgv: [], stdio: ["ignore", "pipe", "pipe", "ipc"] });
      children.push(child);
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text: Buffer) => (output += text));
      while (!output.includes("Listening")) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(startedWith(output)).toEqual([{ pid: child.pid, argv: [], mark: null }]);
      expect(child.connected).toBe(true);
      child.kill("SIGKILL");
    });
  });

  it("has no default upstream, and says in one line what is wrong (S5-014)", async () => {
    for (const [args, message] of [
      [[], /^aiwaf: an upstream is missing; name the server behind, for example --upstream http:\/\/127\.0\.0\.1:9000\n$/],
      [["--upstream", "nonsense"], /^aiwaf: .*AIWAF_OPTION_INVALID.*origin/],
      [["--upstream", "http://127.0.0.1:9", "--listen", "nowhere:x"], /^aiwaf: --listen "nowhere:x": give HOST:PORT/],
      [["--upstream", "http://127.0.0.1:9", "--tls-cert", "a"], /go together/],
      [["--upstream", "http://127.0.0.1:9", "--workers", "0"], /^aiwaf: --workers "0": must be a whole number from 1 to 256\n$/],
      [["--upstream", "http://127.0.0.1:9", "--workers", "2"], /^aiwaf: --workers 2 needs a store that processes share/],
      [["--upstream", "http://127.0.0.1:9", "--sqlite", "/none/a.db"], /^aiwaf: --sqlite \/none\/a\.db: /],
      [["--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--tls-cert", "/none", "--tls-key", "/none"], /^aiwaf: .*ENOENT/],
    ] as const) {
      const { child, output } = await run(args, {}, /never printed/);
      expect(output).toMatch(message);
      expect(child.exitCode).toBe(2);
    }
  });
});

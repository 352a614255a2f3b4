/**
 * What every framework's example must show, on the built and started application. Each example's own test adds its forms and payloads.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

export const BROWSER = {
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  accept: "text/html,*/*;q=0.8",
  "accept-language": "en",
} as const;

/** An example that is being tested. */
export interface Example {
  /** Where it listens; empty until it was started. */
  origin: string;
  /** What it printed so far. */
  output: string;
}

/** How an example is started, as its README says. */
export interface ExampleStart {
  /** The file in `test` that calls. */
  readonly testFile: string;
  readonly args: readonly string[];
  readonly env: (port: string, origin: string) => Readonly<Record<string, string>>;
  /** The example prints a line for each block. */
  readonly logs: boolean;
}

/** Starts the example before the tests of the calling file, ends it after them, and registers the tests that all examples share. */
export function testExample({ testFile, args, env, logs }: ExampleStart): Example {
  const example: Example = { origin: "", output: "" };
  let server: ChildProcess;

  beforeAll(async () => {
    const port = await freePort();
    example.origin = `http://127.0.0.1:${port}`;
    server = spawn(process.execPath, args, {
      cwd: fileURLToPath(new URL("../", testFile)),
      env: { ...process.env, NODE_ENV: "production", ...env(port, example.origin) },
    });
    for (const stream of [server.stdout, server.stderr]) stream?.on("data", (text: Buffer) => (example.output += text));
    while (server.exitCode === null) {
      const answer = await fetch(`${example.origin}/about`, { headers: BROWSER }).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`the example did not start: ${example.output}`);
  });

  afterAll(async () => {
    if (server?.exitCode !== null) return;
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
  });

  test("a program reads the API and its decision", async () => {
    const headers = { accept: "application/json", "user-agent": "example-sdk/1.0" };
    const response = await fetch(`${example.origin}/api/entries`, { headers });
    expect(await response.json()).toMatchObject({
      entries: expect.arrayContaining(["Nice shop!"]),
      decision: expect.stringMatching(/^\w+$/),
    });
  });

  test("an upload arrives whole", async () => {
    const response = await fetch(`${example.origin}/files/photo.jpg`, {
      method: "PUT",
      headers: { ...BROWSER, "content-type": "image/jpeg" },
      body: new Uint8Array(2_000_000),
    });
    expect([response.status, await response.json()]).toEqual([201, { name: "photo.jpg", bytes: 2_000_000 }]);
  });

  test(`a probe is refused with an id${logs ? " that leads to the log" : ""}`, async () => {
    const response = await fetch(`${example.origin}/.env`, { headers: BROWSER });
    expect(response.status).toBe(403);
    const id = response.headers.get("x-aiwaf-id");
    expect(await response.text()).toContain(String(id));
    if (logs)
      await expect.poll(() => example.output, { timeout: 60_000 }).toMatch(new RegExp(`blocked GET /.env: probes/dotfile .*\\(${id}\\)`));
  });

  test("a method that a route does not have is refused", async () => {
    const response = await fetch(`${example.origin}/files/photo.jpg`, { method: "DELETE", headers: BROWSER });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "PUT, OPTIONS"]);
  });

  return example;
}

/** A request that must be blocked: its id. */
export async function blocked(example: Example, path: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(`${example.origin}${path}`, { redirect: "manual", ...init });
  await response.arrayBuffer();
  const id = response.headers.get("x-aiwaf-id");
  expect([response.status, id]).toEqual([403, expect.any(String)]);
  return String(id);
}

/** The rule and the place that the example logged for a block. */
export async function loggedFor(example: Example, id: string): Promise<string> {
  const line = new RegExp(`: (.+) \\(${id}\\)`);
  await expect.poll(() => example.output, { timeout: 60_000 }).toMatch(line);
  return line.exec(example.output)?.[1] ?? "";
}

/** Frameworks take a port from the environment and do not tell which one "any" became. */
export async function freePort(): Promise<string> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return String(port);
}

/** Registers the test of an example that shows the console to whoever has the cookie `admin=TOKEN`, beside all that it showed without it. */
export function testConsole(example: Example, token: string): void {
  test("the console comes whole for operators, and for nobody else", async () => {
    const ask = (path: string, cookie?: string): Promise<Response> =>
      fetch(`${example.origin}/aiwaf${path}`, { headers: { ...BROWSER, ...(cookie !== undefined && { cookie }) }, redirect: "manual" });
    const own = `admin=${token}`;
    for (const cookie of [undefined, "admin=", `admin=${token}x`]) expect((await ask("/", cookie)).status).toBe(401);
    const led = await ask("", own);
    expect([led.status, led.headers.get("location")]).toEqual([308, "/aiwaf/"]);
    const page = await (await ask("/", own)).text();
    const script = /src="\.(\/assets\/[\w.-]+\.js)"/.exec(page)?.[1] ?? "";
    const code = await ask(script, own);
    expect([code.status, code.headers.get("content-type")]).toEqual([200, "text/javascript; charset=utf-8"]);
    // As script, and not as bytes that somebody packed and nobody unpacks.
    expect((await code.text()).slice(0, 2_000)).toMatch(/^[\x09-\x7e]+$/);
    await blocked(example, "/?q=x%27%20UNION%20SELECT%20password%20FROM%20users--", { headers: BROWSER });
    const { decisions } = (await (await ask("/api/decisions?rule=sql&path=/%3Fq", own)).json()) as {
      readonly decisions: readonly object[];
    };
    expect(decisions[0]).toMatchObject({ action: "block", url: "/?q=x%27%20UNION%20SELECT%20password%20FROM%20users--" });
    const stream = await ask("/api/events", own);
    expect(stream.headers.get("content-type")).toBe("text/event-stream");
    const first = await stream.body?.getReader().read();
    expect(new TextDecoder().decode(first?.value)).toMatch(/^retry: /);
  });
}

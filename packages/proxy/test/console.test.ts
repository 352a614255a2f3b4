import { createWaf } from "@aiwaf/core";
import { recommended } from "@aiwaf/core/recommended";
import { createDashboard } from "@aiwaf/dashboard";
import { createControl, createEvents, createProxy } from "@aiwaf/proxy";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { exchange, serve } from "./servers.ts";

const running: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of running.splice(0)) await end();
});

const FIELDS = new Headers({ host: "a", "user-agent": "Mozilla/5.0 Firefox/140.0", accept: "*/*", "accept-language": "en" });

async function start() {
  const waf = createWaf(recommended({ log: { warn() {}, error() {} } }));
  const events = createEvents(waf);
  const dashboard = createDashboard({ waf, events, auth: "token" });
  const control = createControl({ events, dashboard });
  running.push(() => control.close());
  const { port } = await control.listen(0);
  return {
    port,
    events,
    control,
    dashboard,
    decide(target: string) {
      const decision = waf.inspect({ method: "GET", target, headers: FIELDS, peer: "192.0.2.9", httpVersion: "1.1" });
      if ("then" in decision) throw new Error("a memory store does not wait");
      waf.observe(decision, { status: 200, durationMs: 1 });
    },
  };
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe("the console on the operators' port", () => {
  it("has a login of its own: the token opens no page, a session opens nothing of the token's", async () => {
    const { port, control, dashboard } = await start();
    const ask = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}${path}`, { headers, redirect: "manual" });
    expect((await ask("/")).headers.get("location")).toBe("/aiwaf/");
    expect((await ask("/aiwaf/api/decisions", { authorization: `Bearer ${control.token}` })).status).toBe(401);
    const entered = await fetch(`http://127.0.0.1:${port}/aiwaf/api/login`, {
      method: "POST",
      body: JSON.stringify({ token: await dashboard.issueToken() }),
      headers: { "content-type": "application/json" },
    });
    expect(entered.status).toBe(200);
    const cookie = (entered.headers.get("set-cookie") ?? "").split(";")[0] as string;
    for (const path of ["/events", "/history", "/status", "/score", "/decisions/x"]) expect((await ask(path, { cookie })).status).toBe(401);
    expect((await ask("/healthz")).status).toBe(200);
  });

  it("is no address of the site, and no address of the site is the console's", async () => {
    const site = await serve((request, response) => response.end(`site ${request.url} ${request.headers.cookie ?? ""}`));
    running.push(site.stop);
    const proxy = createProxy({ upstream: `http://127.0.0.1:${site.port}` });
    running.push(() => proxy.close());
    const { port } = await proxy.listen(0);
    const ask = async (path: string, cookie = ""): Promise<string> =>
      (
        await fetch(`http://127.0.0.1:${port}${path}`, { headers: { ...Object.fromEntries(FIELDS), ...(cookie !== "" && { cookie }) } })
      ).text();
    for (const path of ["/aiwaf/", "/aiwaf/api/session", "/events", "/healthz", "/score"]) expect(await ask(path)).toBe(`site ${path} `);
    // Browsers send cookies to every port of a host.
    for (const cookie of [
      "aiwaf_console=secret",
      "a=1; aiwaf_console=secret; b=2",
      "__Secure-aiwaf_console=secret; a=1",
      "a=1;aiwaf_console=secret",
    ]) {
      const seen = await ask("/x", cookie);
      expect(seen).not.toContain("secret");
      if (cookie.includes("a=1")) expect(seen).toContain("a=1");
    }
  });
});

describe("the tap", () => {
  it("tells decisions over a WebSocket to who holds the token, by filter, and goes on where it was (S5-038)", async () => {
    const { port, control, events, decide } = await start();
    const listen = (
      query = "",
    ): { readonly socket: WebSocket; readonly lines: { event: string; id?: string; data: { url?: string } }[] } => {
      const lines: { event: string; id?: string; data: { url?: string } }[] = [];
      const socket = new WebSocket(`ws://127.0.0.1:${port}/tap${query}`, { headers: { authorization: `Bearer ${control.token}` } });
      socket.on("message", (data) => {
        for (const line of String(data).split("\n").filter(Boolean)) lines.push(JSON.parse(line));
      });
      return { socket, lines };
    };
    const all = listen();
    const blocked = listen("?action=block");
    await until(() => events.counts().viewers === 2);
    decide("/one");
    decide("/.env");
    await until(() => all.lines.length === 2 && blocked.lines.length === 1);
    expect(blocked.lines[0]).toMatchObject({ event: "decision", data: { url: "/.env" } });
    all.socket.terminate();
    blocked.socket.terminate();
    await until(() => events.counts().viewers === 0);
    decide("/three");
    const resumed = listen(`?after=${all.lines[0]!.id}`);
    await until(() => resumed.lines.length === 2);
    expect(resumed.lines.map(({ data }) => data.url)).toEqual(["/.env", "/three"]);
    resumed.socket.terminate();
  });

  it("is closed without the token, to pages, and at every other address", async () => {
    const { port, control, events } = await start();
    const upgrade = (path: string, fields: string): Promise<string> =>
      exchange(
        port,
        `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${fields}\r\n`,
        { quietMs: 5_000, isEnough: (text) => text.includes("\r\n\r\n") },
      );
    const bearer = `Authorization: Bearer ${control.token}\r\n`;
    expect(await upgrade("/tap", "")).toMatch(/^HTTP\/1\.1 401/);
    expect(await upgrade("/tap", "Authorization: Bearer x\r\n")).toMatch(/^HTTP\/1\.1 401/);
    expect(await upgrade("/tap", "Cookie: aiwaf_console=x\r\n")).toMatch(/^HTTP\/1\.1 401/);
    expect(await upgrade("/tap", `${bearer}Origin: http://evil.example\r\n`)).toMatch(/^HTTP\/1\.1 403/);
    expect(await upgrade("/tap", `${bearer}Sec-Fetch-Site: cross-site\r\n`)).toMatch(/^HTTP\/1\.1 403/);
    for (const path of ["/", "/events", "/aiwaf/api/events", "/TAP", "/tap/", "/%74ap"])
      expect(await upgrade(path, bearer)).toMatch(/^HTTP\/1\.1 404/);
    expect(await upgrade("/tap?status=x", bearer)).toMatch(/^HTTP\/1\.1 400/);
    expect(await upgrade("http://evil.example/tap", bearer)).toMatch(/^HTTP\/1\.1 400/);
    expect(events.counts().viewers).toBe(0);
  });

  it("reads nothing from a listener that says much", async () => {
    const { port, control, events } = await start();
    const socket = new WebSocket(`ws://127.0.0.1:${port}/tap`, { headers: { authorization: `Bearer ${control.token}` } });
    socket.on("error", () => {});
    await until(() => socket.readyState === WebSocket.OPEN && events.counts().viewers === 1);
    socket.send("x".repeat(10_000));
    await until(() => events.counts().viewers === 0);
    socket.terminate();
  });
});

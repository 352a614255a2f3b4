import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "@aiwaf/core";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { afterEach, describe, expect, it } from "vitest";
import { createDashboard } from "../src/index.ts";
import { bodyOf, type Console, endAll, PASSWORD, send, start } from "./console.ts";

afterEach(endAll);

/** The store as another machine has it: every answer takes a turn. */
const distant = (store: Store): Store => ({
  ...store,
  increment: async (...args) => store.increment(...args),
  get: async (...args) => store.get(...args),
  set: async (...args) => store.set(...args),
  delete: async (...args) => store.delete(...args),
});

describe("the login", () => {
  const login = (console: Console, body: object, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${console.port}/aiwaf/api/login`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });

  it("takes a token once, of two at the same moment too, and none once a password is set", async () => {
    const console = await start({}, { store: distant(memoryStore()) });
    const statuses = await Promise.all(Array.from({ length: 6 }, async () => (await login(console, { token: console.token })).status));
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect((await login(console, { token: console.token })).status).toBe(401);
    const other = await start();
    await other.enter();
    expect(await other.dashboard.issueToken()).toBeUndefined();
    expect((await login(other, { token: other.token })).status).toBe(401);
  });

  it("stops guessing, from one address as from many tries at once, and lets nobody in by the way", async () => {
    const console = await start();
    await console.enter();
    const statuses = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => (await login(console, { password: `wrong password ${index}` })).status),
    );
    expect(statuses).not.toContain(200);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(10);
    const late = await login(console, { password: PASSWORD });
    expect(late.status).toBe(429);
    expect(Number(late.headers.get("retry-after"))).toBeGreaterThan(0);
    // Who is in stays in.
    expect((await console.ask("api/mode")).status).toBe(200);
    for (const forwarded of ["10.0.0.1", "10.0.0.2"])
      expect((await login(console, { password: PASSWORD }, { "x-forwarded-for": forwarded })).status).toBe(429);
  });

  it("gives every login a session of its own making: none can be planted, and the one before ends", async () => {
    const console = await start();
    await console.enter();
    const before = console.session.cookie;
    const planted = `aiwaf_console=${"p".repeat(43)}`;
    const again = await login(console, { password: PASSWORD }, { cookie: `${planted}; ${before}` });
    const cookie = again.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^aiwaf_console=[\w-]{43}; Path=\/aiwaf\/; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain("ppp");
    expect(cookie.startsWith(before)).toBe(false);
    const statusOf = async (value: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${console.port}/aiwaf/api/mode`, { headers: { cookie: value } })).status;
    expect(await statusOf(planted)).toBe(401);
    expect(await statusOf(before)).toBe(401);
    expect(await statusOf(`${planted}; ${cookie.split(";")[0]}`)).toBe(200);
  });

  it("marks the cookie for TLS alone where the browser speaks TLS", async () => {
    const console = await start({ secure: true });
    const entered = await login(console, { token: console.token });
    expect(entered.headers.get("set-cookie")).toMatch(/^__Secure-aiwaf_console=.*; HttpOnly; SameSite=Strict; Secure$/);
  });

  it("ends sessions at logout, and all others when the password changes", async () => {
    const console = await start();
    await console.enter();
    const first = { ...console.session };
    const other = await login(console, { password: PASSWORD });
    const second = other.headers.get("set-cookie")!.split(";")[0]!;
    const statusOf = async (cookie: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${console.port}/aiwaf/api/mode`, { headers: { cookie } })).status;
    expect([await statusOf(first.cookie), await statusOf(second)]).toEqual([200, 200]);
    expect((await send(console, "POST", "api/password", { password: "another password 1", current: "not this one at all" })).status).toBe(
      401,
    );
    const set = await send(console, "POST", "api/password", { password: "another password 1", current: PASSWORD });
    expect(set.status).toBe(200);
    expect([await statusOf(first.cookie), await statusOf(second)]).toEqual([401, 401]);
    console.session = { cookie: set.headers.get("set-cookie")!.split(";")[0]!, csrf: (await bodyOf<{ csrf: string }>(set)).csrf };
    const left = await send(console, "POST", "api/logout", {});
    expect(left.headers.get("set-cookie")).toMatch(/^aiwaf_console=; .*Max-Age=0$/);
    expect(await statusOf(console.session.cookie)).toBe(401);
  });

  it("ends the streams of a session with it", async () => {
    const console = await start();
    await console.enter();
    const response = await console.ask("api/events");
    expect(response.status).toBe(200);
    const ended = response.text();
    expect((await send(console, "POST", "api/logout", {})).status).toBe(200);
    console.decide("/secret");
    await ended;
    expect(console.dashboard.events.counts().viewers).toBe(0);
  });

  it("keeps twenty sessions at most, and only hashes of sessions, tokens and passwords", async () => {
    const console = await start();
    await console.enter();
    const { store } = console.waf.services;
    const keys = await store.list("console:", 1_000, Date.now());
    const texts = await Promise.all(keys.map((key) => store.get(key, Date.now())));
    const id = console.session.cookie.split("=")[1] as string;
    for (const secret of [id, console.token, PASSWORD]) expect(JSON.stringify([keys, texts])).not.toContain(secret);
    expect(texts.filter((text) => text?.startsWith('"scrypt-1:'))).toHaveLength(1);
  });

  it("keeps the password in a file for this user alone, where one is named", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aiwaf-password-"));
    const passwordFile = join(folder, "password");
    const console = await start({ auth: { passwordFile } });
    await console.enter();
    expect(statSync(passwordFile).mode & 0o777).toBe(0o600);
    const second = await start({ auth: { passwordFile } });
    expect(second.token).toBe("");
    expect((await login(second, { password: PASSWORD })).status).toBe(200);
    rmSync(folder, { recursive: true });
  });
});

describe("who is said to be there by others", () => {
  it("a header is believed of the proxy that is named, once, and of nobody else", async () => {
    const auth = { header: "x-user", proxies: ["127.0.0.0/8"], users: ["eve", "bob"], readOnlyUsers: ["bob"] };
    const console = await start({ auth });
    const as = (user: string, method = "GET", path = "api/mode", body?: object): Promise<Response> =>
      console.ask(path, {
        method,
        headers: { "x-user": user, "x-aiwaf-csrf": "same-origin" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    expect((await as("eve")).status).toBe(200);
    expect((await as("mallory")).status).toBe(401);
    expect((await as("mallory, eve")).status).toBe(401);
    expect((await console.ask("api/mode")).status).toBe(401);
    expect((await console.ask("")).status).toBe(401);
    expect((await as("bob", "PUT", "api/mode", { mode: "report" })).status).toBe(403);
    expect((await as("eve", "PUT", "api/mode", { mode: "report" })).status).toBe(200);
    expect((await console.ask("api/mode", { method: "PUT", body: '{"mode":"enforce"}', headers: { "x-user": "eve" } })).status).toBe(403);
    expect((await as("eve", "POST", "api/login", { token: "x" })).status).toBe(404);
    const open = await start({ auth: { header: "x-user", proxies: ["127.0.0.1"] } });
    expect((await open.ask("api/mode", { headers: { "x-user": "eve" } })).status).toBe(200);
    expect((await open.ask("api/mode", { headers: { "x-user": "eve, mallory" } })).status).toBe(401);
    const elsewhere = await start({ auth: { header: "x-user", proxies: ["192.0.2.0/24"] } });
    expect((await elsewhere.ask("api/mode", { headers: { "x-user": "eve", "x-forwarded-for": "192.0.2.1" } })).status).toBe(401);
    // A runtime that hides the peer cannot tell who set the field.
    const asked = new Request("http://localhost/aiwaf/api/mode", { headers: { "x-user": "eve" } });
    expect((await console.dashboard.fetch(asked)).status).toBe(401);
  });

  it("a function that fails lets nobody in", async () => {
    const console = await start({
      auth() {
        throw new Error("the database is away");
      },
    });
    expect((await console.ask("api/mode")).status).toBe(500);
    const empty = await start({ auth: () => ({ name: "" }) });
    expect((await empty.ask("api/mode")).status).toBe(401);
  });

  it("wrong options are refused at the start", async () => {
    const { waf } = await start();
    for (const wrong of [
      { auth: "password" },
      { auth: { header: "x user", proxies: ["10.0.0.1"] } },
      { auth: { header: "x-user", proxies: [] } },
      { auth: { header: "x-user", proxies: ["10.0.0.0/33"] } },
      { auth: { idleMs: 5 } },
      { prefix: "aiwaf" },
      { prefix: "/Aiwaf" },
      { prefix: "/a%2fb" },
      { prefix: "/a/../b" },
      { hosts: ["http://a"] },
      { deployment: "" },
    ])
      expect(() => createDashboard({ waf, ...(wrong as object) })).toThrow(TypeError);
  });
});

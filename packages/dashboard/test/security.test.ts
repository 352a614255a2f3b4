import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { bodyOf, type Console, endAll, PASSWORD, SQL, send, start } from "./console.ts";

afterEach(endAll);

/** Every address of the API, and the methods each answers. */
const ADDRESSES: readonly (readonly [method: string, path: string])[] = [
  ["GET", "overview"],
  ["GET", "events"],
  ["GET", "decisions"],
  ["GET", "decisions/00000000000000000000"],
  ["POST", "exceptions/preview"],
  ["GET", "exceptions"],
  ["POST", "exceptions"],
  ["DELETE", "exceptions/0000000000000000"],
  ["GET", "bans"],
  ["POST", "bans"],
  ["DELETE", "bans"],
  ["GET", "exemptions"],
  ["POST", "exemptions"],
  ["DELETE", "exemptions"],
  ["GET", "rules"],
  ["PUT", "rules/sql/union"],
  ["GET", "mode"],
  ["PUT", "mode"],
  ["GET", "models"],
  ["GET", "models/diff"],
  ["POST", "models/20260101T000000-000000000000/promote"],
  ["POST", "models/rollback"],
  ["GET", "training"],
  ["POST", "undo"],
  ["POST", "password"],
];
const isRead = (method: string): boolean => method === "GET";
const call = ({ ask }: Console, method: string, path: string, headers: Record<string, string> = {}): Promise<Response> =>
  ask(`api/${path}`, { method, headers, ...(!isRead(method) && { body: "{}" }) });

describe("without a session", () => {
  it("every address is closed, whatever credentials are made up", async () => {
    const console = await start();
    const made = [
      {},
      { cookie: "aiwaf_console=" },
      { cookie: `aiwaf_console=${"A".repeat(43)}` },
      { cookie: "aiwaf_console=../../console:password" },
      { cookie: `__Secure-aiwaf_console=${"x".repeat(4_000)}` },
      { authorization: "Bearer x", "x-aiwaf-csrf": "same-origin", "x-forwarded-user": "root", "x-forwarded-for": "127.0.0.1" },
    ];
    // Every address once without anything, and some with each of the others.
    for (const [variant, headers] of made.entries())
      for (const [method, path] of ADDRESSES.filter((_, index) => variant === 0 || index % 5 === 0))
        expect([method, path, (await call(console, method, path, headers)).status]).toEqual([method, path, 401]);
    const session = await bodyOf<Record<string, unknown>>(console.ask("api/session"));
    expect(session).toMatchObject({ authenticated: false, csrf: "", deployment: "", version: "" });
  });

  it("a console without auth answers 404 to everything, its pages too", async () => {
    const { raw } = await start({ auth: undefined } as object);
    for (const path of ["/aiwaf/", "/aiwaf/api/session", "/aiwaf/api/login", "/aiwaf/api/decisions"])
      expect(await raw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 404 /);
  });

  it("a session that must set its password first gets nothing else", async () => {
    const console = await start();
    const entered = await send(console, "POST", "api/login", { token: console.token });
    console.session = { cookie: entered.headers.get("set-cookie")!.split(";")[0]!, csrf: (await bodyOf<{ csrf: string }>(entered)).csrf };
    for (const [method, path] of ADDRESSES) if (path !== "password") expect((await call(console, method, path)).status).toBe(403);
    for (const password of ["short", "a".repeat(12), "a".repeat(201), 5, null, "with\u0000control"])
      expect((await send(console, "POST", "api/password", { password })).status).toBe(400);
    expect((await send(console, "POST", "api/password", { password: PASSWORD })).status).toBe(200);
  });
});

describe("from other sites", () => {
  it("nothing is answered to pages of another site, of another port, or of nowhere", async () => {
    const console = await start();
    await console.enter();
    const other = `http://127.0.0.1:${console.port + 1}`;
    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "same-site", origin: other },
      { origin: "http://evil.example" },
      { origin: other },
      { origin: "null" },
      { origin: `http://127.0.0.1:${console.port}.evil.example` },
      { origin: "" },
      { "sec-fetch-site": "nonsense" },
    ] as Record<string, string>[])
      for (const [method, path] of ADDRESSES.filter((_, index) => "sec-fetch-site" in headers || index % 4 === 0)) {
        if (headers["origin"] === "" && isRead(method)) continue;
        expect([headers, method, path, (await call(console, method, path, headers)).status]).toEqual([headers, method, path, 403]);
      }
    expect(
      (await console.ask("api/mode", { headers: { origin: `http://127.0.0.1:${console.port}`, "sec-fetch-site": "same-origin" } })).status,
    ).toBe(200);
  });

  it("changes need the session's own field, which no form and no other session has", async () => {
    const [console, stranger] = [await start(), await start()];
    await console.enter();
    await stranger.enter();
    for (const csrf of ["", "same-origin", stranger.session.csrf, console.session.csrf.slice(1), `${console.session.csrf}x`])
      for (const [method, path] of ADDRESSES)
        if (!isRead(method)) expect((await call(console, method, path, { "x-aiwaf-csrf": csrf })).status).toBe(403);
    expect((await call(console, "POST", "logout", { "x-aiwaf-csrf": "" })).status).toBe(403);
    // A form cannot send JSON, and a request that can asks first.
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json-patch"])
      expect((await call(console, "POST", "bans", { "content-type": type })).status).toBe(415);
    const asked = await console.raw(
      `OPTIONS /aiwaf/api/bans HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\nConnection: close\r\n\r\n`,
    );
    expect(asked).toMatch(/^HTTP\/1\.1 403 /);
    expect(asked).not.toMatch(/access-control/i);
  });

  it("a name that was pointed at this server is not answered to (DNS rebinding)", async () => {
    const console = await start({ hosts: ["waf.example"] });
    const statusOf = async (host: string): Promise<string> =>
      (await console.raw(`GET /aiwaf/api/session HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).slice(9, 12);
    for (const host of [
      "localhost",
      `localhost:${console.port}`,
      "127.0.0.1",
      "[::1]",
      "[::1]:80",
      "WAF.example",
      "waf.example:8443",
      "192.0.2.1",
    ])
      expect([host, await statusOf(host)]).toEqual([host, "200"]);
    for (const host of [
      "evil.example",
      "waf.example.evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "xwaf.example",
      "::1",
    ])
      expect([host, ["421", "400"].includes(await statusOf(host))]).toEqual([host, true]);
    for (const lines of ["", "Host: localhost\r\nHost: evil.example\r\n", "Host: localhost@evil.example\r\n", "Host: localhost/x\r\n"])
      expect(await console.raw(`GET /aiwaf/api/session HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 4/);
  });

  it("pages and answers cannot be framed, sniffed, kept or read from elsewhere, and run nothing inline", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aiwaf-pages-"));
    writeFileSync(join(folder, "index.html"), "<!doctype html>");
    const console = await start({ pages: folder });
    const [page, api] = [await console.ask(""), await console.ask("api/session")];
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(page.headers.get("content-security-policy")).not.toMatch(/unsafe|\*|https?:/);
    for (const { headers } of [page, api]) {
      expect(headers.get("content-security-policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
    }
    expect(api.headers.get("cache-control")).toBe("no-store");
    for (const path of ["..%2findex.html", "index.html/", "INDEX.HTML", ".", "index.html%00", "app/../index.html"])
      expect([
        path,
        (await console.raw(`GET /aiwaf/${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)).slice(9, 10),
      ]).toEqual([path, "4"]);
    rmSync(folder, { recursive: true });
  });
});

describe("confused paths", () => {
  it("only the one spelling of the console's path is the console; every other is the site's, and no site's path is the console's", async () => {
    const console = await start();
    await console.enter();
    const session = `Cookie: ${console.session.cookie}\r\nx-aiwaf-csrf: ${console.session.csrf}\r\n`;
    const get = (target: string): Promise<string> =>
      console.raw(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${session}Connection: close\r\n\r\n`);
    expect(await get("/aiwaf/api/mode")).toMatch(/^HTTP\/1\.1 200.*"mode":"enforce"/s);
    for (const target of [
      "/",
      "/aiwafx/api/mode",
      "/AIWAF/api/mode",
      "/%61iwaf/api/mode",
      "//aiwaf/api/mode",
      "/./aiwaf/api/mode",
      "/x/../aiwaf/api/mode",
      "/x/%2e%2e/aiwaf/api/mode",
      "/aiwaf%2fapi/mode",
      "/aiwaf;x/api/mode",
      "\\aiwaf\\api\\mode",
      "/x?/aiwaf/api/mode",
      "/x#/aiwaf/api/mode",
    ]) {
      const answer = await get(target);
      expect([target, /\r\n\r\n(?:4\r\n)?site/.test(answer) || answer.startsWith("HTTP/1.1 400")]).toEqual([target, true]);
    }
    for (const target of [
      "/aiwaf/API/mode",
      "/aiwaf//api/mode",
      "/aiwaf/./api/mode",
      "/aiwaf/x/../api/mode",
      "/aiwaf/api%2fmode",
      "/aiwaf/api/mod%65",
      "/aiwaf/api/mode/",
      "/aiwaf/api/mode%00",
      "/aiwaf/api/mode;x",
      "/aiwaf/api/constructor",
      "/aiwaf/api/__proto__",
      "/aiwaf/api/toString",
      "/aiwaf/api/rules/..%2fmode",
      "/aiwaf/..%2fapi/mode",
      "/aiwaf/..",
    ])
      expect([target, (await get(target)).slice(9, 10)]).toEqual([target, "4"]);
    expect(await get("http://localhost/aiwaf/api/mode")).not.toContain('"mode"');
    expect(await get("http://evil.example/aiwaf/api/mode")).not.toContain('"mode"');
  });

  it("a method is what the request line says, whatever fields and queries override elsewhere", async () => {
    const console = await start();
    await console.enter();
    const before = await bodyOf<{ mode: string }>(console.ask("api/mode"));
    for (const [query, headers] of [
      ["?_method=PUT", {}],
      ["", { "x-http-method-override": "PUT" }],
      ["", { "x-http-method": "PUT", "x-method-override": "PUT" }],
    ] as const) {
      expect((await console.ask(`api/mode${query}`, { headers })).status).toBe(200);
      expect((await send(console, "POST", `api/mode${query}`, { mode: "report" }, headers)).status).toBe(405);
    }
    for (const method of ["TRACE", "CONNECT", "HEAD", "PATCH", "get", "PROPFIND"])
      expect([
        method,
        (await console.raw(`${method} /aiwaf/api/mode HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)).startsWith("HTTP/1.1 2"),
      ]).toEqual([method, false]);
    expect(await bodyOf(console.ask("api/mode"))).toMatchObject({ mode: before.mode });
  });
});

describe("hostile bodies", () => {
  it("are answered 4xx, and change nothing", async () => {
    const console = await start();
    await console.enter();
    const deep = `${'{"a":'.repeat(50)}1${"}".repeat(50)}`;
    const bodies = [
      "",
      "{",
      "[]",
      "null",
      "5",
      '"x"',
      deep,
      '{"client":{"toString":"x"},"lengthMs":60000}',
      '{"client":["192.0.2.1"],"lengthMs":60000}',
      '{"client":"192.0.2.1","lengthMs":1e308}',
      '{"client":"192.0.2.1","lengthMs":-1}',
      '{"client":"192.0.2.1","lengthMs":"60000"}',
      '{"client":"192.0.2.1\\r\\nx: y","lengthMs":60000}',
      '{"client":"","lengthMs":60000}',
      '{"__proto__":{"client":"192.0.2.1","lengthMs":60000}}',
      '{"constructor":{"prototype":{"client":"192.0.2.1"}}}',
      `{"client":"${"1".repeat(15_000)}","lengthMs":60000}`,
      "\u00ff\u00fe",
      '{"client":"192.0.2.1","lengthMs":60000} trailing',
    ];
    for (const body of bodies)
      expect([body.slice(0, 60), (await console.ask("api/bans", { method: "POST", body })).status]).toEqual([body.slice(0, 60), 400]);
    expect((await console.ask("api/bans", { method: "POST", body: `{"client":"${"1".repeat(20_000)}"}` })).status).toBe(413);
    const chunked = await console.raw(
      `POST /aiwaf/api/bans HTTP/1.1\r\nHost: localhost\r\nCookie: ${console.session.cookie}\r\nx-aiwaf-csrf: ${console.session.csrf}\r\n` +
        `Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${"4000\r\n".concat("x".repeat(16_384), "\r\n").repeat(8)}`,
    );
    expect(chunked).toMatch(/^HTTP\/1\.1 413/);
    expect(await bodyOf(console.ask("api/bans"))).toEqual({ bans: [], truncated: false });
    expect(({} as Record<string, unknown>)["client"]).toBeUndefined();
  });

  it("queries of any shape are refused or harmless", async () => {
    const console = await start();
    await console.enter();
    for (const query of ["from=x", "from=-1", "from=9&to=1", "from=0&to=9999999999999", "from=1e5", "limit=0&from=1.5"])
      expect([query, (await console.ask(`api/overview?${query}`)).status]).toEqual([query, 400]);
    for (const query of ["limit=0", "limit=201", "limit=x", "action=x", "status=abc", "from=never", `rule=${"x".repeat(3_000)}`])
      expect([query, (await console.ask(`api/decisions?${query}`)).status]).toEqual([query, 400]);
    for (const query of ["rate=0", "rate=5001", "rate=x", "action=all"])
      expect((await console.ask(`api/events?${query}`)).status).toBe(400);
    for (const query of ["before=x' OR 1", "rule=__proto__", "client=%00", "path=%27"])
      expect((await console.ask(`api/decisions?${query}`)).status).toBe(200);
  });

  it("nothing a client or an operator writes becomes a field of an answer or a line of the log", async () => {
    const console = await start();
    await console.enter();
    console.decide(`/x?q=${SQL}%0d%0aset-cookie:%20a=b`, { client: "192.0.2.66" });
    const reason = "a\r\nSet-Cookie: x=y";
    expect((await send(console, "POST", "api/exemptions", { list: "exempt-path", name: "/a", reason })).status).toBe(400);
    expect((await send(console, "POST", "api/exemptions", { list: "exempt-path", name: "/a\r\nb" })).status).toBe(400);
    const answers = await Promise.all(["api/decisions", "api/overview", "api/exemptions"].map((path) => console.ask(path)));
    for (const { headers } of answers) expect(headers.get("set-cookie")).toBeNull();
    expect(console.logged.join("\n")).not.toMatch(/\r|Set-Cookie/);
  });
});

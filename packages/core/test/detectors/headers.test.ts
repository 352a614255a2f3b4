import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { describe, expect, test } from "vitest";
import { headers } from "../../src/detectors/headers.ts";
import { headerQuality } from "../../src/model/header-quality.ts";
import { fromIncoming } from "../../src/node.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { Decision, HeaderProfile, HeaderReader, WafOptions } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";
import { seeded } from "../addresses-cases.ts";

const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
const PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

function inspect(
  fields: Record<string, string>,
  { profile, httpVersion = "1.1", options = {} }: { profile?: HeaderProfile; httpVersion?: string; options?: object } = {},
): Decision {
  const paths: WafOptions["paths"] = profile === undefined ? {} : { "/**": { profile } };
  const waf = createWaf({ store: memoryStore(), detectors: [headers(options)], paths });
  return waf.inspect({ method: "GET", target: "/", headers: new Headers(fields), peer: "192.0.2.1", httpVersion }) as Decision;
}
const rules = (decision: Decision): string[] => decision.findings.map(({ rule }) => rule);

describe("header quality", () => {
  const fields = { userAgent: "x", accept: "", language: "", encoding: "", connection: "", cacheControl: "" };
  test("has the worked values of the original", () => {
    const browser = { ...fields, accept: PAGE, language: "en", encoding: "gzip", connection: "keep-alive" };
    expect(headerQuality(browser)).toBe(10);
    expect(headerQuality({ ...browser, cacheControl: "no-cache" })).toBe(11);
    expect(headerQuality({ ...fields, accept: "*/*", language: "en" })).toBe(5);
    expect(headerQuality({ ...fields, accept: "application/json", encoding: "gzip" })).toBe(5);
    expect(headerQuality({ ...fields, userAgent: "" })).toBe(0);
  });
});

describe("headers", () => {
  test("of a browser page, a browser's fetch and HTTP/2 give no finding", () => {
    expect(
      rules(inspect({ "user-agent": CHROME, accept: PAGE, "accept-language": "en", "accept-encoding": "gzip", connection: "keep-alive" })),
    ).toEqual([]);
    expect(rules(inspect({ "user-agent": CHROME, accept: "*/*", "accept-language": "en", "accept-encoding": "gzip" }))).toEqual([]);
    expect(
      rules(inspect({ "user-agent": CHROME, accept: PAGE, "accept-language": "en", "accept-encoding": "gzip" }, { httpVersion: "2.0" })),
    ).toEqual([]);
  });

  test.each<readonly [who: string, fields: Record<string, string>]>([
    ["curl", { "user-agent": "curl/8.11.0", accept: "*/*" }],
    ["wget", { "user-agent": "Wget/1.25.0", accept: "*/*", "accept-encoding": "identity" }],
    [
      "python-requests",
      { "user-agent": "python-requests/2.32.3", accept: "*/*", "accept-encoding": "gzip, deflate", connection: "keep-alive" },
    ],
    ["axios", { "user-agent": "axios/1.9.0", accept: "application/json, text/plain, */*" }],
    ["okhttp", { "user-agent": "okhttp/5.0.0", "accept-encoding": "gzip", connection: "Keep-Alive" }],
    ["Go", { "user-agent": "Go-http-client/2.0", "accept-encoding": "gzip" }],
    ["Java", { "user-agent": "Java/21.0.2", accept: "text/html, image/gif, image/jpeg, */*; q=0.2", connection: "keep-alive" }],
    [
      "a webhook",
      {
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        accept: "*/*; q=0.5, application/xml",
        "content-type": "application/json",
      },
    ],
    ["a monitor", { "user-agent": "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)" }],
    ["a load balancer's check without an agent", {}],
    [
      "Googlebot",
      { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", accept: "*/*", "accept-language": "en" },
    ],
    ["a browser through a stripping proxy on HTTP/1.0", { "user-agent": CHROME, accept: "*/*" }],
  ])("of %s are far from a block", (_, fields) => {
    for (const httpVersion of ["1.0", "1.1", "2.0"]) {
      const decision = inspect(fields, { httpVersion });
      expect(decision.action).toBe("allow");
      expect(decision.score, rules(decision).join()).toBeLessThanOrEqual(60);
    }
  });

  test("of a self-named attack tool block this request and ban nobody", () => {
    for (const agent of [
      "sqlmap/1.8#stable (https://sqlmap.org)",
      "Mozilla/5.00 (Nikto/2.5.0)",
      "masscan/1.3",
      "Nuclei - Open-source project",
      "WPScan v3.8",
      "gobuster/3.6",
      "Fuzz Faster U Fool v2.1 ffuf",
    ]) {
      const decision = inspect({ "user-agent": agent, accept: "*/*" });
      expect(decision, agent).toMatchObject({ action: "block", status: 403, rule: "headers/attack-tool" });
      expect(decision.findings[0]?.block).toBeUndefined();
    }
  });

  test("match a tool's name as a word only", () => {
    for (const agent of ["Hydrant/1.0", "medusae-player/2", "MyWhatwebber", "invictious"])
      expect(inspect({ "user-agent": agent }).action, agent).toBe("allow");
  });

  test("of a browser that does not look like one add score", () => {
    expect(rules(inspect({ "user-agent": CHROME }))).toEqual(["headers/missing", "headers/no-browser-fields", "headers/low-quality"]);
    expect(rules(inspect({ "user-agent": CHROME, accept: "*/*" }))).toEqual(["headers/generic-accept"]);
    expect(rules(inspect({ "user-agent": CHROME, accept: PAGE, "accept-language": "en" }, { httpVersion: "1.0" }))).toEqual([
      "headers/modern-agent-on-http10",
    ]);
    expect(
      rules(inspect({ "user-agent": "Mozilla/4.0 (compatible; MSIE 6.0)", accept: PAGE, "accept-language": "en" }, { httpVersion: "2.0" })),
    ).toEqual(["headers/old-agent-on-http2"]);
  });

  test("are judged by the path's profile", () => {
    expect(inspect({}, { profile: "webhook" }).score).toBe(0);
    expect(inspect({}, { profile: "api" }).score).toBe(20);
    expect(inspect({}, { profile: "browser" }).score).toBe(70);
  });

  test.each<readonly [rule: string, fields: Record<string, string>]>([
    ["headers/too-many", Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, "1"]))],
    ["headers/too-large", Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`x-${index}`, "v".repeat(700)]))],
    ["headers/value-too-long", { "user-agent": "a".repeat(1025) }],
    ["headers/value-too-long", { accept: "a".repeat(4097) }],
  ])("over a size limit are answered with 400: %s", (rule, fields) => {
    expect(inspect(fields)).toMatchObject({ action: "block", status: 400, rule });
  });

  test("take required fields, quality and further tools from the options", () => {
    expect(inspect({ "user-agent": "x" }, { options: { required: [] } }).score).toBe(0);
    expect(rules(inspect({ "user-agent": CHROME }, { options: { required: [], minQuality: 0 } }))).toEqual(["headers/no-browser-fields"]);
    expect(inspect({ "user-agent": "Evil.Bot/2" }, { options: { blockedAgents: ["evil.bot"] } }).action).toBe("block");
    expect(inspect({ "user-agent": "EvilxBot/2" }, { options: { blockedAgents: ["evil.bot"] } }).action).toBe("allow");
  });

  test("of a flood of random agents do not grow the memory of agents seen", () => {
    const detector = headers();
    const waf = createWaf({ store: memoryStore(), detectors: [detector] });
    for (let index = 0; index < 10_000; index++)
      waf.inspect({ method: "GET", target: "/", headers: new Headers({ "user-agent": `agent-${index}` }), peer: "192.0.2.1" });
    expect(inspect({ "user-agent": "sqlmap/1.8" }).action).toBe("block");
  });
});

const corpus = new URL("../../../../../shared/corpora/ua/dev/", import.meta.url);
describe.skipIf(!existsSync(corpus))("the user agents of the development corpus (skipped where ../shared/corpora is absent)", () => {
  const agents = (file: string): string[] =>
    readFileSync(new URL(file, corpus), "utf8")
      .trim()
      .split("\n")
      .map((line) => {
        const record = JSON.parse(line) as Record<string, string>;
        // As it arrives: HTTP fields are bytes, and runtimes hand them over one character a byte.
        return Buffer.from(record["ua"] ?? "", "utf8").toString("latin1");
      });
  // One agent of sqlmap stands among the API clients and one of Acunetix among the grey bots of the corpus; they are no honest clients.
  test.each(["browsers_desktop", "browsers_mobile", "browsers_other_devices", "mobile_apps", "api_clients", "bots_legit", "bots_grey"])(
    "of honest clients are not blocked: %s",
    (file) => {
      const blocked = agents(`${file}.jsonl`).filter(
        (agent) => agent !== "" && !/^sqlmap|acunetix/.test(agent) && inspect({ "user-agent": agent, accept: "*/*" }).action === "block",
      );
      expect(blocked).toEqual([]);
    },
  );

  test("that belong to attack tools are blocked, four of five", () => {
    const tools = agents("attack_tools.jsonl");
    const blocked = tools.filter((agent) => inspect({ "user-agent": agent, accept: "*/*" }).action === "block");
    expect(blocked.length / tools.length, tools.filter((agent) => !blocked.includes(agent)).join("\n")).toBeGreaterThan(0.8);
  });
});

describe("a request's lines", () => {
  test("are read as Node reads fields by name, whatever their case and however often they repeat", async () => {
    const names = [
      "User-Agent",
      "user-agent",
      "uSER-aGENT",
      "Accept",
      "ACCEPT",
      "aCCept",
      "Accept-Language",
      "accept-LANGUAGE",
      "Connection",
    ];
    const values = ["sqlmap/1.9", CHROME, "Go-http-client/2.0", PAGE, "*/*", "en", "x".repeat(1_100), ""];
    const below = seeded(20_261_121);
    const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)]!;
    const waf = createWaf({ store: memoryStore(), detectors: [headers({ required: ["user-agent", "accept", "accept-language"] })] });
    const seen: [string[], string[]][] = [];
    const server = createServer((request, response) => {
      const raw = fromIncoming(request);
      const byName: HeaderReader = { get: (name) => raw.headers.get(name), [Symbol.iterator]: () => raw.headers[Symbol.iterator]() };
      seen.push([rules(waf.inspect(raw) as Decision), rules(waf.inspect({ ...raw, headers: byName }) as Decision)]);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    for (let index = 0; index < 200; index++) {
      const fields = Array.from({ length: 1 + below(6) }, () => `${pick(names)}: ${pick(values)}\r\n`);
      socket.write(`GET / HTTP/1.1\r\nHost: shop.example\r\n${fields.join("").replaceAll(/^connection: .*\r\n/gim, "")}\r\n`);
    }
    while (seen.length < 200) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    server.close();
    for (const [byLines, byName] of seen) expect(byLines).toEqual(byName);
    expect(new Set(seen.map(([found]) => found.join())).size).toBeGreaterThan(4);
  });
});

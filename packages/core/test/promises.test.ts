/**
 * Promises of the model products that concern the recommended set as a whole, each with the numbers of its rows. What a single detector promises is
 * tested beside that detector.
 */
import { describe, expect, test } from "vitest";
import { type RecommendedOptions, recommended } from "../src/recommended.ts";
import { renderBlocked } from "../src/respond.ts";
import { addEntries, removeEntries } from "../src/stored-lists.ts";
import { memoryStore } from "../src/stores/memory.ts";
import type { Blocked, Decision } from "../src/types.ts";
import { createWaf } from "../src/waf.ts";
import { fromRequest } from "../src/web.ts";

const BROWSER = {
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
  accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "accept-language": "de,en;q=0.7",
  "accept-encoding": "gzip, deflate, br",
};
const CURL = { "user-agent": "curl/8.5.0", accept: "*/*" };

function build(options: RecommendedOptions = {}) {
  let now = 1_700_000_000_000;
  const store = memoryStore();
  const waf = createWaf(recommended({ store, clock: () => now, log: { warn() {}, error() {} }, ...options }));
  const send = (target: string, headers: Record<string, string> = BROWSER, peer = "192.0.2.1", method = "GET"): Decision =>
    waf.inspect({ method, target, headers: new Headers(headers), peer }) as Decision;
  return {
    store,
    waf,
    send,
    now: () => now,
    pass: (ms: number) => {
      now += ms;
    },
    /** The same, with the response that the application gives. */
    visit(target: string, status = 200, headers: Record<string, string> = BROWSER, peer = "192.0.2.1"): Decision {
      const decision = send(target, headers, peer);
      waf.observe(decision, decision.action === "block" ? undefined : { status, durationMs: 1 });
      return decision;
    },
  };
}

describe("clients", () => {
  test("S2-014 S2-015 S2-209 S3-005 S3-017 a blocked address is stopped at once, on every path, from options and from the store", async () => {
    const { send, store, now, pass } = build({ blocklist: { block: ["198.51.100.0/24"] } });
    expect(send("/", BROWSER, "198.51.100.7")).toMatchObject({ action: "block", status: 403, rule: "blocklist/address" });
    await addEntries(store, "block", [{ name: "203.0.113.7", reason: "seen" }], now());
    expect(send("/any", BROWSER, "203.0.113.7")).toMatchObject({ action: "block", rule: "blocklist/address" });
    await removeEntries(store, "block", ["203.0.113.7"], now());
    pass(1_000);
    expect(send("/any", BROWSER, "203.0.113.7")).toMatchObject({ action: "allow" });
  });

  test("S2-224 are told apart behind a proxy that is named, and never by a header that anybody may send", () => {
    const forged = { ...BROWSER, "x-forwarded-for": "198.51.100.7" };
    expect(build().send("/", forged, "203.0.113.1").request.client.address).toBe("203.0.113.1");
    const named = build({ client: { proxies: ["10.0.0.0/8"] } });
    const through = { ...BROWSER, "x-forwarded-for": "198.51.100.7, 203.0.113.9" };
    expect(named.send("/", through, "10.0.0.1").request.client.address).toBe("203.0.113.9");
  });
});

describe("rates", () => {
  const limits = { rateLimit: { max: 5, windowMs: 10_000 } };

  test("S2-016 S2-177 S2-178 S3-018 more than the limit gets 429 and when to come back; who does not slow down is banned for a while", () => {
    const { send, pass } = build(limits);
    const answers = Array.from({ length: 11 }, () => send("/")).map((decision) => (decision.action === "block" ? decision.status : 200));
    expect(answers).toEqual([200, 200, 200, 200, 200, 429, 429, 429, 429, 429, 403]);
    expect(send("/other")).toMatchObject({ action: "block", rule: "blocklist/banned" });
    expect(send("/", BROWSER, "192.0.2.2")).toMatchObject({ action: "allow" });
    pass(300_000);
    expect(send("/")).toMatchObject({ action: "allow" });
  });

  test("S2-210 S2-217 S2-218 paths have limits of their own: stricter for login, wider for sockets, and the flood limit follows", () => {
    const { send } = build({
      ...limits,
      paths: {
        "/login": { rateLimit: { max: 2, windowMs: 60_000 } },
        "/socket.io/**": { rateLimit: { max: 100, windowMs: 10_000 }, skip: ["headers"] },
      },
    });
    for (let count = 0; count < 100; count++) expect(send("/socket.io/?x=1", CURL)).toMatchObject({ action: "allow", findings: [] });
    expect(send("/socket.io/?x=1", CURL)).toMatchObject({ status: 429 });
    expect([send("/login"), send("/login"), send("/login")].map(({ action }) => action)).toEqual(["allow", "allow", "block"]);
  });
});

describe("headers", () => {
  const found = (headers: Record<string, string>, target = "/"): string[] =>
    build()
      .send(target, headers)
      .findings.map(({ rule }) => rule);

  test("S2-031 a browser with full headers passes without a finding", () => {
    expect(found(BROWSER)).toEqual([]);
  });

  test("S2-024 S2-025 S2-026 S2-027 S2-028 tools, contradictions and poor sets of fields are found", () => {
    expect(build().send("/", { ...BROWSER, "user-agent": "sqlmap/1.8" })).toMatchObject({ action: "block" });
    expect(found({ "user-agent": "Mozilla/5.0 Chrome/120.0" }).length).toBeGreaterThan(0);
    expect(found({}).length).toBeGreaterThan(0);
  });

  test("S2-032 S2-246 curl, SDKs and monitors add score at most; none of them is blocked or banned for its name", () => {
    for (const agent of [
      "curl/8.5.0",
      "python-requests/2.32",
      "okhttp/4.12",
      "axios/1.7",
      "UptimeRobot/2.0",
      "PostmanRuntime/7.39",
      "Java/21",
    ]) {
      const { send } = build();
      for (let count = 0; count < 50; count++)
        expect(send("/api", { "user-agent": agent, accept: "*/*" }), agent).toMatchObject({ action: "allow" });
    }
  });

  test("S2-029 an ending alone makes no path static: only a path that is named so is exempt", () => {
    expect(found({}, "/api/x.css")).toEqual(found({}, "/api/x"));
    const { send } = build({ exemptions: { paths: { "/static/**": ["headers"] } } });
    expect(send("/static/x.css", {}).findings).toEqual([]);
    expect(send("/api/x.css", {}).findings).not.toEqual([]);
  });
});

describe("answers", () => {
  const blocked = (accept: string): { readonly status: number; readonly type: string; readonly body: string } => {
    const decision = build().send("/.env?<script>", { ...BROWSER, accept }) as Blocked;
    const { status, headers, body } = renderBlocked(decision);
    return { status, type: String(headers["content-type"]), body };
  };

  test("S2-175 S2-116 S2-176 a block is a 403, as JSON, HTML or text, whatever the client accepts", () => {
    expect(blocked("application/json")).toMatchObject({ status: 403, type: expect.stringContaining("json") });
    expect(blocked("text/html")).toMatchObject({ status: 403, type: expect.stringContaining("text/html") });
    for (const accept of ["application/json", "text/html", "*/*"]) {
      const { body } = blocked(accept);
      expect(body).not.toContain("script");
      expect(body).not.toContain("dotfile");
    }
  });
});

describe("the set as a whole", () => {
  test("S2-111 S2-207 S2-208 S3-102 S3-111 runs in one order: who asks, how often, what is asked, how it is asked", () => {
    const names = recommended().detectors.map(({ name }) => name);
    const order = ["blocklist", "rate-limit", "methods", "probes", "headers", "waves", "identifiers", "keywords"];
    expect(names.filter((name) => order.includes(name))).toEqual(order);
    // Subscribers, the loggers among them, hear of it when everything is over.
    const told: string[] = [];
    const { waf, visit } = build({
      detectors: [{ name: "last", phase: "head", rules: [], inspect: () => undefined, observe: () => void told.push("observed") }],
    });
    waf.subscribe(() => void told.push("told"));
    visit("/");
    expect(told).toEqual(["observed", "told"]);
  });

  test("S2-001 S2-251 decides alike about a request of any framework", async () => {
    const { waf } = build();
    const plain = waf.inspect({ method: "GET", target: "/.git/config", headers: new Headers(BROWSER), peer: "192.0.2.1" }) as Decision;
    const fetched = await waf.inspect(fromRequest(new Request("https://shop.example/.git/config", { headers: BROWSER }), "192.0.2.1"));
    expect([plain.action, plain.score]).toEqual([fetched.action, fetched.score]);
  });

  test("S2-221 S2-247 one odd request closes no other path and no office: bans need repeated certain probes", () => {
    const { visit } = build();
    expect(visit("/wp-login.php", 404)).toMatchObject({ findings: [expect.anything()] });
    expect(visit("/", 405)).toMatchObject({ action: "allow" });
    for (let user = 0; user < 20; user++) expect(visit(`/page/${user}`)).toMatchObject({ action: "allow" });
  });

  test("S2-216 S2-228 S2-230 S2-203 can watch before it blocks: report mode says what it would do, for all or for one path", () => {
    const { send } = build({ mode: "report" });
    expect(send("/.env")).toMatchObject({ action: "allow", wouldBlock: { status: 403, rule: "probes/dotfile" } });
    const { send: mixed } = build({ paths: { "/new/**": { mode: "report" } } });
    expect(mixed("/new/.env")).toMatchObject({ action: "allow", wouldBlock: { rule: "probes/dotfile" } });
    expect(mixed("/.env")).toMatchObject({ action: "block" });
  });

  test("S2-173 S2-174 path rules are compiled once: a rule changed in place has no effect, a new firewall has new rules", () => {
    const paths = { "/a": { skip: ["probes"] } };
    const { send } = build({ paths });
    paths["/a"].skip.length = 0;
    expect(send("/a").request.policy.skip).toEqual(["probes"]);
    expect(build({ paths }).send("/a").request.policy.skip).toEqual([]);
  });
});

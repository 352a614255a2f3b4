import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type RateLimitOptions, rateLimit } from "../../src/detectors/rate-limit.ts";
import { recommended } from "../../src/recommended.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { sqliteStore } from "../../src/stores/sqlite.ts";
import type { Decision, PathRule, RawRequest, Store } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";
import { range, site } from "./site.ts";

const folder = mkdtempSync(join(tmpdir(), "aiwaf-rate-limit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** Memory counts each window by itself; SQLite has `incrementWindow`. */
describe.each<readonly [name: string, createStore: () => Store]>([
  ["memory", memoryStore],
  ["SQLite", () => sqliteStore({ path: join(folder, `${files++}.db`) })],
])("the rate limit, counted in %s,", (_name, createStore) => {
  const limited = (options: RateLimitOptions, paths: Record<string, PathRule> = {}, start = 1_000_000_000_000) => {
    let now = start;
    const store = createStore();
    stores.push(store);
    const waf = createWaf({ store, detectors: [rateLimit(options)], paths, clock: () => now, log: { warn() {}, error() {} } });
    const send = (fields: Partial<RawRequest> = {}): Decision =>
      waf.inspect({ method: "GET", target: "/", headers: new Headers(), peer: "192.0.2.1", ...fields }) as Decision;
    return {
      send,
      rule: (fields?: Partial<RawRequest>) => {
        const decision = send(fields);
        return decision.action === "block" ? decision.rule : "pass";
      },
      pass: (ms: number) => {
        now += ms;
      },
    };
  };

  const stores: Store[] = [];
  afterAll(() => {
    for (const store of stores) store.close?.();
  });

  test("of 20 in 10 s with a flood limit of 40 passes 20, answers 429 to 20, then bans: the worked value of the original", () => {
    const { rule } = limited({ max: 20, windowMs: 10_000, floodMax: 40 });
    const rules = Array.from({ length: 41 }, () => rule());
    expect(rules).toEqual([...Array(20).fill("pass"), ...Array(20).fill("rate-limit/exceeded"), "rate-limit/flood"]);
  });

  test("slides: what was sent just before a window's edge still counts after it", () => {
    const { rule, pass } = limited({ max: 10, windowMs: 10_000 });
    pass(9_999);
    for (let count = 0; count < 10; count++) expect(rule()).toBe("pass");
    pass(1);
    expect(rule()).toBe("rate-limit/exceeded");
    pass(5_000);
    expect([rule(), rule(), rule(), rule()]).toEqual(["pass", "pass", "pass", "pass"]);
  });

  test("says when to come back, and is right about it", () => {
    const { send, rule, pass } = limited({ max: 10, windowMs: 10_000 });
    for (const waited of [0, 3_333, 9_999, 12_345, 20_001]) {
      pass(waited);
      let decision = send();
      while (decision.action === "allow") decision = send();
      const wait = decision.retryAfterMs as number;
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(20_000);
      pass(wait);
      expect(rule(), `after ${waited}`).toBe("pass");
    }
  });

  test("answers with the quota and the window in the fields of the IETF draft", () => {
    const { send } = limited({ max: 1, windowMs: 10_000 });
    send();
    expect(send()).toMatchObject({
      status: 429,
      headers: { "ratelimit-policy": '"default";q=1;w=10', ratelimit: expect.stringMatching(/^"default";r=0;t=\d+$/) },
    });
  });

  test("counts each client alone, and an IPv6 client by its /64", () => {
    const { rule } = limited({ max: 1, windowMs: 10_000 });
    expect([rule(), rule({ peer: "192.0.2.2" }), rule()]).toEqual(["pass", "pass", "rate-limit/exceeded"]);
    expect([rule({ peer: "2001:db8::1" }), rule({ peer: "2001:db8::2" }), rule({ peer: "2001:db8:0:1::1" })]).toEqual([
      "pass",
      "rate-limit/exceeded",
      "pass",
    ]);
    expect(rule({ peer: "::ffff:192.0.2.2" })).toBe("rate-limit/exceeded");
  });

  test("of a path is counted apart, and no spelling of the path escapes it", () => {
    const { rule } = limited({ max: 100, windowMs: 60_000 }, { "/login": { rateLimit: { max: 2, windowMs: 60_000 } } });
    expect(["/login", "/Login", "/%6cogin", "//login", "/login/", "/x/../login"].map((target) => rule({ target }))).toEqual([
      "pass",
      "pass",
      "rate-limit/exceeded",
      "rate-limit/exceeded",
      "rate-limit/flood",
      "rate-limit/flood",
    ]);
  });

  test("of several paths can share one bucket", () => {
    const shared = { rateLimit: { max: 2, windowMs: 60_000, bucket: "login" } };
    const { rule } = limited({}, { "/login": shared, "/api/login": shared });
    expect(["/login", "/api/login", "/login"].map((target) => rule({ target }))).toEqual(["pass", "pass", "rate-limit/exceeded"]);
  });

  test("of paths that share a bucket but not the length of the window is counted apart: neither starts the other's anew", () => {
    const { rule } = limited(
      { max: 100, windowMs: 60_000 },
      {
        "/a": { rateLimit: { max: 2, windowMs: 60_000, bucket: "shared" } },
        "/b": { rateLimit: { max: 2, windowMs: 10_000, bucket: "shared" } },
      },
    );
    const sent = ["/a", "/b", "/a", "/b", "/a", "/b"].map((target) => rule({ target }));
    expect(sent).toEqual(["pass", "pass", "pass", "pass", "rate-limit/exceeded", "rate-limit/exceeded"]);
  });

  test("takes a key and a cost of the user's own", () => {
    const { rule } = limited({
      max: 10,
      windowMs: 60_000,
      key: ({ headers }) => headers.get("x-account") ?? undefined,
      cost: ({ path }) => (path === "/heavy" ? 6 : path === "/free" ? 0 : 1),
    });
    const headers = (account: string) => new Headers({ "x-account": account });
    expect(rule({ target: "/heavy", headers: headers("a") })).toBe("pass");
    expect(rule({ target: "/heavy", headers: headers("a"), peer: "192.0.2.9" })).toBe("rate-limit/exceeded");
    expect(rule({ target: "/heavy", headers: headers("b") })).toBe("pass");
    for (let count = 0; count < 50; count++) expect(rule({ target: "/free", headers: headers("c") })).toBe("pass");
  });

  test("keeps keys of the user's own apart from addresses, so that naming a victim's address spends nothing of it", () => {
    const { rule } = limited({ max: 1, windowMs: 60_000, key: ({ headers }) => headers.get("x-account") ?? undefined });
    expect(rule({ headers: new Headers({ "x-account": "192.0.2.1" }) })).toBe("pass");
    expect(rule()).toBe("pass");
  });

  test("counts parts of requests", () => {
    const { rule } = limited({ max: 1, windowMs: 60_000, cost: () => 0.4 });
    expect([rule(), rule(), rule()]).toEqual(["pass", "pass", "rate-limit/exceeded"]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -5])("ignores the cost %d, which would break the count", (cost) => {
    const { rule } = limited({ max: 1, windowMs: 60_000, cost: () => cost });
    expect([rule(), rule(), rule()]).toEqual(["pass", "pass", "pass"]);
  });

  test("of all paths counts eight parts of a page as one request, exactly", () => {
    const { visit } = site([rateLimit({ max: 20, windowMs: 60_000, floodMax: 40 })], () => 200, { store: createStore() });
    const part = { headers: new Headers({ "sec-fetch-dest": "image" }) };
    expect(range(80, (index) => visit(`/a${index}.png`, part)).every((answer) => answer === 200)).toBe(true);
    expect(range(10, () => visit("/")).every((answer) => answer === 200)).toBe(true);
    expect([visit("/"), visit("/a.png", part)]).toEqual(["rate-limit/exceeded", "rate-limit/exceeded"]);
    const posted = range(21, () => visit("/orders", { ...part, method: "POST", peer: "192.0.2.77" }));
    expect(posted.at(-1)).toBe("rate-limit/exceeded");
  });

  test("of a path counts requests, whatever they say they are for", () => {
    const { visit } = site([rateLimit()], () => 200, {
      store: createStore(),
      paths: { "/login": { rateLimit: { max: 5, windowMs: 60_000 } } },
    });
    for (const [index, destination] of ["image", "script", "style", "font", "document", "empty", "nonsense"].entries())
      expect(
        range(6, () => visit("/login", { peer: `192.0.2.${index}`, headers: new Headers({ "sec-fetch-dest": destination }) })).at(-1),
        destination,
      ).toMatch(/^rate-limit/);
  });

  test("lets a school open a page of forty parts at once", () => {
    const { visit, wait } = site(recommended().detectors ?? [], () => 200, { store: createStore() });
    for (const pupil of range(40, (index) => index)) {
      const sent = (destination: string): Partial<RawRequest> => ({
        headers: new Headers({
          host: "a",
          "user-agent": `Mozilla/5.0 (pupil ${pupil})`,
          accept: "*/*",
          "sec-fetch-site": "same-origin",
          "sec-fetch-dest": destination,
        }),
      });
      expect(visit("/", sent("document"))).toBe(200);
      for (const index of range(40, (value) => value))
        expect(visit(`/assets/part-${index}.js`, sent(index % 2 === 0 ? "script" : "image"))).toBe(200);
      for (const index of range(4, (value) => value)) expect(visit(`/api/list-${index}`, sent("empty"))).toBe(200);
      wait(1_000);
    }
  });

  test("does not put all clients without an address under one limit", () => {
    const { send } = limited({ max: 1, windowMs: 60_000 });
    const hidden = (): Decision => send({ peer: undefined } as unknown as Partial<RawRequest>);
    expect([hidden().action, hidden().action, hidden().action]).toEqual(["allow", "allow", "allow"]);
  });
});

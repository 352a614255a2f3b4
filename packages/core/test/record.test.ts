import { describe, expect, test } from "vitest";
import { recordOf } from "../src/records.ts";
import { REDACTED } from "../src/redact.ts";
import type { Decision, Finding, HeaderReader } from "../src/types.ts";
import { createRandom, decisionOf, finding, type Given, policy, record } from "./record-fixtures.ts";

const url = (target: string): string => record({ target }).url;

describe("a record", () => {
  test("says what was asked, by whom, what was decided and how it ended", () => {
    const decision = decisionOf({
      target: "/shop/7?q=shoes",
      headers: { host: "shop.example", "user-agent": "test/1" },
      request: { route: { pattern: "/shop/:id", methods: undefined }, place: { country: "DE", asn: 64_500 } },
      decision: { action: "block", status: 403, rule: "test/found", score: 100, retryAfterMs: undefined, headers: undefined },
    });
    expect(recordOf(decision, { status: 403, durationMs: 4 })).toEqual({
      id: "id1",
      at: 1_700_000_000_000,
      label: "unknown",
      class: "live",
      method: "GET",
      url: "/shop/7?q=shoes",
      headers: { host: "shop.example", "user-agent": "test/1" },
      body: null,
      client: "192.0.2.7",
      action: "block",
      mode: "enforce",
      status: 403,
      rule: "test/found",
      score: 100,
      findings: [],
      failures: [],
      durationMs: 4,
      route: "/shop/:id",
      country: "DE",
      asn: 64_500,
    });
  });

  test("takes the response's status where the firewall let the request pass, and tells what enforcement would have done", () => {
    const decision = decisionOf({
      request: { policy: { ...policy, mode: "report" } },
      decision: { wouldBlock: { status: 403, rule: "test/found", retryAfterMs: undefined, headers: undefined } } as Partial<Decision>,
    });
    expect(recordOf(decision, { status: 404, durationMs: 1 })).toMatchObject({
      action: "allow",
      mode: "report",
      status: 404,
      wouldBlock: { status: 403, rule: "test/found" },
    });
    expect(recordOf(decision)).not.toHaveProperty("status");
  });

  test("tells the ban that the deciding finding asked for, and none that another did", () => {
    const block = (rule: "test/found" | "test/other", banMs?: number): Partial<Decision> =>
      ({
        action: "block",
        status: 403,
        rule: "test/found",
        findings: [{ rule, score: 100, block: { status: 403, ...(banMs !== undefined && { banMs }) } }],
      }) as Partial<Decision>;
    expect(recordOf(decisionOf({ decision: block("test/found", 300_000) })).banMs).toBe(300_000);
    expect(recordOf(decisionOf({ decision: block("test/found") }))).not.toHaveProperty("banMs");
    expect(recordOf(decisionOf({ decision: block("test/other", 300_000) }))).not.toHaveProperty("banMs");
  });

  test("keeps the sender's spelling of everything that is no secret", () => {
    for (const target of ["/a//b/%2e%2e/c?q=%27+or+1%3d1--&page=2", "/search?q=' union select 1", "/x?t=1700000000000", "*", "/?a&b=&=c"]) {
      expect(url(target)).toBe(target);
    }
  });

  test("keeps networks instead of addresses where it is told to, in forwarding fields too", () => {
    const hidden = (address: string) => {
      const headers = { "x-forwarded-for": address, "x-real-ip": address, forwarded: `for="${address}"`, via: address, host: "h" };
      return recordOf(decisionOf({ headers, request: { client: { address, key: address } } }), undefined, { client: "network" });
    };
    expect(hidden("203.0.113.77").client).toBe("203.0.113.0/24");
    expect(hidden("2001:db8:abcd:12::7").client).toBe("2001:db8:abcd::/48");
    expect(hidden("").client).toBe("");
    for (const address of ["203.0.113.77", "2001:db8:abcd:12::7"]) expect(JSON.stringify(hidden(address))).not.toContain(address);
    expect(hidden("203.0.113.77").headers["host"]).toBe("h");
  });

  test("says when one character is one byte, so that it can be replayed", () => {
    expect(record({ target: "/caf\u00e9" })).toMatchObject({ encoding: "latin-1", url: "/caf\u00e9" });
    expect(record({ target: "/cafe" })).not.toHaveProperty("encoding");
    // The second time the value is known.
    for (let time = 0; time < 2; time++) {
      expect(record({ headers: { "user-agent": "caf\u00e9" } })).toMatchObject({
        encoding: "latin-1",
        headers: { "user-agent": "caf\u00e9" },
      });
      expect(record({ headers: { "user-agent": "cafe" } })).not.toHaveProperty("encoding");
      expect(record({ headers: { "x-other": "caf\u00e9" } })).not.toHaveProperty("encoding");
    }
  });

  test("judges a referer as an address, also when another field had the same text", () => {
    const text = "https://a.example/reset/0123456789abcdefghij";
    for (let time = 0; time < 2; time++)
      expect(record({ headers: { "user-agent": text, referer: text } }).headers).toMatchObject({
        referer: "https://a.example/reset/[redacted]",
      });
  });
});

describe("a record never holds", () => {
  test.each([
    ["a value named like a secret", "/?token=hunter2hunter2&q=1", "/?token=[redacted]&q=1"],
    ["a value under a longer name", "/?userAccessToken=hunter2hunter2", "/?userAccessToken=[redacted]"],
    ["a value under an escaped name", "/?%74oken=hunter2hunter2&p%61ssword=x", "/?%74oken=[redacted]&p%61ssword=[redacted]"],
    ["a value under a twice escaped name", "/?%2574oken=hunter2hunter2", "/?%2574oken=[redacted]"],
    ["a value with what parts parameters in it", "/?password=a;b?c#d&q=1", "/?password=[redacted]&q=1"],
    ["a value of a nested parameter", "/?user[password]=x&session.id=y", "/?user[password]=[redacted]&session.id=[redacted]"],
    ["a value behind a semicolon", "/?q=1;sid=abcdef", "/?q=1;sid=[redacted]"],
    ["a session in the path", "/cart;jsessionid=abcdef;v=1/items", "/cart;jsessionid=[redacted]/items"],
    ["the token of a reset link", "/reset-password/8Hk2mQ4xT7bV1nZc", "/reset-password/[redacted]"],
    ["a password before the host", "http://user:pa@ss@shop.example/x", "http://[redacted]@shop.example/x"],
    ["a secret in an address inside", "/login?next=/cb%3Fcode%3Dabcdef", "/login?next=[redacted]"],
    ["a signed token", "/v/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "/v/[redacted]"],
    ["the number of a payment card", "/?n=4111+1111+1111+1111", "/?n=[redacted]"],
  ])("%s", (_, target, kept) => {
    expect(url(target)).toBe(kept);
  });

  test("cookies, credentials and header fields that nobody called harmless", () => {
    const { headers } = record({
      headers: {
        cookie: "sid=abc",
        authorization: "Bearer abc",
        "proxy-authorization": "Basic abc",
        "x-api-key": "abc",
        "x-acme": "abc",
        referer: "https://a.example/?token=abc&q=1",
        accept: "*/*",
      },
    });
    expect(headers).toEqual({
      cookie: REDACTED,
      authorization: REDACTED,
      "proxy-authorization": REDACTED,
      "x-api-key": REDACTED,
      "x-acme": REDACTED,
      referer: `https://a.example/?token=${REDACTED}&q=1`,
      accept: "*/*",
    });
  });

  test("credentials, also when they are asked for by name", () => {
    const decision = decisionOf({ headers: { "x-acme": "seen", cookie: "sid=abc", "x-api-key": "abc" } });
    expect(recordOf(decision, undefined, { headers: ["x-acme", "cookie", "x-api-key"] }).headers).toEqual({
      "x-acme": "seen",
      cookie: REDACTED,
      "x-api-key": REDACTED,
    });
  });

  test("what a finding saw in a body, a cookie or a secret, while places and other matches stay", () => {
    const { findings } = record({
      target: "/?q=<script>&password=letmein99",
      headers: { "user-agent": "sqlmap", "x-acme": "abcdefgh" },
      decision: {
        findings: [
          finding("query:q", "<script>"),
          finding("query:password", "letmein99"),
          finding("body:$.card.owner", "Jane Doe"),
          finding("body:' or 1=1", "' or 1=1"),
          finding("cookie:sid", "abc"),
          finding("header:user-agent", "sqlmap"),
          finding("header:x-acme", "abcdefgh"),
          finding("query:q", "<x>", "the password letmein99 was seen"),
        ],
      },
    });
    expect(findings.map(({ where, match, note }) => [where, match?.text, note])).toEqual([
      ["query:q", "<script>", undefined],
      ["query:password", REDACTED, undefined],
      ["body:$.card.owner", REDACTED, undefined],
      ["body:", REDACTED, undefined],
      ["cookie:sid", REDACTED, undefined],
      ["header:user-agent", "sqlmap", undefined],
      ["header:x-acme", REDACTED, undefined],
      ["query:q", "<x>", REDACTED],
    ]);
  });

  test("the password of a store in the message of a failure", () => {
    const failures = [{ detector: "rate-limit", kind: "error" as const, message: "connect redis://:pa55word@cache.internal:6379 failed" }];
    expect(JSON.stringify(record({ decision: { failures } }))).not.toContain("pa55word");
  });
});

describe("whatever a request is, its record", () => {
  const random = createRandom(7);
  const PIECES = [
    "%",
    "%25",
    "=",
    "&",
    ";",
    "//",
    "a:",
    "token=",
    '"',
    "\\",
    "\ud800",
    "\u0000",
    "\u2028",
    "eyJ",
    "Basic ",
    "4",
    "é",
    "漢",
    "?",
    "#",
    "a",
  ];
  const junk = (length: number): string => {
    let text = "";
    while (text.length < length) text += random.pick(PIECES);
    return text;
  };

  test("is made without a throw, in 64 KiB", () => {
    for (let run = 0; run < 100; run++) {
      const fields = Object.fromEntries(
        Array.from({ length: 80 }, (_, index) => [index % 2 === 0 ? "accept" : `x-${junk(index)}`, junk(3_000)] as const).concat([
          ["user-agent", junk(9_000)],
          ["referer", junk(9_000)],
        ]),
      );
      const given: Given = {
        target: junk(random.below(40_000)),
        headers: fields,
        request: { method: junk(500) },
        decision: {
          findings: Array.from({ length: 60 }, () => finding(`query:${junk(300)}`, junk(900), junk(900))),
          failures: Array.from({ length: 60 }, () => ({ detector: junk(300), kind: "error" as const, message: junk(900) })),
        },
      };
      const json = JSON.stringify(record(given));
      expect(new TextEncoder().encode(json).length).toBeLessThanOrEqual(65_536);
      expect(json).not.toMatch(/[\u0000-\u001f\u007f\u2028]/);
    }
  });

  test("is made of findings and headers that are not what their types say", () => {
    const wrong = { rule: 7, score: 1, where: {}, match: { text: null, decoded: "x" }, note: 3 } as unknown as Finding;
    const throwing: HeaderReader = {
      get: () => undefined,
      [Symbol.iterator]: () => {
        throw new Error("no");
      },
    };
    expect(() => record({ headers: throwing, decision: { findings: [wrong] } })).not.toThrow();
    expect(Object.keys(record({ headers: { ["__proto__x".slice(0, 9)]: "x", host: "h" } }).headers)).toEqual(["__proto__", "host"]);
  });

  test("leaves out what follows a hundred parameters, which nobody reads and judging would cost milliseconds", () => {
    const many = Array.from({ length: 150 }, (_, index) => `p${index}=${index}`);
    const { url } = record({ target: `/?${many.join("&")}` });
    expect(url).toBe(`/?${many.slice(0, 100).join("&")}&${REDACTED}`);
    expect(record({ target: `/?q=${"a:".repeat(100)}hunter2` }).url).not.toContain("hunter2");
    expect(record({ target: `/?${"a;".repeat(100)}hunter2` }).url).not.toContain("hunter2");
  });

  // A thousand records of any of these take a tenth of a second; were a part read again for each of its characters, they would take half a minute.
  test("takes time that grows with what is read of a request, not faster", () => {
    const cases = ["a:", "a=", "a", "//a", "%61", "token:", "4 ", "eyJ", "Basic ", ";a", "a%"];
    for (const piece of cases) {
      const target = `/?q=${piece.repeat(8_000 / piece.length)}`;
      const given = { target, headers: { "user-agent": target, accept: target, referer: target } };
      for (let run = 0; run < 1_000; run++) record(given);
    }
  });
});

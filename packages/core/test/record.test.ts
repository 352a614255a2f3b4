import { describe, expect, test } from "vitest";
import { type DecisionRecord, recordOf } from "../src/records.ts";
import { REDACTED } from "../src/redact.ts";
import type { Decision, Finding, HeaderReader, PathPolicy, WafRequest } from "../src/types.ts";

/** The same for the same seed: a 32-bit xorshift (Marsaglia, 2003). */
function createRandom(seed: number) {
  let state = seed | 1;
  const below = (end: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor((state >>> 0) * 2 ** -32 * end);
  };
  return { below, oneIn: (count: number) => below(count) === 0, pick: <T>(choices: readonly T[]): T => choices[below(choices.length)]! };
}

const policy: PathPolicy = {
  mode: "enforce",
  threshold: 100,
  skip: [],
  bodyLimitBytes: 65_536,
  onFailure: "allow",
  rateLimit: undefined,
  methods: undefined,
  profile: undefined,
};

interface Given {
  readonly target?: string;
  readonly headers?: HeaderReader | Record<string, string>;
  readonly request?: Partial<WafRequest>;
  readonly decision?: Partial<Decision>;
}

const lines = (fields: Record<string, string>): HeaderReader => ({
  get: (name) => fields[name],
  [Symbol.iterator]: () => Object.entries(fields)[Symbol.iterator](),
});

function decisionOf({ target = "/", headers = {}, request, decision }: Given): Decision {
  const reader = typeof (headers as HeaderReader).get === "function" ? (headers as HeaderReader) : lines(headers as Record<string, string>);
  return {
    id: "id1",
    action: "allow",
    wouldBlock: undefined,
    score: 0,
    findings: [],
    failures: [],
    request: {
      receivedAt: 1_700_000_000_000,
      method: "GET",
      target,
      path: "/",
      query: "",
      canonical: true,
      httpVersion: "1.1",
      headers: reader,
      client: { address: "192.0.2.7", key: "192.0.2.7" },
      route: undefined,
      policy,
      body: undefined,
      ...request,
    },
    ...decision,
  } as Decision;
}

const record = (given: Given): DecisionRecord => recordOf(decisionOf(given));
const url = (target: string): string => record({ target }).url;
const finding = (where: string, text: string, note?: string): Finding => ({
  rule: "test/found",
  score: 10,
  where,
  match: { text, start: 0, end: text.length, decoded: [] },
  ...(note !== undefined && { note }),
});

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

describe("a planted secret", () => {
  const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const NAMES = [
    "token",
    "access_token",
    "apiKey",
    "API-KEY",
    "user[password]",
    "pwd",
    "code",
    "session",
    "PHPSESSID",
    "client.secret",
    "x-sig",
  ];
  const random = createRandom(20_261_121);
  const text = (length: number, alphabet = LETTERS): string =>
    Array.from({ length }, () => alphabet[random.below(alphabet.length)]!).join("");
  const escaped = (value: string): string =>
    value.replace(/./gs, (character) =>
      random.oneIn(3) ? `%${character.charCodeAt(0).toString(16).padStart(2, "0")}` : encodeURIComponent(character),
    );
  const escapeTimes = (value: string, times: number): string => (times === 0 ? value : escapeTimes(escaped(value), times - 1));
  const noise = (): string => `${text(4)}=${text(random.below(12))}`;

  /** Each puts the secret where a secret may stand, amid other things, and returns the request. */
  const PLACES: readonly ((secret: string) => Given)[] = [
    (secret) => ({ target: `/p?${noise()}&${random.pick(NAMES)}=${secret}&${noise()}` }),
    (secret) => ({
      target: `/p?${escapeTimes(random.pick(NAMES), 1 + random.below(3))}=${escapeTimes(secret, random.below(3))}&${noise()}`,
    }),
    (secret) => ({ target: `/p?next=${escapeTimes(`/x?${noise()}&${random.pick(NAMES)}=${secret}`, 1 + random.below(3))}` }),
    (secret) => ({ target: `/p?f=${escapeTimes(JSON.stringify({ [random.pick(["password", "apiKey"])]: secret }), 1)}` }),
    (secret) => ({ target: `/a;${random.pick(["jsessionid", "sid", "token"])}=${secret}/b?${noise()}` }),
    (secret) => ({ target: `/${random.pick(["reset", "verify", "magic-link", "invite"])}/${secret}${text(12)}` }),
    (secret) => ({ target: `https://user:${secret}@host.example/p?${noise()}` }),
    (secret) => ({ headers: { cookie: `a=1; sid=${secret}; b=2` } }),
    (secret) => ({ headers: { authorization: `${random.pick(["Bearer", "Basic", "Custom"])} ${secret}` } }),
    (secret) => ({ headers: { [random.pick(["x-api-key", "x-acme", "x-csrf-token", "cf-access-jwt-assertion"])]: secret } }),
    (secret) => ({ headers: { referer: `https://a.example/p?${noise()}&${random.pick(NAMES)}=${escapeTimes(secret, random.below(3))}` } }),
    (secret) => ({ headers: { "user-agent": `agent (password=${secret})` } }),
    (secret) => ({ request: { body: { bytes: new TextEncoder().encode(secret), complete: true } } }),
    (secret) => ({ decision: { failures: [{ detector: "x", kind: "error", message: `redis://u:${secret}@h:1 refused` }] } }),
    (secret) => ({ decision: { findings: [finding(`body:${random.pick(["$.a", "", "name"])}`, secret)] } }),
    (secret) => ({
      headers: { cookie: `sid=${secret}` },
      decision: { findings: [{ ...finding("cookie:sid", secret), note: `saw ${secret} twice` }] },
    }),
    (secret) => {
      const name = random.pick(NAMES);
      return { target: `/p?${name}=${secret}`, decision: { findings: [finding(`query:${name}`, secret, `value ${secret.slice(2)}`)] } };
    },
  ];

  test("never survives in a record, wherever it stands and however it is written", () => {
    for (let run = 0; run < 6_000; run++) {
      const secret = text(10 + random.below(20));
      const place = PLACES[run % PLACES.length]!;
      const given = place(secret);
      const json = JSON.stringify(record(given));
      if (everyReading(json).some((reading) => reading.includes(secret)))
        expect.fail(`${secret} survived: ${JSON.stringify(given)} became ${json}`);
    }
  });

  test("never survives with punctuation of any kind in it", () => {
    for (let run = 0; run < 2_000; run++) {
      const secret = `${text(8)}${text(3, ";?#=:@/+!$'()*,.~")}${text(8)}`;
      const json = JSON.stringify(record({ target: `/p?${noise()}&${random.pick(NAMES)}=${secret}&${noise()}` }));
      expect(json).not.toContain(secret.slice(0, 8));
      expect(json).not.toContain(secret.slice(-8));
    }
  });

  function everyReading(json: string): string[] {
    const readings = [json];
    for (let round = 0; round < 4; round++) {
      readings.push(readings.at(-1)!.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))));
    }
    return readings;
  }
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

  test("takes time that grows with its length, not faster", () => {
    const cases = ["a:", "a=", "a", "//a", "%61", "token:", "4 ", "eyJ", "Basic ", ";a", "a%"];
    for (const piece of cases) {
      const target = `/?q=${piece.repeat(8_000 / piece.length)}`;
      const given = { target, headers: { "user-agent": target, accept: target, referer: target } };
      record(given);
      const before = process.cpuUsage();
      for (let run = 0; run < 10; run++) record(given);
      const { user } = process.cpuUsage(before);
      expect(user / 10, `${piece} took ${user / 10} µs`).toBeLessThan(10_000);
    }
  });
});

import { describe, expect, test } from "vitest";
import { Hits } from "../../src/content/hits.ts";
import { scanPlainPath } from "../../src/content/lexers.ts";
import { inspectBody, inspectHead, settingOf } from "../../src/content/request-parts.ts";
import { content } from "../../src/detectors/content.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { createWaf } from "../../src/waf.ts";
import { inspect, request } from "./inspect.ts";

const scoreOf = (found: readonly { readonly score: number }[]): number => found.reduce((sum, { score }) => sum + score, 0);
const rulesOf = (found: readonly { readonly rule: string }[]): string[] => found.map(({ rule }) => rule);

describe("headers that only a proxy may send", () => {
  test.each(["x-original-url", "x-rewrite-url"])("%s with another path than the request's is blocked", (name) => {
    const found = inspect({ target: "/products", headers: [[name, "/admin"]] });
    expect(rulesOf(found)).toContain("claim/forged-url");
    expect(scoreOf(found)).toBeGreaterThanOrEqual(100);
  });

  test("the request's own target in such a header is what a proxy writes, and passes", () => {
    expect(inspect({ target: "/products?page=2", headers: [["x-original-url", "/products?page=2"]] })).toEqual([]);
    expect(inspect({ target: "/products", headers: [["x-original-url", "https://www.example.com/products"]] })).toEqual([]);
  });

  test.each([
    ["x-forwarded-for", "127.0.0.1"],
    ["x-forwarded-for", "10.0.0.5, 127.0.0.1"],
    ["x-forwarded-for", "::1"],
    ["forwarded", 'for="[::1]:80";proto=https'],
  ])("%s: %s is noted as a claim to be this machine, and cannot block alone", (name, value) => {
    const found = inspect({ headers: [[name, value]] });
    expect(rulesOf(found)).toEqual(["claim/forged-loopback"]);
    expect(scoreOf(found)).toBeLessThan(100);
  });

  test.each([
    ["x-real-ip", "127.8.0.1"],
    ["true-client-ip", "localhost"],
  ])("%s: %s is written by proxies alone: blocked from the internet, noted from the own network", (name, value) => {
    expect(scoreOf(inspect({ headers: [[name, value]] }))).toBeGreaterThanOrEqual(100);
    for (const from of ["10.0.0.7", "172.20.0.1", "fd00::7", ""]) {
      const found = inspect({ headers: [[name, value]], from });
      expect(rulesOf(found)).toEqual(["claim/forged-loopback"]);
      expect(scoreOf(found)).toBeLessThan(100);
    }
  });

  test.each(["203.0.113.9, 10.0.0.2", "2001:db8::1", "1127.0.0.1.example"])("an ordinary chain of addresses passes: %s", (value) => {
    expect(inspect({ headers: [["x-forwarded-for", value]] })).toEqual([]);
  });
});

describe("the memory of clean header values", () => {
  test.each([
    ["accept", "x-id", "1 or 1=1"],
    ["x-other", "x-file-name", "shell-17.php"],
    ["accept", "cookie", "id=1 or 2=2"],
  ])("what passed as %s is looked at again as %s", (harmless, harmful, value) => {
    inspect({ headers: [[harmless, value]] });
    expect(scoreOf(inspect({ headers: [[harmful, value]] }))).toBeGreaterThanOrEqual(100);
  });

  test("a claim to be this machine is judged by who makes it, whoever made it before", () => {
    const headers = [["x-real-ip", "127.0.0.1"]] as const;
    for (const [from, least] of [
      ["10.0.0.7", 30],
      ["192.0.2.1", 100],
      ["10.0.0.7", 30],
    ] as const)
      expect(scoreOf(inspect({ headers, from }))).toBe(least);
  });

  /** The lines as a server has them, next to each other. */
  const withLines = (target: string, fields: readonly (readonly [string, string])[]) => {
    const made = request({ target, headers: fields });
    return { ...made, headers: { ...made.headers, lines: fields.flat() } };
  };

  /** True where no setting was asked for: a head that is known to hold nothing. */
  const isKnownHead = (asked: ReturnType<typeof withLines>): boolean => {
    let isKnown = true;
    inspectHead(asked, () => {
      isKnown = false;
      return settingOf(asked, 1);
    });
    return isKnown;
  };

  test("a head is known when its path and all of its lines were clean, and attacks in any of them are found all the same", () => {
    const ordinary = [
      ["Accept", "text/html,*/*;q=0.8"],
      ["Cookie", "theme=dark; list=a-17"],
      ["DNT", "1"],
    ] as const;
    const honest = withLines("/known/bench", ordinary);
    expect(isKnownHead(honest)).toBe(false);
    expect(inspectHead(honest, () => settingOf(honest, 1))).toBeUndefined();
    expect(isKnownHead(withLines("/known/bench", ordinary))).toBe(true);
    for (const hostile of [
      withLines("/known/../../etc/passwd", ordinary),
      withLines("/known/bench?id=1'or'1'='1", ordinary),
      withLines("/known/bench", [...ordinary, ["X-Id", "1 or 1=1"]]),
      withLines("/known/bench", [["Accept", "text/html,*/*;q=0.8"], ["Cookie", "theme=dark' or '1'='1"] as const]),
    ])
      for (let time = 0; time < 3; time++) {
        expect(isKnownHead(hostile)).toBe(false);
        expect(scoreOf(inspectHead(hostile, () => settingOf(hostile, 1)) ?? [])).toBeGreaterThanOrEqual(100);
      }
  });

  test("a target of words and numbers is passed at a glance; what leads somewhere is looked at each time", () => {
    const ordinary = [["Accept", "text/html,*/*;q=0.8"]] as const;
    const isKnown = (target: string): boolean => {
      const asked = withLines(target, ordinary);
      inspectHead(asked, () => settingOf(asked, 1));
      return isKnownHead(asked);
    };
    for (const target of ["/list?category=light&page=2", "/other?category=light&page=2", "/list", "/list?page=2&"])
      expect(isKnown(target), target).toBe(true);
    for (const target of [
      "/list?category=light&page=2'",
      "http://shop.example/list?category=light&page=2",
      "/go?next=https://shop.example/a",
      "/go?next=//shop.example/a",
      "/list?q=light%20blue",
      "/list?q=light+blue",
      "/list?q=1'or'1'='1",
      "/list?__proto__.a=1",
      "/list?page[$ne]=1",
      "/list?page=1&page=2",
      "/list?onerror=alert",
      "/list?cmd=id",
      "/list?id",
      "/a/../list?page=2;",
      "/etc/passwd?page=2",
    ])
      expect(isKnown(target), target).toBe(false);

    const to = (target: string, redirectHosts?: readonly string[]) => {
      const asked = withLines(target, ordinary);
      return inspectHead(asked, () => settingOf(asked, 1, { redirectHosts, exceptions: undefined })) ?? [];
    };
    expect(to("/go?next=https://other.example/a")).toEqual([]);
    expect(scoreOf(to("/go?next=https://other.example/a", []))).toBeGreaterThanOrEqual(100);
  });

  test("a glance says of no target what looking would not", () => {
    let state = 11;
    const pick = (texts: readonly string[]): string => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return texts[Math.floor((state / 2 ** 32) * texts.length)]!;
    };
    const names = [
      "id",
      "page",
      "cmd",
      "Cmd",
      "exec",
      "onfocus",
      "__proto__",
      "prototype",
      "constructor",
      "class",
      "a",
      "b",
      "type",
      "shell1",
      "sort",
    ];
    const values = [
      "1",
      "id",
      "ls",
      "whoami",
      "",
      "rO0ABXNyABFqYXZh",
      "aced0005737200",
      "__import__",
      "0x3127",
      "J29yJzEnPScx",
      "PHNjcmlwdD4",
      "select",
      "_",
      "blue",
    ];
    const folders = [
      "list",
      "etc",
      "passwd",
      "proc",
      "self",
      "environ",
      "windows",
      "win",
      "system32",
      "uploads",
      "php",
      "java",
      "lang",
      "Runtime",
      "x",
    ];
    const score = (target: string): number => {
      const asked = withLines(target, []);
      return scoreOf(inspectHead(asked, () => settingOf(asked, 1)) ?? []);
    };
    for (let round = 0; round < 20_000; round++) {
      const query = Array.from({ length: 1 + (round % 3) }, () => `${pick(names)}=${pick(values)}`).join("&");
      // A name with an escape in it has everything looked at.
      expect(score(`/list?${query}`), query).toBe(score(`/list?${query}&%7a=1`));
      const path = Array.from({ length: 1 + (round % 3) }, () => `/${pick(folders)}`).join("");
      const hits = new Hits();
      scanPlainPath(path, settingOf(withLines(path, []), 1), hits);
      if (isKnownHead(withLines(path, []))) expect(hits.list, path).toEqual([]);
      else expect(score(path) > 0, path).toBe(hits.total > 0);
    }
  });

  test("more clean lines than are remembered change no answer", () => {
    for (let index = 0; index < 10_000; index++) {
      const many = withLines(`/page/${index}`, [["Cookie", `session=${index}`]]);
      expect(inspectHead(many, () => settingOf(many, 1))).toBeUndefined();
    }
    expect(scoreOf(inspect({ headers: [["cookie", "session=9999' or '1'='1"]] }))).toBeGreaterThanOrEqual(100);
  });
});

describe("a body that goes on behind what was inspected", () => {
  const bodyOf = (bytes: Uint8Array, complete: boolean) => {
    const made = request({ type: "text/plain", body: bytes });
    return inspectBody(made, { bytes, complete }, settingOf(made, 1));
  };

  test("is said so in the decision, at no score", () => {
    const waf = createWaf({ detectors: [...content()], store: memoryStore() });
    const decision = waf.inspect({
      method: "POST",
      target: "/notes",
      headers: new Headers({ host: "www.example.com", "content-type": "text/plain" }),
      peer: "192.0.2.7",
      readBody: (limit) => ({ bytes: new TextEncoder().encode("a ".repeat(limit / 2)), complete: false }),
    });
    expect(decision).toMatchObject({ action: "allow", score: 0, findings: [{ rule: "content/truncated", score: 0, where: "body:" }] });
  });

  test("is said so beside what was found, and also when nothing could be read", () => {
    const found = bodyOf(new TextEncoder().encode("<script>alert(1)</script>"), false) ?? [];
    expect(found.at(-1)?.rule).toBe("content/truncated");
    expect(scoreOf(found)).toBeGreaterThanOrEqual(100);
    expect(rulesOf(bodyOf(new Uint8Array(0), false) ?? [])).toEqual(["content/truncated"]);
    expect(bodyOf(new TextEncoder().encode("plain"), true)).toBeUndefined();
  });
});

describe("uploads", () => {
  const upload = (fileName: string, type: string, text: string, disposition = `form-data; name="file"; filename="${fileName}"`) =>
    inspect({
      type: "multipart/form-data; boundary=line",
      body: `--line\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${type}\r\n\r\n${text}\r\n--line--\r\n`,
    });

  test.each([
    ["logo.svg", "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    ["offer.html", "text/html", "<p>Offer</p><script>alert(1)</script>"],
    ["page.xhtml", "application/xhtml+xml", "<html><body onload='alert(1)'/></html>"],
  ])("%s with script in it is blocked", (fileName, type, text) => {
    expect(rulesOf(upload(fileName, type, text))).toContain("upload/active-document");
  });

  test.each([
    ["logo.svg", "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4"/></svg>'],
    ["offer.html", "text/html", "<!doctype html><title>Offer</title><p>Two for one on Monday</p>"],
    ["photo.jpg", "image/jpeg", "\u00ff\u00d8\u00ff <%@\u0018\u0003\u00b2yL\u0006\u0018\u0011Zwk*(\u0001 x"],
  ])("%s without any passes", (fileName, type, text) => {
    expect(upload(fileName, type, text)).toEqual([]);
  });

  test("a file name behind a broken separator is still the file's name", () => {
    expect(rulesOf(upload("", "text/html", "x", 'form-data; name="file"filename="a.aspx"'))).toContain("upload/runnable-file");
  });
});

describe("values that name a place", () => {
  const blocked = (query: string): boolean => scoreOf(inspect({ target: `/page?${query}` })) >= 100;

  test.each([
    "url=http://0/",
    "url=http://[0:0:0:0:0:ffff:7f00:1]/",
    "url=http://127.0.0.1.nip.io/",
    "url=http://localtest.me/",
    "url=http://%E2%91%A0%E2%91%A1%E2%91%A6.%E2%93%AA.%E2%93%AA.%E2%91%A0/",
    "url=http://redis:6379/",
    "to=https://www.example.com.evil.example/account",
    "host=127.0.0.1%20%26%20id",
    "host=nowhere%20%7C%7C%20id",
    "host=127.0.0.1%0Aid",
  ])("%s is blocked", (query) => {
    expect(blocked(query)).toBe(true);
  });

  test.each([
    "url=https://shop.example.org/page",
    "url=http://intranet.example.org:8080/",
    "url=http://8.8.8.8.nip.io/",
    "host=mail.example.org",
    "host=one.example;two.example",
    "host=192.0.2.7:8443",
  ])("%s passes", (query) => {
    expect(blocked(query)).toBe(false);
  });
});

test("a NUL that cuts a file name short is blocked, one somewhere in a text is only odd", () => {
  const scoreFor = (target: string): number => {
    const made = request({ target });
    return scoreOf(inspectHead(made, () => settingOf(made, 1)) ?? []);
  };
  expect(scoreFor("/product/%00")).toBeGreaterThanOrEqual(100);
  expect(scoreFor("/get?file=report.php%00.jpg")).toBeGreaterThanOrEqual(100);
  expect(scoreFor("/get?q=one%00two")).toBeLessThan(100);
});

test("a nested constructor.prototype in JSON is blocked, the words apart from each other pass", () => {
  const scoreFor = (body: string): number => scoreOf(inspect({ type: "application/json", body }));
  expect(scoreFor('{"a":{"constructor":{"prototype":{"isAdmin":true}}}}')).toBeGreaterThanOrEqual(100);
  expect(scoreFor('{"prototype":"first","constructor":"Ann"}')).toBe(0);
});

test("an operator whose dollar sign is escaped is the same operator", () => {
  const found = inspect({ type: "application/json", body: '{"email":{"\\u0024ne":null},"password":{"\\u0024gt":""}}' });
  expect(scoreOf(found)).toBeGreaterThanOrEqual(100);
});

test("a password may read like a statement as long as it breaks out of nothing", () => {
  expect(scoreOf(inspect({ type: "application/json", body: '{"password":"select*from*Dublin"}' }))).toBe(0);
  expect(scoreOf(inspect({ type: "application/json", body: `{"password":"' or 1=1--"}` }))).toBeGreaterThanOrEqual(100);
});

describe("GraphQL", () => {
  const blocked = (body: unknown): boolean =>
    scoreOf(inspect({ target: "/graphql", type: "application/json", body: JSON.stringify(body) })) >= 100;
  const nested = (levels: number): string => `{ ${"products { id ".repeat(levels)}${"}".repeat(levels)} }`;
  const aliased = (count: number): string => `{ ${Array.from({ length: count }, (_, index) => `a${index}: users { email }`).join(" ")} }`;

  test("a field nested in itself, a field aliased again and again, a batch of dozens, a query for the schema are blocked", () => {
    expect(blocked({ query: nested(10) })).toBe(true);
    expect(blocked({ query: aliased(40) })).toBe(true);
    expect(blocked(Array.from({ length: 60 }, () => ({ query: "{ products { id } }" })))).toBe(true);
    expect(blocked({ query: "{ __schema { types { name } } }" })).toBe(true);
  });

  test.each(['(id: "1")', '(id: "a\\\\")', '(id: """a " b""")', '# it is "so\n', '(id: "\\"")'])(
    "strings and comments hide nothing behind them: %s",
    (prefix) => {
      expect(blocked({ query: `{ first${prefix} { id } ${nested(10)} }` })).toBe(true);
    },
  );

  test("what screens ask for passes", () => {
    expect(blocked({ query: nested(3) })).toBe(false);
    expect(blocked({ query: aliased(12) })).toBe(false);
    expect(blocked(Array.from({ length: 10 }, () => ({ query: "{ products { id __typename } }" })))).toBe(false);
    expect(blocked({ query: 'query Find($q: String!) { find(text: $q, note: "a: b { c { d") { id name } }' })).toBe(false);
  });

  test.each(['{"', '{ a(b: "', "{".repeat(65_000), '{ a: "\\'])("a broken document ends the reading, not the process", (query) => {
    expect(() => blocked({ query: `query ${query}` })).not.toThrow();
  });
});

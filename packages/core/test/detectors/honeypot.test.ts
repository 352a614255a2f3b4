import { beforeAll, describe, expect, test } from "vitest";
import { type HoneypotOptions, honeypot } from "../../src/detectors/honeypot.ts";
import { formTokens } from "../../src/forms.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { Decision, PathRule, RawRequest, WafOptions } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";

const tokens = formTokens({ secret: "sixteen characters and more" });
const SHOWN = 1_700_000_000_000;
const FORM = "application/x-www-form-urlencoded";
const encoder = new TextEncoder();

interface Sent {
  readonly path?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly complete?: boolean;
}

function formSite(options: Partial<HoneypotOptions> = {}, waf: Partial<WafOptions> = {}) {
  let now = SHOWN;
  const firewall = createWaf({
    detectors: honeypot({ tokens, ...options }),
    store: memoryStore(),
    clock: () => now,
    log: { warn() {}, error() {} },
    // A token is checked on another thread; a machine that stalls for a moment must not fail these tests.
    deadlineMs: 60_000,
    ...waf,
  });
  return {
    store: firewall.services.store,
    /** Sends a body so many milliseconds after the form was shown. */
    async send(
      body: string,
      afterMs = 5_000,
      { path = "/orders", type = FORM, headers = {}, method = "POST", complete = true }: Sent = {},
    ): Promise<Decision> {
      now = SHOWN + afterMs;
      const raw: RawRequest = {
        method,
        target: path,
        headers: new Headers({ "content-type": type, ...headers }),
        peer: "192.0.2.1",
        readBody: () => ({ bytes: encoder.encode(body), complete }),
      };
      const decision = await firewall.inspect(raw);
      firewall.observe(decision, { status: 200, durationMs: 1 });
      return decision;
    },
  };
}

const summary = (decision: Decision): unknown[] => [
  decision.action === "block" ? decision.status : "pass",
  decision.score,
  decision.findings.map(({ rule }) => rule.slice("honeypot/".length)).join(" "),
];

let order = "";
let login = "";
beforeAll(async () => {
  order = `name=Ann&form_token=${await tokens.issue("/orders", SHOWN)}&remarks_2=`;
  login = `form_token=${await tokens.issue("/login", SHOWN)}&user=ann`;
});

describe("a form with a token", () => {
  test("S2-033, S2-080, S3-029, S3-093: sent within a second scores and does not block, sent after one passes", async () => {
    expect(summary(await formSite().send(order, 990))).toEqual(["pass", 40, "too-fast"]);
    expect(summary(await formSite().send(order, 1_000))).toEqual(["pass", 0, ""]);
    expect(summary(await formSite({ minFormTimeMs: 3_000 }).send(order, 2_999))).toEqual(["pass", 40, "too-fast"]);
  });

  test("D-42: a sign-in may come back after a tenth of a second", async () => {
    expect(summary(await formSite().send(login, 90, { path: "/login" }))).toEqual(["pass", 40, "too-fast"]);
    expect(summary(await formSite().send(login, 100, { path: "/login" }))).toEqual(["pass", 0, ""]);
  });

  test("S2-013, S2-034, S2-081, D-11: older than its time is answered 409, at any age beyond, and expires by one rule", async () => {
    const short = { maxPageTimeMs: 240_000 };
    expect(summary(await formSite(short).send(order, 240_000))).toEqual(["pass", 0, ""]);
    for (const age of [240_100, 301_000, 86_400_000 * 20]) {
      expect(summary(await formSite(short).send(order, age)), `${age}`).toEqual([409, 0, "page-expired"]);
    }
  });

  test("D-10: 409 has no consequence, however often", async () => {
    const { send, store } = formSite();
    for (let count = 0; count < 20; count++) expect((await send(order, 3_600_001)).action).toBe("block");
    expect(summary(await send("name=Ann"))).toEqual(["pass", 0, ""]);
    expect(store.get("ban:192.0.2.1", SHOWN)).toBeUndefined();
  });

  test("sent twice, as by a double click, passes; sent over and over scores", async () => {
    const { send } = formSite();
    for (let count = 0; count < 10; count++) expect(summary(await send(order))).toEqual(["pass", 0, ""]);
    expect(summary(await send(order))).toEqual(["pass", 40, "reused"]);
  });

  test("of another form, or forged, scores", async () => {
    expect(summary(await formSite().send(order, 5_000, { path: "/comments" }))).toEqual(["pass", 50, "forged"]);
    expect(summary(await formSite().send("form_token=1.abc"))).toEqual(["pass", 50, "forged"]);
  });

  test("D-42: a filled trap scores, and together with haste it blocks", async () => {
    expect(summary(await formSite().send(`${order}buy+now`))).toEqual(["pass", 60, "trap"]);
    expect(summary(await formSite().send(`${order}buy`, 500))).toEqual([403, 100, "trap too-fast"]);
    expect(summary(await formSite().send(`${order}++`))).toEqual(["pass", 0, ""]);
  });

  test("S2-121: who does it three times within ten minutes is refused the form, and never banned", async () => {
    const { send, store } = formSite();
    const answers = [];
    for (let count = 0; count < 5; count++) answers.push((await send(order, 500)).action);
    expect(answers).toEqual(["allow", "allow", "block", "block", "block"]);
    expect(store.get("ban:192.0.2.1", SHOWN)).toBeUndefined();
    expect(summary(await send(order, 700_000))).toEqual(["pass", 0, ""]);
  });

  test("is read from multipart bodies too", async () => {
    const token = await tokens.issue("/orders", SHOWN);
    const body = `--xyz\r\ncontent-disposition: form-data; name="form_token"\r\n\r\n${token}\r\n--xyz\r\ncontent-disposition: form-data; name="remarks_2"\r\n\r\nfilled\r\n--xyz--\r\n`;
    const decision = await formSite().send(body, 100, { type: "multipart/form-data; boundary=xyz" });
    expect(summary(decision)).toEqual([403, 100, "trap too-fast"]);
  });

  test("of a signed-in user is not looked at where the application says so", async () => {
    const isAuthenticated = ({ headers }: { headers: { get(name: string): string | null | undefined } }): boolean =>
      headers.get("cookie") === "session=1";
    const { send } = formSite({ isAuthenticated });
    expect(summary(await send(order, 100, { headers: { cookie: "session=1" } }))).toEqual(["pass", 0, ""]);
  });

  test("of a server whose clock is ahead passes", async () => {
    const ahead = `form_token=${await tokens.issue("/orders", SHOWN + 60_000)}`;
    expect((await formSite().send(ahead, 5_000)).action).toBe("allow");
  });
});

describe("a form without a token", () => {
  test("passes unless asked for", async () => {
    expect(summary(await formSite().send("name=Ann"))).toEqual(["pass", 0, ""]);
  });

  test("S3-028: scores or is refused where the operator wants it", async () => {
    expect(summary(await formSite({ directPost: "score" }).send("name=Ann"))).toEqual(["pass", 50, "direct-post"]);
    expect(summary(await formSite({ directPost: "block" }).send("name=Ann"))).toEqual([403, 50, "direct-post"]);
  });

  test("S3-028: never applies to JSON, bearer tokens, API paths, other methods and bodies that go on", async () => {
    const paths: Record<string, PathRule> = { "/hooks/**": { profile: "webhook" }, "/rpc": { profile: "api" } };
    const cases: readonly Sent[] = [
      { type: "application/json" },
      { type: "text/plain" },
      { headers: { authorization: "Bearer abc" } },
      { path: "/api/orders" },
      { path: "/hooks/stripe" },
      { path: "/rpc" },
      { method: "PUT" },
      { complete: false },
    ];
    for (const sent of cases)
      expect(summary(await formSite({ directPost: "block" }, { paths }).send("name=Ann", 5_000, sent)), JSON.stringify(sent)).toEqual([
        "pass",
        0,
        "",
      ]);
  });
});

describe("method misuse", () => {
  const routes = (path: string) => (path === "/about" ? { pattern: "/about", methods: ["GET"] } : undefined);
  const ask = async (method: string, path = "/about") => formSite({}, { routes }).send("a=1", 5_000, { method, path });

  test("S2-012, S2-035, D-43: a method that the route does not have is answered 405 with Allow, and bans nobody", async () => {
    const { send, store } = formSite({}, { routes });
    for (let count = 0; count < 20; count++)
      expect(await send("a=1", 5_000, { path: "/about" })).toMatchObject({
        status: 405,
        rule: "honeypot/method",
        headers: { allow: "GET, HEAD, OPTIONS" },
      });
    expect(store.get("ban:192.0.2.1", SHOWN)).toBeUndefined();
  });

  test("D-43: HEAD and OPTIONS always pass, and what no manifest knows has all methods", async () => {
    expect((await Promise.all([ask("HEAD"), ask("OPTIONS"), ask("GET"), ask("DELETE", "/other")])).map(({ action }) => action)).toEqual(
      Array(4).fill("allow"),
    );
  });
});

test("the honeypot needs the tokens of the forms", () => {
  expect(() => honeypot({} as never)).toThrow(/honeypot\.tokens/);
});

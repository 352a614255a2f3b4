import { honeypot, identifiers, keywords, logins, repeats, waves } from "@aiwaf/core/detectors";
import { formTokens } from "@aiwaf/core/forms";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { test } from "vitest";
import { type DetectorRecord, detectorSuite } from "../src/detector-suite.ts";

const NOON = 1_700_000_000_000;
const get = (url: string, change: Partial<DetectorRecord> = {}): DetectorRecord => ({
  id: url,
  method: "GET",
  url,
  headers: {},
  body: null,
  ...change,
});
const UUID = "123e4567-e89b-42d3-a456-426614174000";

detectorSuite({
  name: "waves",
  test,
  detector: waves({ limit: 1, extensionLimit: 1 }),
  skips: [
    { case: "waves/suspect", reason: "takes several different requests; its own tests send them" },
    { case: "waves/persistent", reason: "clients are only banned for it" },
  ],
  hits: [
    { ...get("/intranet", { status: 404, repeat: 2 }), rule: "waves/scan" },
    { ...get("/old/index.php", { status: 404, repeat: 2 }), rule: "waves/extensions" },
    { ...get("/old/Report.JSP/extra", { status: 404, repeat: 2 }), rule: "waves/extensions" },
  ],
  passes: [
    get("/intranet", { id: "a first missing page", status: 404 }),
    get("/", { repeat: 500 }),
    get("/index.php", { id: "a script that the application serves", repeat: 500 }),
    get("/favicon.ico", { status: 404, repeat: 500 }),
    get("/.well-known/assetlinks.json", { status: 404, repeat: 500 }),
    get("/assets/chunk-1a2b.js", { status: 404, repeat: 500 }),
    get("/account", { status: 401, repeat: 500 }),
    get("/down", { status: 500, repeat: 500 }),
    get("/moved", { status: 302, repeat: 500 }),
  ],
});

detectorSuite({
  name: "identifiers",
  test,
  detector: identifiers({ threshold: 1, resolve: (id) => id !== "4711" }),
  skips: [
    { case: "identifiers/ratio", reason: "takes twelve different requests; its own tests send them" },
    { case: "identifiers/unknown", reason: "reaches this threshold at once; its own tests have a higher one" },
    { case: "identifiers/persistent", reason: "clients are only banned for it" },
  ],
  hits: [
    { ...get("/item?uuid=17"), rule: "identifiers/malformed" },
    { ...get(`/users/${UUID.slice(0, -1)}g`), rule: "identifiers/malformed" },
    { ...get(`/users/${UUID}x`), rule: "identifiers/malformed" },
    { ...get("/orders/4711"), rule: "identifiers/enumeration" },
    { ...get("/users/000000000000000000000001", { status: 404, repeat: 2 }), rule: "identifiers/enumeration" },
  ],
  passes: [
    get(`/users/${UUID}`, { repeat: 200 }),
    get(`/users/${UUID.toUpperCase()}`),
    get(`/item?uuid=${UUID}`),
    get("/item?uuid="),
    get("/item?id=not-a-uuid"),
    get("/news/2024-01-31-how-we-moved-the-bench"),
    get("/users/ann", { status: 404, repeat: 50 }),
    get("/orders/4712", { status: 500, repeat: 50 }),
  ],
});

detectorSuite({
  name: "keywords",
  test,
  detector: keywords({ words: ["shelldrop"], allow: ["console"] }),
  services: {
    makeStore() {
      const store = memoryStore();
      for (const word of ["filemonger", "console"])
        store.set(`list:keyword:${word}`, JSON.stringify({ reason: "learned", since: 0, count: 9 }), undefined, 1_600_000_000_000);
      return store;
    },
  },
  hits: [
    { ...get("/x/filemonger", { status: 404, repeat: 30 }), rule: "keywords/learned" },
    { ...get("/FileMonger.bak", { status: 404, repeat: 30 }), rule: "keywords/learned" },
    { ...get("/shelldrop-2/x"), rule: "keywords/listed" },
  ],
  passes: [
    get("/filemongers"),
    get("/my_filemonger"),
    get("/console"),
    get("/?q=filemonger"),
    get("/shell/drop"),
    get("/filemonger", { id: "an answered path", repeat: 2 }),
  ],
});

const tokens = formTokens({ secret: "sixteen characters or more" });
const token = await tokens.issue("/orders", NOON);
const form = (id: string, body: string, change: Partial<DetectorRecord> = {}): DetectorRecord => ({
  id,
  method: "POST",
  url: "/orders",
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body,
  at: NOON + 5_000,
  ...change,
});

detectorSuite({
  name: "honeypot, body",
  test,
  detector: honeypot({ tokens, directPost: "score" })[1],
  skips: [{ case: "honeypot/method", reason: "the head part says it" }],
  hits: [
    { ...form("a hasty form", `form_token=${token}`, { at: NOON + 900 }), rule: "honeypot/too-fast" },
    { ...form("a filled trap", `form_token=${token}&remarks_2=x`), rule: "honeypot/trap" },
    { ...form("a made-up token", "form_token=1.2.3.4"), rule: "honeypot/forged" },
    { ...form("a token sent too often", `form_token=${token}`, { repeat: 11 }), rule: "honeypot/reused" },
    { ...form("an old page", `form_token=${token}`, { at: NOON + 3_600_001 }), rule: "honeypot/page-expired" },
    { ...form("no token", "name=Ann"), rule: "honeypot/direct-post" },
    { ...form("a third forgery", "form_token=1", { repeat: 3 }), rule: "honeypot/repeated" },
  ],
  passes: [
    form("a filled form", `form_token=${token}&name=Ann&remarks_2=`),
    form("a form sent twice", `form_token=${token}`, { repeat: 2 }),
    form("a form with the token last", `name=Ann&note=a%26b&form_token=${token}`),
    form("JSON", '{"name":"Ann"}', { headers: { "content-type": "application/json" } }),
    form("a bearer token", "name=Ann", { headers: { "content-type": "application/x-www-form-urlencoded", authorization: "Bearer x" } }),
    form("an API path", "name=Ann", { url: "/api/orders" }),
    form("a page", "", { method: "GET", body: null }),
  ],
});

detectorSuite({
  name: "honeypot, head",
  test,
  detector: honeypot({ tokens })[0],
  waf: { routes: (path) => (path === "/about" ? { pattern: "/about", methods: ["GET"] } : undefined) },
  skips: ["too-fast", "trap", "forged", "reused", "page-expired", "direct-post", "repeated"].map((name) => ({
    case: `honeypot/${name}`,
    reason: "the body part says it",
  })),
  hits: [{ ...get("/about", { method: "DELETE" }), rule: "honeypot/method" }],
  passes: [get("/about"), get("/about", { id: "options", method: "OPTIONS" }), get("/other", { method: "DELETE" })],
});

detectorSuite({
  name: "repeats",
  test,
  detector: repeats(),
  waf: { paths: { "/**": { rateLimit: { max: 600, windowMs: 60_000 } } } },
  hits: [
    { ...get("/", { repeat: 11 }), rule: "repeats/burst" },
    { ...get("/api/products?page=2", { method: "HEAD", repeat: 11 }), rule: "repeats/burst" },
  ],
  passes: [
    get("/", { repeat: 10 }),
    get("/", { id: "posts", method: "POST", body: "a=1", repeat: 200 }),
    get("/site.css", { repeat: 200 }),
    get(`/${"long/".repeat(300)}`, { repeat: 200 }),
  ],
});

const LOGIN = {
  method: "POST",
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: "email=ann%40mail.example&password=x",
};
const [loginHead] = logins({ max: 2, quickMax: 4, accountMax: 1 });

detectorSuite({
  name: "logins, head",
  test,
  detector: loginHead,
  skips: [
    { case: "logins/account", reason: "is found in bodies" },
    { case: "logins/targeted", reason: "is found in bodies" },
    { case: "logins/quick", reason: "needs more failures here than guessing; its own tests have other limits" },
  ],
  hits: [
    { ...get("/login", { ...LOGIN, status: 401, repeat: 3 }), rule: "logins/guessing" },
    { ...get("/Users/Sign_In/?next=/", { ...LOGIN, status: 422, repeat: 3 }), rule: "logins/guessing" },
  ],
  passes: [
    get("/login", { ...LOGIN, status: 401, repeat: 2 }),
    get("/login", { ...LOGIN, id: "people who get in", status: 303, repeat: 200 }),
    get("/login", { ...LOGIN, id: "a server that is down", status: 503, repeat: 200 }),
    get("/login", { id: "the form", status: 401, repeat: 200 }),
    get("/login/help", { ...LOGIN, status: 404, repeat: 200 }),
  ],
});

import { blocklist, headers, methods, probes, rateLimit } from "@aiwaf/core/detectors";
import { memoryStore } from "@aiwaf/core/stores/memory";
import { test } from "vitest";
import { type DetectorRecord, detectorSuite, type Pass } from "../src/detector-suite.ts";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const BROWSER = {
  "user-agent": FIREFOX,
  accept: "text/html,*/*;q=0.8",
  "accept-language": "en",
  "accept-encoding": "gzip, br",
  connection: "keep-alive",
};

const get = (url: string, change: Partial<DetectorRecord> = {}): DetectorRecord => ({
  id: url,
  method: "GET",
  url,
  headers: BROWSER,
  body: null,
  ...change,
});
const sent = (id: string, fields: Readonly<Record<string, string>>, change: Partial<Pass> = {}): Pass => ({
  ...get("/products"),
  id,
  headers: fields,
  ...change,
});

detectorSuite({
  name: "blocklist",
  test,
  detector: blocklist({ block: ["203.0.113.0/24", "2001:db8:bad::/48"], allow: ["203.0.113.7"] }),
  services: {
    makeStore() {
      const store = memoryStore();
      for (const client of ["192.0.2.66", "2001:db8:1:2::/64", "10.0.0.9"]) {
        store.set(`ban:${client}`, JSON.stringify({ rule: "probes/scan", since: 0, until: 2e12, strike: 1 }), 1e12, 1_600_000_000_000);
      }
      return store;
    },
  },
  hits: [
    { ...get("/", { id: "an address in a range", client: "203.0.113.9" }), rule: "blocklist/address" },
    { ...get("/", { id: "the same address, mapped", client: "::ffff:203.0.113.9" }), rule: "blocklist/address" },
    { ...get("/", { id: "an IPv6 address in a range", client: "2001:db8:bad:1::9" }), rule: "blocklist/address" },
    { ...get("/", { id: "a banned client", client: "192.0.2.66" }), rule: "blocklist/banned" },
    { ...get("/", { id: "a neighbour in the banned /64", client: "2001:db8:1:2:ffff::1" }), rule: "blocklist/banned" },
    {
      ...get("/", {
        id: "a banned proxy that nobody named",
        client: "10.0.0.9",
        headers: { ...BROWSER, "x-forwarded-for": "198.51.100.7" },
      }),
      rule: "blocklist/forwarder",
    },
    {
      ...get("/", { id: "a banned address of the house", client: "10.0.0.9", headers: { ...BROWSER, "x-forwarded-for": "10.0.0.9" } }),
      rule: "blocklist/banned",
    },
  ],
  passes: [
    get("/", { id: "an allowed address in a blocked range", client: "203.0.113.7" }),
    get("/", { id: "the next range", client: "203.0.114.9" }),
    get("/", { id: "the next IPv6 range", client: "2001:db8:bae::9" }),
    get("/", { id: "the neighbour of a banned client", client: "192.0.2.67" }),
    get("/", { id: "the next /64", client: "2001:db8:1:3::1" }),
    get("/", { id: "another proxy that nobody named", client: "10.0.0.8", headers: { ...BROWSER, "x-forwarded-for": "10.0.0.9" } }),
    get("/", { id: "another address of the house", client: "10.0.0.8" }),
  ],
});

detectorSuite({
  name: "rate limit",
  test,
  detector: rateLimit({ max: 20, windowMs: 60_000, floodMax: 50 }),
  hits: [
    { ...get("/", { id: "one more than the limit", repeat: 21 }), rule: "rate-limit/exceeded" },
    { ...get("/", { id: "one more than a flood", repeat: 51 }), rule: "rate-limit/flood" },
  ],
  passes: [get("/", { id: "one request" }), get("/", { id: "exactly the limit", repeat: 20 })],
});

detectorSuite({
  name: "methods",
  test,
  detector: methods({ allow: ["GET", "POST"] }),
  hits: [
    { ...get("/", { id: "TRACE", method: "TRACE" }), rule: "methods/not-allowed" },
    { ...get("/", { id: "delete in lower case", method: "delete" }), rule: "methods/not-allowed" },
    { ...sent("an override", { ...BROWSER, "x-http-method-override": "DELETE" }, { method: "POST" }), rule: "methods/override" },
  ],
  passes: [
    get("/", { id: "HEAD comes with GET", method: "HEAD" }),
    get("/", { id: "OPTIONS", method: "OPTIONS" }),
    sent("an override to what is allowed", { ...BROWSER, "x-http-method-override": "POST" }, { method: "POST" }),
    sent("an override nobody reads on GET", { ...BROWSER, "x-http-method-override": "DELETE" }),
  ],
});

detectorSuite({
  name: "probes",
  test,
  detector: probes(),
  skips: [{ case: "probes/scan", reason: "a client is banned for it after its response; no finding of a request names it" }],
  hits: [
    { ...get("/.env"), rule: "probes/dotfile" },
    { ...get("/static/%2e%67it/config"), rule: "probes/dotfile" },
    { ...get("/backup.zip"), rule: "probes/backup" },
    { ...get("/cgi-bin/test"), rule: "probes/legacy" },
    { ...get("/phpmyadmin/"), rule: "probes/console" },
    { ...get("/blog/wp-login.php"), rule: "probes/foreign-script" },
    { ...get("/a/..%2f..%2fetc/passwd"), rule: "probes/system-file" },
    { ...get("/docker-compose.yml"), rule: "probes/project-file" },
    { ...get("/old/index.php"), rule: "probes/suspicious-name" },
  ],
  passes: [
    get("/"),
    get("/.well-known/security.txt"),
    get("/docs/gitignore"),
    get("/docs/index.php-migration"),
    get("/environment"),
    get("/search?q=.env"),
    get("/articles/etc-passwd-explained"),
    get("/downloads/catalogue.pdf"),
    get("/products/42.json"),
  ],
});

const field = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, "1"]));

detectorSuite({
  name: "headers",
  test,
  detector: headers({ minQuality: 5 }),
  hits: [
    { ...sent("a tool that names itself", { ...BROWSER, "user-agent": "sqlmap/1.9#stable" }), rule: "headers/attack-tool" },
    { ...sent("fields beyond 32 KiB", { ...BROWSER, cookie: "a".repeat(33_000) }), rule: "headers/too-large" },
    { ...sent("101 field lines", { ...BROWSER, ...field(96) }), rule: "headers/too-many" },
    { ...sent("an endless agent", { ...BROWSER, "user-agent": "a".repeat(1_025) }), rule: "headers/value-too-long" },
    { ...sent("nothing at all", {}), rule: "headers/missing" },
    { ...sent("a browser of few fields", { "user-agent": FIREFOX, accept: "" }), rule: "headers/low-quality" },
    { ...sent("a browser that accepts anything", { "user-agent": FIREFOX, accept: "*/*" }), rule: "headers/generic-accept" },
    { ...sent("a browser without its fields", { "user-agent": FIREFOX, accept: "text/html" }), rule: "headers/no-browser-fields" },
    {
      ...sent("the nineties on HTTP/2", { ...BROWSER, "user-agent": "Mozilla/4.0 (compatible; MSIE 6.0)" }, { httpVersion: "2.0" }),
      rule: "headers/old-agent-on-http2",
    },
    { ...sent("Chrome on HTTP/1.0", { ...BROWSER, "user-agent": CHROME }, { httpVersion: "1.0" }), rule: "headers/modern-agent-on-http10" },
  ],
  passes: [
    sent("Firefox", BROWSER),
    sent("Chrome on HTTP/2", { ...BROWSER, "user-agent": CHROME }, { httpVersion: "2.0" }),
    sent("curl", { "user-agent": "curl/8.14.1", accept: "*/*" }),
    sent("an SDK", { "user-agent": "python-requests/2.32", accept: "*/*", "accept-encoding": "gzip", connection: "keep-alive" }),
    sent("a monitor", { "user-agent": "UptimeRobot/2.0", accept: "*/*" }),
    sent("a good bot", { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", accept: "*/*" }),
    sent("a probe without accept", { "user-agent": "kube-probe/1.34" }, { maxScore: 10 }),
    sent("80 field lines", { ...BROWSER, ...field(75) }),
    sent("a long cookie", { ...BROWSER, cookie: "a".repeat(8_000) }),
    sent("an agent near its limit", { ...BROWSER, "user-agent": `${FIREFOX} ${"a".repeat(900)}` }),
  ],
});

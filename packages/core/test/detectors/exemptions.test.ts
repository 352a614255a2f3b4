import { describe, expect, test } from "vitest";
import { blocklist } from "../../src/detectors/blocklist.ts";
import { type ExemptionsOptions, exemptions } from "../../src/detectors/exemptions.ts";
import { headers } from "../../src/detectors/headers.ts";
import { probes } from "../../src/detectors/probes.ts";
import { rateLimit } from "../../src/detectors/rate-limit.ts";
import { pathReadings, readTarget } from "../../src/request.ts";
import { addEntries, removeEntries } from "../../src/stored-lists.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { ClientSource, Decision, Detector, PathRule, WafOptions, WafRequest } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";

/** Finds something in everything, so that whatever passes is exempt. */
const strict = (name: string): Detector => ({
  name,
  phase: "head",
  rules: [`${name}/one`, `${name}/two`],
  inspect: () => [
    { rule: `${name}/one`, score: 60 },
    { rule: `${name}/two`, score: 60 },
  ],
});

function build(options: ExemptionsOptions = {}, more: Partial<WafOptions> = {}) {
  let now = 1_700_000_000_000;
  const store = memoryStore();
  const learned: string[] = [];
  const learning: Detector = {
    ...strict("keywords"),
    observe({ request }) {
      learned.push(request.path);
    },
  };
  const waf = createWaf({
    store,
    log: { warn() {}, error() {} },
    clock: () => now,
    detectors: [
      blocklist({ block: ["198.51.100.9"] }),
      rateLimit({ max: 3, windowMs: 60_000, floodMax: 1_000 }),
      learning,
      exemptions(options),
    ],
    ...more,
  });
  return {
    store,
    learned,
    waf,
    send: (target: string, peer = "192.0.2.1", headers = new Headers()): Decision =>
      waf.inspect({ method: "GET", target, headers, peer }) as Decision,
    pass: (ms: number) => {
      now += ms;
    },
    now: () => now,
  };
}
const rulesOf = ({ findings }: Decision): string[] => findings.map(({ rule }) => rule);
const passes = (decision: Decision): boolean => decision.action === "allow";

describe("exempt paths", () => {
  test("S2-045 S2-050 S2-105 S3-037 are left alone by what judges requests, and only they", () => {
    const { send } = build({ paths: ["/hook/**"] });
    expect(passes(send("/hook"))).toBe(true);
    expect(passes(send("/hook/a/b"))).toBe(true);
    expect(passes(send("/hooks"))).toBe(false);
    expect(passes(send("/"))).toBe(false);
  });

  test("are still limited, and closed to clients on the blocklist, so that an exempt login is no free brute force", () => {
    const { send } = build({ paths: ["/login"] });
    for (let count = 0; count < 3; count++) expect(passes(send("/login"))).toBe(true);
    expect(send("/login")).toMatchObject({ action: "block", status: 429 });
    expect(send("/login", "198.51.100.9")).toMatchObject({ action: "block", rule: "blocklist/address" });
  });

  test("S3-036 login and administration are not exempt by default", () => {
    for (const path of ["/login/", "/admin/", "/admin/login/", "/accounts/login/", "/auth/login/", "/signin/", "/favicon.ico", "/a.css"])
      expect(passes(build().send(path)), path).toBe(false);
  });

  test("may be exempt from single detectors, rules and stages", () => {
    const set = [strict("headers"), strict("probes")];
    const at = (paths: ExemptionsOptions["paths"]) =>
      (build({ paths: paths! }, { detectors: [...set, exemptions({ paths: paths! })] }).send("/x") as Decision).findings.map(
        ({ rule }) => rule,
      );
    expect(at({ "/x": ["headers"] })).toEqual(["probes/one", "probes/two"]);
    expect(at({ "/x": ["headers", "probes/one"] })).toEqual(["probes/two"]);
    expect(at({ "/x": ["header_validation"] })).toEqual(["probes/one", "probes/two"]);
    expect(at({ "/x": ["aiwaf.middleware.HeaderValidationMiddleware", "ip_keyword_block"] })).toEqual([]);
  });

  test("stay guarded in every spelling that some router could read as another path", () => {
    const { send } = build({ paths: ["/hook/**", "/pay"] });
    const spellings = [
      "/hook/../admin",
      "/hook/%2e%2e/admin",
      "/hook/..%2fadmin",
      "/hook;/../admin",
      "/hook\\..\\admin",
      "/hook/%252e%252e/admin",
      "//hook/../admin",
      "/hook/..;/admin",
      "/HOOK/x",
      "/admin;/hook/x",
      "/admin%00/../hook/x",
      "/pay%2fother",
      // These are exempt as this firewall reads them, and something else to a router that decodes or resolves less.
      "/admin/../hook/x",
      "/admin/%2e%2e/hook/x",
      "/admin/..%2fhook/x",
      "/hook%2fx",
      "/%68ook/x",
      "//hook/x",
      "/hook\\x",
      "/pay/other",
      "/pay/..",
    ];
    for (const [index, target] of spellings.entries()) expect(rulesOf(send(target, `192.0.2.${index}`)), target).toContain("keywords/one");
  });

  test("S2-049 S3-040 S3-041 teach nothing", () => {
    const { waf, send, learned } = build({ paths: ["/hook"] });
    for (const path of ["/hook", "/other"]) waf.observe(send(path), { status: 404, durationMs: 1 });
    expect(learned).toEqual(["/other"]);
  });

  test("S2-051 health checks, webhooks and static files of a real set pass without a finding once they are named", () => {
    const guard = createWaf({
      store: memoryStore(),
      detectors: [probes(), headers(), exemptions({ paths: ["/health", "/webhooks/**", "/static/**"] })],
    });
    for (const target of ["/health", "/webhooks/github", "/static/app.js"]) {
      const decision = guard.inspect({ method: "GET", target, headers: new Headers(), peer: "192.0.2.1" }) as Decision;
      expect(decision).toMatchObject({ action: "allow", findings: [] });
    }
  });
});

test("of fifty thousand odd spellings, none is exempt that some reading of it would not exempt, and the plain ones are", () => {
  const PIECES = [
    "/",
    "hook",
    "HOOK",
    "admin",
    "..",
    ".",
    "%2e",
    "%2E%2e",
    "%2f",
    "%252f",
    "%5c",
    "\\",
    ";",
    ";x=1",
    "%00",
    "#",
    "%3f",
    "%68",
    "x",
    "//",
    "%",
    "é",
  ];
  const detector = exemptions({ paths: ["/hook/**"], stored: false });
  const services = createWaf({ store: memoryStore(), detectors: [detector] }).services;
  let state = 20_261_121;
  const next = (end: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor((state >>> 0) * 2 ** -32 * end);
  };
  const isHook = (path: string): boolean => path === "/hook" || path.startsWith("/hook/");
  let exempted = 0;
  for (let run = 0; run < 50_000; run++) {
    let target = next(2) === 0 ? "/hook" : "/";
    for (let count = next(7); count > 0; count--) target += PIECES[next(PIECES.length)]!;
    const { path, query, canonical, rawPath } = readTarget(target);
    const request = { path, query, canonical, target, client: { address: "", key: "" }, receivedAt: 0 } as WafRequest;
    if (detector.exempt!(request, services) === undefined) {
      if (canonical && isHook(path)) expect.fail(`${target} is not exempt`);
      continue;
    }
    exempted++;
    const readings = canonical ? [path] : [path, ...(pathReadings(rawPath) ?? ["too many"])];
    const other = readings.find((reading) => !isHook(reading));
    if (other !== undefined) expect.fail(`${target} is exempt, although it could be read as ${other}`);
  }
  expect(exempted).toBeGreaterThan(2_000);
});

describe("exempt routes", () => {
  test("hold for every path of the route, and for no path that only looks like it", () => {
    const routes = (path: string) => (/^\/users\/\w+$/.test(path) ? { pattern: "/users/:id", methods: undefined } : undefined);
    const { send } = build({ routes: { "/users/:id": ["keywords"] } }, { routes });
    expect(passes(send("/users/7"))).toBe(true);
    expect(passes(send("/users/%2e%2e/users/7"))).toBe(false);
    expect(passes(send("/users"))).toBe(false);
  });
});

describe("exempt addresses", () => {
  test("S2-046 S2-106 S3-044 S3-046 pass everything, limits, bans and the blocklist included", async () => {
    const { send, waf } = build({ addresses: ["198.51.100.0/24", "2001:db8::/32"] });
    const decision = send("/.env", "198.51.100.9");
    await waf.services.ban(decision.request, "test/ban", 60_000);
    for (let count = 0; count < 10; count++) expect(passes(send("/.env", "198.51.100.9"))).toBe(true);
    expect(passes(send("/", "2001:db8::5"))).toBe(true);
    expect(passes(send("/", "198.51.101.1"))).toBe(false);
  });

  test("may be exempt from single detectors, and ranges that overlap add up", () => {
    const set = [strict("headers"), strict("probes")];
    const detector = exemptions({ addresses: { "10.0.0.0/8": ["headers"], "10.1.0.0/16": ["probes"] } });
    const { send } = build({}, { detectors: [...set, detector] });
    expect(send("/", "10.2.0.1").findings.map(({ rule }) => rule)).toEqual(["probes/one", "probes/two"]);
    expect(send("/", "10.1.0.1").findings).toEqual([]);
  });

  test("cannot be claimed in a header that nobody trusts", () => {
    const claim = new Headers({ "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1", forwarded: "for=127.0.0.1" });
    const guarded = (client?: ClientSource) => build({ addresses: ["127.0.0.1"] }, client === undefined ? {} : { client });
    expect(passes(guarded().send("/", "203.0.113.5", claim))).toBe(false);
    expect(passes(guarded({ proxies: ["10.0.0.0/8"] }).send("/", "203.0.113.5", claim))).toBe(false);
  });
});

describe("exemptions from the store", () => {
  test("hold from the next look on and end when they are removed, without a restart", async () => {
    const { store, send, now, pass } = build();
    expect(passes(send("/hook/a"))).toBe(false);
    await addEntries(store, "exempt-path", [{ name: "/hook/" }], now());
    await addEntries(store, "exempt", [{ name: "192.0.2.77" }], now());
    expect(passes(send("/hook/a"))).toBe(true);
    expect(passes(send("/hook"))).toBe(true);
    expect(passes(send("/hooks"))).toBe(false);
    expect(passes(send("/", "192.0.2.77"))).toBe(true);
    await removeEntries(store, "exempt-path", ["/hook/"], now());
    await removeEntries(store, "exempt", ["192.0.2.77"], now());
    pass(1_000);
    expect(passes(send("/hook/a", "192.0.2.3"))).toBe(false);
    expect(passes(send("/", "192.0.2.77"))).toBe(false);
  });

  test("end at their time, not when the list is next read", async () => {
    const { store, send, now, pass } = build();
    await addEntries(store, "exempt", [{ name: "192.0.2.77", until: now() + 5_000 }, { name: "192.0.2.78" }], now());
    expect(passes(send("/", "192.0.2.77"))).toBe(true);
    pass(5_000);
    expect(passes(send("/", "192.0.2.77"))).toBe(false);
    expect(passes(send("/", "192.0.2.78"))).toBe(true);
  });

  test("may name what they leave out, and leave out nothing when that cannot be read", async () => {
    const { store, send, now } = build();
    await addEntries(store, "exempt-path", [{ name: "/a", from: ["keywords/one"] }], now());
    await store.set("list:exempt-path:/b", JSON.stringify({ reason: "", since: 0, from: { all: true } }), undefined, now());
    expect(send("/a").findings.map(({ rule }) => rule)).toEqual(["keywords/two"]);
    expect(passes(send("/b"))).toBe(false);
  });

  test("a stored slash exempts the root and not the whole site", async () => {
    const { store, send, now } = build();
    await addEntries(store, "exempt-path", [{ name: "/" }], now());
    expect(passes(send("/"))).toBe(true);
    expect(passes(send("/a"))).toBe(false);
  });

  test("one that is no pattern, or stands there in two cases, exempts nothing and disturbs no other", async () => {
    const { store, send, now } = build();
    await addEntries(
      store,
      "exempt-path",
      [{ name: "/a/../b" }, { name: "/x?y" }, { name: "/Case" }, { name: "/case" }, { name: "/ok/*" }],
      now(),
    );
    for (const [index, path] of ["/b", "/x", "/Case", "/case"].entries())
      expect(rulesOf(send(path, `192.0.2.${index}`)), path).toContain("keywords/one");
    expect(passes(send("/ok/1", "192.0.2.51"))).toBe(true);
    expect(passes(send("/ok/1/2", "192.0.2.51"))).toBe(false);
  });

  test("are not read when they are switched off", async () => {
    const { store, send, now } = build({ stored: false });
    await addEntries(store, "exempt", [{ name: "192.0.2.1" }], now());
    expect(passes(send("/"))).toBe(false);
  });
});

test("a path that skips exemptions has none", () => {
  const paths: Record<string, PathRule> = { "/pay/**": { skip: ["exemptions"] } };
  const { send } = build({ addresses: ["192.0.2.1"] }, { paths });
  expect(passes(send("/"))).toBe(true);
  expect(passes(send("/pay/now"))).toBe(false);
});

test("wrong exemptions are refused at the start, by name", () => {
  expect(() => exemptions({ addresses: ["10.0.0.300"] })).toThrow("exemptions.addresses");
  expect(() => exemptions({ paths: ["hook"] })).toThrow("AIWAF_PATTERN_INVALID");
  expect(() => exemptions({ paths: { "/x": "all" } as never })).toThrow("exemptions.paths");
});

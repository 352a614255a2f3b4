import { describe, expect, test } from "vitest";
import { exempt, exemptFrom, handlerRules, only, protectionOf, requireProtection } from "../src/exemptions.ts";
import { recommended } from "../src/recommended.ts";
import { CLIENT_DETECTORS, detectorsOf, REQUEST_DETECTORS, STAGE_NAMES, stageOf } from "../src/stages.ts";
import type { Decision, PathRule } from "../src/types.ts";
import { createWaf } from "../src/waf.ts";

const handler = () => (): string => "ok";
const skipAt = (paths: Readonly<Record<string, PathRule>>, route: string, marked: object): readonly string[] =>
  [...(handlerRules(paths, { [route]: marked })[route]?.skip ?? [])].sort();

describe("marks on handlers", () => {
  test("S2-052 S3-038 S3-039 return the handler itself, of functions and classes, frozen ones too", () => {
    const plain = handler();
    expect(exempt()(plain)).toBe(plain);
    class View {}
    expect(exempt()(View)).toBe(View);
    const frozen = Object.freeze(handler());
    expect(protectionOf(exemptFrom("rate-limit")(frozen))).toEqual({ exempt: ["rate-limit"], required: [] });
    expect(protectionOf(handler())).toBeUndefined();
  });

  test("leave out everything that judges requests, some things, or everything else, and never the blocklist unasked", () => {
    expect(skipAt({}, "/a", exempt()(handler()))).toEqual([...REQUEST_DETECTORS].sort());
    expect(skipAt({}, "/a", exemptFrom("rate-limit", "probes/dotfile")(handler()))).toEqual(["probes/dotfile", "rate-limit"]);
    expect(skipAt({}, "/a", only("honeypot")(handler()))).toEqual(REQUEST_DETECTORS.filter((name) => name !== "honeypot").sort());
    expect(REQUEST_DETECTORS).not.toContain("blocklist");
  });

  test("take the names of stages", () => {
    expect(skipAt({}, "/a", exemptFrom("rate_limit", "UUIDTamperMiddleware")(handler()))).toEqual(["identifiers", "rate-limit"]);
  });

  test("add up when several stand on one handler", () => {
    const marked = exemptFrom("headers")(exemptFrom("rate-limit")(handler()));
    expect(skipAt({}, "/a", marked)).toEqual(["headers", "rate-limit"]);
  });

  test("without a name are refused", () => {
    expect(() => exemptFrom()).toThrow("exemptFrom");
    expect(() => only("")).toThrow("only");
    expect(() => requireProtection()).toThrow("requireProtection");
  });
});

describe("precedence", () => {
  const paths = { "/api/**": { skip: ["headers", "probes"], threshold: 60 } };

  test("what a handler requires stays, whatever path rules and other marks leave out", () => {
    expect(skipAt(paths, "/api/a", requireProtection("headers")(handler()))).toEqual(["probes"]);
    expect(skipAt({}, "/a", requireProtection("rate-limit")(exemptFrom("rate-limit", "headers")(handler())))).toEqual(["headers"]);
    expect(skipAt({}, "/a", exempt()(requireProtection("probes")(handler())))).not.toContain("probes");
    expect(skipAt({ "/a": { skip: ["probes"] } }, "/a", requireProtection("probes/dotfile")(handler()))).toEqual([]);
    expect(skipAt({ "/a": { skip: ["probes/dotfile"] } }, "/a", requireProtection("probes")(handler()))).toEqual([]);
  });

  test("what path rules leave out stays left out beside a mark, from the general rule or the rule for the route", () => {
    expect(skipAt(paths, "/api/:id", exemptFrom("rate-limit")(handler()))).toEqual(["headers", "probes", "rate-limit"]);
    expect(skipAt({ ...paths, "/api/a": { skip: ["methods"] } }, "/api/a", exemptFrom("rate-limit")(handler()))).toEqual([
      "methods",
      "rate-limit",
    ]);
  });

  test("everything else of a route's rule stays, and routes without a mark get none", () => {
    const rules = handlerRules({ "/a": { threshold: 60 } }, { "/a": exempt()(handler()), "/b": handler() });
    expect(rules["/a"]).toMatchObject({ threshold: 60 });
    expect(Object.keys(rules)).toEqual(["/a"]);
  });
});

test("S2-052 a firewall built from marks leaves the marked handlers alone, and no path that only looks like theirs", () => {
  const routes = { "/hook/:name": exempt()(handler()), "/login": requireProtection("probes")(handler()) };
  const paths = handlerRules({ "/login": { skip: ["probes", "headers"] } }, routes);
  const waf = createWaf(recommended({ paths, log: { warn() {}, error() {} } }));
  const rules = (target: string): string[] => {
    const decision = waf.inspect({ method: "GET", target, headers: new Headers(), peer: "192.0.2.1" }) as Decision;
    return decision.findings.map(({ rule }) => rule);
  };
  expect(rules("/hook/one")).toEqual([]);
  expect(rules("/hook/.env")).toEqual([]);
  expect(rules("/hook/one/two")).not.toEqual([]);
  expect(rules("/admin/../hook/one")).not.toEqual([]);
  expect(rules("/hook%2fone")).not.toEqual([]);
  expect(rules("/login")).toEqual([]);
  expect(rules("/login/.env")).toContain("probes/dotfile");
});

test("every detector of the recommended set judges the request or the client, or is named here", () => {
  // The one watches the others, the other exempts from them.
  const apart = ["breaker", "exemptions", "switches"];
  const names = recommended().detectors.map(({ name }) => name);
  expect(names.filter((name) => ![...REQUEST_DETECTORS, ...CLIENT_DETECTORS, ...apart].includes(name))).toEqual([]);
});

describe("names of stages", () => {
  test.each([
    ["S2-116", "JsonExceptionMiddleware", "json_exception"],
    ["S2-117", "GeoBlockMiddleware", "geo_block"],
    ["S2-118", "IPAndKeywordBlockMiddleware", "ip_keyword_block"],
    ["S2-119", "RateLimitMiddleware", "rate_limit"],
    ["S2-120", "AIAnomalyMiddleware", "ai_anomaly"],
    ["S2-121", "HoneypotTimingMiddleware", "honeypot"],
    ["S2-122", "UUIDTamperMiddleware", "uuid_tamper"],
    ["S2-123", "HeaderValidationMiddleware", "header_validation"],
    ["S2-124", "AIWAFLoggerMiddleware", "logging"],
  ])("%s the class %s stands for its stage, with or without its module, in any case", (_, name, stage) => {
    expect(stageOf(name)).toBe(stage);
    expect(stageOf(`aiwaf.middleware.${name.toUpperCase()}`)).toBe(stage);
    expect(stageOf(stage)).toBe(stage);
  });

  test("S2-169 a stage turned off opens no door to banned clients: the blocklist goes only by its own name", () => {
    expect(detectorsOf(["ip_keyword_block"])).toEqual(["probes", "keywords", "waves"]);
    expect(detectorsOf(["blocklist", "own", "probes/dotfile", "probes", "probes"])).toEqual([
      "blocklist",
      "own",
      "probes/dotfile",
      "probes",
    ]);
    for (const stage of STAGE_NAMES) expect(detectorsOf([stage])).not.toContain("blocklist");
  });

  test("S2-128 nothing else is a stage", () => {
    for (const name of ["", "rate-limit", "constructor", "__proto__", "geo"]) expect(stageOf(name)).toBeUndefined();
  });
});

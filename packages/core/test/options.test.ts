import { describe, expect, test } from "vitest";
import { headers, methods, probes, rateLimit } from "../src/detectors.ts";
import { WafError } from "../src/errors.ts";
import { formTokens } from "../src/forms.ts";
import { type RecommendedOptions, recommended, wafFrom } from "../src/recommended.ts";
import { memoryStore } from "../src/stores/memory.ts";
import type { WafOptions } from "../src/types.ts";
import { createWaf } from "../src/waf.ts";

const build = (options: unknown): unknown => createWaf(recommended(options as RecommendedOptions));

describe("a wrong option", () => {
  test.each<readonly [what: string, options: unknown, message: readonly string[]]>([
    ["an unknown name", { treshold: 50 }, ['"treshold"', "not known", 'Did you mean "threshold"?']],
    ["an unknown name without a near one", { zzzzzzzzzzzz: 1 }, ['"zzzzzzzzzzzz"', "Known here: mode"]],
    ["a wrong type", { threshold: "50" }, ['"threshold"', "a whole number from 1 to 1000", 'it is "50"']],
    ["a number out of range", { threshold: 0 }, ['"threshold"', "from 1 to 1000", "it is 0"]],
    ["NaN, which would turn a limit off", { deadlineMs: Number.NaN }, ['"deadlineMs"', "it is NaN"]],
    ["a wrong word", { mode: "block" }, ['"mode"', 'one of "enforce", "report", "off"', '"block"']],
    ["a detector's unknown option", { rateLimit: { windowsMs: 10_000 } }, ['"rateLimit.windowsMs"', 'Did you mean "windowMs"?']],
    ["a detector's wrong value", { rateLimit: { max: 1.5 } }, ['"rateLimit.max"', "it is 1.5"]],
    ["true for a detector", { probes: true }, ['"probes"', "or false to leave the detector out", "it is true"]],
    ["a path rule's unknown field", { paths: { "/a": { skips: [] } } }, ['paths["/a"].skips', 'Did you mean "skip"?']],
    ["a path rule's wrong value", { paths: { "/a": { bodyLimitBytes: -1 } } }, ['paths["/a"].bodyLimitBytes', "it is -1"]],
    [
      "a path's limit without a window",
      { paths: { "/a": { rateLimit: { max: 5 } } } },
      ['paths["/a"].rateLimit.windowMs', "a whole number"],
    ],
    [
      "a flood limit below the limit",
      { rateLimit: { max: 20, floodMax: 10 } },
      ['"rateLimit.floodMax"', "at least rateLimit.max (20)", "it is 10"],
    ],
    [
      "a path's flood limit below its limit",
      { paths: { "/a": { rateLimit: { max: 9, windowMs: 1000, floodMax: 3 } } } },
      ["floodMax", "at least max (9)"],
    ],
    ["an address that is none", { blocklist: { block: ["10.0.0.256"] } }, ["blocklist.block", "10.0.0.256"]],
    ["a prefix that contradicts its address", { client: { proxies: ["::ffff:10.0.0.0/8"] } }, ["client.proxies", "10.0.0.0/8"]],
    ["a list for an object", { paths: [] }, ['"paths"', "a list of 0"]],
    ["a store without methods", { store: {} }, ['"store"', "a store"]],
    ["a detector without inspect", { detectors: [{}] }, ['"detectors"']],
    ["a function for text", { client: () => "" }, ['"client"', "a function"]],
  ])("names the option, the value and what is allowed: %s", (_, options, parts) => {
    let caught: unknown;
    try {
      build(options);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(WafError);
    for (const part of parts) expect((caught as WafError).message).toContain(part);
  });

  test("prototype names are unknown options, not inherited ones", () => {
    for (const name of ["__proto__x", "constructor", "toString", "hasOwnProperty"]) expect(() => build({ [name]: 1 })).toThrow("not known");
    expect(() => build(JSON.parse('{"__proto__": {"mode": "off"}}'))).toThrow('"__proto__" is not known');
  });

  test("long values are cut in the message", () => {
    expect(() => build({ mode: "x".repeat(5000) })).toThrow(/^.{0,300}$/);
  });
});

describe("createWaf", () => {
  test("needs a store and detectors, and says which is missing", () => {
    expect(() => createWaf({ detectors: [] } as unknown as WafOptions)).toThrow('"store"');
    expect(() => createWaf({ store: memoryStore() } as unknown as WafOptions)).toThrow('"detectors"');
    expect(() => createWaf(undefined as unknown as WafOptions)).toThrow('"store"');
  });

  test("refuses two detectors of one name", () => {
    expect(() => createWaf({ store: memoryStore(), detectors: [probes(), probes()] })).toThrow("AIWAF_DETECTOR_DUPLICATE");
  });

  test("is not changed by what happens to its options later", () => {
    const paths: Record<string, { mode: "off" }> = {};
    const options = recommended({ paths });
    const waf = createWaf(options);
    paths["/**"] = { mode: "off" };
    (options.detectors as unknown[]).length = 0;
    const decision = waf.inspect({ method: "GET", target: "/.env", headers: new Headers(), peer: "192.0.2.1" });
    expect(decision).toMatchObject({ action: "block", rule: "probes/dotfile" });
  });
});

describe("recommended", () => {
  const names = (options?: RecommendedOptions): string[] => recommended(options).detectors.map(({ name }) => name);

  const HEAD = ["switches", "blocklist", "rate-limit", "internals", "methods", "probes"];
  const BEHAVIOUR = ["waves", "identifiers", "keywords", "content", "content", "anomaly", "breaker", "exemptions"];

  test("leaves a detector out for false and adds the user's own at the end", () => {
    expect(names()).toEqual([...HEAD, "headers", ...BEHAVIOUR]);
    expect(
      names({ rateLimit: false, headers: false, detectors: [{ name: "own", phase: "head", rules: [], inspect: () => undefined }] }),
    ).toEqual(["switches", "blocklist", "internals", "methods", "probes", ...BEHAVIOUR, "own"]);
    expect(names({ waves: false, identifiers: false, keywords: false, content: false, anomaly: false, breaker: false })).toEqual([
      ...HEAD,
      "headers",
      "exemptions",
    ]);
  });

  test("has the honeypot only for whoever gives it the tokens of the forms", () => {
    const tokens = formTokens({ secret: "sixteen characters or more" });
    expect(names({ honeypot: { tokens } }).slice(-2)).toEqual(["honeypot", "honeypot"]);
    expect(names({ honeypot: false })).toEqual(names());
  });

  test("S2-248 lets a path skip stages by the names that other implementations give them", () => {
    const skip = ["header_validation", "RateLimitMiddleware", "probes/dotfile", "own"];
    expect(recommended({ paths: { "/a": { skip } } }).paths?.["/a"]).toEqual({ skip: ["headers", "rate-limit", "probes/dotfile", "own"] });
    expect(() => build({ paths: { "/a": { skip: [7] } } })).toThrow('paths["/a"].skip');
  });

  test("wafFrom takes a firewall as it is", () => {
    const waf = createWaf(recommended());
    expect(wafFrom(waf)).toBe(waf);
    expect(wafFrom({ mode: "report" })).not.toBe(waf);
  });

  test("each factory also works with no options at all", () => {
    for (const factory of [rateLimit, methods, probes, headers]) expect(factory().rules.length).toBeGreaterThan(0);
  });
});

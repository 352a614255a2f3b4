import { describe, expect, test } from "vitest";
import { WafError } from "../src/errors.ts";
import { compilePaths } from "../src/paths.ts";
import { readTarget } from "../src/request.ts";
import type { PathPolicy, PathRule } from "../src/types.ts";

const base: PathPolicy = {
  mode: "enforce",
  threshold: 100,
  skip: [],
  bodyLimitBytes: 65_536,
  onFailure: "allow",
  rateLimit: { max: 600, windowMs: 60_000, floodMax: 1200, bucket: "" },
  methods: ["GET", "POST"],
  profile: undefined,
};
const lookup = (rules: Record<string, PathRule>) => {
  const policyOf = compilePaths(rules, base);
  return (target: string): PathPolicy => policyOf(readTarget(target));
};

describe("path rules", () => {
  test("match whole segments, one-segment wildcards and subtrees", () => {
    const policy = lookup({
      "/a/b": { threshold: 1 },
      "/c/*": { threshold: 2 },
      "/d/:id/e": { threshold: 3 },
      "/f/**": { threshold: 4 },
      "/": { threshold: 5 },
    });
    const thresholds = [
      "/a/b",
      "/a/b/",
      "/a/bc",
      "/a",
      "/c/x",
      "/c",
      "/c/x/y",
      "/d/7/e",
      "/d/7/f",
      "/f",
      "/f/",
      "/f/x/y/z",
      "/fx",
      "/",
    ].map((path) => policy(path).threshold);
    expect(thresholds).toEqual([1, 1, 100, 100, 2, 100, 100, 3, 100, 4, 4, 4, 100, 5]);
  });

  test("merge from general to specific, field by field", () => {
    const policy = lookup({
      "/api/users/:id": { skip: ["headers"] },
      "/api/**": { threshold: 80, mode: "report" },
      "/api/users/me": { threshold: 90 },
      "/**": { onFailure: "deny", threshold: 70 },
    });
    expect(policy("/api/users/me")).toMatchObject({ onFailure: "deny", mode: "report", threshold: 90, skip: ["headers"] });
    expect(policy("/api/users/7")).toMatchObject({ onFailure: "deny", mode: "report", threshold: 80, skip: ["headers"] });
    expect(policy("/other")).toMatchObject({ onFailure: "deny", mode: "enforce", threshold: 70, skip: [] });
  });

  test("give the base itself, without an allocation, where no rule matches", () => {
    const policyOf = compilePaths({ "/a/**": { threshold: 1 } }, base);
    expect(policyOf(readTarget("/b/c/d"))).toBe(base);
  });

  test("count a path's own limit in the rule's bucket", () => {
    const policy = lookup({
      "/login": { rateLimit: { max: 5, windowMs: 60_000 } },
      "/api/login": { rateLimit: { max: 5, windowMs: 60_000, bucket: "/login" } },
    });
    expect(policy("/login").rateLimit?.bucket).toBe("/login");
    expect(policy("/api/login").rateLimit?.bucket).toBe("/login");
    expect(policy("/%6cogin").rateLimit).toMatchObject({ max: 5, bucket: "/login" });
  });

  test.each([
    ["a/b", "must start"],
    ["/a/**/b", "before its end"],
    ["/a/b*", "whole segment"],
    ["/a/:", "whole segment"],
    ["/a//b", "empty"],
    ["/a/../b", "dot segment"],
    ["/a?b", "query"],
    ["/a/%2fb", "escape"],
    ["/a/%zz", "escape"],
  ])("refuse the pattern %s", (pattern, why) => {
    expect(() => lookup({ [pattern]: {} })).toThrow(WafError);
    expect(() => lookup({ [pattern]: {} })).toThrow(why);
  });

  test("refuse two patterns for the same paths", () => {
    expect(() => lookup({ "/a/*": {}, "/a/:id": {} })).toThrow("an earlier one");
    // Was a way around the strict one: spelled /ADMIN, only the rule compiled last was found.
    expect(() => lookup({ "/Admin": { threshold: 20 }, "/admin": { mode: "off" } })).toThrow("case apart");
    expect(() => lookup({ "/a/": {}, "/a": {} })).toThrow("an earlier one");
  });
});

describe("a path that could be read in two ways", () => {
  const relaxed: Record<string, PathRule> = {
    "/hooks/**": { skip: ["headers", "probes"], mode: "off", threshold: 900, bodyLimitBytes: 0, methods: ["GET", "POST", "PUT"] },
  };

  test.each([
    "/hooks/%2e%2e/admin",
    "/hooks/..%2fadmin",
    "/hooks/..;/admin",
    "/hooks%2fx",
    "/hooks//x",
    "//hooks/x",
    "/hooks\\x",
    "/hooks/x;y",
    "/hooks/%00/x",
    "/hooks/x%23y",
    "/hooks/x#y",
    "/hooks/%252e%252e/admin",
    "/%68ooks/x",
    "/Hooks/x",
    "/hOOKS/x",
    "http://host/hooks/x",
    "hooks/x",
    "/./hooks/x",
    "/x/../hooks/y",
    "/hooks/%c0%ae%c0%ae/admin",
    "/hooks/%ff",
    "/hooks/a%2e%2e/../../admin",
  ])("gains no relaxation: %s", (target) => {
    expect(lookup(relaxed)(target)).toMatchObject({
      mode: "enforce",
      threshold: 100,
      skip: [],
      bodyLimitBytes: 65_536,
      methods: ["GET", "POST"],
    });
  });

  test("keeps the relaxation when it is written in the one clear way", () => {
    expect(lookup(relaxed)("/hooks/x")).toMatchObject({ mode: "off", skip: ["headers", "probes"] });
    expect(lookup(relaxed)("/hooks/caf%C3%A9")).toMatchObject({ mode: "off" });
  });

  const strict: Record<string, PathRule> = {
    "/admin/**": { threshold: 20, onFailure: "deny", rateLimit: { max: 5, windowMs: 60_000 }, methods: ["GET"] },
  };

  test.each([
    "/admin/x",
    "/Admin/x",
    "/ADMIN",
    "/%61dmin/x",
    "/%2561dmin/x",
    "/x/../admin/y",
    "/x/%2e%2e/admin/y",
    "/x/..%2fadmin/y",
    "/x/..%252fadmin/y",
    "//admin/x",
    "//host/admin/x",
    "/\\host/admin",
    "/\\admin/x",
    "/admin;a=b/x",
    "/admin%00.css",
    "/admin%3fx",
    "/admin#x",
    "/admin%2fx",
    "/admin%5cx",
    "/%c0%afadmin/x",
    "/ad%09min/../admin/x",
    "http://other/admin/x",
    "http://other//admin",
    "/./admin",
    "/admin/.",
    "/a//../admin/x",
    `/${"a%2f".repeat(1000)}admin`,
    "//a/%252f..;b\\c/./%2e%2e/%5c;d=1//e%00f#g?h/;i/..//j",
  ])("gets the stricter policy of any reading: %s", (target) => {
    expect(lookup(strict)(target)).toMatchObject({
      threshold: 20,
      onFailure: "deny",
      methods: ["GET"],
      rateLimit: { max: 5, bucket: "/admin/**" },
    });
  });

  test("is never less strict than the plain spelling of any reading, over 30,000 random targets", () => {
    const rules: Record<string, PathRule> = {
      ...relaxed,
      ...strict,
      "/a/*": { threshold: 50 },
      "/a/b/**": { mode: "report" },
      "/A/c": { onFailure: "deny" },
      "/café/*": { threshold: 30 },
    };
    const policy = lookup(rules);
    const pieces = [
      "/",
      "//",
      "a",
      "A",
      "b",
      "c",
      "admin",
      "hooks",
      "%61",
      "%2f",
      "%2e%2e",
      "..",
      ".",
      ";x",
      "\\",
      "%5c",
      "%252e",
      "%00",
      "café",
      "caf%C3%A9",
      "#",
    ];
    let state = 11;
    const next = (): number => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return state;
    };
    for (let round = 0; round < 30_000; round++) {
      let target = "/";
      for (let count = next() % 7; count >= 0; count--) target += pieces[(next() >> 8) % pieces.length]!;
      const read = readTarget(target);
      const given = policy(target);
      if (read.canonical) continue;
      const plain = policy(encodeURI(read.path).replace(/[;#?]/g, ""));
      if (!/^[/A-Za-zé]*$/.test(read.path)) continue;
      expect(given.threshold, target).toBeLessThanOrEqual(plain.threshold);
      expect(["off", "report", "enforce"].indexOf(given.mode), target).toBeGreaterThanOrEqual(
        ["off", "report", "enforce"].indexOf(plain.mode),
      );
      expect(given.onFailure === "deny" || plain.onFailure === "allow", target).toBe(true);
    }
  });
});

describe("the memory of path rules", () => {
  test("a path asked for again, in any spelling and among 5,000 others, has the policy that it has when it is asked for first", () => {
    const rules: Record<string, PathRule> = {
      "/api/**": { threshold: 1 },
      "/api/open": { threshold: 50, skip: ["headers"] },
      "/*": { threshold: 7 },
    };
    const again = lookup(rules);
    const targets = [
      "/api/open",
      "/API/open",
      "/api//open",
      "/api/%6fpen",
      "/api/open?x=1",
      `/api/open?${"x".repeat(500)}`,
      "/page",
      "/page.rsc",
      "/a/b",
    ];
    for (const target of [...targets, ...targets]) {
      expect(again(target)).toEqual(lookup(rules)(target));
    }
    for (let index = 0; index < 5_000; index++) again(`/other/${index}`);
    for (const target of targets) expect(again(target)).toEqual(lookup(rules)(target));
  });

  test("a path that begins as no rule does is told so at once, and only then", () => {
    let state = 7;
    const pick = <Item>(items: readonly Item[]): Item => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return items[Math.floor((state / 2 ** 32) * items.length)]!;
    };
    // Twins in case, letters that fold to ASCII or grow when folded, one character alone, and what frameworks put around a page.
    const names = [
      "a",
      "A",
      "ab",
      "aB",
      "admin",
      "Admin",
      "k",
      "\u212a",
      "\u212ain",
      "kin",
      "\u0130d",
      "i\u0307d",
      "é",
      "É",
      "api",
      "login",
      "en",
      "i",
    ];
    const sent = (name: string): string => encodeURIComponent(name);
    const ends = ["", "/", "/x", ".rsc", "/index.rsc", "/__data.json", "/_payload.json", "?q=1", ".segments/_tree"];
    const begins = ["/", "/", "/", "/_next/data/b1/", "/en/_next/data/b1/", "/_next/data/b1/en/"];
    for (let round = 0; round < 3_000; round++) {
      const rules: Record<string, PathRule> = {};
      for (let count = 0; count < 3; count++) {
        const pattern = `/${pick(names)}${pick(["", "/x", "/**", "/:id"])}`;
        if (!Object.keys(rules).some((known) => known.toLowerCase().replace(/:id/, "*") === pattern.toLowerCase().replace(/:id/, "*")))
          rules[pattern] = { threshold: 1 + count, skip: [`d${count}`] };
      }
      if (pick([0, 0, 0, 1]) === 1) rules["/"] = { threshold: 9 };
      const [quick, thorough] = [lookup(rules), lookup({ ...rules, "/**": {} })];
      for (let count = 0; count < 10; count++) {
        const target = `${pick(begins)}${sent(pick(names))}${pick(["", `/${sent(pick(names))}`])}${pick(ends)}`;
        expect(quick(target), `${target} under ${Object.keys(rules).join(" ")}`).toEqual(thorough(target));
      }
    }
  });

  test("a flood of odd spellings interns a bounded number of policies", () => {
    const policy = lookup(
      Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`/s${index}/**`, { threshold: 1 + index, skip: [`d${index}`] }])),
    );
    const seen = new Set<PathPolicy>();
    for (let index = 0; index < 100_000; index++) seen.add(policy(`/s${index % 300}/..%2fs${(index * 7) % 299}//s${index % 13}`));
    expect(seen.size).toBeLessThan(10_000);
  });
});

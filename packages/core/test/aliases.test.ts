import { createWaf, type PathPolicy } from "@aiwaf/core";
import { expect, test } from "vitest";
import { pageAliases } from "../src/aliases.ts";
import { compilePaths } from "../src/paths.ts";
import { readTarget } from "../src/request.ts";

const base: PathPolicy = {
  mode: "enforce",
  threshold: 100,
  skip: [],
  bodyLimitBytes: 0,
  onFailure: "allow",
  rateLimit: undefined,
  methods: undefined,
  profile: undefined,
};
const policyOf = compilePaths(
  {
    "/": { threshold: 50 },
    "/admin/**": { threshold: 10 },
    "/users/:id": { threshold: 20 },
    "/open/**": { mode: "off" },
  },
  base,
);
const thresholdOf = (target: string): number => policyOf(readTarget(target)).threshold;

test.each([
  // Next, pages directory
  ["/_next/data/build-1/admin.json", 10],
  ["/_next/data/build-1/admin/users.json?x=1", 10],
  ["/_next/data/build-1/en-GB/admin/users.json", 10],
  ["/base/_next/data/build-1/admin.json", 100],
  ["/_next/data/build-1/index.json", 50],
  ["/_next/data/build-1/en.json", 50],
  ["/_next/data/build-1/users/7.json", 20],
  ["/_NEXT/data/build-1/ADMIN.json", 10],
  ["/%5fnext/data/build-1/admin.json", 10],
  ["//_next/data/build-1/admin.json", 10],
  // Next, app directory
  ["/admin.rsc", 10],
  ["/admin.prefetch.rsc", 10],
  ["/index.rsc", 50],
  ["/users/7.rsc", 20],
  ["/users/7.segments/_tree.segment.rsc", 20],
  ["/admin.segments/admin/__PAGE__.segment.rsc", 10],
  ["/index.segments/_tree.segment.rsc", 50],
  // SvelteKit
  ["/admin/__data.json?x-sveltekit-invalidated=1", 10],
  ["/users/7/__data.json", 20],
  ["/__data.json", 50],
  ["/users/7.html__data.json", 20],
  ["/admin/__route.js", 10],
  // Nuxt
  ["/admin/_payload.json", 10],
  ["/users/7/_payload.json?hash", 20],
  ["/_payload.json", 50],
  // spellings
  ["/ADMIN/x", 10],
  ["/admin%2fx", 10],
  ["/x/..%2fadmin/x", 10],
  ["/admin/", 10],
  ["//admin//x", 10],
  // others' pages
  ["/administrators.rsc", 100],
  ["/_next/static/chunks/admin.js", 100],
])("%s is held to threshold %d", (target, threshold) => {
  expect(thresholdOf(target)).toBe(threshold);
});

test("an alias lends no relaxation", () => {
  for (const target of ["/_next/data/b/open/x.json", "/open.rsc", "/open.segments/x"])
    expect(policyOf(readTarget(target)).mode).toBe("enforce");
  // These lie below the pattern itself.
  expect(policyOf(readTarget("/open/__data.json")).mode).toBe("off");
});

test("a hostile path costs no more than its length", () => {
  // At some megabytes the square of the length would be hours.
  const paths = [
    "/_next/data/".repeat(400_000),
    `${".segments/".repeat(500_000)}x`,
    "/__data.json".repeat(400_000),
    `/${"a".repeat(5_000_000)}.rsc`,
  ];
  for (const path of paths) expect(pageAliases(path).length).toBeLessThan(3);
});

test("a limit of a page is one allowance over all its spellings", async () => {
  const { rateLimit } = await import("@aiwaf/core/detectors");
  const { memoryStore } = await import("@aiwaf/core/stores/memory");
  const paths = { "/login": { rateLimit: { max: 3, windowMs: 60_000 } } };
  const waf = createWaf({ store: memoryStore(), detectors: [rateLimit()], paths, clock: () => 1_000_000 });
  const actions = ["/login", "/login.rsc", "/_next/data/b/login.json", "/login/__data.json", "/LOGIN"].map((target) => {
    const decision = waf.inspect({ method: "GET", target, headers: new Headers(), peer: "192.0.2.1" });
    return "action" in decision ? decision.action : "waited";
  });
  expect(actions).toEqual(["allow", "allow", "allow", "block", "block"]);
});

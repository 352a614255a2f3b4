/**
 * Applications that say 404 for "none": pages, their scripts and programs ask for many things that are not there, and nobody tried anything. Each is
 * followed by who does try, and looks the same at first.
 */
import { describe, expect, test } from "vitest";
import { recommended } from "../../src/recommended.ts";
import type { RawRequest } from "../../src/types.ts";
import { range, site } from "./site.ts";

const fields = (lines: Record<string, string>): Partial<RawRequest> => ({ headers: new Headers({ host: "shop.example", ...lines }) });
const BROWSER = {
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  "accept-language": "en",
};
const TYPED = fields({
  ...BROWSER,
  accept: "text/html",
  "sec-fetch-site": "none",
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
});
const SCRIPT = fields({ ...BROWSER, accept: "*/*", "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" });
const PICTURE = fields({
  ...BROWSER,
  accept: "image/*",
  "sec-fetch-site": "same-origin",
  "sec-fetch-mode": "no-cors",
  "sec-fetch-dest": "image",
});
const WITHOUT_TLS = fields({ ...BROWSER, accept: "application/json", referer: "http://shop.example/items?page=2" });
const SIGNED_IN = fields({ "user-agent": "okhttp/4.12.0", accept: "application/json", authorization: "Bearer kelp.moss.fern" });
const PROGRAM = fields({ "user-agent": "okhttp/4.12.0", accept: "application/json" });

const uuid = (index: number): string => `3f2b8c1d-4b1f-4c0a-9d3e-${(123_456_789 + index * 7_919).toString(16).padStart(12, "0")}`;

interface Scene {
  readonly name: string;
  /** Of how many of `paths` the application has something; each is asked for once. */
  readonly isThere: (index: number) => boolean;
  readonly paths: (index: number) => string;
  readonly count: number;
  readonly by: readonly (readonly [string, Partial<RawRequest>])[];
}

const EVERYBODY = [
  ["a script", SCRIPT],
  ["an app that is signed in", SIGNED_IN],
  ["a program", PROGRAM],
] as const;

const SCENES: readonly Scene[] = [
  {
    name: "ratings of items",
    isThere: (index) => index % 10 === 9,
    paths: (index) => `/api/items/${1_000 + index}/rating`,
    count: 50,
    by: [
      ["a script", SCRIPT],
      ["a script without TLS", WITHOUT_TLS],
      ["an app that is signed in", SIGNED_IN],
    ],
  },
  {
    name: "ratings of items that are known",
    isThere: (index) => index % 10 === 9,
    paths: (index) => `/shop/${index}/rating`,
    count: 40,
    by: EVERYBODY,
  },
  {
    name: "pictures of people",
    isThere: (index) => index % 3 === 2,
    paths: (index) => `/avatars/${uuid(index)}`,
    count: 45,
    by: [
      ["a picture", PICTURE],
      ["a script", SCRIPT],
    ],
  },
  {
    name: "tiles of a map",
    isThere: (index) => index % 3 === 0,
    paths: (index) => `/tiles/14/${8_800 + (index >> 3)}/${5_300 + (index & 7)}.pbf`,
    count: 80,
    by: EVERYBODY,
  },
  {
    name: "a language without files",
    isThere: (index) => index >= 15,
    paths: (index) => `/locales/${index < 15 ? "de-AT" : "de"}/part${index % 15}.json`,
    count: 30,
    by: [["a script", SCRIPT]],
  },
  {
    name: "pages of the last deployment, fetched ahead",
    isThere: () => false,
    paths: (index) => `/_next/data/kelp${index & 1}/products/p-${index}.json`,
    count: 40,
    by: [["a script", SCRIPT]],
  },
  {
    name: "things of an API with a version",
    isThere: (index) => index === 0,
    paths: (index) => `/v1/users/kelp-${index}x/photo`,
    count: 9,
    by: EVERYBODY,
  },
  {
    name: "layers of an image, before they are sent",
    isThere: () => false,
    paths: (index) => `/v2/app/blobs/sha256:${uuid(index).replaceAll("-", "").repeat(2)}`,
    count: 9,
    by: EVERYBODY,
  },
];

const answers = ({ isThere, paths, count }: Scene) => {
  const there = new Set(
    range(count, (index) => index)
      .filter(isThere)
      .map(paths),
  );
  const all = new Set(range(count, paths));
  return (path: string): number => (all.has(path) && !there.has(path) ? 404 : 200);
};

for (const scene of SCENES)
  for (const [who, sent] of scene.by)
    test(`${who} that asks for ${scene.name} gets what is there and a 404 for the rest`, () => {
      const app = answers(scene);
      const { visit, wait } = site(recommended().detectors ?? [], app);
      for (const index of range(scene.count, (value) => value)) visit(`/shop/${index}`, { ...PROGRAM, peer: "198.51.100.7" });
      visit("/", TYPED);
      for (const index of range(scene.count, (value) => value)) {
        wait(20);
        const path = scene.paths(index);
        expect([path, visit(path, sent)]).toEqual([path, app(path)]);
      }
      expect(visit("/new", TYPED)).toBe(200);
    });

test("a job that is asked after until it is done is no guess", () => {
  const asked = new Map<string, number>();
  const { visit, wait } = site(recommended().detectors ?? [], (path) => {
    const times = (asked.get(path) ?? 0) + 1;
    asked.set(path, times);
    return path.startsWith("/jobs/") && times < 4 ? 404 : 200;
  });
  for (const index of range(160, (value) => value)) {
    wait(500);
    expect(visit(`/jobs/${uuid(index >> 2)}/result`, PROGRAM)).toBe(index % 4 === 3 ? 200 : 404);
  }
});

test("scripts are told without Fetch Metadata by the page they name, and by nothing less", () => {
  const stoppedAt = (lines: Record<string, string>): number => {
    const { visit } = site(recommended().detectors ?? [], (path) => (path === "/" ? 200 : 404));
    return range(180, (index) => visit(`/orders/${index}`, fields({ ...BROWSER, ...lines }))).indexOf("identifiers/enumeration");
  };
  const accept = "application/json";
  expect(stoppedAt({ accept, referer: "http://shop.example/items?page=2" })).toBeGreaterThanOrEqual(150);
  expect(stoppedAt({ accept, referer: "https://shop.example/" })).toBeGreaterThanOrEqual(150);
  expect(stoppedAt({ accept, referer: "https://shop.example.evil.example/" })).toBe(5);
  expect(stoppedAt({ accept, referer: "https://evil.example/https://shop.example/" })).toBe(5);
  expect(stoppedAt({ accept: "text/html,*/*", referer: "https://shop.example/" })).toBe(5);
  expect(stoppedAt({ accept, referer: "https://shop.example/", "sec-fetch-site": "none", "sec-fetch-dest": "document" })).toBe(5);
  expect(stoppedAt({ accept, referer: "http:///", host: "" })).toBe(5);
});

/** Different misses are told apart by sixteen bits: now and then one is taken for another, which moves a limit by one. */
const nearly = (expected: number, at: number): boolean => at >= expected && at <= expected + 3;

describe("who tries", () => {
  test("ids as a script is stopped, later, and not banned", () => {
    const { visit } = site(recommended().detectors ?? [], (path) => (path === "/" ? 200 : 404));
    const seen = range(400, (index) => visit(`/orders/${index}`, SCRIPT));
    expect(nearly(150, seen.indexOf("identifiers/enumeration"))).toBe(true);
    expect(seen.slice(153).every((answer) => answer === "identifiers/enumeration")).toBe(true);
    expect([visit("/orders/7000", TYPED), visit("/", TYPED)]).toEqual([404, 200]);
  });

  test("words as a script is stopped, and banned where it asks for what only scanners do", () => {
    const { visit } = site(recommended().detectors ?? [], (path) => (path === "/" ? 200 : 404));
    const seen = range(350, (index) => visit(`/word${index}`, SCRIPT));
    expect([nearly(300, seen.indexOf("waves/scan")), visit("/", TYPED)]).toEqual([true, 200]);
    for (const path of ["/.env", "/.git/config", "/wp-login.php"]) visit(path, SCRIPT);
    expect(visit("/", TYPED)).toBe("blocklist/banned");
  });

  test("the parts of things that exist, by their ids, is stopped for those that do not", () => {
    const { visit } = site(recommended().detectors ?? [], (path) => (/^\/shop\/\d$/.test(path) ? 200 : 404));
    for (const index of range(10, (value) => value)) visit(`/shop/${index}`, PROGRAM);
    expect(range(10, (index) => visit(`/shop/${index}/rating`, PROGRAM))).toEqual(Array(10).fill(404));
    expect(range(6, (index) => visit(`/shop/${index + 10}/rating`, PROGRAM)).at(-1)).toBe("identifiers/enumeration");
  });

  test("six words that scanners guess is banned, however many paths below one of them were asked for", () => {
    const { visit } = site(recommended({ waves: false }).detectors ?? [], () => 404);
    for (const index of range(100, (value) => value)) expect(visit(`/v1/a/b${index}`, PROGRAM)).toBe(404);
    for (const path of ["/admin", "/backup", "/config/a/b", "/old", "/swagger"]) visit(path, PROGRAM);
    expect(visit("/", PROGRAM)).toBe("blocklist/banned");
  });
});

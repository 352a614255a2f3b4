import { describe, expect, test } from "vitest";
import { rateLimit } from "../../src/detectors/rate-limit.ts";
import { type RepeatsOptions, repeats } from "../../src/detectors/repeats.ts";
import { recommended } from "../../src/recommended.ts";
import type { Blocked, Decision, RawRequest } from "../../src/types.ts";
import { createWaf } from "../../src/waf.ts";
import { range, site } from "./site.ts";

const at = (options?: RepeatsOptions, limit = {}) => site([rateLimit(limit), repeats(options)], () => 200);
const from = (fields: Record<string, string>): Partial<RawRequest> => ({ headers: new Headers(fields) });
const passed = (answers: readonly (string | number)[]): number => answers.filter((answer) => answer === 200).length;

describe("floods of one request", () => {
  test("the same request ten times in a moment passes, the eleventh waits", () => {
    const { visit, decide } = at();
    expect(range(12, () => visit("/"))).toEqual([...range(10, () => 200), "repeats/burst", "repeats/burst"]);
    const { status, retryAfterMs, findings } = decide("/") as Blocked;
    expect({ status, retryAfterMs, bans: findings.some(({ block }) => block?.banMs !== undefined) }).toEqual({
      status: 429,
      // Three too many, and room for one more, at ten a second.
      retryAfterMs: 400,
      bans: false,
    });
  });

  test("who goes on stays out, and who pauses for two seconds starts again", () => {
    const { visit, wait } = at();
    const flood = range(400, () => {
      wait(8);
      return visit("/");
    });
    expect(passed(flood)).toBe(10);
    wait(2_000);
    expect(passed(range(20, () => visit("/")))).toBe(10);
  });

  test("polling as fast as the limit goes on average is never too fast", () => {
    const { visit, wait } = at({}, { max: 1_200 });
    const answers = range(1_000, () => {
      wait(100);
      return visit("/api/status?id=7");
    });
    expect(passed(answers)).toBe(1_000);
  });

  test("a limit that lets through more a second lets as many repeats through at once; a strict one still leaves five a second", () => {
    const fast = at({}, { max: 6_000 });
    expect(passed(range(200, () => fast.visit("/")))).toBe(100);
    const strict = at({}, { max: 30, windowMs: 86_400_000 });
    const answers = range(25, () => {
      strict.wait(200);
      return strict.visit("/");
    });
    expect(passed(answers)).toBe(25);
  });

  test("a page that loads its files, a crawler and a script that walks through records ask for something else each time", () => {
    const { visit } = at();
    const page = range(8, (index) => ["/", ...range(6, (file) => `/assets/${file}.css?${index}`)]).flat();
    const walks = [...range(60, (id) => `/products/${id}`), ...range(60, (id) => `/search?q=${id}`)];
    for (const target of [...page, ...walks]) expect(visit(target), target).toBe(200);
  });

  test("people behind one address who open one page together are told apart by what their browsers send", () => {
    const { visit } = at();
    for (const pupil of range(60, (index) => index))
      expect(visit("/quiz", from({ cookie: `session=${pupil}`, "user-agent": "Firefox" }))).toBe(200);
    expect(passed(range(60, (index) => visit("/map", from({ authorization: `Bearer ${index >> 2}` }))))).toBe(60);
  });

  test("parts of one file, files, and everything that is no GET or HEAD pass", () => {
    const { visit } = at();
    for (const part of range(60, (index) => index)) expect(visit("/film", from({ range: `bytes=${part}-` }))).toBe(200);
    expect(passed(range(60, () => visit("/font.woff2")))).toBe(60);
    expect(passed(range(60, () => visit("/graphql", { method: "POST" })))).toBe(60);
    expect(passed(range(60, () => visit("/", { method: "HEAD" })))).toBe(10);
  });

  test("clients do not count for each other, wherever their places are", () => {
    const { visit } = at();
    const peers = range(3_000, (index) => `198.${18 + (index >> 12)}.${(index >> 6) & 63}.${1 + (index & 63)}`);
    for (const round of range(9, (index) => index)) for (const peer of peers) expect(visit("/", { peer }), `${round}`).toBe(200);
  });

  test("nothing is limited where no rate limit applies, and nobody whose address is hidden", () => {
    const free = site([repeats()], () => 200);
    expect(passed(range(100, () => free.visit("/")))).toBe(100);
    const skipping = site([rateLimit(), repeats()], () => 200, { paths: { "/feed": { skip: ["rate-limit"] } } });
    expect(passed(range(100, () => skipping.visit("/feed")))).toBe(100);
    const hidden = at();
    expect(passed(range(100, () => hidden.visit("/", { peer: undefined })))).toBe(100);
  });

  test("targets too long to be kept are left to the rate limit", () => {
    const { visit } = at();
    const long = `/?${"a".repeat(2_000)}`;
    expect(passed(range(100, () => visit(long)))).toBe(100);
    expect(passed(range(20, () => visit("/")))).toBe(10);
  });

  test("a clock that is set back frees nobody, and blocks nobody", () => {
    const { visit, wait } = at();
    expect(visit("/")).toBe(200);
    wait(-3_600_000);
    expect(visit("/")).toBe(200);
    for (const _ of range(20, () => 0)) visit("/");
    wait(-3_600_000);
    expect(visit("/")).toBe("repeats/burst");
    wait(3_000);
    expect(visit("/")).toBe(200);
  });

  test("the recommended set has it only when it is asked for", () => {
    const now = 1_700_000_000_000;
    const answersOf = (options: { repeats?: RepeatsOptions | false }): number => {
      const waf = createWaf(recommended({ clock: () => now, headers: false, log: { warn() {}, error() {} }, ...options }));
      const raw: RawRequest = { method: "GET", target: "/", headers: new Headers(), peer: "192.0.2.1" };
      return range(40, () => waf.inspect(raw) as Decision).filter(({ action }) => action === "allow").length;
    };
    expect([answersOf({}), answersOf({ repeats: false }), answersOf({ repeats: {} }), answersOf({ repeats: { max: 20 } })]).toEqual([
      40, 40, 10, 20,
    ]);
  });
});

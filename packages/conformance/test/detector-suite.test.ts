import type { Detector, Finding, RuleId } from "@aiwaf/core";
import { describe, expect, test } from "vitest";
import { type DetectorSuiteOptions, detectorSuite, type Hit, type Pass } from "../src/detector-suite.ts";
import { PLACES } from "../src/hostile-sizes.ts";

const RULE: RuleId = "example/word";

/** Finds a word in the path, and nothing else: a detector without faults. */
const wordDetector = (change: Partial<Detector> = {}): Detector => ({
  name: "example",
  phase: "head",
  rules: [RULE],
  inspect: ({ path }) => (path.includes("forbidden") ? { rule: RULE, score: 100 } : undefined),
  ...change,
});

const hit = (change: Partial<Hit> = {}): Hit => ({
  id: "hit",
  method: "GET",
  url: "/forbidden",
  headers: {},
  body: null,
  rule: RULE,
  ...change,
});
const pass = (change: Partial<Pass> = {}): Pass => ({ id: "pass", method: "GET", url: "/allowed", headers: {}, body: null, ...change });

interface Registered {
  readonly title: string;
  readonly run: () => void | Promise<void>;
  readonly skipped: boolean;
}

/** Collects what the suite registers. The timing cases are left out unless asked for: they are the slow ones. */
function collect(options: Partial<DetectorSuiteOptions>, timed: readonly string[] = []): Registered[] {
  const registered: Registered[] = [];
  const collector = Object.assign((title: string, run: Registered["run"]) => registered.push({ title, run, skipped: false }), {
    skip: (title: string, run: Registered["run"]) => registered.push({ title, run, skipped: true }),
  });
  const untimed = PLACES.filter((place) => !timed.includes(place)).map((place) => ({ case: place, reason: "timed elsewhere" }));
  const { skips = [], ...rest } = options;
  detectorSuite({
    name: "example",
    test: collector,
    detector: wordDetector(),
    hits: [hit()],
    passes: [pass()],
    skips: [...untimed, ...skips],
    ...rest,
  });
  return registered;
}

async function failuresOf(options: Partial<DetectorSuiteOptions>, timed: readonly string[] = []): Promise<string[]> {
  const failures: string[] = [];
  for (const { title, run, skipped } of collect(options, timed)) {
    if (skipped) continue;
    try {
      await run();
    } catch (error) {
      failures.push(`${title} -> ${(error as Error).message}`);
    }
  }
  return failures;
}

test("a detector without faults passes every case", async () => {
  expect(await failuresOf({})).toEqual([]);
});

test("a detector without faults passes the timing cases of every place", async () => {
  expect(await failuresOf({ fuzzCount: 1 }, PLACES)).toEqual([]);
}, 300_000);

describe("a detector with one fault fails", () => {
  const found: Finding = { rule: RULE, score: 100 };
  const cases: readonly [string, Partial<DetectorSuiteOptions>, RegExp][] = [
    [
      "that misses a hit",
      { detector: wordDetector({ inspect: () => undefined }) },
      /finds example\/word in hit -> .*expected example\/word, found nothing/,
    ],
    ["that blocks what it should pass", { detector: wordDetector({ inspect: () => found }) }, /leaves pass alone -> pass was blocked/],
    [
      "that scores what it should not notice",
      { detector: wordDetector({ inspect: ({ path }) => ({ ...found, score: path === "/allowed" ? 5 : 100 }) }) },
      /leaves pass alone -> pass scored 5/,
    ],
    [
      "that notices what it should not",
      { detector: wordDetector({ inspect: ({ path }) => ({ ...found, score: path === "/allowed" ? 0 : 100 }) }) },
      /leaves pass alone -> pass: expected no finding/,
    ],
    [
      "that throws on a target it did not expect",
      {
        detector: wordDetector({
          inspect: ({ path, query }) => (decodeURIComponent(query) === path ? found : path === "/forbidden" ? found : undefined),
        }),
      },
      /never make it throw.*-> request \d+ of seed 1 .*example failed \(error\): URI malformed/,
    ],
    [
      "that rejects",
      {
        detector: wordDetector({
          inspect: async ({ client }) => (client.address === "" ? Promise.reject(new Error("no address")) : found),
        }),
      },
      /never make it throw.*no address/,
    ],
    [
      "that emits a rule it does not declare",
      {
        detector: wordDetector({
          inspect: ({ path }) => (path === "/forbidden" ? [found, { rule: "example/other", score: 1 }] : undefined),
        }),
      },
      /example\/other is not among the rules/,
    ],
    [
      "whose score is no number",
      { detector: wordDetector({ inspect: ({ path }) => (path === "/forbidden" ? { ...found, score: Number.NaN } : undefined) }) },
      /scores NaN/,
    ],
    [
      "whose note has a line break",
      { detector: wordDetector({ inspect: ({ path }) => (path === "/forbidden" ? { ...found, note: "a\nb" } : undefined) }) },
      /note of example\/word/,
    ],
    [
      "whose note is long",
      { detector: wordDetector({ inspect: ({ path }) => (path === "/forbidden" ? { ...found, note: "a".repeat(121) } : undefined) }) },
      /note of example\/word/,
    ],
    [
      "that takes the store to answer at once",
      {
        detector: wordDetector({
          inspect: ({ path }, { store }) =>
            (store.increment(path, 1, 1_000, 0) as { value: number }).value === 1 && path === "/forbidden" ? found : undefined,
        }),
      },
      /finds example\/word in hit/,
    ],
    [
      "that declares a rule nobody can reach",
      { detector: wordDetector({ rules: [RULE, "example/never"] }) },
      /example\/never is found in at least one record -> no hit/,
    ],
  ];

  test.each(cases)("%s", async (_fault, options, message) => {
    expect((await failuresOf(options)).join("\n")).toMatch(message);
  });

  test("whose work grows with the square of the input", async () => {
    const quadratic = wordDetector({
      inspect({ query }) {
        let same = 0;
        for (let i = 0; i < query.length; i += 64)
          for (let j = 0; j < query.length; j += 64) if (query.charCodeAt(i) === query.charCodeAt(j)) same += 1;
        return same < 0 ? found : undefined;
      },
    });
    const failures = await failuresOf({ detector: quadratic, hits: [], passes: [], fuzzCount: 1 }, ["query"]);
    expect(failures.join("\n")).toMatch(/not faster: query -> query of "a" repeated: 1048576 bytes take/);
  }, 300_000);

  test("whose pattern starts again at every character", async () => {
    const trailing = wordDetector({ inspect: ({ query }) => (/\s+$/.test(query) ? found : undefined) });
    const failures = await failuresOf({ detector: trailing, hits: [], passes: [], fuzzCount: 1 }, ["query"]);
    expect(failures.join("\n")).toMatch(/query of " " repeated: \d+ bytes take/);
  }, 300_000);
});

describe("records", () => {
  test("a detector that counts is hit by the last of repeated requests", async () => {
    const counting = wordDetector({
      inspect({ client, receivedAt }, { store }) {
        const counter = store.increment(client.key, 1, 60_000, receivedAt);
        const judge = (value: number): Finding | undefined => (value > 10 ? { rule: RULE, score: 100 } : undefined);
        return "then" in counter ? counter.then(({ value }) => judge(value)) : judge(counter.value);
      },
    });
    const options = { detector: counting, skips: [{ case: "fuzz", reason: "counts every client" }] };
    expect(await failuresOf({ ...options, hits: [hit({ repeat: 11 })], passes: [pass({ repeat: 10 })] })).toEqual([]);
    expect(await failuresOf({ ...options, hits: [hit({ repeat: 10 })], passes: [pass({ repeat: 11 })] })).toHaveLength(2);
  });

  test("a detector that learns sees how each request but the last was answered", async () => {
    const learning = wordDetector({
      inspect({ client, receivedAt }, { store }) {
        const misses = store.increment(`misses:${client.key}`, 0, 60_000, receivedAt);
        const judge = (value: number): Finding | undefined => (value >= 3 ? { rule: RULE, score: 100 } : undefined);
        return "then" in misses ? misses.then(({ value }) => judge(value)) : judge(misses.value);
      },
      async observe({ request }, { status }, { store }) {
        if (status === 404) await store.increment(`misses:${request.client.key}`, 1, 60_000, request.receivedAt);
      },
    });
    const records = { hits: [hit({ repeat: 4, status: 404 })], passes: [pass({ repeat: 100 })] };
    expect(await failuresOf({ detector: learning, ...records })).toEqual([]);
  });

  test("bytes reach the detector as a server would read them", async () => {
    const seen: string[] = [];
    const spy = wordDetector({
      phase: "body",
      inspect({ target, headers, body, client }) {
        seen.push(target, headers.get("x-a") ?? "", [...(body?.bytes ?? [])].join(" "), client.address);
        return undefined;
      },
    });
    const text = pass({ id: "text", method: "POST", url: "/é", headers: { "x-a": "ü" }, body: "ö", client: "2001:db8::1" });
    const latin = pass({
      id: "latin",
      method: "POST",
      url: "/\xe9",
      headers: {},
      raw_headers: [
        ["X-A", "1"],
        ["x-a", "2"],
      ],
      body: "\xff\0",
      encoding: "latin-1",
    });
    await failuresOf({ detector: spy, hits: [], passes: [text, latin], fuzzCount: 1 });
    expect(seen.slice(0, 4)).toEqual(["/\xc3\xa9", "\xc3\xbc", "195 182", "2001:db8::1"]);
    expect(seen.slice(8, 12)).toEqual(["/\xe9", "1, 2", "255 0", "192.0.2.1"]);
  });

  test("a pass may be given a score it must stay within", async () => {
    const noticing = wordDetector({ inspect: ({ path }) => ({ rule: RULE, score: path === "/allowed" ? 20 : 100 }) });
    expect(await failuresOf({ detector: noticing, passes: [pass({ maxScore: 20 })] })).toEqual([]);
    expect(await failuresOf({ detector: noticing, passes: [pass({ maxScore: 19 })] })).toHaveLength(1);
  });
});

describe("wrong use is refused at once", () => {
  test.each([
    [{ detector: wordDetector({ rules: [] }) }, /declares no rules/],
    [{ hits: [hit(), hit()] }, /has 2 hits but only 1 passes/],
    [{ hits: [hit({ rule: "example/other" })] }, /does not declare example\/other/],
    [{ skips: [{ case: "example/other", reason: "none" }] }, /skips names the case "example\/other"; known cases: example\/word, path, /],
    [{ skips: [{ case: "fuzz", reason: "" }] }, /needs a reason/],
  ] as [Partial<DetectorSuiteOptions>, RegExp][])("%#", (options, message) => {
    expect(() => collect(options)).toThrow(message);
  });

  test("a skipped place appears with its reason", () => {
    expect(collect({}).filter(({ skipped }) => skipped)[0]?.title).toBe(
      "example: time grows with the size of hostile input, not faster: path (skipped: timed elsewhere)",
    );
  });
});

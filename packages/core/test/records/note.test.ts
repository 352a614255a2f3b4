import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRecordWriter } from "../../src/records/batches.ts";
import { recordFile } from "../../src/records/node.ts";
import { type DecisionRecord, isNote, noteOf, recordOf, recordOfNote } from "../../src/records.ts";
import type { Decision, HeaderReader, WafRequest } from "../../src/types.ts";
import { createRandom, decisionOf, policy } from "../record-fixtures.ts";

const readerOf = (lines: readonly string[]): HeaderReader => ({
  lines,
  get: (name) => lines[lines.findIndex((line, index) => index % 2 === 0 && line.toLowerCase() === name) + 1],
  *[Symbol.iterator]() {
    for (let index = 0; index + 1 < lines.length; index += 2)
      yield [(lines[index] as string).toLowerCase(), lines[index + 1] as string] as const;
  },
});
const SECRET = "hunter2-hunter2";
const LINES = [
  "Host",
  "shop.example",
  "User-Agent",
  "Firefox",
  "Cookie",
  `session=${SECRET}`,
  "X-Own",
  SECRET,
  "Referer",
  `/a?token=${SECRET}`,
];
const quiet = (target: string, lines: readonly string[] = LINES, request: Partial<WafRequest> = {}): Decision =>
  decisionOf({ target, headers: readerOf(lines), request });
const outcome = { status: 200, durationMs: 3.5 };

describe("a note of a decision", () => {
  it("becomes the record that would have been made at once, whatever was sent", () => {
    const random = createRandom(7);
    const names = ["Host", "X-Forwarded-For", "cookie", "Authorization", "Accept", "referer", "X-Token", ":path", "bad name", "__proto__"];
    const values = [
      "a",
      "",
      "é".repeat(9),
      `Bearer ${"x".repeat(40)}`,
      "4111 1111 1111 1111",
      "/x?password=secret&a=1",
      "\u0000\n",
      "w".repeat(590),
    ];
    const targets = ["/", "/a?b=c", `/reset/${"k".repeat(20)}`, "/%41?api_key=abcdef", `/${"p".repeat(2_200)}`, "*", "http://u:p@h/?q=1"];
    for (let round = 0; round < 500; round++) {
      const lines = Array.from({ length: 2 * random.below(4) }, (_, index) => random.pick(index % 2 === 0 ? names : values));
      const decision = quiet(random.pick(targets), lines, {
        method: random.pick(["GET", "POST", "PROPFIND"]),
        client: { address: random.pick(["192.0.2.7", "2001:db8::1", ""]), key: "k" },
        policy: { ...policy, mode: random.pick(["enforce", "report"]), threshold: random.pick([100, 80]) },
        route: random.oneIn(3) ? { pattern: "/a/:id", methods: undefined } : undefined,
        ...(random.oneIn(3) && { place: { country: "NL", ...(random.oneIn(2) && { asn: 64_500 }) } }),
      });
      const ended = random.oneIn(4) ? undefined : outcome;
      const options = { deployment: "blue", client: random.pick(["address", "network"] as const), headers: ["x-own"] };
      const note = noteOf(decision, ended);
      expect(note).toBeDefined();
      expect(JSON.stringify(recordOfNote(note!, options))).toBe(JSON.stringify(recordOf(decision, ended, options)));
    }
  });

  it("is not made of what is shown in full, or is too large to be kept by number", () => {
    const decision = quiet("/");
    const finding = { rule: "test/one", score: 5 } as const;
    const failure = { detector: "x", kind: "error", message: "no" } as const;
    const blocked = {
      ...decision,
      action: "block",
      status: 403,
      rule: "test/one",
      retryAfterMs: undefined,
      headers: undefined,
    } as Decision;
    const wouldBlock = { status: 403, rule: "test/one", retryAfterMs: undefined, headers: undefined } as const;
    const thrown: HeaderReader = {
      ...readerOf([]),
      get lines(): never {
        throw new Error("no lines");
      },
    };
    for (const one of [
      blocked,
      { ...decision, findings: [finding] },
      { ...decision, failures: [failure] },
      { ...decision, wouldBlock } as Decision,
      quiet(`/${"a".repeat(5_000)}`),
      quiet("/", ["x-long", "a".repeat(5_000)]),
      decisionOf({ headers: { host: "shop.example" } }),
      decisionOf({ headers: thrown }),
    ])
      expect(noteOf(one, outcome)).toBeUndefined();
    expect(isNote(noteOf(decision, outcome)!)).toBe(true);
    expect(isNote(recordOf(decision, outcome))).toBe(false);
  });

  it("holds texts and numbers, and neither the request nor its body", () => {
    const decision = quiet("/", LINES, { body: { bytes: new Uint8Array(65_536), complete: true } });
    for (const value of Object.values(noteOf(decision, outcome)!))
      expect(Array.isArray(value) ? value.every((line) => typeof line === "string") : Object(value) !== value).toBe(true);
    expect(noteOf(decision, outcome)?.bytes).toBeLessThan(1_000);
  });
});

describe("records that were notes", () => {
  it("are written to a file redacted", () => {
    const folder = mkdtempSync(join(tmpdir(), "aiwaf-notes-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "decisions.jsonl");
    const file = recordFile(path);
    for (let count = 0; count < 3; count++) file.listener(quiet(`/?password=${SECRET}`), outcome);
    file.close();
    const text = readFileSync(path, "utf8");
    expect(text).not.toContain(SECRET);
    expect(text.trim().split("\n")).toHaveLength(3);
    expect(JSON.parse(text.split("\n")[0]!)).toEqual(recordOf(quiet(`/?password=${SECRET}`), outcome));
  });

  it("are sent in batches redacted, tried again as they are, and wait as records for a receiver that is away", async () => {
    const sent: DecisionRecord[] = [];
    let isAway = true;
    const writer = createRecordWriter({
      batchRecords: 10,
      flushMs: 1_000,
      maxWaiting: 100,
      only: "all",
      record: { deployment: "blue" },
      send(records) {
        expect(records.some((record) => isNote(record))).toBe(false);
        if (isAway) throw new Error("away");
        sent.push(...records);
        return 0;
      },
    });
    writer.listener(quiet(`/1?password=${SECRET}`), outcome);
    await writer.flush();
    writer.listener(quiet(`/2?password=${SECRET}`), outcome);
    expect(writer.waiting).toBe(2);
    isAway = false;
    await writer.close();
    expect(sent.map(({ url }) => url)).toEqual(["/1?password=[redacted]", "/2?password=[redacted]"]);
    expect(sent[0]).toMatchObject({ deployment: "blue", status: 200 });
    expect(JSON.stringify(sent)).not.toContain(SECRET);
  });
});

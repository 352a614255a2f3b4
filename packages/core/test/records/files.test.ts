import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type RecordFileOptions, recordFile } from "../../src/records/node.ts";
import { CSV_COLUMNS, csvHeader, csvLine, recordOf } from "../../src/records.ts";
import { blockedBy, decisionWith } from "./decisions.ts";

const root = mkdtempSync(join(tmpdir(), "aiwaf-records-"));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
function place(): { folder: string; path: string; lines: (name?: string) => string[] } {
  const folder = mkdtempSync(join(root, `${count++}-`));
  const path = join(folder, "decisions.jsonl");
  return { folder, path, lines: (name = "decisions.jsonl") => readFileSync(join(folder, name), "utf8").split(/\r?\n/).slice(0, -1) };
}
const outcome = { status: 200, durationMs: 12 };

describe("S2-043 S2-124 S3-031 S3-032 S3-033 a file of records", () => {
  test("has a line a decision, with the response's time and status, whole JSON each", () => {
    const { path, lines } = place();
    const file = recordFile(path);
    file.listener(decisionWith(), outcome);
    file.listener(blockedBy("test/one"), undefined);
    file.close();
    expect(lines().map((line) => JSON.parse(line))).toMatchObject([
      { action: "allow", status: 200, durationMs: 12 },
      { action: "block", status: 403, rule: "test/one" },
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("S2-044 can hold only what is worth a look: blocks, findings and failures", () => {
    const { path, lines } = place();
    const file = recordFile(path, { only: "notable" });
    file.listener(decisionWith(), outcome);
    file.listener(blockedBy("test/one"), undefined);
    file.listener(decisionWith({ findings: [{ rule: "test/two", score: 10 }] }), outcome);
    file.listener(decisionWith({ failures: [{ detector: "x", kind: "error", message: "no" }] }), outcome);
    file.close();
    expect(lines()).toHaveLength(3);
  });

  test("is added to by the next process, and a line that a crash cut short swallows no other", () => {
    const { path, lines } = place();
    writeFileSync(path, '{"id":"old"}\n{"id":"to');
    const file = recordFile(path);
    file.listener(decisionWith(), outcome);
    file.close();
    expect(lines()).toEqual(['{"id":"old"}', '{"id":"to', expect.stringMatching(/^\{"id":"id1".*\}$/)]);
  });

  test("is refused at the start when it cannot be opened, and never throws later", () => {
    expect(() => recordFile(join(root, "none", "x.jsonl"))).toThrow("AIWAF_RECORD_FILE");
    expect(() => recordFile(place().path, { maxBytes: 1 })).toThrow("recordFile.maxBytes");
  });

  test("S3-034 goes on when its folder is gone, counts what is lost, and writes again when it is back", () => {
    const { folder, path } = place();
    const file = recordFile(path, { maxBytes: 65_536 });
    const long = decisionWith({}, { target: `/${"a".repeat(2_000)}` });
    for (let index = 0; index < 40; index++) file.listener(long, outcome);
    file.flush();
    rmSync(folder, { recursive: true });
    for (let index = 0; index < 40; index++) file.listener(long, outcome);
    expect(() => file.flush()).not.toThrow();
    expect(file.lost).toEqual({ records: 40, failures: 1 });
    execFileSync("mkdir", [folder]);
    file.listener(long, outcome);
    file.close();
    expect(readdirSync(folder)).toEqual(["decisions.jsonl"]);
    file.listener(long, outcome);
    expect(file.lost.records).toBe(41);
  });
});

describe("S2-225 a file turns over", () => {
  const fill = (options: RecordFileOptions, records: number) => {
    const made = place();
    const file = recordFile(made.path, options);
    for (let index = 0; index < records; index++) {
      file.listener(decisionWith({ id: `id${index}` }, { target: `/${"a".repeat(1_500)}` }), outcome);
      file.flush();
    }
    file.close();
    return made;
  };

  test("by size, keeps so many, and loses no record on the way", () => {
    const { folder, lines } = fill({ maxBytes: 65_536, keep: 3 }, 200);
    expect(readdirSync(folder).sort()).toEqual(["decisions.jsonl", "decisions.jsonl.1", "decisions.jsonl.2", "decisions.jsonl.3"]);
    const ids = ["decisions.jsonl.3", "decisions.jsonl.2", "decisions.jsonl.1", "decisions.jsonl"].flatMap((name) =>
      lines(name).map((line) => JSON.parse(line).id),
    );
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, index) => `id${200 - ids.length + index}`));
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(65_536);
  });

  test("and keeps none but itself if told so, and removes what an earlier setting kept", () => {
    expect(readdirSync(fill({ maxBytes: 65_536, keep: 0 }, 100).folder)).toEqual(["decisions.jsonl"]);
    const { folder, path } = place();
    for (const name of ["decisions.jsonl.1", "decisions.jsonl.9", "decisions.jsonl.bak"]) writeFileSync(join(folder, name), "x");
    writeFileSync(path, "x".repeat(70_000));
    const file = recordFile(path, { maxBytes: 65_536, keep: 2 });
    file.listener(decisionWith(), outcome);
    file.close();
    expect(readdirSync(folder).sort()).toEqual(["decisions.jsonl", "decisions.jsonl.1", "decisions.jsonl.2", "decisions.jsonl.bak"]);
  });

  describe("by age", () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
    afterEach(() => void vi.useRealTimers());
    test("with the first record after it", () => {
      const { folder, path } = place();
      const file = recordFile(path, { maxAgeMs: 60_000 });
      file.listener(decisionWith(), outcome);
      file.flush();
      vi.advanceTimersByTime(60_000);
      file.flush();
      expect(readdirSync(folder)).toHaveLength(1);
      file.listener(decisionWith(), outcome);
      file.close();
      expect(readdirSync(folder)).toHaveLength(2);
    });
  });
});

describe("CSV", () => {
  const cells = (line: string): string[] =>
    [...line.trimEnd().matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
      ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
    );
  const cellOf = (line: string, column: (typeof CSV_COLUMNS)[number]): string => cells(line)[CSV_COLUMNS.indexOf(column)]!;

  test("has a head once, and a cell for every column in every line", () => {
    const { path, lines } = place();
    for (let round = 0; round < 2; round++) {
      const file = recordFile(path, { format: "csv" });
      file.listener(decisionWith({}, { target: '/a?x=",;\n"' }, { "user-agent": 'a "b", c', referer: "https://r.example/" }), outcome);
      file.close();
    }
    expect(lines()).toHaveLength(3);
    expect(`${lines()[0]}\r\n`).toBe(csvHeader());
    for (const line of lines()) expect(cells(line)).toHaveLength(CSV_COLUMNS.length);
    expect(cellOf(lines()[1]!, "user_agent")).toBe('a "b", c');
    expect(cellOf(lines()[1]!, "at")).toBe("2023-11-14T22:13:20.000Z");
  });

  test("makes no cell that a spreadsheet would take for a formula", () => {
    const formulas = [
      "=1+1",
      "+1",
      "-1",
      "@SUM(A1)",
      "  =cmd|' /C calc'!A0",
      "\t=1",
      "\r\n=1",
      "|calc",
      "%0A=1",
      "\uff1d1+1",
      "\u00a0=1",
      '"=1',
      "'=1",
      "x;=1+1",
      "x\t=1",
      '=HYPERLINK("http://evil")',
    ];
    for (const formula of formulas) {
      const line = csvLine({ ...recordOf(decisionWith(), outcome), url: formula, headers: { "user-agent": formula } });
      for (const column of ["user_agent", "url"] as const) {
        const text = cellOf(line, column);
        expect(text, JSON.stringify(formula)).toMatch(/^'/);
      }
    }
    for (const harmless of ["Mozilla/5.0 (X11)", "a=b", "10 - 5"]) {
      expect(cellOf(csvLine(recordOf(decisionWith({}, {}, { "user-agent": harmless }), outcome)), "user_agent")).toBe(harmless);
    }
  });

  test("is one line a record, whatever stands in it", () => {
    const line = csvLine({ ...recordOf(decisionWith(), outcome), url: "/a\r\nb\nc\u0000d" });
    expect(line.split(/[\r\n]+/)).toHaveLength(2);
    expect(cellOf(line, "url")).toBe("/a b c d");
  });

  test("opens in a second program as it was written", () => {
    const { path } = place();
    const file = recordFile(path, { format: "csv" });
    const odd = ['a,"b"', "é", "'", '"', "", ",,,", "a\\", " x "];
    for (const agent of odd) file.listener(decisionWith({}, {}, { "user-agent": agent }), outcome);
    file.close();
    let read: string;
    try {
      read = execFileSync(
        "python3",
        ["-c", "import csv,sys,json;print(json.dumps([r['user_agent'] for r in csv.DictReader(open(sys.argv[1],newline=''))]))", path],
        { encoding: "utf8" },
      );
    } catch {
      return;
    }
    expect(JSON.parse(read)).toEqual(odd);
  });
});

test("records that come together are written together: no request waits for the disk", () => {
  const { path, lines } = place();
  const file = recordFile(path);
  const { size } = statSync(path);
  for (let index = 0; index < 1_000; index++) file.write(recordOf(decisionWith({ id: `id${index}` }), outcome));
  expect(statSync(path).size).toBe(size);
  file.close();
  expect(lines()).toHaveLength(1_000);
});

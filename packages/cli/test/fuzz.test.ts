import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { excerptOf } from "@aiwaf/core/records";
import { logReader } from "@aiwaf/core/train";
import { afterAll, describe, expect, test } from "vitest";
import { underlined } from "../src/explain.ts";
import { parseRecord, toParts } from "../src/request-record.ts";
import { readRequest } from "../src/score-input.ts";
import { printable } from "../src/terminal.ts";
import { UsageError } from "../src/usage-error.ts";
import { aiwaf, parseLines, random, recordLine, testFolder } from "./command.ts";

const folder = testFolder();
afterAll(() => folder.remove());

const SEEDS = [
  recordLine({ url: "/a?b=c", body: "x" }),
  recordLine({ encoding: "latin-1", raw_headers: [["a", "b"]], client: "1.2.3.4", at: 5 }),
  '1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" 200 5 "http://r/" "agent \\x22"',
  '{"ts":1.5,"request":{"remote_ip":"1.2.3.4","method":"GET","uri":"/","proto":"HTTP/1.1","headers":{"A":["b"]}},"status":200}',
  "POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
  `curl 'http://a/b?c=d' -H 'a: b' -d "e=\\"f" --json $'\\x41\\u00e9' -F 'x=y;type=a/b' -u a:b -b c=d -G`,
];
const PIECES = [
  ..."\0\t\n\r \"'\\$^&;=@:{}[]<>%+/?#-\u0080\u009b\u00ff",
  "\\x",
  "\\u",
  "\\U",
  "$'",
  "--",
  "-F",
  ' "',
  "] ",
  "\r\n\r\n",
  "HTTP/1.1",
  "%zz",
];

/** A seed with some of its bytes changed, doubled, dropped or replaced by what parsers trip over; or noise. */
function mutant(next: (below: number) => number): string {
  if (next(8) === 0) return String.fromCharCode(...Array.from({ length: next(200) }, () => next(256)));
  let text = SEEDS[next(SEEDS.length)]!;
  for (let count = next(6); count >= 0; count--) {
    const at = next(text.length + 1);
    const kind = next(4);
    if (kind === 0) text = text.slice(0, at) + PIECES[next(PIECES.length)]! + text.slice(at);
    else if (kind === 1) text = text.slice(0, at) + text.slice(at + 1 + next(10));
    else if (kind === 2) text = text.slice(0, at) + String.fromCharCode(next(256)) + text.slice(at + 1);
    else text = text.slice(0, at) + text.slice(next(text.length + 1));
  }
  return text;
}

describe("no bytes make a parser fail other than in a sentence", () => {
  test("30,000 mutants of records, log lines, raw requests and curl commands", () => {
    const next = random(20_260_101);
    for (let index = 0; index < 30_000; index++) {
      const text = mutant(next);
      const record = parseRecord(text);
      if (typeof record !== "string") toParts(record);
      logReader().read(text);
      try {
        const { parts } = readRequest(text);
        const where = ["path", "query", "query:c", "header:a", "cookie:c", "body", "body:e", "body:$.a"][next(8)]!;
        const match = { text: text.slice(0, next(8)), start: next(12) - 1, end: next(12) - 1, decoded: [] };
        const excerpt = excerptOf({ where, match }, parts);
        if (excerpt !== undefined) underlined(excerpt, (_, shown) => shown);
      } catch (error) {
        if (!(error instanceof UsageError)) throw new Error(`mutant ${index}: ${JSON.stringify(text)}`, { cause: error });
        expect(error.message.length).toBeLessThan(500);
      }
      if (index % 10 === 0) expect(printable(text, 40)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }
  });

  test.each([...PIECES, "\\'", '\\"', "a: b\n", "-H 'a: b' ", "$'\\n'", '"a"', "'", ";type=a"])(
    "a mebibyte of %j takes time that grows with its length and no faster",
    (piece) => {
      const long = piece.repeat(Math.ceil((1 << 20) / piece.length));
      for (const start of [
        "",
        "curl http://a/ ",
        "curl http://a/ $'",
        'curl http://a/ "',
        "curl http://a/ -F 'a=",
        "GET /",
        "GET / HTTP/1.1\n",
        '{"a":"',
      ]) {
        // The square of the length would be many minutes.
        try {
          readRequest(start + long);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
        parseRecord(start + long);
      }
    },
  );
});

describe("no bytes stop the command", () => {
  test("replay goes on through files of mutants and noise", async () => {
    const next = random(7);
    const lines = Array.from({ length: 3_000 }, () => mutant(next).replaceAll("\n", " "));
    const bytes = Buffer.from(`${lines.join("\n")}\n${SEEDS[0]}\n${SEEDS[2]}\n`, "latin1");
    for (const name of ["noise.jsonl", "noise.log", "noise.jsonl.gz", "noise.log.gz"]) {
      const { code, out, err } = await aiwaf(["replay", folder.write(name, bytes), "--json", "--stateful"]);
      expect(code).toBe(0);
      expect(parseLines(out).length).toBeGreaterThan(100);
      expect(err.split("\n").length).toBeLessThan(25);
      expect(err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    }
  });

  test("replay says that a .gz file is none", async () => {
    const file = folder.write("plain.jsonl", recordLine({}));
    renameSync(file, `${file}.gz`);
    expect(await aiwaf(["replay", `${file}.gz`])).toMatchObject({
      code: 2,
      err: expect.stringContaining("reading ended early: incorrect header check"),
    });
  });

  test("score answers mutants on standard input with a decision or a sentence", async () => {
    const next = random(11);
    for (let index = 0; index < 12; index++) {
      const { code, err } = await aiwaf(["score"], Buffer.from(mutant(next), "latin1"));
      if (code !== 0) expect({ code, lines: err.trimEnd().split("\n").length }).toEqual({ code: 2, lines: 1 });
      expect(err).not.toContain("an error of aiwaf itself");
    }
  });
});

const corpora = join(import.meta.dirname, "../../../../shared/corpora");
const has = (name: string): boolean => {
  try {
    return readdirSync(join(corpora, name)).length > 0;
  } catch {
    return false;
  }
};

describe("the development corpora beside the repository (skipped where they are missing)", () => {
  test.skipIf(!has("dev"))("20,000 of their records take under 5 s", async () => {
    const files = ["csic2010_normal.jsonl", "csic2010_anomalous_ambiguous.jsonl", "crs_attack.jsonl"].map((name) =>
      join(corpora, "dev", name),
    );
    const { code, out } = await aiwaf(["replay", ...files]);
    expect(code).toBe(0);
    const [, requests, seconds] = /^([\d,]+) requests of 3 files in ([\d.]+) s/.exec(out)!;
    expect(Number(requests!.replaceAll(",", ""))).toBeGreaterThan(20_000);
    expect(Number(seconds)).toBeLessThan(5);
    console.log(out.split("\n")[0]);
  });

  test.skipIf(!has("logs"))("at least 99.9 % of the lines of each log are read", async () => {
    const files = readdirSync(join(corpora, "logs")).filter((name) => name.endsWith(".log"));
    for (const name of files) {
      const { out, err } = await aiwaf(["replay", join(corpora, "logs", name)]);
      const numberOf = (pattern: RegExp): number => Number(pattern.exec(out)?.[1]?.replaceAll(",", "") ?? 0);
      const read = numberOf(/^([\d,]+) requests/) + numberOf(/([\d,]+) logged lines? holds? no/);
      const bad = numberOf(/([\d,]+) bad lines? left out/);
      expect(bad / (read + bad), `${name}: ${err}`).toBeLessThan(0.001);
    }
  });
});

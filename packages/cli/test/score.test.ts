import { stripVTControlCharacters } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { aiwaf, NEEDLE_CONFIG, testFolder } from "./command.ts";

const folder = testFolder();
afterAll(() => folder.remove());
const config = folder.write("needle.mjs", NEEDLE_CONFIG);
const score = (args: readonly string[], input?: string | Buffer) => aiwaf(["score", "--config", config, ...args], input);

/** The underlined part of each row that has carets below it. */
function marked(out: string): string[] {
  const lines = out.split("\n");
  return lines.flatMap((line, index) => {
    if (!/^ +\^+$/.test(line)) return [];
    const above = lines[index - 1]!;
    return [above.slice(line.indexOf("^"), line.length)];
  });
}

describe("aiwaf score explains", () => {
  test("the rule, its share of the score, the place, and the match underlined in the value as sent", async () => {
    const { code, out, err } = await score(["GET /search?lang=en&q=a%6eeedleb HTTP/1.1"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^BLOCK {2}403 {2}score\/threshold {2}score 110, threshold 100\nGET \/search\?lang=en&q=a%6eeedleb\n/);
    expect(out).toMatch(
      / 1 {2}test\/needle {3}score 60 of 110 \(55 %\) {3}query:q\n {5}a%6eeedleb\n {6}\^{8}\n {5}reads {4}needle\n {5}decoded {2}percent\n/,
    );
    expect(out).toMatch(/ 2 {2}test\/second {3}score 50 of 110 \(45 %\) {3}query:q\n {5}note {5}seen beside it\n/);
    expect(marked(out)).toEqual(["%6eeedle"]);
    expect(out).toMatch(/What would be answered\n {2}403\n[\s\S]*x-aiwaf-id: \w+/);
    expect(out).not.toContain("\u001b");
  });

  test.each([
    ["the path", ["/a/needle/b"], ["needle"]],
    ["a header", ["GET / HTTP/1.1\nhost: a\nx-text: before needle after\n\n"], ["needle"]],
    ["a body", ["POST / HTTP/1.1\nhost: a\n\nsome needle text"], ["needle"]],
    ["a member of a JSON body", ['POST / HTTP/1.1\nhost: a\n\n{"id":"needles 1","user":{"x":1,"name":"a \\"needle\\""}}'], ["needle"]],
    ["both of two parameters", ["/?a=1&b=needle&c=xneedle"], ["needle", "needle"]],
    ["the second of two parameters of one name", ["/?a=1&a=xneedle"], ["needle"]],
  ])("a match in %s", async (_, args, expected) => {
    const { out } = await score(args);
    expect(marked(out)).toEqual(expected);
  });

  test("only the surroundings of a match in a long value, and a long match on several rows", async () => {
    const { out } = await score([`/?q=${"a".repeat(3000)}needle${"b".repeat(3000)}`]);
    expect(marked(out)).toEqual(["needle"]);
    expect(out).toMatch(/ {5}…a{24}needleb{24}…\n/);
    expect(out.split("\n").filter((line) => [...line].length > 80)).toEqual([]);
  });

  test("hostile characters without obeying them, the carets still below the match", async () => {
    const record = { method: "GET", url: "/", headers: { "x-text": "\u001b[2J\u0007é needle" }, body: null };
    const { out } = await score([JSON.stringify(record)]);
    expect(out).toContain("\\x1b[2J\\x07\\xc3\\xa9 needle");
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(marked(out)).toEqual(["needle"]);
  });

  test("in colours, where they are shown, and says the same", async () => {
    const plain = await score(["/?q=a%6eeedleb"]);
    const colored = await aiwaf(["score", "--config", config, "/?q=a%6eeedleb"], "", { FORCE_COLOR: "1" });
    expect(colored.out).toContain("     a\u001b[31m%6eeedle\u001b[39mb\n");
    const withoutId = (text: string): string => stripVTControlCharacters(text).replace(/x-aiwaf-id: \w+/, "");
    expect(withoutId(colored.out)).toBe(withoutId(plain.out));
  });

  test("that nothing was found and the request goes on", async () => {
    const { code, out } = await score(["/index.html"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^ALLOW {2}score 0, threshold 100\n/);
    expect(out).toContain("The request goes on to the application.");
    expect(out).toContain("No header field is given; those of a browser are assumed.");
  });

  test("the path as it is read, where that differs", async () => {
    expect((await score(["GET /a/%2e%2e/b HTTP/1.1"])).out).toContain("path read as /b");
  });
});

describe("aiwaf score --json", () => {
  test("prints the decision as one object", async () => {
    const { code, out } = await score(["--json", "/?q=needle"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      action: "block",
      status: 403,
      rule: "score/threshold",
      score: 110,
      threshold: 100,
      anomaly: false,
      rules: [expect.objectContaining({}), expect.objectContaining({})],
      findings: [
        { rule: "test/needle", score: 60, where: "query:q", match: { text: "needle", start: 0, end: 6, decoded: [] }, note: null },
        { rule: "test/second", score: 50, where: "query:q", match: null, note: "seen beside it" },
      ],
      failures: [],
      request: { method: "GET", target: "/?q=needle", path: "/", query: "q=needle", canonical: true },
      answer: {
        status: 403,
        headers: expect.objectContaining({ "cache-control": "no-store" }),
        body: expect.stringContaining("Forbidden"),
      },
      notes: ["No header field is given; those of a browser are assumed."],
    });
  });

  test("reads standard input, byte for byte", async () => {
    const { out } = await score(["--json"], Buffer.from("POST /x HTTP/1.1\r\nhost: a\r\n\r\n\xff\xfe needle", "latin1"));
    expect(JSON.parse(out)).toMatchObject({ action: "block", findings: [{ match: { start: 3, end: 9 } }, {}] });
    expect(JSON.parse((await score(["--json", "-"], "/?q=needle\n")).out)).toMatchObject({ action: "block" });
  });

  test("takes a curl command as one word or as many, and a record of a traffic file", async () => {
    for (const args of [
      ["curl 'http://a/?q=needle'"],
      ["--", "curl", "-d", "x=needle", "http://a/"],
      ['{"method":"GET","url":"/?q=needle"}'],
    ])
      expect(JSON.parse((await score(["--json", ...args])).out)).toMatchObject({ action: "block" });
  });

  test("refuses more than 16 MiB", async () => {
    const { code, err } = await score([], Buffer.alloc(16 * 1024 * 1024 + 1, "a"));
    expect(code).toBe(2);
    expect(err).toContain("larger than 16 MiB");
  });
});

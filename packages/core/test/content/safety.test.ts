import { describe, expect, test } from "vitest";
import { inspectBody, inspectHead, settingOf } from "../../src/content/request-parts.ts";
import { inspect, request } from "./inspect.ts";

const PIECES = [
  "'",
  '"',
  "<",
  "<a ",
  "on",
  " onclick",
  "javascript:",
  "%",
  "%25",
  "\\",
  "\\u",
  "&",
  "&#",
  "{{",
  "${",
  "(",
  ")",
  "[",
  ";",
  "; cat ",
  "|",
  "`",
  "../",
  "/",
  "a",
  "1",
  " ",
  "\n",
  "*",
  "/*",
  "--",
  ",",
  "union select ",
  "' or ",
  "select a,(",
  "alert(",
  "$_GET[",
  "etc/",
  "http://a",
  "@",
  "#",
  "<!entity ",
  '{"a":"b",',
  '{"a":[',
  "a=b&",
  "\u00e9",
  "\uff07",
  "\0",
  ":",
  "O:1:",
  ")(cn=",
  "${lower:j}",
  "<script ",
  "<style>",
  "if ",
  "for %a in ",
  "case when ",
  "....//",
  "__proto__",
  "--b\r\ncontent-disposition: form-data; name=a\r\n\r\n",
  "\ud800",
];
const TYPES = [
  "application/json",
  "application/x-www-form-urlencoded",
  "text/plain",
  "application/xml",
  "multipart/form-data; boundary=b",
  "application/graphql",
  "",
];

describe("content inspection is total", () => {
  test("random mixtures of every language never throw, declared as anything", () => {
    let state = 11;
    const random = (limit: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % limit;
    };
    for (let round = 0; round < 1500; round++) {
      const text = Array.from({ length: 1 + random(40) }, () => PIECES[random(PIECES.length)]!).join("");
      const type = TYPES[random(TYPES.length)]!;
      const findings = inspect({
        target: `/a/${text}?${text}`,
        headers: [
          ["cookie", text],
          ["referer", text],
          ["x-any", text],
        ],
        type,
        body: text,
      });
      for (const finding of findings) {
        expect(finding.score).toBeGreaterThan(0);
        expect(finding.score).toBeLessThanOrEqual(100);
      }
    }
  });

  test("bytes that are no text, and truncated UTF-16, never throw", () => {
    const bytes = Uint8Array.from({ length: 4099 }, (_, index) => (index * 167) & 255);
    for (const type of [...TYPES, "text/plain; charset=utf-16", "application/octet-stream"])
      expect(() => inspect({ type, body: bytes })).not.toThrow();
  });
});

describe("content inspection takes time in proportion to length", () => {
  const time = (type: string, text: string): number => {
    const made = request({ type, body: "" });
    const bytes = new TextEncoder().encode(text);
    const setting = settingOf(made, 1);
    let best = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 3; attempt++) {
      const from = performance.now();
      inspectBody(made, { bytes, complete: true }, setting);
      best = Math.min(best, performance.now() - from);
    }
    return best;
  };

  // Sixteen times the length; the square of it would be 256. The margin is for the noise of shared machines.
  test.each(PIECES)("sixteen times as much of %j takes at most 64 times as long", (piece) => {
    const small = piece.repeat(Math.ceil(16_384 / piece.length));
    const large = piece.repeat(Math.ceil(262_144 / piece.length));
    time("text/plain", small);
    expect(time("text/plain", large) / Math.max(0.05, time("text/plain", small))).toBeLessThan(64);
  });

  test("a megabyte of nested JSON is read without recursion", () => {
    expect(() => inspect({ type: "application/json", body: '{"a":['.repeat(170_000) })).not.toThrow();
  });

  test("a query of a hundred thousand pairs is read", () => {
    const made = request({ target: `/?${"a=1&".repeat(100_000)}` });
    expect(() => inspectHead(made, settingOf(made, 1))).not.toThrow();
  });
});

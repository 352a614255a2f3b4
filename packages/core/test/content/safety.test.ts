import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { inspectBody, inspectHead, settingOf } from "../../src/content/request-parts.ts";
import { pause } from "../wait.ts";
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

const KIB = 1024;
const MULTIPART = "multipart/form-data; boundary=b";

/** What keeps one parser or lexer busy each, as the type that leads there. */
const HARD: readonly (readonly [string, string])[] = [
  ...PIECES.map((piece) => ["text/plain", piece] as const),
  ["application/json", '{"a":"b",'],
  ["application/json", '"a\\"'],
  ["application/json", '{"a":['],
  ["application/json", '"{{",'],
  ["application/x-ndjson", '{"a":"it\'s"}\n'],
  ["application/x-www-form-urlencoded", "a&"],
  ["application/x-www-form-urlencoded", "a='&"],
  ["application/x-www-form-urlencoded", "%27"],
  ["application/xml", "<a b='c'>d"],
  ["application/xml", "<!--"],
  ["application/xml", "<![CDATA["],
  [MULTIPART, '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\nit\'s\r\n'],
  [MULTIPART, "--b\r\n"],
  [MULTIPART, "--b\r\ncharset=utf-16\r\n"],
  ["application/graphql", "{a("],
  ["application/graphql", "a:b{"],
  ["text/plain; charset=utf-7", "+ADw-"],
  ["text/plain; charset=utf-16le", "a\0"],
  ["text/plain; charset=ibm037", "a"],
];

/** CPU time of one inspection in microseconds: the least of several, because other programs can only add to it. */
function cpu(type: string, bytes: Uint8Array, runs: number, headers: readonly (readonly [string, string])[] = []): number {
  const made = request({ type, headers, body: "" });
  const large = { ...made, policy: { ...made.policy, bodyLimitBytes: 16 * KIB * KIB } };
  const setting = settingOf(large, 1);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const from = process.cpuUsage();
    inspectBody(large, { bytes, complete: true }, setting);
    const { user, system } = process.cpuUsage(from);
    best = Math.min(best, user + system);
  }
  return best;
}

const filled = (piece: string, length: number): Uint8Array =>
  new TextEncoder().encode(piece.repeat(Math.ceil(length / piece.length))).subarray(0, length);

/** Tries until `ratio` is at most `most`, longer and longer apart: a busy machine goes on to other things, dear code stays dear. */
async function leastRatio(most: number, ratio: () => number): Promise<number> {
  let least = ratio();
  for (let attempt = 1; attempt < 20 && least > most; attempt++) {
    await pause(Math.min(attempt, 10) * 50);
    least = Math.min(least, ratio());
  }
  return least;
}

describe("a megabyte costs at most 18 times what 64 KiB cost", () => {
  /**
   * Up to here a megabyte harms nobody, in microseconds, and a neighbour that keeps the shared cache busy all the time can make its larger share of
   * memory look dear. Linear is 16 times, the square would be 256 times, and seconds.
   */
  const NEGLIGIBLE = 200_000;
  const NEGLIGIBLE_RATIO = 40;

  const expectLinear = async (
    small: Uint8Array,
    large: Uint8Array,
    type: string,
    headers?: readonly (readonly [string, string])[],
  ): Promise<void> => {
    let leastLarge = Number.POSITIVE_INFINITY;
    const ratio = await leastRatio(18, () => {
      cpu(type, small, 3, headers);
      const one = cpu(type, small, 6, headers);
      const many = cpu(type, large, 3, headers);
      leastLarge = Math.min(leastLarge, many);
      // Whatever takes less than this is decided early, whatever its length.
      return many / Math.max(one, 150);
    });
    expect(ratio).toBeLessThanOrEqual(leastLarge < NEGLIGIBLE ? NEGLIGIBLE_RATIO : 18);
  };

  test.each(HARD)("%s of %j", async (type, piece) => {
    await expectLinear(filled(piece, 64 * KIB), filled(piece, 1024 * KIB), type);
  });

  test.each(["a", "'\"&%<{("])("gzip that unpacks to that much %j", async (piece) => {
    const packed = (length: number): Uint8Array => gzipSync(filled(piece, length));
    await expectLinear(packed(64 * KIB), packed(1024 * KIB), "text/plain", [["content-encoding", "gzip"]]);
  });
});

describe("hostile bodies", () => {
  // Sentences alone are told by their marks before any lexer is asked, at a tenth of the cost; what is compared is read by all of them on both sides.
  test("cost at most three times what honest text of the same length costs that the lexers read", async () => {
    const sentence =
      'My neighbour said: "take the oak one" (see shop.example/benches?id=4), so I did; it\'s fine. Where is it? Between the door & the window = here. ';
    const honest = filled(sentence, 64 * KIB);
    cpu("text/plain", honest, 12);
    const dear: string[] = [];
    for (const piece of PIECES) {
      const times = await leastRatio(3, () => cpu("text/plain", filled(piece, 64 * KIB), 5) / cpu("text/plain", honest, 3));
      if (times > 3) dear.push(`${JSON.stringify(piece)} ${times.toFixed(1)}`);
    }
    expect(dear).toEqual([]);
  });

  test("of sixteen megabytes are read to their end", () => {
    const bytes = filled('{"a":"kelp and sand","b":[1,2,3]},', 16 * KIB * KIB);
    const attack = new TextEncoder().encode('{"q":"\' union select login,secret from members-- "}');
    bytes.set(attack, bytes.length - attack.length);
    const made = request({ type: "application/json", body: "" });
    expect(inspectBody(made, { bytes, complete: true }, settingOf(made, 1))?.some((finding) => finding.rule.startsWith("sql/"))).toBe(true);
  });

  test("a megabyte of nested JSON is read without recursion", () => {
    expect(() => inspect({ type: "application/json", body: '{"a":['.repeat(170_000) })).not.toThrow();
  });

  test("a long name is not decoded again for each of its members", () => {
    // Its square would be many minutes.
    const body = `{"${"é".repeat(1_000_000)}":{${'"$a":1,"contains":1,'.repeat(100_000)}"x":1}}`;
    expect(() => inspect({ type: "application/json", body })).not.toThrow();
  });

  test("a query of a hundred thousand pairs is read", () => {
    const made = request({ target: `/?${"a=1&".repeat(100_000)}` });
    expect(() => inspectHead(made, () => settingOf(made, 1))).not.toThrow();
  });
});

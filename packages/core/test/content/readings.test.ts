import { expect, test } from "vitest";
import { readValue } from "../../src/content/carried-text.ts";
import { Inspection, isClear } from "../../src/content/inspection.ts";
import { walkJson } from "../../src/content/json.ts";
import { readText, textEnd } from "../../src/content/prose.ts";
import * as TEXT from "../../src/content/text-kinds.ts";

/** Words, marks and scraps of attacks that texts are put together from; a seed decides. */
const PIECES = [
  ..."the bench's and of it leg thumb wobbles And or Or if For cmd for alias union select from waitfor delay user pg_tables version information_schema".split(
    " ",
  ),
  ..."id whoami cat -la ls - -- 1 12 0x41 -1 3.5 a.b java.lang .. ... . , ; : ! ? ( ) \" ' % $ / & \n \r\n 50% $40 12/05 __proto__ xp_cmdshell".split(
    " ",
  ),
  ..."é ö ß œ – “ ” … € « » я мы 春 に 。 ！ 😀 \u00a0 \u202f \ufeff x 0 0x rO0AB aced0005 gASV eyJhbGciOiJub25lIn0 H4sIAAAA PHNjcmlwdD4 c2VsZWN0 process.env".split(
    " ",
  ),
  "\n",
  "\r\n",
  " ",
  "  ",
  "it's",
  "l'été",
  "select all from sysobjects",
  "union all select",
];

function generator(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * limit);
  };
}

function textsOf(seed: number, count: number): string[] {
  const random = generator(seed);
  return Array.from({ length: count }, () => {
    let text = "";
    for (let left = 1 + random(9); left > 0; left--) text += PIECES[random(PIECES.length)]! + (random(4) === 0 ? "" : " ");
    return random(3) === 0 ? text : text.trim();
  });
}

const encoder = new TextEncoder();

test("a text reads the same however its carrier writes it", () => {
  for (const text of textsOf(5, 8_000)) {
    const plain = readValue(text, "plain");
    const escaped = encoder.encode(JSON.stringify(text));
    expect([text, readText(escaped, 1, escaped.length, true)]).toEqual([text, plain]);
    expect([text, textEnd()]).toEqual([text, plain < 0 ? textEnd() : escaped.length - 1]);
    expect([text, readValue(encodeURIComponent(text), "percent")]).toEqual([text, plain]);
    expect([text, readValue(encodeURIComponent(text).replaceAll("%20", "+"), "form")]).toEqual([text, plain]);
  }
});

test("four bytes at a time read as two do, wherever a word of SQL begins", () => {
  for (const text of textsOf(17, 4_000)) {
    const long = encoder.encode(`"${JSON.stringify(`${text} ${text}`).slice(1)}`);
    const view = new DataView(long.buffer, long.byteOffset, long.length);
    expect([text, readText(long, 1, long.length, true, view)]).toEqual([text, readText(long, 1, long.length, true)]);
  }
  for (const hint of ["union select", "select all from sysobjects", "waitfor delay"])
    for (let before = 1; before < 9; before++)
      for (let behind = 0; behind < 9; behind++) {
        const text = `${"a".repeat(before)} ${hint} ${"b".repeat(behind)}`;
        expect([text, readValue(text, "plain") & TEXT.worded]).toEqual([text, TEXT.worded]);
      }
});

/** Escapes taken off one after the other. */
function withoutEscapes(text: string): Buffer {
  const raw = Buffer.from(text);
  const bytes: number[] = [];
  for (let at = 0; at < raw.length; at++) {
    const found = /^%([\da-f]{2})/i.exec(raw.toString("latin1", at, at + 3));
    bytes.push(found === null ? (raw[at] === 43 ? 32 : raw[at]!) : Number.parseInt(found[1]!, 16));
    if (found !== null) at += 2;
  }
  return Buffer.from(bytes);
}

test("a form reads as the bytes behind its escapes do, broken ones and pluses wherever they stand", () => {
  const random = generator(23);
  const pieces = [
    "+",
    "%",
    "%4",
    "%41",
    "%2b",
    "%25",
    "%zz",
    "*",
    "a",
    "bench ",
    "union+select",
    "%C3%A9",
    "é",
    "😀",
    ",",
    "'s+",
    "%20",
    "%2",
    "-",
  ];
  for (let count = 0; count < 20_000; count++) {
    let text = "";
    for (let left = random(14); left > 0; left--) text += pieces[random(pieces.length)]!;
    const bytes = withoutEscapes(text);
    const kind = readText(bytes, 0, bytes.length, false);
    expect([text, readValue(text, "form")]).toEqual([text, textEnd() === bytes.length ? kind : -1]);
  }
});

test("what is passed over as clear holds nothing the long way round either", () => {
  let clear = 0;
  const setting = { host: "", script: false, sensitivity: 1.35 };
  for (const text of textsOf(9, 12_000)) {
    for (const [place, name] of [
      ["json", "text"],
      ["form", "q"],
      ["query", "host"],
    ] as const) {
      const kind = readValue(text, "plain");
      if (!isClear(kind, place, name)) continue;
      clear++;
      const inspection = new Inspection(setting);
      inspection.value(place, name, text, "plain", () => "", kind | TEXT.worded);
      expect([text, inspection.result()]).toEqual([text, undefined]);
    }
  }
  expect(clear).toBeGreaterThan(1_500);
});

function documentOf(random: (limit: number) => number, texts: readonly string[], depth: number): unknown {
  const kind = random(depth > 4 ? 4 : 7);
  if (kind < 3) return texts[random(texts.length)];
  if (kind === 3) return [1.5, -2, true, false, null, 1e21][random(6)];
  if (kind < 5) return Array.from({ length: random(5) }, () => documentOf(random, texts, depth + 1));
  return Object.fromEntries(Array.from({ length: random(5) }, () => [texts[random(texts.length)], documentOf(random, texts, depth + 1)]));
}

test("the walk over JSON meets every name and every string that a parser would, and knows what is none", () => {
  const random = generator(3);
  const texts = textsOf(4, 500);
  for (let round = 0; round < 800; round++) {
    const document = documentOf(random, texts, 0);
    const expected: unknown[] = [];
    const text = JSON.stringify(document, (_, value) => {
      if (typeof value === "string") expected.push(value);
      if (typeof value === "object" && value !== null && !Array.isArray(value)) expected.push(...Object.keys(value));
      return value as unknown;
    });
    const met: string[] = [];
    const meet = (raw: string): void => {
      met.push(JSON.parse(`"${raw}"`) as string);
    };
    const bytes = encoder.encode(text);
    expect(walkJson(bytes, { value: meet, name: meet })).toBe(true);
    expect(met.toSorted()).toEqual(expected.toSorted());
    const cut = bytes.subarray(0, random(bytes.length));
    for (const byte of [0, 34, 92, 128, 195, 240, 255]) {
      const broken = cut.slice();
      broken[random(broken.length)] = byte;
      expect(typeof walkJson(broken, { value: meetNothing, name: meetNothing, isClear: () => false })).toBe("boolean");
    }
  }
});

const meetNothing = (): void => {};

test.each(["{", "}", "[1,2", '{"a":tru}', '{"a":nulll}', "a", '["a"', '"a', "[01x]"])("%s is no JSON", (text) => {
  expect(walkJson(encoder.encode(text), { value: meetNothing, name: meetNothing })).toBe(false);
});

test("broken UTF-8 is read by the lexers", () => {
  for (const bytes of [
    [195],
    [195, 32],
    [208],
    [228, 184],
    [228, 184, 32],
    [227, 129],
    [128, 97],
    [226, 128],
    [240, 159, 152],
    [192, 167],
    [237, 160, 128],
    [245, 128, 128, 128],
  ])
    expect(readText(Uint8Array.from([97, 32, ...bytes, 32, 97]), 0, bytes.length + 4, false)).toBe(-1);
});

test.each([
  ["a number that a database reads as text", "number 0x2e2e2f here"],
  ["a table that is asked for far behind its statement", `select ${"many ".repeat(14)}from pg_tables`],
  ["the name of a class", "load java.lang"],
  ["an option behind a command", "curl -o list"],
])("%s is looked at", (_, text) => {
  expect(readValue(text, "plain") & TEXT.worded).not.toBe(0);
});

test("how short a text is counts in characters, whatever bytes they take", () => {
  expect(readValue(`wget ${"é".repeat(100)}!`, "plain")).toBe(-1);
  expect(readValue(`wget ${"é".repeat(160)}!`, "plain")).not.toBe(-1);
});

test("a quote that no escape of JSON stands before ends the reading, and with it the trust in it", () => {
  expect(readValue('all is well" or so', "json")).toBe(-1);
});

test("the walk passes over plain names and clear strings, and hands over the others with their member's name", () => {
  const met: string[] = [];
  const text =
    '{"user_id":"Ann B.","__proto__":{"a__proto__b":1},"constructor":{"prototype":2},"q":"<a>","r":["<b>","two words"],"s":"<c>","a b":3}';
  const isJson = walkJson(encoder.encode(text), {
    isClear: (kind) => kind === 0,
    value: (raw, path, key) => met.push(`${key}=${raw} at ${path()}`),
    name: (raw) => met.push(raw),
  });
  expect(isJson).toBe(true);
  expect(met).toEqual(["__proto__", "a__proto__b", "prototype", "q=<a> at $.q", "r=<b> at $.r[0]", "s=<c> at $.s", "a b"]);
});

test("names that were read before are told from others that begin or end like them, as names read alone are", () => {
  const random = generator(17);
  const names =
    "id ix sku name nane nam$ name$ price prise pr_ce pr__ce abcd abcde abcdef abcdxf abc$ef abcd$f _ __ a _a x$ $ne type".split(" ");
  names.push("a b", "na\tme", "id\u00e9", "", 'i"d', "id:", "constructor");
  const visit = (text: string): string[] => {
    const met: string[] = [];
    walkJson(encoder.encode(text), {
      isClear: (kind) => kind === 0,
      value: (raw, path, key) => met.push(`${key}=${raw} at ${path().replace(/^\$\[\d+\]/, "$[0]")}`),
      name: (raw, path) => met.push(`${raw} at ${path().replace(/^\$\[\d+\]/, "$[0]")}`),
    });
    return met;
  };
  for (let round = 0; round < 400; round++) {
    const items = Array.from({ length: 40 }, () => {
      const members = Array.from({ length: 1 + random(5) }, () => {
        const name = JSON.stringify(names[random(names.length)]);
        const value = ['"<a>"', '"words"', "1", '["<b>"]', "null"][random(5)]!;
        return `${name}${random(9) === 0 ? " " : ""}:${random(9) === 0 ? " " : ""}${value}`;
      });
      return `{${members.join(",")}}`;
    });
    expect(visit(`[${items.join(",")}]`)).toEqual(items.flatMap((item) => visit(`[${item}]`)));
  }
});

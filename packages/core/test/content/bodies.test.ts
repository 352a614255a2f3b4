import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { decodeText } from "../../src/content/charsets.ts";
import { inflate } from "../../src/content/inflate.ts";
import { inspect, score } from "./inspect.ts";

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";
const ATTACK = "' union select login,secret from members-- ";
const HONEST = "It's 5 o'clock; we'd select the table by the window.";
const rules = (...sent: Parameters<typeof inspect>): string[] => inspect(...sent).map((finding) => finding.rule);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const wide = (text: string, big = false): Uint8Array =>
  Uint8Array.from([...text].flatMap((character) => (big ? [0, character.charCodeAt(0)] : [character.charCodeAt(0), 0])));

/** Code page 037 of printable ASCII, from the tables of IBM. */
const EBCDIC = Object.fromEntries(
  [..."abcdefghi"]
    .map((letter, at) => [letter, 0x81 + at] as const)
    .concat(
      [..."jklmnopqr"].map((letter, at) => [letter, 0x91 + at] as const),
      [..."stuvwxyz"].map((letter, at) => [letter, 0xa2 + at] as const),
      [..."0123456789"].map((digit, at) => [digit, 0xf0 + at] as const),
      [
        [" ", 0x40],
        ["'", 0x7d],
        ["=", 0x7e],
        ["-", 0x60],
        [",", 0x6b],
        ["<", 0x4c],
        [">", 0x6e],
        ["(", 0x4d],
        [")", 0x5d],
        ['"', 0x7f],
      ],
    ),
);

describe("uploads", () => {
  const part = (disposition: string): string => `--b\r\ncontent-disposition: form-data; ${disposition}\r\n\r\nx\r\n--b--`;

  test("an escaped quote does not end the name of a file", () => {
    const body = part(String.raw`name="file"; filename="\"><img src=x onerror=alert(1)>.gif"`);
    expect(score(inspect({ type: "multipart/form-data; boundary=b", body }))).toBeGreaterThanOrEqual(100);
    expect(
      inspect({ type: "multipart/form-data; boundary=b", body: part(String.raw`name="file"; filename="the \"old\" bench.gif"`) }),
    ).toEqual([]);
    expect(inspect({ type: "multipart/form-data; boundary=b", body: part(String.raw`name="file"; filename="C:\bench\"`) })).toEqual([]);
  });

  test("an archive that leaves its folder is found where it is the whole body", () => {
    const archive = (name: string): Uint8Array => bytes(`PK\u0003\u0004\u0014\u0000\u0000\u0000${"\u0000".repeat(22)}${name}\u0001\u0002`);
    const type = "application/octet-stream";
    expect(rules({ type, body: archive("../../../webapps/a.jsp") })).not.toEqual([]);
    expect(rules({ type, body: archive("docs/readme.txt") })).toEqual([]);
  });

  const upload = (type: string, name: string, content: Uint8Array) => {
    const head = bytes(`--bench-8f3a61\r\ncontent-disposition: form-data; name="f"; filename="${name}"\r\ncontent-type: ${type}\r\n\r\n`);
    return {
      type: "multipart/form-data; boundary=bench-8f3a61",
      body: Uint8Array.from([...head, ...content, ...bytes("\r\n--bench-8f3a61--")]),
    };
  };
  const COMPRESSED = [
    ["image/jpeg", "a.jpg", [0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46]],
    ["image/png", "a.png", [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]],
    ["application/zip", "a.zip", [0x50, 0x4b, 3, 4, 20, 0, 0, 0]],
    ["application/pdf", "a.pdf", [...bytes("%PDF-1.7\n%"), 0xe2, 0xe3, 0xcf, 0xd3, 10]],
  ] as const;

  test.each(COMPRESSED)("no bytes of a compressed file are taken for a program: %s", (type, name, first) => {
    let state = 29;
    for (let file = 0; file < 25; file++) {
      const noise = Uint8Array.from({ length: 60_000 }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state >>> 24;
      });
      expect([file, inspect(upload(type, name, Uint8Array.from([...first, ...noise])))]).toEqual([file, []]);
    }
  });

  test.each(COMPRESSED)("a program between the bytes of a compressed file is found: %s", (type, name, first) => {
    const noise = Uint8Array.from({ length: 400 }, (_, at) => (Math.imul(at + 3, 0x9e3779b1) >>> 25) + 128);
    for (const program of [
      "<?php system($_GET[0]);?>",
      "/*\u0001*/$_GET[0])\u0001*/",
      "<?=`$_GET[1]`;?>",
      "eval(base64_decode('cGhwaW5mbygp'));",
    ]) {
      const content = Uint8Array.from([...first, ...noise, 0, ...bytes(program), 0, ...noise]);
      expect([program, score(inspect(upload(type, name, content))) >= 100]).toEqual([program, true]);
    }
  });

  test("a piece of a resumed upload is bytes", () => {
    const body = Uint8Array.from({ length: 4096 }, (_, at) => Math.imul(at + 7, 0x9e3779b1) >>> 24);
    body.set(bytes("\u0000\r\ncontent-type: x\r\n"), 300);
    expect(inspect({ type: "application/offset+octet-stream", body })).toEqual([]);
  });
});

test("a value behind a value is looked at, though no JSON has one there", () => {
  for (const body of [`{"a":"b":"${ATTACK}"}`, `{"a" :"${ATTACK}":1}`, `{"a":"${ATTACK}"`, `["a","${ATTACK}":"b"]`])
    expect([body, score(inspect({ type: JSON_TYPE, body })) >= 100]).toEqual([body, true]);
});

test("a frame of STOMP has a header of its own; a field split off behind a value is none", () => {
  const frame = "SEND\ndestination:/app/chat\ncontent-type:application/json\n\n{}\u0000";
  expect(score(inspect({ type: JSON_TYPE, body: JSON.stringify([frame]) }))).toBeLessThan(100);
  for (const q of ["bench\r\nset-cookie: a=b", "send\nset-cookie: a=b", "send\ncontent-type: text/html\nlocation: //evil.example"])
    expect(score(inspect({ type: JSON_TYPE, body: JSON.stringify({ q }) }))).toBeGreaterThanOrEqual(100);
});

describe("packed bodies", () => {
  test.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["deflate", deflateSync],
    ["deflate", deflateRawSync],
  ] as const)("%s is unpacked and inspected", (coding, pack) => {
    const headers = [["content-encoding", coding]] as const;
    expect(score(inspect({ headers, type: JSON_TYPE, body: pack(JSON.stringify({ q: ATTACK })) }))).toBeGreaterThanOrEqual(100);
    expect(inspect({ headers, type: JSON_TYPE, body: pack(JSON.stringify({ q: HONEST })) })).toEqual([]);
  });

  test("packed twice is unpacked twice; packed more often is refused", () => {
    const body = gzipSync(gzipSync(`q=${encodeURIComponent(ATTACK)}`));
    expect(score(inspect({ headers: [["content-encoding", "gzip, gzip"]], type: FORM, body }))).toBeGreaterThanOrEqual(100);
    expect(rules({ headers: [["content-encoding", "gzip, gzip, gzip"]], type: FORM, body: gzipSync(gzipSync(gzipSync("q=1"))) })).toContain(
      "encoding/unread",
    );
  });

  test("a compression that cannot be unpacked is refused, whatever is in it", () => {
    for (const coding of ["br", "zstd", "gzip, br"])
      expect(rules({ headers: [["content-encoding", coding]], type: FORM, body: brotliCompressSync("q=1") })).toContain("encoding/unread");
  });

  test("a body that only claims to be packed is read as it is", () => {
    for (const coding of ["gzip", "deflate", "identity", "unheard-of"])
      expect(
        score(inspect({ headers: [["content-encoding", coding]], type: FORM, body: `q=${encodeURIComponent(ATTACK)}` })),
        coding,
      ).toBeGreaterThanOrEqual(100);
  });

  test("what stands in the header of a gzip stream, or behind it, is read as well", () => {
    const plain = gzipSync("q=1");
    const named = Uint8Array.from([
      ...plain.subarray(0, 3),
      8,
      ...plain.subarray(4, 10),
      ...bytes(`&q=${ATTACK}`),
      0,
      ...plain.subarray(10),
    ]);
    expect(score(inspect({ headers: [["content-encoding", "gzip"]], type: FORM, body: named }))).toBeGreaterThanOrEqual(100);
    const tail = Uint8Array.from([...plain, ...bytes(`&q=${encodeURIComponent(ATTACK)}`)]);
    expect(score(inspect({ headers: [["content-encoding", "gzip"]], type: FORM, body: tail }))).toBeGreaterThanOrEqual(100);
  });

  test("several members are one stream", () => {
    const body = Buffer.concat([gzipSync("a=1&q="), gzipSync(encodeURIComponent(ATTACK))]);
    expect(score(inspect({ headers: [["content-encoding", "gzip"]], type: FORM, body }))).toBeGreaterThanOrEqual(100);
  });

  test("a bomb is not unfolded beyond the limit, and is refused", () => {
    const body = gzipSync(Buffer.alloc(50_000_000, "a"));
    const found = rules({ headers: [["content-encoding", "gzip"]], type: "text/plain", body });
    expect(found).toContain("encoding/bomb");
    expect(found).toContain("content/truncated");
    expect(inflate(body, "gzip", 65_536)?.bytes.length).toBe(65_536);
  });

  test("a stream that is cut short is read as far as it goes, and said to go on", () => {
    const whole = gzipSync(JSON.stringify({ q: ATTACK, rest: "kelp ".repeat(20_000) }));
    expect(rules({ headers: [["content-encoding", "gzip"]], type: JSON_TYPE, body: whole.subarray(0, whole.length - 20) })).toContain(
      "content/truncated",
    );
  });

  test("broken streams end in an answer", () => {
    const good = gzipSync("kelp ".repeat(200));
    for (let at = 0; at < good.length; at++)
      for (const bit of [1, 16, 128]) {
        const broken = Uint8Array.from(good);
        broken[at]! ^= bit;
        expect(() => inspect({ headers: [["content-encoding", "gzip"]], type: FORM, body: broken })).not.toThrow();
      }
  });

  test("base64 of gzip inside a value is unwrapped", () => {
    expect(
      score(inspect({ type: JSON_TYPE, body: JSON.stringify({ state: gzipSync(ATTACK).toString("base64") }) })),
    ).toBeGreaterThanOrEqual(100);
  });
});

describe("charsets", () => {
  const form = `q=${ATTACK.trim()}`;
  test.each([
    ["utf-16le", wide(form)],
    ["utf-16be", wide(form, true)],
    ["utf-16", wide(form)],
    ["utf-32le", Uint8Array.from([...form].flatMap((character) => [character.charCodeAt(0), 0, 0, 0]))],
    ["utf-32be", Uint8Array.from([...form].flatMap((character) => [0, 0, 0, character.charCodeAt(0)]))],
    ["ibm037", Uint8Array.from([...form].map((character) => EBCDIC[character]!))],
    ["cp037", Uint8Array.from([...form].map((character) => EBCDIC[character]!))],
    ["", wide(form)],
  ])("a body in %j is read", (charset, body) => {
    const type = charset === "" ? FORM : `${FORM}; charset=${charset}`;
    expect(score(inspect({ type, body }))).toBeGreaterThanOrEqual(100);
  });

  test("UTF-7 is read where it is declared, and where a value looks like it", () => {
    const text = "+ADw-script+AD4-alert(document.domain)+ADw-/script+AD4-";
    expect(score(inspect({ type: "text/plain; charset=utf-7", body: text }))).toBeGreaterThanOrEqual(100);
    expect(score(inspect({ target: `/p?q=${encodeURIComponent(text)}` }))).toBeGreaterThanOrEqual(100);
    expect(inspect({ target: `/p?q=${encodeURIComponent("Route A+B, +A4 paper & C++")}` })).toEqual([]);
  });

  test("a `_charset_` field speaks for the other fields of a form", () => {
    const hidden = Array.from(ATTACK.trim(), (character) => `%${EBCDIC[character]!.toString(16)}`).join("");
    expect(score(inspect({ type: FORM, body: `_charset_=ibm037&q=${hidden}` }))).toBeGreaterThanOrEqual(100);
    const part = (name: string, content: Uint8Array): Buffer =>
      Buffer.concat([bytes(`--kelp\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n`), content, bytes("\r\n")]);
    const body = Buffer.concat([part("_charset_", bytes("utf-16le")), part("q", wide(ATTACK)), bytes("--kelp--\r\n")]);
    expect(score(inspect({ type: "multipart/form-data; boundary=kelp", body }))).toBeGreaterThanOrEqual(100);
  });

  test("a part is read in the charset it declares itself", () => {
    const body = Buffer.concat([
      bytes('--kelp\r\ncontent-disposition: form-data; name="q"\r\ncontent-type: text/plain; charset=utf-16le\r\n\r\n'),
      wide(ATTACK),
      bytes("\r\n--kelp--\r\n"),
    ]);
    expect(score(inspect({ type: "multipart/form-data; boundary=kelp", body }))).toBeGreaterThanOrEqual(100);
  });

  test("an unknown charset is said, does not block, and hides nothing", () => {
    expect(inspect({ type: `${FORM}; charset=x-kelp`, body: "q=1" })).toMatchObject([{ rule: "encoding/charset", score: 45 }]);
    expect(score(inspect({ type: `${FORM}; charset=x-kelp`, body: `q=${encodeURIComponent(ATTACK)}` }))).toBeGreaterThanOrEqual(100);
  });

  test("any bytes under any label end in a text", () => {
    const noise = Uint8Array.from({ length: 1031 }, (_, index) => (index * 197 + (index >> 3)) & 255);
    for (const label of [
      "utf-7",
      "utf-16",
      "utf-16be",
      "utf-32",
      "ibm037",
      "cp500",
      "shift_jis",
      "gb18030",
      "x-user-defined",
      "replacement",
      "\u0000",
      "",
    ])
      expect(typeof decodeText(noise, label).text).toBe("string");
  });
});

describe("bodies of frameworks", () => {
  test("the fields of a SvelteKit remote form are read one by one", () => {
    const build = (value: string): Uint8Array => {
      const data = bytes(JSON.stringify([[1, 3], { q: 2 }, value, {}]));
      return Uint8Array.from([0, data.length & 255, data.length >> 8, 0, 0, 0, 0, ...data]);
    };
    const type = "application/x-sveltekit-formdata";
    expect(score(inspect({ type, body: build(ATTACK) }))).toBeGreaterThanOrEqual(100);
    expect(inspect({ type, body: build(HONEST) })).toEqual([]);
    const lying = build(ATTACK);
    lying[1] = 255;
    lying[4] = 255;
    expect(score(inspect({ type, body: lying }))).toBeGreaterThanOrEqual(100);
  });

  test("the payload of a remote call, devalue in base64url in JSON or in the query, is read", () => {
    const payload = (value: string): string => Buffer.from(JSON.stringify([{ q: 1 }, value])).toString("base64url");
    expect(score(inspect({ type: JSON_TYPE, body: JSON.stringify({ payload: payload(ATTACK), refreshes: [] }) }))).toBeGreaterThanOrEqual(
      100,
    );
    expect(score(inspect({ target: `/_app/remote/x/find?payload=${payload(ATTACK)}` }))).toBeGreaterThanOrEqual(100);
    expect(inspect({ target: `/_app/remote/x/find?payload=${payload(HONEST)}` })).toEqual([]);
  });

  test("the arguments of a server action are read value by value, as text and as parts", () => {
    const headers = [["next-action", "7f3c9a1be2"]] as const;
    expect(score(inspect({ headers, type: "text/plain;charset=UTF-8", body: JSON.stringify([{ q: ATTACK }]) }))).toBeGreaterThanOrEqual(
      100,
    );
    expect(
      inspect({
        headers,
        type: "text/plain;charset=UTF-8",
        body: JSON.stringify([{ q: HONEST }, "$undefined", "$D2026-01-01T00:00:00.000Z"]),
      }),
    ).toEqual([]);
    const parts = (value: unknown): string =>
      `--kelp\r\nContent-Disposition: form-data; name="1_q"\r\n\r\nkelp\r\n--kelp\r\nContent-Disposition: form-data; name="0"\r\n\r\n${JSON.stringify([value, "$K1"])}\r\n--kelp--\r\n`;
    expect(score(inspect({ headers, type: "multipart/form-data; boundary=kelp", body: parts(ATTACK) }))).toBeGreaterThanOrEqual(100);
    expect(inspect({ headers, type: "multipart/form-data; boundary=kelp", body: parts(HONEST) })).toEqual([]);
  });

  test("a reference that reaches a prototype or a promise's own members is refused at any depth", () => {
    for (const reference of ["$1:__proto__:then", "$1f:value:constructor:constructor", "$a:b:c:__proto__:x", "$0:then"])
      expect(rules({ type: "text/plain;charset=UTF-8", body: JSON.stringify([{ value: reference }]) }), reference).toContain(
        "flight/reference",
      );
    for (const value of ["$1:items:0", "$5.00: then", "$K1", "$@1", "$$price"])
      expect(score(inspect({ type: "text/plain;charset=UTF-8", body: JSON.stringify([{ a: value }]) })), value).toBeLessThan(100);
  });
});

describe("parameters that were cut in pieces", () => {
  test.each([
    ["query", { target: "/p?q=1%27%20union%20select&q=secret%20from%20members--%20" }],
    ["query, with nothing between", { target: "/p?q=%3Cscr&q=ipt%3Ealert(1)%3C/script%3E" }],
    ["form", { type: FORM, body: "q=%3Cimg%20src%3Dx%20onerr&q=or%3Dalert(1)%3E" }],
    ["cookie", { headers: [["cookie", "q=<scr; a=1; q=ipt>alert(1)</script>"]] as const }],
    [
      "multipart",
      {
        type: "multipart/form-data; boundary=kelp",
        body: `${["<scr", "ipt>alert(1)</script>"]
          .map((text) => `--kelp\r\ncontent-disposition: form-data; name="q"\r\n\r\n${text}\r\n`)
          .join("")}--kelp--\r\n`,
      },
    ],
  ] as const)("%s", (_, sent) => {
    expect(score(inspect(sent))).toBeGreaterThanOrEqual(100);
  });

  test("repeated honest parameters pass", () => {
    expect(inspect({ target: "/p?size=1&size=2&color=dark+green&color=it%27s+blue&tag=a-b&tag=c" })).toEqual([]);
  });
});

test("text that declares itself as a picture is read as text; a picture is not", () => {
  expect(score(inspect({ type: "image/png", body: JSON.stringify({ q: ATTACK }) }))).toBeGreaterThanOrEqual(100);
  const picture = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, ...Array.from({ length: 4000 }, (_, at) => (at * 91) & 255)]);
  expect(inspect({ type: "image/png", body: picture })).toEqual([]);
});

test("a multipart body is read under every boundary it names", () => {
  const body = `--real\r\ncontent-disposition: form-data; name="q"\r\n\r\n${ATTACK}\r\n--real--\r\n`;
  for (const declared of ["boundary=real", "boundary=fake; boundary=real", "boundary=fake"])
    expect(score(inspect({ type: `multipart/form-data; ${declared}`, body })), declared).toBeGreaterThanOrEqual(100);
});

/**
 * Bodies about which the firewall and an application could disagree: what a client claims of a body decides how it is read besides, and never
 * that it is not read as the plain text, form or JSON that it is as well.
 */
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { inspectBody, settingOf } from "../../src/content/request-parts.ts";
import { inspect, request, type Sent, score } from "./inspect.ts";

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";
const MULTIPART = "multipart/form-data; boundary=XB";
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
const field = (text: string, disposition = 'name="q"'): string =>
  `--XB\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${text}\r\n`;
const found = (sent: Sent): boolean => score(inspect(sent)) >= 100;

const PAYLOADS = ["<script>alert(document.cookie)</script>", "x' UNION SELECT password FROM users-- ", "x; cat /etc/passwd", "' or 1=1-- "];

describe.each(PAYLOADS)("an attack is found in a body with a false claim: %s", (payload) => {
  const escaped = encodeURIComponent(payload);
  const json = JSON.stringify({ q: payload });

  test.each(["utf-16", "utf-16be", "utf-32", "ibm037", "utf-7", "iso-2022-jp", "replacement"])("UTF-8 that claims to be %s", (charset) => {
    for (const type of [
      `${JSON_TYPE}; charset=${charset}`,
      `${JSON_TYPE}; charset=utf-8; charset=${charset}`,
      `${JSON_TYPE}; x=";charset=${charset}"`,
    ])
      expect(found({ type, body: json }), type).toBe(true);
    expect(found({ type: `${FORM}; charset=${charset}`, body: `c=1&q=${escaped}` })).toBe(true);
    expect(found({ type: `${MULTIPART}; charset=${charset}`, body: `${field(payload)}--XB--\r\n` })).toBe(true);
  });

  test("forms that begin like wide text", () => {
    for (const start of ["\xff\xfe", "\xfe\xff", "a\0b\0", "\0a\0b"])
      expect(found({ type: FORM, body: bytes(`${start}=1&c=1&q=${escaped}`) }), JSON.stringify(start)).toBe(true);
  });

  test("forms and JSON in which a boundary stands", () => {
    for (const [type, body] of [
      [FORM, `--xxxx\r\nContent-Disposition: form-data&c=1&q=${escaped}`],
      [`${FORM}; x="multipart/"; boundary=x`, `q=${escaped}&z=--x`],
      [`${FORM}; x=multipart/; boundary=zz`, `a=--zz:&q=${escaped}`],
      [`${JSON_TYPE}; x="multipart/"; boundary=x`, JSON.stringify({ q: payload, z: "--x" })],
      ["multipart/form-data; boundary=x", JSON.stringify({ q: payload, z: "--x" })],
      ["multipart/form-data; boundary=x", JSON.stringify({ z: "--x", q: payload })],
    ] as const)
      expect(found({ type, body }), `${type}: ${body}`).toBe(true);
  });

  test("plain bodies that claim to be packed", () => {
    const packed = (coding: string, type: string, body: string | Uint8Array): boolean =>
      found({ type, body, headers: [["content-encoding", coding]] });
    for (const begin of ["comment=", "b=", "c=1&q=", "j=", "r=", "s=", "z=", "K=1&q="])
      expect(packed("deflate", FORM, begin + escaped), begin).toBe(true);
    for (const coding of ["deflate", "gzip", "deflate, gzip"]) expect(packed(coding, JSON_TYPE, json), coding).toBe(true);
    const behind = bytes(`&text=${escaped}`);
    expect(packed("gzip", FORM, Buffer.concat([Buffer.from("1f8b08000000000000034b", "hex"), behind]))).toBe(true);
    expect(packed("gzip", FORM, Buffer.concat([gzipSync("a=b"), behind]))).toBe(true);
    const named = Buffer.concat([
      Buffer.from("1f8b08080000000000ff", "hex"),
      behind,
      bytes("&x=\0"),
      deflateRawSync("a=b"),
      Buffer.alloc(8),
    ]);
    expect(packed("gzip", FORM, named)).toBe(true);
  });

  test("fields of multipart forms behind boundaries that are none, or with a name that hides them", () => {
    for (const body of [
      field("x", 'name="--XB--"') + field(payload),
      `--XB\r\nX: --XB--\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n${field(payload)}`,
      field("x--XB--y", 'name="a"') + field(payload),
      field(`x --XB: ${payload}`),
      field(`x\n--XB: ${payload}`),
      `${field("x")}--XB--\r\n${field(payload)}`,
      field(payload, 'name="q"; x="; filename=y"'),
      field(payload, String.raw`name="q\"; filename=y; z="`),
      field(payload, 'x="; name=password"; name="q"'),
    ])
      expect(found({ type: MULTIPART, body: `${body}--XB--\r\n` }), body).toBe(true);
  });

  test("fields that claim a transfer encoding", () => {
    const coded = (content: string): string =>
      `--XB\r\nContent-Disposition: form-data; name="q"\r\nContent-Transfer-Encoding: base64\r\n\r\n${content}\r\n--XB--\r\n`;
    for (const content of [`QUJDREVGR0g=${payload}`, `*${btoa(payload)}`, btoa(payload)])
      expect(found({ type: MULTIPART, body: coded(content) }), content).toBe(true);
  });

  test("JSON that claims to be a picture", () => {
    for (const type of ["image/png", "application/octet-stream", "application/pdf"]) {
      expect(found({ type, body: JSON.stringify({ z: "\ufffd", q: payload }) }), type).toBe(true);
      expect(found({ type, body: JSON.stringify(`\ufffd${payload}`) }), type).toBe(true);
    }
  });

  test.each([3, 6])("text that is put together from CDATA sections of %d characters", (size) => {
    const pieces = payload.match(new RegExp(`[^]{1,${size}}`, "g"))!;
    for (const between of ["", "<!---->"])
      expect(found({ type: "text/xml", body: `<r><q>${pieces.map((each) => `<![CDATA[${each}]]>`).join(between)}</q></r>` })).toBe(true);
  });
});

test("a part that claims to be XML is read as text as well", () => {
  for (const content of ["<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<x ;cat /etc/passwd>"]) {
    const body = `--XB\r\nContent-Disposition: form-data; name="q"\r\nContent-Type: text/xml\r\n\r\n${content}\r\n--XB--\r\n`;
    expect(found({ type: MULTIPART, body }), content).toBe(true);
  }
});

test("what a parser of the application has unpacked is not unpacked again", () => {
  const judged = (text: string, coding: string): number => {
    const made = request({ type: JSON_TYPE, headers: [["content-encoding", coding]], body: text });
    return score(inspectBody(made, { ...made.body!, parsed: true }, settingOf(made, 1)) ?? []);
  };
  for (const coding of ["deflate", "gzip", "br"]) {
    expect(judged('{"q":"hello"}', coding), coding).toBe(0);
    expect(judged('{"q":"<script>alert(1)</script>"}', coding), coding).toBeGreaterThanOrEqual(100);
  }
});

describe("honest bodies with true claims pass", () => {
  // Sentences a person would write, and marks that are code in other readings.
  const LETTER = "It's 5 o'clock; we'd select the table by the window -- {{name}} pays $25 (incl. tax).";

  test("packed, whole or cut at the limit", () => {
    const long = JSON.stringify({ text: Array.from({ length: 900 }, (_, at) => `${at} benches ${(at * 7919) % 1013}`).join(", ") });
    for (const text of [JSON.stringify({ text: LETTER }), long])
      for (const [coding, pack] of [
        ["gzip", gzipSync],
        ["deflate", deflateSync],
        ["deflate", deflateRawSync],
      ] as const) {
        const packed = pack(text);
        const made = request({ type: JSON_TYPE, headers: [["content-encoding", coding]], body: packed });
        for (const body of [made.body!, { bytes: packed.subarray(0, packed.length >> 1), complete: false }])
          expect(score(inspectBody(made, body, settingOf(made, 1)) ?? []), `${coding} ${body.complete}`).toBe(0);
      }
  });

  test("in charsets of two bytes, and with shifts", () => {
    const wide = (text: string): Uint8Array => Buffer.from(text, "utf16le");
    const text = "庭のベンチを二回動かしました。左の脚が短いです。";
    expect(score(inspect({ type: `${JSON_TYPE}; charset=utf-16le`, body: wide(JSON.stringify({ text: text + LETTER })) }))).toBe(0);
    expect(score(inspect({ type: "text/plain; charset=utf-16", body: Buffer.concat([Buffer.from([255, 254]), wide(text)]) }))).toBe(0);
    // "{%" and "`$" are letters behind the shift.
    expect(score(inspect({ type: "text/plain; charset=iso-2022-jp", body: bytes("\x1b$B{%`Js%*G=EvHq%;$o3h@/%a\x1b(B") }))).toBe(0);
  });

  test("multipart with a preamble, an epilogue and quoted names", () => {
    const body = `This is a message in several parts.\r\n${field("benches")}${field("GIF89a", 'name="f"; filename="my name=x; filename=y.gif"')}--XB--\r\nthe end`;
    expect(score(inspect({ type: MULTIPART, body }))).toBe(0);
  });

  test("prices in brackets", () => {
    for (const price of [
      "$25 (incl. S&H)",
      "$20 (w/ tax)",
      "$99(+tax)",
      "$10(each)",
      "$20 (was $25) => save $5",
      "$100 (or €95) -- which is it?",
      "$7 [sale] (was $9)",
      '$45 ("firm")',
    ]) {
      expect(score(inspect({ type: JSON_TYPE, body: JSON.stringify({ title: "Lamp", price }) })), price).toBeLessThan(100);
      expect(score(inspect({ type: FORM, body: `price=${encodeURIComponent(price)}` })), price).toBeLessThan(100);
    }
    for (const call of ["$a('id')", "$_GET[x]('id')", "$f (system)", "@$_(1)", "$$a(1)"])
      expect(found({ type: JSON_TYPE, body: JSON.stringify({ q: call }) }), call).toBe(true);
  });
});

/**
 * Bodies of bytes: as `fetch` sends an `ArrayBuffer`, `curl -T` a file and a form an upload. Among compressed bytes every sign of every language
 * stands somewhere, so they are read as files, and texts are not that bytes stand among.
 */
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { inspect, type Sent, score } from "./inspect.ts";

const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
const joined = (...pieces: readonly (string | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(pieces.flatMap((piece) => [...(typeof piece === "string" ? latin1(piece) : piece)]));
const uint32 = (value: number): Uint8Array => Uint8Array.from([value >>> 24, value >>> 16, value >>> 8, value]);

/** Bytes of a linear congruential generator, of a seed. */
function noise(seed: number, length: number): Uint8Array {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

const chunk = (name: string, content: Uint8Array): Uint8Array => joined(uint32(content.length), name, content, noise(content.length, 4));

function zip(names: readonly string[], seed: number): Uint8Array {
  const entries = names.map((name, index) => {
    const packed = deflateRawSync(noise(seed + index, 9_000));
    return joined(
      "PK\x03\x04\x14\0\0\0\x08\0",
      noise(seed, 8),
      new Uint8Array(8),
      [name.length, 0, 0, 0].map(latin).join(""),
      name,
      packed,
    );
  });
  return joined(...entries, "PK\x05\x06", new Uint8Array(18));
}
const latin = (code: number): string => String.fromCharCode(code);

/** Files as programs write them: name, type, content of a seed. */
const FILES: readonly (readonly [string, string, (seed: number) => Uint8Array])[] = [
  [
    "a.png",
    "image/png",
    (seed) =>
      joined(
        "\x89PNG\r\n\x1a\n",
        chunk("IHDR", noise(seed, 13)),
        chunk("IDAT", deflateSync(noise(seed, 40_000))),
        chunk("IEND", noise(0, 0)),
      ),
  ],
  ["a.jpg", "image/jpeg", (seed) => joined("\xff\xd8\xff\xe0\0\x10JFIF\0\x01", noise(seed, 40_000))],
  ["a.zip", "application/zip", (seed) => zip(["docs/read me.txt", "docs/plan (2).csv"], seed)],
  ["a.jar", "application/java-archive", (seed) => zip(["META-INF/MANIFEST.MF", "shop/Basket.class"], seed)],
  [
    "a.pdf",
    "application/pdf",
    (seed) =>
      joined(
        "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type /Catalog /Pages 2 0 R /Lang(en-GB)>>\nendobj\n",
        ...[0, 1, 2].flatMap((page) => [
          `${page + 4} 0 obj\n<</Filter/FlateDecode/Length 9000>>\nstream\n`,
          deflateSync(noise(seed + page, 9_000)),
          "\nendstream\nendobj\n",
        ]),
      ),
  ],
  ["a.gz", "application/gzip", (seed) => gzipSync(noise(seed, 40_000))],
  ["a.woff2", "font/woff2", (seed) => joined("wOF2\0\x01\0\0", noise(seed, 30_000))],
  ["a.bin", "application/x-model", (seed) => noise(seed, 40_000)],
  [
    "a.mo",
    "application/x-gettext-translation",
    (seed) =>
      joined(
        "\xde\x12\x04\x95\0\0\0\0",
        noise(seed, 400),
        ...["File <%s> is not there", "%d of %d <%i>", "use $(name) or `%s'", "--- %s\n+++ %s"].flatMap((text) => [
          text,
          "\0",
          noise(seed, 9),
          "\0",
        ]),
      ),
  ],
];

const BOUNDARY = "----WebKitFormBoundaryq7Jr2w";
const uploaded = (name: string, type: string, content: Uint8Array): Sent => ({
  type: `multipart/form-data; boundary=${BOUNDARY}`,
  body: joined(
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="title"\r\n\r\nholiday\r\n`,
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`,
    content,
    `\r\n--${BOUNDARY}--\r\n`,
  ),
});

describe.each(FILES)("%s", (name, type, content) => {
  test.each<[string, (body: Uint8Array) => Sent]>([
    ["with its own type", (body) => ({ type, body })],
    ["as bytes", (body) => ({ type: "application/octet-stream", body })],
    ["without a type", (body) => ({ body })],
    ["in a form", (body) => uploaded(name, type, body)],
  ])("is no attack %s", (_how, sent) => {
    for (let seed = 0; seed < 20; seed++) {
      const findings = inspect(sent(content(seed)));
      expect([seed, score(findings) < 100, findings]).toEqual([seed, true, findings]);
    }
  });
});

describe("bytes hide nothing", () => {
  const SQL = "x' UNION SELECT password FROM users-- ";
  const found = (sent: Sent): boolean => score(inspect(sent)) >= 100;

  test.each([
    ["JSON", JSON.stringify({ q: SQL })],
    ["JSON behind white space", `\r\n  ${JSON.stringify([SQL])}`],
    ["a string of JSON", JSON.stringify(SQL)],
    ["a form", `q=${encodeURIComponent(SQL)}&pad=${"\x01".repeat(400)}`],
    ["XML", '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    ["a form of several parts", `--b\r\nContent-Disposition: form-data; name="q"\r\n\r\n${SQL}\r\n--b--\r\n`],
  ])("in a body without a type: %s", (_what, text) => {
    for (const type of [undefined, "application/x-anything"]) expect([type, found({ type, body: latin1(text) })]).toEqual([type, true]);
  });

  test("in a type of text, whatever stands among it", () => {
    for (const type of ["application/json", "application/x-www-form-urlencoded", "text/plain", "application/xml", "application/ld+json"])
      expect([type, found({ type, body: joined(noise(7, 300), SQL, noise(8, 300)) })]).toEqual([type, true]);
  });

  test.each(FILES)("in a file: %s", (name, type, content) => {
    for (const program of [
      "<?php system($_GET[0]);?>",
      "<?=`$_GET[1]`;?>",
      "eval(base64_decode('cGhwaW5mbygp'));",
      "<%@ page import='java.io.*' %>",
    ]) {
      const body = joined(content(3), "\0", program, "\0", noise(5, 500));
      expect([program, found({ body }), found(uploaded(name, type, body))]).toEqual([program, true, true]);
    }
  });

  test("in the names of an archive", () => {
    for (const type of [undefined, "application/zip", "application/java-archive", "application/octet-stream"])
      expect([type, found({ type, body: zip(["read.txt", "../../../srv/www/shell.txt"], 1) })]).toEqual([type, true]);
  });
});

import type { RawRequest } from "@aiwaf/core";
import { bytesOf, firstBytes, readerOf } from "./request-record.ts";

/** Bytes of hostile input, each 16 times the one before: up to 1 MiB. */
export const SIZES = [4_096, 65_536, 1_048_576] as const;

/** Where hostile input can stand. `fields`: many short header fields. */
export const PLACES = ["path", "query", "header", "fields", "form body", "json body", "multipart body", "xml body", "text body"] as const;

export type Place = (typeof PLACES)[number];

/**
 * What is repeated. Openers without an end, escapes within escapes, separators without content, and the beginnings of attacks: what makes a
 * pattern backtrack, a parser nest, or a decoder start again.
 */
const SHAPES: readonly string[] = [
  "a",
  "ab ",
  "0",
  " ",
  "\t",
  "\r\n",
  "\0",
  "/",
  "//",
  "../",
  "..%2f",
  "\\",
  "%",
  "%25",
  "%2525",
  "%u0027",
  "\\u0027",
  "\\x27",
  "&#39;",
  "&",
  "=",
  "a=b&",
  "a[b]",
  "a[",
  ";",
  ",",
  "'",
  '"',
  "`",
  "'\"",
  "(",
  "((a+",
  ")",
  "[",
  "{",
  '{"a":',
  "{{",
  "\x24{",
  "$(",
  "<",
  "<a ",
  "<!--",
  "<a><b>",
  "/*",
  "/**/",
  "--",
  "1 or ",
  "' or '1'='1 ",
  "union select ",
  "QUFB",
  "+",
  "|",
  ".",
  "-",
  "\xff",
  "é",
  "--x\r\n",
  "--x\r\ncontent-disposition: form-data; name=a\r\n\r\n",
];

const BROWSER = [
  ["host", "shop.example"],
  ["user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"],
  ["accept", "text/html,*/*;q=0.8"],
] as const;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  "form body": "application/x-www-form-urlencoded",
  "json body": "application/json",
  "multipart body": "multipart/form-data; boundary=x",
  "xml body": "application/xml",
  "text body": "text/plain",
};

/** Requests made so far in this process: each ends in its number, because an attacker never sends what a cache has already seen. */
let made = 0;

/** For each shape a request that repeats it in `place` until about `bytes` are full; it ends in other characters, so that a match fails late. */
export function* hostileRequests(place: Place): Generator<{ readonly shape: string; request(bytes: number): RawRequest }, void> {
  for (const shape of SHAPES) {
    const fill = (bytes: number): string => `${shape.repeat(Math.ceil(bytes / shape.length))}!${++made}`;
    yield { shape, request: (bytes) => requestWith(place, fill(bytes), shape, bytes) };
  }
}

function requestWith(place: Place, text: string, shape: string, bytes: number): RawRequest {
  const plain = { method: "GET", target: "/products", headers: readerOf(BROWSER), peer: "192.0.2.1", httpVersion: "1.1" };
  switch (place) {
    case "path":
      return { ...plain, target: `/${text}` };
    case "query":
      return { ...plain, target: `/products?q=${text}` };
    case "header":
      return { ...plain, headers: readerOf([...BROWSER, ["cookie", text], ["referer", text]]) };
    case "fields":
      return { ...plain, headers: readerOf([...BROWSER, ...manyFields(shape, bytes)]) };
    default: {
      const body = bytesOf(text);
      const headers = readerOf([...BROWSER, ["content-type", CONTENT_TYPES[place]!], ["content-length", String(body.length)]]);
      return { ...plain, method: "POST", headers, readBody: (limit) => firstBytes(body, limit) };
    }
  }
}

function manyFields(shape: string, bytes: number): (readonly [string, string])[] {
  const fields: (readonly [string, string])[] = [];
  for (let filled = 0; filled < bytes; filled += 16 + shape.length)
    fields.push([`x-${fields.length}`, `${shape} ${fields.length} ${made}`]);
  return fields;
}

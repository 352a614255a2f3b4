/**
 * Requests that two servers in a row have been seen to read as different ones, or might. Bytes as they are written to the socket.
 *
 * @module
 */

/** One connection's bytes. */
export interface SmugglingCase {
  readonly name: string;
  readonly bytes: string;
  /** `refused`: nothing of it may reach the upstream. `clean`: it may, as one request that can be read in one way. */
  readonly expect: "refused" | "clean";
}

const HIDDEN = "GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n";
const all: SmugglingCase[] = [];

const add = (expect: SmugglingCase["expect"], name: string, bytes: string): void => void all.push({ name, bytes, expect });
const post = (fields: readonly string[], body: string, line = "POST /a HTTP/1.1"): string =>
  `${[line, "Host: a.example", ...fields].join("\r\n")}\r\n\r\n${body}`;
const get = (...fields: readonly string[]): string => post(fields, "", "GET /a HTTP/1.1");
const line = (requestLine: string, ...fields: readonly string[]): string => `${[requestLine, ...fields].join("\r\n")}\r\n\r\n`;

// Two ways of saying where the body ends.
for (const [name, ...fields] of [
  ["a length, then chunks", "Content-Length: 6", "Transfer-Encoding: chunked"],
  ["chunks, then a length", "Transfer-Encoding: chunked", "Content-Length: 6"],
  ["chunks in capitals and a length", "TRANSFER-ENCODING: CHUNKED", "content-length: 6"],
  ["a length of zero and chunks", "Content-Length: 0", "Transfer-Encoding: chunked"],
  ["a coding that nobody knows and a length", "Transfer-Encoding: xchunked", "Content-Length: 6"],
  ["identity and a length", "Transfer-Encoding: identity", "Content-Length: 6"],
  ["a coding after a tab and a length", "Transfer-Encoding:\tchunked", "Content-Length: 6"],
  ["chunks twice and a length", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", "Content-Length: 6"],
  ["chunks between two lengths", "Content-Length: 6", "Transfer-Encoding: chunked", "Content-Length: 5"],
] as const) {
  add("refused", name, post(fields, `0\r\n\r\n${HIDDEN}`));
}
for (const coding of [
  "gzip, chunked",
  "chunked, gzip",
  "chunked, chunked",
  "chunked, identity",
  "identity, chunked",
  "identity",
  "gzip",
  "x",
  "xchunked",
  "chunkedx",
  "chunked;q=1",
  "chunked;",
  ",chunked",
  "chunked,",
  '"chunked"',
  "chun\x00ked",
  "chunked\x0b",
  "\x0bchunked",
  "chunked\x0c",
  "chunked\x85",
  "chunked\xa0",
  "\xa0chunked",
  "chunk ed",
  "",
]) {
  add("refused", `the transfer coding ${JSON.stringify(coding)}`, post([`Transfer-Encoding: ${coding}`], `0\r\n\r\n${HIDDEN}`));
}
for (const name of [
  "Transfer-Encoding ",
  " Transfer-Encoding",
  "\tTransfer-Encoding",
  "Transfer-Encoding\t",
  "Transfer_Encoding",
  "Transfer.Encoding",
  "Transfer Encoding",
  "Transfer-Encoding\x00",
  "Transfer-Encoding\x0b",
  "\x00Transfer-Encoding",
  "Transfer-Encoding\xa0",
  "Tr\xe4nsfer-Encoding",
]) {
  add(
    "refused",
    `a field named ${JSON.stringify(name)} beside a length`,
    post([`${name}: chunked`, "Content-Length: 5"], `0\r\n\r\n${HIDDEN}`),
  );
}

// Lengths.
for (const [first, second] of [
  ["5", "6"],
  ["5", "5"],
  ["0", "44"],
  ["44", "0"],
] as const) {
  add("refused", `the lengths ${first} and ${second}`, post([`Content-Length: ${first}`, `Content-Length: ${second}`], HIDDEN));
}
for (const length of [
  "+5",
  "-1",
  "5,5",
  "5, 6",
  "0x5",
  "5.0",
  "5 5",
  "1e1",
  "",
  "five",
  "5;",
  "\x0b5",
  "5\x00",
  "18446744073709551621",
  "9999999999999999999999",
  "\u0665",
]) {
  add("refused", `the length ${JSON.stringify(length)}`, post([`Content-Length: ${length}`], `aaaaa${HIDDEN}`));
}
for (const name of ["Content-Length ", "Content_Length", "Content.Length", " Content-Length", "Content Length", "Content-Length\x00"]) {
  add("refused", `a length named ${JSON.stringify(name)}`, post([`${name}: 5`], `aaaaa${HIDDEN}`));
}

// Ends of lines and folds.
add("refused", "a bare carriage return in a value", get("X-A: b\rTransfer-Encoding: chunked"));
add("refused", "a bare carriage return before a name", get("\rX-A: b"));
add("refused", "a carriage return twice before a line's end", "GET /a HTTP/1.1\r\nHost: a.example\r\r\n\r\n");
add("refused", "a fold with a space", get("X-A: b", " Transfer-Encoding: chunked"));
add("refused", "a fold with a tab", get("X-A: b", "\tContent-Length: 5"));
add("refused", "a fold in the coding", post(["Transfer-Encoding:", " chunked"], `0\r\n\r\n${HIDDEN}`));
add("refused", "a fold in the length", post(["Content-Length:", " 5"], `aaaaa${HIDDEN}`));
add("refused", "a fold before the first field", "GET /a HTTP/1.1\r\n Host: a.example\r\n\r\n");
add("refused", "a zero byte in a value", get("X-A: b\x00c"));
add("refused", "a zero byte in a name", get("X-\x00A: b"));
add("refused", "a bare line feed after the request's line", "GET /a HTTP/1.1\nHost: a.example\r\n\r\n");
add("refused", "a bare line feed after a field", "GET /a HTTP/1.1\r\nHost: a.example\nX-A: b\r\n\r\n");
add("refused", "a bare line feed before a hidden coding", post(["X-A: b\nTransfer-Encoding: chunked"], `0\r\n\r\n${HIDDEN}`));
add("refused", "bare line feeds only", "GET /a HTTP/1.1\nHost: a.example\n\n");
add("refused", "a bare line feed as the empty line", "GET /a HTTP/1.1\r\nHost: a.example\r\n\n");
add("refused", "a line without a colon", get("X-A"));
add("refused", "an empty name", get(": b"));
add("refused", "a space within a name", get("X A: b"));
add("refused", "a space after a name", get("X-A : b"));
for (const mark of ["(", ")", "<", ">", "@", ",", ";", "\\", '"', "/", "[", "]", "?", "=", "{", "}"]) {
  add("refused", `a name with ${mark}`, get(`X${mark}A: b`));
}

// Chunks.
const chunked = (body: string): string => post(["Transfer-Encoding: chunked"], body);
for (const size of ["0x5", "+5", "-5", " 5", "5 ", "\t5", "g", "", "5\x00", "ffffffffffffffffff", "10000000000000005", "_5", "5_"]) {
  add("refused", `the chunk size ${JSON.stringify(size)}`, chunked(`${size}\r\naaaaa\r\n0\r\n\r\n${HIDDEN}`));
}
add("refused", "a chunk longer than it says", chunked(`3\r\naaaaa\r\n0\r\n\r\n`));
add("refused", "a chunk's size ended by a bare line feed", chunked(`5\naaaaa\r\n0\r\n\r\n`));
add("refused", "a chunk ended by a bare line feed", chunked(`5\r\naaaaa\n0\r\n\r\n`));
add("refused", "a chunk ended by a bare carriage return", chunked(`5\r\naaaaa\r0\r\n\r\n`));
add("refused", "a chunk extension with a bare line feed", chunked(`5;a\nb\r\naaaaa\r\n0\r\n\r\n`));
add("refused", "a chunk extension with a bare carriage return", chunked(`5;a\rb\r\naaaaa\r\n0\r\n\r\n`));
add("refused", "a chunk extension of 64 KiB", chunked(`5;${"a".repeat(65_536)}\r\naaaaa\r\n0\r\n\r\n`));
add("clean", "a chunk extension", chunked(`5;a=b\r\naaaaa\r\n0\r\n\r\n`));
add("clean", "a quoted chunk extension", chunked(`5;a="b c"\r\naaaaa\r\n0\r\n\r\n`));
add("clean", "a chunk size with leading zeros", chunked(`0005\r\naaaaa\r\n0\r\n\r\n`));
add("refused", "a trailer that names a length", chunked(`5\r\naaaaa\r\n0\r\nContent-Length: 44\r\n\r\n`));
add("clean", "a trailer that names a host", chunked(`5\r\naaaaa\r\n0\r\nHost: b.example\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n`));
add("refused", "trailers of 256 KiB", chunked(`5\r\naaaaa\r\n0\r\n${`X-A: ${"b".repeat(1_000)}\r\n`.repeat(256)}\r\n`));

// The request's line, and who is asked.
for (const target of [
  "a",
  "//",
  "http:/a",
  "http:///a",
  "http://a.example@b.example/a",
  "http://a.example:x/a",
  "/a#b",
  "ftp://a.example/a",
  "*",
  "?a",
  "/a\x7f",
  "/a\tb",
]) {
  if (target !== "//") add("refused", `the target ${JSON.stringify(target)}`, line(`GET ${target} HTTP/1.1`, "Host: a.example"));
}
for (const [name, bytes] of [
  ["two hosts", get("Host: b.example")],
  ["the same host twice", get("Host: a.example")],
  ["no host", line("GET /a HTTP/1.1")],
  ["an empty host", line("GET /a HTTP/1.1", "Host: ")],
  ["a host with a path", line("GET /a HTTP/1.1", "Host: a.example/b")],
  ["a host with a space", line("GET /a HTTP/1.1", "Host: a.example b")],
  ["a host with a name before it", line("GET /a HTTP/1.1", "Host: x@a.example")],
  ["a list of hosts", line("GET /a HTTP/1.1", "Host: a.example, b.example")],
  ["a host with a port that is none", line("GET /a HTTP/1.1", "Host: a.example:99999999")],
  ["a host with high bytes", line("GET /a HTTP/1.1", "Host: \xe4.example")],
  ["an address that contradicts the host", line("GET http://b.example/a HTTP/1.1", "Host: a.example")],
  ["an address whose port contradicts the host", line("GET http://a.example:81/a HTTP/1.1", "Host: a.example")],
  ["a space before the method", line(" GET /a HTTP/1.1", "Host: a.example")],
  ["two spaces after the target", line("GET /a  HTTP/1.1", "Host: a.example")],
  ["a space in the target", line("GET /a b HTTP/1.1", "Host: a.example")],
  ["a tab in the request's line", line("GET\t/a\tHTTP/1.1", "Host: a.example")],
  ["HTTP/0.9", "GET /a\r\n\r\n"],
  ["HTTP/1.2", line("GET /a HTTP/1.2", "Host: a.example")],
  ["HTTP/3.0", line("GET /a HTTP/3.0", "Host: a.example")],
  ["HTTP/2.0 in a line", line("GET /a HTTP/2.0", "Host: a.example")],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a version in lower case", line("GET /a http/1.1", "Host: a.example")],
  ["HTTP/01.1", line("GET /a HTTP/01.1", "Host: a.example")],
  ["chunks in HTTP/1.0", post(["Transfer-Encoding: chunked"], `0\r\n\r\n${HIDDEN}`, "POST /a HTTP/1.0")],
  ["a method in lower case", line("get /a HTTP/1.1", "Host: a.example")],
  ["a method that nobody knows", line("FOO /a HTTP/1.1", "Host: a.example")],
  ["a tunnel", line("CONNECT a.example:80 HTTP/1.1", "Host: a.example:80")],
  ["an upgrade to h2c", get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")],
  [
    "a WebSocket of another version",
    get("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 777", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==") +
      HIDDEN.slice(0, 0),
  ],
  ["another expectation than to continue", post(["Expect: 200-ok", "Content-Length: 0"], "")],
  ["TLS on a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
] as const) {
  add(/h2c|WebSocket|two spaces after/.test(name) ? "clean" : "refused", name, bytes);
}

// Oversized everything.
add("refused", "a target of 64 KiB", line(`GET /${"a".repeat(65_536)} HTTP/1.1`, "Host: a.example"));
add("refused", "a target of 12 KiB", line(`GET /${"a".repeat(12_288)} HTTP/1.1`, "Host: a.example"));
add("refused", "a field of 64 KiB", get(`X-A: ${"b".repeat(65_536)}`));
add("refused", "a name of 64 KiB", get(`${"X".repeat(65_536)}: b`));
add("refused", "3,000 fields", get(...Array.from({ length: 3_000 }, (_, index) => `X-${index}: b`)));
add("refused", "300 fields", get(...Array.from({ length: 300 }, (_, index) => `X${index}: b`)));
add("refused", "a method of 64 KiB", line(`${"A".repeat(65_536)} /a HTTP/1.1`, "Host: a.example"));
add("refused", "a host of 64 KiB", line("GET /a HTTP/1.1", `Host: ${"a".repeat(65_536)}`));

// What may pass, once it is written anew.
add("clean", "a body with a request in it", post([`Content-Length: ${HIDDEN.length}`], HIDDEN));
add("clean", "an address that agrees with the host", line("GET http://a.example/a HTTP/1.1", "Host: a.example"));
add("clean", "an address without a path", line("GET http://a.example HTTP/1.1", "Host: a.example"));
add("clean", "empty lines before the request", `\r\n\r\n${get()}`);
add("clean", "a connection that names the host", get("Connection: host, x-forwarded-for, close"));
add("clean", "a connection that names the framing", post(["Connection: content-length, close", "Content-Length: 5"], "aaaaa"));
add("clean", "spaces around a length", post(["Content-Length:   5  "], "aaaaa"));
add("clean", "a forwarded address in disguise", get("X_Forwarded_For: 1.1.1.1", "X-Forwarded_For: 1.1.1.1"));

/** All of them. */
export const SMUGGLING_CASES: readonly SmugglingCase[] = all;
